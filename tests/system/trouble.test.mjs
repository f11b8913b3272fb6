// Trouble of the machine during a run: a full disk, a locked database, a database that is away or stuck. The run waits and
// says for what, the server keeps answering and stops when it is told to, and everything goes on when the cause is gone.
import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { describe, test } from 'node:test';
import { Api } from '../lib/api.mjs';
import { temporaryFolder } from '../lib/folder.mjs';
import { killQuietly, processesOf, until } from '../lib/processes.mjs';
import { assertEnded, cancelTask, details, getTask, linesOf, Project, scriptStep, waitForLine, waitForTask } from '../lib/project.mjs';
import { Postgres } from '../lib/postgres.mjs';
import { Server } from '../lib/server.mjs';

// Prints n1, n2, ... until the file `go` is there; its last number is in the file `count`.
const counting = (folder) => `i=0
    until [ -e '${folder}/go' ]; do i=$((i+1)); echo n$i; sleep 0.02; done
    echo $i > '${folder}/count.new'; mv '${folder}/count.new' '${folder}/count'; echo last`;

async function begin(t, server) {
    const folder = temporaryFolder(t);
    const project = await Project.create(server.api, { steps: [scriptStep('Count', counting(folder)), scriptStep('After', 'echo after')] });
    const id = await project.startDeployment();
    await waitForLine(server.api, id, 'n3');
    return { folder, server, api: server.api, project, id };
}

async function letEnd({ folder }) {
    fs.writeFileSync(`${folder}/go`, '');
    await until('the script to end', () => fs.existsSync(`${folder}/count`));
}

// The run has ended well, with every line once and in order.
async function complete({ folder, api, id }) {
    await assertEnded(api, await waitForTask(api, id), 'Success');
    const texts = linesOf(await details(api, id)).map((line) => line.MessageText);
    const printed = texts.filter((text) => /^n[0-9]+$/.test(text)).map((text) => Number(text.slice(1)));
    const count = Number(fs.readFileSync(`${folder}/count`, 'utf8'));
    assert.deepEqual(printed, Array.from({ length: count }, (_, i) => i + 1));
    assert.deepEqual(texts.filter((text) => text === 'last' || text === 'after'), ['last', 'after']);
}

const waitForTrouble = ({ api, id }, sentence) => until(`${id} to say ${sentence}`, async () => {
    const { WaitingFor } = await getTask(api, id);
    return WaitingFor?.Reason === 'Trouble' && sentence.test(WaitingFor.Description);
});

// It ends within the 10 s that are promised.
async function stopsInTime(server) {
    const limit = Date.now() + 10000;
    const { code } = await server.stop();
    assert.ok(Date.now() < limit, 'it exits within 10 s');
    assert.equal(code, 0, server.output);
}

