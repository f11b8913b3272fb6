// What a process tree does to a folder, recorded, and the folder as a power cut would leave it (tests/fault/preload.c and
// replay.c). The programs must be linked dynamically: FLAVOUR=fault.
import { execFile } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import { programs } from './server.mjs';
import { temporaryFolder } from './folder.mjs';

const run = promisify(execFile);
export const faultTools = path.join(programs, '../tests/fault');

export class Recording {
    constructor(t) {
        this.home = temporaryFolder(t, 'record');
        this.folder = path.join(this.home, 'data');
        this.log = path.join(this.home, 'log');
        this.rebuilds = 0;
        fs.mkdirSync(this.folder);
        for (const name of ['preload.so', 'replay']) {
            if (!fs.existsSync(path.join(faultTools, name))) throw new Error(`${faultTools}/${name} is missing: make FLAVOUR=fault programs fault-tools`);
        }
    }

    // Variables for the processes to be recorded.
    get env() {
        return { LD_PRELOAD: path.join(faultTools, 'preload.so'), BOBTAIL_RECORD_LOG: this.log, BOBTAIL_RECORD_ROOT: this.folder };
    }

    // A folder with the programs for these variables. The server gives its launcher an empty environment, so there the launcher
    // is a script that sets them first.
    #wrapped(name, env) {
        const bin = path.join(this.home, name);
        if (fs.existsSync(bin)) return bin;
        fs.mkdirSync(bin);
        for (const program of ['bobtail-server', 'bobtail-step']) fs.copyFileSync(path.join(programs, program), path.join(bin, program));
        const settings = Object.entries(env).map(([variable, value]) => `${variable}='${value}'`).join(' ');
        fs.writeFileSync(path.join(bin, 'bobtail-launcher'),
            `#!/bin/sh\nexport ${settings}\nexec '${path.join(programs, 'bobtail-launcher')}' "$@"\n`, { mode: 0o755 });
        return bin;
    }

    // Options of Server.start for a server that is recorded.
    get recorded() {
        return { folder: this.folder, env: this.env, programs: this.#wrapped('recorded', this.env) };
    }

    // Options of Server.start for a server on a rebuilt folder, after the machine was started again: the boot id is another.
    rebooted(folder) {
        const boot = path.join(this.home, 'boot_id');
        fs.writeFileSync(boot, '5bd8a0a5-0000-4000-8000-00000000b007\n');
        const env = { LD_PRELOAD: this.env.LD_PRELOAD, BOBTAIL_RECORD_BOOT: boot };
        return { folder, env, programs: this.#wrapped('rebooted', env) };
    }

    // The position of now: what was acknowledged before it must be in every rebuild at or after it.
    get position() {
        return fs.statSync(this.log).size;
    }

    // Rebuilds into a fresh folder and returns its path; with a seed, a random part of what was not synced survives.
    async rebuild(position = this.position, seed = undefined) {
        const out = path.join(this.home, `rebuilt-${++this.rebuilds}`);
        await run(path.join(faultTools, 'replay'), [this.log, String(position), out, ...(seed === undefined ? [] : ['some', String(seed)])]);
        return out;
    }
}
