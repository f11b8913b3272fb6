// Processes of this machine, as /proc shows them, and waiting for conditions that have no event of their own.
import fs from 'node:fs';

function read(pid, name) {
    try {
        return fs.readFileSync(`/proc/${pid}/${name}`, 'latin1');
    } catch {
        return '';
    }
}

function workingFolder(pid) {
    try {
        return fs.readlinkSync(`/proc/${pid}/cwd`);
    } catch {
        return '';
    }
}

export function isRunning(pid) {
    const stat = read(pid, 'stat');
    return stat !== '' && stat.slice(stat.lastIndexOf(')') + 2, stat.lastIndexOf(')') + 3) !== 'Z';
}

// The processes that were started with `mark` in their environment or on their command line, or that work below it.
export function processesOf(mark) {
    return fs
        .readdirSync('/proc')
        .filter((name) => /^[0-9]+$/.test(name) && Number(name) !== process.pid)
        .map(Number)
        .filter((pid) => read(pid, 'environ').includes(mark) || read(pid, 'cmdline').includes(mark) ||
            workingFolder(pid).startsWith(mark));
}

export const nameOf = (pid) => read(pid, 'comm').trim();

// The launchers that work on this folder; the supervisors that come of them have a name of their own.
export function launchersOf(folder) {
    return processesOf(folder).filter((pid) => read(pid, 'cmdline').split('\0')[0].endsWith('bobtail-launcher') && nameOf(pid) !== 'bobtail-job');
}

export function killQuietly(pid, signal) {
    try {
        process.kill(pid, signal);
    } catch (e) {
        if (e.code !== 'ESRCH') throw e;
    }
}

// Ends whatever a test left running: supervisors and scripts outlive their server on purpose.
export async function endProcessesOf(mark) {
    for (let round = 0; round < 200; round++) {
        const pids = processesOf(mark).filter(isRunning);
        if (pids.length === 0) return;
        for (const pid of pids) killQuietly(pid, 'SIGKILL');
        await pause(10);
    }
    throw new Error(`processes of ${mark} do not end: ${processesOf(mark).join(' ')}`);
}

export const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

// Waits until `condition` yields something true and returns that; fails after `limit` ms with `what` in the message.
export async function until(what, condition, limit = 30000) {
    const end = Date.now() + limit;
    for (let wait = 2; ; wait = Math.min(wait * 2, 50)) {
        const value = await condition();
        if (value) return value;
        if (Date.now() > end) throw new Error(`waited ${limit} ms for: ${what}`);
        await pause(wait);
    }
}