describe('a full disk', { concurrency: 2 }, () => {
    // A server whose data folder has a small file system of its own.
    async function onSmallDisk(t, bytes) {
        const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'bobtail-disk-'));
        try {
            execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${bytes}`, 'tmpfs', folder], { stdio: 'pipe' });
        } catch (error) {
            fs.rmdirSync(folder);
            t.skip(`cannot mount a small file system: ${error.stderr}`);
            return undefined;
        }
        const ends = [];
        t.after(async () => {
            for (const end of ends) await end();
            execFileSync('umount', ['-l', folder]);
            fs.rmdirSync(folder);
        });
        return Server.start({ after: (end) => ends.push(end) }, { folder });
    }

    // Leaves no byte free, also none that the database has in reserve; returns how to free it again.
    async function fill({ folder, api }) {
        const file = path.join(folder, 'filler');
        const fill = () => {
            const fd = fs.openSync(file, 'a');
            for (let size = 1 << 20; size >= 1; size >>= 1) {
                try {
                    for (;;) fs.writeSync(fd, Buffer.alloc(size, 1));
                } catch (error) {
                    assert.equal(error.code, 'ENOSPC');
                }
            }
            fs.closeSync(fd);
        };
        for (let i = 0, refused; !refused; i++) {
            fill();
            const answer = await api.send('POST', '/api/Spaces-1/environments', { Name: `Filler ${i}` });
            assert.ok(answer.status === 201 || answer.status >= 500, `${answer.status} ${answer.text}`);
            refused = answer.status >= 500;
            if (refused) assert.match(answer.body.ErrorMessage, /space|full/i);
        }
        return () => fs.rmSync(file);
    }

    const trouble = (api, id) => until(`${id} to say that there is no room`, async () => {
        const task = await getTask(api, id);
        return /space|full/i.test((task.WaitingFor?.Description ?? '') + task.ErrorMessage);
    });

    test('a script that ends on a full disk: its run waits with that sentence, and ends when there is room', async (t) => {
        const server = await onSmallDisk(t, 48 << 20);
        if (!server) return;
        const run = await begin(t, server);
        const free = await fill(server);
        await letEnd(run);

        await trouble(run.api, run.id);
        assert.equal((await run.api.send('GET', '/api/Spaces-1/projects')).status, 200, 'reading goes on');
        free();

        await assertEnded(run.api, await waitForTask(run.api, run.id), 'Success');
        const texts = linesOf(await details(run.api, run.id)).map((line) => line.MessageText);
        const numbers = texts.filter((text) => /^n[0-9]+$/.test(text)).map((text) => Number(text.slice(1)));
        assert.ok(numbers.every((n, i) => i === 0 || n > numbers[i - 1]), 'in order, none twice');
        const whole = numbers.length === Number(fs.readFileSync(`${run.folder}/count`, 'utf8'));
        assert.ok(whole || texts.some((text) => /output were lost/.test(text)), 'what could not be kept is said');
        assert.ok(texts.includes('after'));
        await server.restart();
        const again = await Project.create(run.api, { steps: [scriptStep('Again', 'echo works-again')] });
        await assertEnded(run.api, await again.deploy(), 'Success');
    });

    test('a step that cannot start on a full disk waits or fails with that sentence', async (t) => {
        const server = await onSmallDisk(t, 48 << 20);
        if (!server) return;
        const { api } = server;
        const gate = path.join(temporaryFolder(t), 'go');
        const project = await Project.create(api, { steps: [scriptStep('One', `echo running; until [ -e '${gate}' ]; do sleep 0.02; done`), scriptStep('Two', 'echo second')] });
        const id = await project.startDeployment();
        await waitForLine(api, id, 'running');
        const free = await fill(server);

        fs.writeFileSync(gate, ''); // the second step is due now
        await trouble(api, id);
        free();

        const task = await waitForTask(api, id);
        if (task.State !== 'Success') assert.match(task.ErrorMessage, /space|full/i);
        await assertEnded(api, await project.deploy(), 'Success');
    });
});

describe('SQLite locked by another process', { concurrency: 2 }, () => {
    // Holds the write lock until it is ended.
    async function lock(t, file) {
        const holder = spawn('python3', ['-u', '-c', `
import sqlite3, sys
c = sqlite3.connect(sys.argv[1], isolation_level=None, timeout=30)
c.execute("begin exclusive")
print("locked")
sys.stdin.read()
c.execute("rollback")`, file], { stdio: ['pipe', 'pipe', 'inherit'] });
        t.after(() => killQuietly(holder.pid, 'SIGKILL'));
        await once(holder.stdout, 'data');
        return async () => {
            holder.stdin.end();
            await once(holder, 'exit');
        };
    }

    test('the run waits and says so, reading goes on, and nothing is lost', async (t) => {
        const run = await begin(t, await Server.start(t));
        const unlock = await lock(t, path.join(run.server.folder, 'bobtail.db'));

        await waitForTrouble(run, /locked/);
        assert.equal((await run.api.send('GET', '/api/Spaces-1/projects')).status, 200);
        const refused = await run.api.send('POST', '/api/Spaces-1/environments', { Name: 'Locked out' });
        assert.equal(refused.status, 503, refused.text);
        assert.match(refused.text, /locked/);
        await letEnd(run);
        await unlock();

        await complete(run);
        assert.equal((await getTask(run.api, run.id)).WaitingFor, undefined);
        assert.equal((await run.api.get('/api/Spaces-1/environments?partialName=Locked')).TotalResults, 0, 'what was refused is not there');
    });

    test('the server stops in time, however many wait for the lock', async (t) => {
        const run = await begin(t, await Server.start(t));
        const unlock = await lock(t, path.join(run.server.folder, 'bobtail.db'));
        await waitForTrouble(run, /locked/);
        const refused = [1, 2, 3, 4].map((n) => run.api.send('POST', '/api/Spaces-1/environments', { Name: `Late ${n}` }).catch(() => {}));
        await stopsInTime(run.server);
        await Promise.all(refused);
        await unlock();

        await run.server.resume();
        await letEnd(run);
        await complete(run);
    });

    test('a cancel is refused while the database is locked and works afterwards', async (t) => {
        const run = await begin(t, await Server.start(t));
        const unlock = await lock(t, path.join(run.server.folder, 'bobtail.db'));
        await assert.rejects(cancelTask(run.api, run.id), /locked/);
        await unlock();

        await cancelTask(run.api, run.id);
        await assertEnded(run.api, await waitForTask(run.api, run.id), 'Canceled');
    });
});

describe('SQLite files taken away', { concurrency: 2 }, () => {
    for (const [what, name, sentence] of [['the database', 'bobtail.db', /bobtail\.db is gone/], ['its log', 'bobtail.db-wal', /bobtail\.db-wal is gone/]]) {
        test(`nothing is written while ${what} is not there, the run waits and says so, and goes on when it is back`, async (t) => {
            const run = await begin(t, await Server.start(t));
            const file = path.join(run.server.folder, name);
            fs.renameSync(file, `${file}.aside`);

            const anonymous = new Api(run.server.url);
            await until('the server to notice', async () => (await anonymous.send('GET', '/healthz')).status === 503);
            const refused = await run.api.send('POST', '/api/Spaces-1/environments', { Name: 'Nowhere' });
            assert.equal(refused.status, 503, refused.text);
            assert.match(refused.body.ErrorMessage, sentence);
            await until('the run to wait', () => sentence.test(run.server.output.split('\n').filter((line) => line.includes(`${run.id}: waits`)).join()));
            await letEnd(run);
            assert.equal(fs.existsSync(file), false, 'none is made in its place');
            fs.renameSync(`${file}.aside`, file);

            await complete(run);
            assert.equal((await run.api.get('/api/Spaces-1/environments?partialName=Nowhere')).TotalResults, 0);
        });
    }

    test('another database in its place is neither read nor written', async (t) => {
        const run = await begin(t, await Server.start(t));
        const file = path.join(run.server.folder, 'bobtail.db');
        fs.renameSync(file, `${file}.aside`);
        fs.copyFileSync(`${file}.aside`, file);
        const before = fs.readFileSync(file);

        const refused = await run.api.send('GET', '/api/Spaces-1/projects');
        assert.equal(refused.status, 503);
        assert.match(refused.body.ErrorMessage, /replaced by another one/);
        await letEnd(run);
        assert.ok(before.equals(fs.readFileSync(file)), 'it is as it was');
        fs.renameSync(`${file}.aside`, file);

        await complete(run);
    });
});

describe('a database that does not answer', { concurrency: 2 }, () => {
    test('does not keep the server from stopping, with requests and streams open', async (t) => {
        const cluster = await Postgres.start(t);
        const database = await cluster.database();
        const ask = (sql) => cluster.query(sql, new URL(database).pathname.slice(1));
        const locks = (which) => async () => (await ask(`select 1 from pg_locks where relation = 'document'::regclass and ${which}`)).length > 0;
        const run = await begin(t, await Server.start(t, { database }));
        const stream = run.api.events(`/api/tasks/${run.id}/log/stream`);
        assert.equal((await stream.next()).value.event, 'line');
        // A lock brings the request into the database for certain, before everything there stands still.
        const holder = ask('begin; lock table document; select pg_sleep(600)').catch(() => {}); // its session is ended below
        await until('the table to be locked', locks("mode = 'AccessExclusiveLock' and granted"));
        const lost = run.api.send('GET', '/api/Spaces-1/projects').then(() => false, () => true);
        await until('the request to wait for the table', locks('not granted'));
        const stuck = processesOf(cluster.folder).filter((pid) => pid !== run.server.process.pid);
        for (const pid of stuck) killQuietly(pid, 'SIGSTOP');
        try {
            await stopsInTime(run.server);
            assert.match(run.server.output, /ending after 9 s without waiting for (requests|runs)/);
            assert.ok(await lost, 'nobody has answered');
            await stream.return().catch(() => {}); // it was cut
        } finally {
            for (const pid of stuck) killQuietly(pid, 'SIGCONT');
        }

        await ask("select pg_terminate_backend(pid) from pg_stat_activity where query like '%pg_sleep(600)%' and pid <> pg_backend_pid()");
        await holder;
        await run.server.resume();
        await letEnd(run);
        await complete(run);
    });
});

// How many tasks /metrics tells of.
async function figures(api) {
    const { status, text } = await api.send('GET', '/metrics');
    assert.equal(status, 200);
    const [running, queued] = ['running', 'queued'].map((name) => new RegExp(`^bobtail_tasks_${name} (\\d+)$`, 'm').exec(text)?.[1]);
    return { running: Number(running), queued: queued && Number(queued) };
}

describe('PostgreSQL stopped and started', { concurrency: 2 }, () => {
    for (const [how, ends] of [['while the script goes on', false], ['and the script ends meanwhile', true]]) {
        test(`the server keeps running, and the run goes on afterwards: ${how}`, async (t) => {
            const cluster = await Postgres.start(t);
            const run = await begin(t, await Server.start(t, { database: await cluster.database() }));
            const anonymous = new Api(run.server.url);

            await cluster.stop();
            await until('the server to notice', async () => (await anonymous.send('GET', '/healthz')).status === 503);
            const refused = await run.api.send('GET', '/api/Spaces-1/projects');
            assert.ok(refused.status >= 500, `${refused.status}`);
            assert.ok(JSON.parse(refused.text).ErrorMessage.length > 10, refused.text);
            assert.deepEqual(await figures(anonymous), { running: 1, queued: undefined }, 'what the database would tell is left out');
            const health = await anonymous.get('/api/serverstatus/health');
            assert.equal(health.IsOperatingNormally, false);
            assert.match(health.Description, /database is away/);
            if (ends) await letEnd(run);
            await cluster.resume();
            await until('the server to be well', async () => (await anonymous.send('GET', '/healthz')).status === 200);
            assert.equal((await figures(anonymous)).queued, 0);
            assert.equal((await anonymous.get('/api/serverstatus/health')).IsOperatingNormally, true);
            if (!ends) await letEnd(run);

            await complete(run);
            assert.equal(run.server.exited, false);
            await assertEnded(run.api, await run.project.deploy(), 'Success');
        });
    }

    test('a PostgreSQL that is killed, as a machine is, loses nothing that was said', async (t) => {
        const cluster = await Postgres.start(t, { settings: [] });
        const run = await begin(t, await Server.start(t, { database: await cluster.database() }));

        await cluster.kill();
        await cluster.resume();
        await letEnd(run);

        await complete(run);
    });
});
