// A database that is not the one that the server left: restored from a backup, damaged, or written by a newer program. No
// script is started a second time, and what cannot go on ends with its reason.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { describe, test } from 'node:test';
import { temporaryFolder } from '../lib/folder.mjs';
import { Gates } from '../lib/gates.mjs';
import { Postgres } from '../lib/postgres.mjs';
import { until } from '../lib/processes.mjs';
import { assertEnded, cancelTask, getTask, Project, scriptStep, waitForTask } from '../lib/project.mjs';
import { Server } from '../lib/server.mjs';

const python = (code, ...args) => execFileSync('python3', ['-c', `import sqlite3, sys\n${code}`, ...args], { encoding: 'utf8' });
const databaseOf = (server) => path.join(server.folder, 'bobtail.db');

function backUp(server, to) {
    python('a = sqlite3.connect(sys.argv[1]); b = sqlite3.connect(sys.argv[2]); a.backup(b); b.close()', databaseOf(server), to);
}

function restore(server, from) {
    for (const suffix of ['', '-wal', '-shm']) fs.rmSync(databaseOf(server) + suffix, { force: true });
    fs.copyFileSync(from, databaseOf(server));
}

function change(server, sql) {
    python('c = sqlite3.connect(sys.argv[1]); n = c.execute(sys.argv[2]).rowcount; c.commit(); c.close()\nassert n > 0', databaseOf(server), sql);
}

// A run of two steps whose first one waits at the gate `go`; `begun` tells how often each has begun.
async function begin(t, options) {
    const server = await Server.start(t, options);
    const folder = temporaryFolder(t);
    const gates = new Gates(folder);
    t.after(() => gates.close());
    gates.make('go');
    const step = (name, rest) => scriptStep(name, `echo ${name} >> '${folder}/begun'; ${rest}`);
    const project = await Project.create(server.api, { steps: [step('One', `${gates.shell}; gate go`), step('Two', 'true')] });
    const id = await project.startDeployment();
    await gates.reached('go');
    const folders = () => fs.readdirSync(`${server.folder}/builtin/work`);
    return { server, api: server.api, project, id, gates, folder, folders, begun: () => fs.readFileSync(`${folder}/begun`, 'utf8').trim().split('\n') };
}

describe('a database that was restored', { concurrency: 2 }, () => {
    for (const end of ['stop', 'kill']) {
        test(`ends the tasks that it runs as Failed and starts nothing of them a second time (${end})`, async (t) => {
            const run = await begin(t);
            backUp(run.server, `${run.folder}/backup.db`);
            run.gates.open('go');
            await assertEnded(run.api, await waitForTask(run.api, run.id), 'Success');
            await until('the run to be cleaned', () => run.folders().length === 0);
            await run.server[end]();
            restore(run.server, `${run.folder}/backup.db`);

            await run.server.resume();

            const task = await waitForTask(run.api, run.id);
            assert.equal(task.State, 'Failed');
            assert.match(task.ErrorMessage, /lost by restore/);
            assert.deepEqual(run.begun(), ['One', 'Two']);
            run.gates.clear();
            await run.server.restart();
            await assertEnded(run.api, await run.project.deploy(), 'Success');
            assert.deepEqual(run.begun(), ['One', 'Two', 'One', 'Two'], 'the queue goes on');
        });
    }

    test('of the very moment goes on where it was', async (t) => {
        const run = await begin(t);
        backUp(run.server, `${run.folder}/backup.db`);
        await run.server.kill();
        restore(run.server, `${run.folder}/backup.db`);
        await run.server.resume();

        run.gates.open('go');

        await assertEnded(run.api, await waitForTask(run.api, run.id), 'Success');
        assert.deepEqual(run.begun(), ['One', 'Two']);
    });

    test('ends a task that was being canceled there too', async (t) => {
        const run = await begin(t);
        backUp(run.server, `${run.folder}/backup.db`);
        run.gates.open('go');
        await waitForTask(run.api, run.id);
        await run.server.stop();
        restore(run.server, `${run.folder}/backup.db`);
        change(run.server, `update task set state = 'Cancelling', cancel_by = 'someone' where id = '${run.id}'`);
        await run.server.resume();

        assert.match((await waitForTask(run.api, run.id)).ErrorMessage, /lost by restore/);
    });

    test('leaves folders of scripts that still run, which are removed when those have ended', async (t) => {
        const run = await begin(t);
        backUp(run.server, `${run.folder}/backup.db`);
        await assertEnded(run.api, await (await Project.create(run.api, { steps: [scriptStep('Other', 'true')] })).deploy(), 'Success');
        await until('the other run to be cleaned', () => run.folders().length === 1);
        await run.server.stop();
        restore(run.server, `${run.folder}/backup.db`);
        await run.server.resume();
        assert.match((await waitForTask(run.api, run.id)).ErrorMessage, /lost by restore/);
        assert.equal(run.folders().length, 1, 'it is not taken from under the script');

        run.gates.open('go');

        await until('the folders to be removed', () => run.folders().length === 0);
    });

    test('is not what a server finds that stopped or was killed and comes back', async (t) => {
        const run = await begin(t);
        for (const end of ['stop', 'kill', 'kill', 'stop']) {
            await run.server[end]();
            await run.server.resume();
        }
        run.gates.open('go');

        await assertEnded(run.api, await waitForTask(run.api, run.id), 'Success');
        assert.deepEqual(run.begun(), ['One', 'Two']);
    });
});

test('a node that takes over first after a restore sees that the jobs of the other are newer', { timeout: 120000 }, async (t) => {
    const cluster = await Postgres.start(t);
    const database = await cluster.database();
    const name = database.match(/^postgresql:\/\/\/(\w+)/)[1];
    const env = { BOBTAIL_FAULT_LEASE_MS: '1500' };
    const run = await begin(t, { database, env });
    const dump = path.join(run.folder, 'dump');
    execFileSync(`${cluster.programs}/pg_dump`, ['-Fc', '-f', dump, database]);
    run.gates.open('go');
    await assertEnded(run.api, await waitForTask(run.api, run.id), 'Success');
    await until('the run to be cleaned', () => run.folders().length === 0);
    await run.server.kill();
    await cluster.query(`drop database ${name} with (force)`, 'postgres');
    await cluster.query(`create database ${name}`, 'postgres');
    execFileSync(`${cluster.programs}/pg_restore`, ['--no-owner', '-d', database, dump]);

    const other = await run.server.startBeside(t, { env });

    const task = await waitForTask(other.api, run.id);
    assert.equal(task.State, 'Failed');
    assert.match(task.ErrorMessage, /lost by restore/);
    assert.deepEqual(run.begun(), ['One', 'Two']);
});

describe('a task that cannot be read back', { concurrency: 2 }, () => {
    test('ends as Failed with the reason when its journal is damaged, and the queue goes on', async (t) => {
        const run = await begin(t);
        await run.server.stop();
        change(run.server, `update journal set body = '{' where task_id = '${run.id}' and seq = 2`);
        await run.server.resume();

        const task = await waitForTask(run.api, run.id);
        assert.equal(task.State, 'Failed');
        assert.match(task.ErrorMessage, /journal entry 2/);
        run.gates.clear();
        await assertEnded(run.api, await run.project.deploy(), 'Success');
    });

    test('waits when a newer program wrote its journal, and a cancel ends it', async (t) => {
        const run = await begin(t);
        await run.server.stop();
        change(run.server, `update journal set version = 99 where task_id = '${run.id}' and seq = 2`);
        await run.server.resume();
        await until('the task to say why', async () => /newer version/.test((await getTask(run.api, run.id)).WaitingFor?.Description));

        await cancelTask(run.api, run.id);

        assert.equal((await waitForTask(run.api, run.id)).State, 'Canceled');
        run.gates.open('go');
    });
});
