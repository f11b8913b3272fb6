// Tasks of the installation itself: the integrity check, also as a command, and backups.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { describe, test } from 'node:test';
import { command } from '../lib/command.mjs';
import { temporaryFolder } from '../lib/folder.mjs';
import { until } from '../lib/processes.mjs';
import { assertEnded, Project, scriptStep, waitForTask } from '../lib/project.mjs';
import { Server } from '../lib/server.mjs';

const python = (code, ...args) => execFileSync('python3', ['-c', `import sqlite3, sys\n${code}`, ...args], { encoding: 'utf8' });
const rawLog = async (api, id) => (await api.send('GET', `/api/tasks/${id}/raw`)).text; // of a task in no space
const sql = (server, text) => python('c = sqlite3.connect(sys.argv[1])\nfor s in sys.argv[2:]:\n    assert c.execute(s).rowcount > 0, s\nc.commit(); c.close()', `${server.folder}/bobtail.db`, text);

async function run(api, name) {
    const queued = await api.post('/api/tasks', { Name: name });
    assert.deepEqual([queued.Name, queued.SpaceId, queued.State], [name, null, 'Queued']);
    return waitForTask(api, queued.Id);
}

async function filled(t, options) {
    const server = await Server.start(t, options);
    const project = await Project.create(server.api, {
        steps: [scriptStep('Keep', 'echo kept > a.txt; echo other > b.txt; new_octopusartifact "$PWD/a.txt"; new_octopusartifact "$PWD/b.txt"')],
        variables: [{ Name: 'Password', Type: 'Sensitive', IsSensitive: true, Value: 'planted-Secret-43' }],
    });
    await assertEnded(server.api, await project.deploy(), 'Success');
    return server;
}

const blobsOf = (server) => fs.readdirSync(`${server.folder}/blobs`).filter((one) => one.length === 2)
    .flatMap((one) => fs.readdirSync(`${server.folder}/blobs/${one}`).map((rest) => path.join(server.folder, 'blobs', one, rest)));

describe('the integrity check', { concurrency: 2 }, () => {
    test('of a sound installation succeeds and says what it looked at', async (t) => {
        const server = await filled(t);

        const task = await run(server.api, 'SystemIntegrityCheck');

        await assertEnded(server.api, task, 'Success');
        const log = await rawLog(server.api, task.Id);
        for (const sentence of [/the database was looked through/, /\d+ secrets open with the master key/, /the journals of 2 tasks were read/, /2 blobs that rows name were read/, /0 blobs are named by no row/]) assert.match(log, sentence);
        assert.equal(task.HasWarningsOrErrors, false);
        const { ActivityLogs } = await server.api.get(`/api/tasks/${task.Id}/details`);
        assert.ok(ActivityLogs[0].LogElements.some((one) => one.MessageText === 'the database was looked through'));
        const busy = await command(['check-integrity', '--data-dir', server.folder]);
        assert.match(busy.stderr, /another server .* runs on the data folder/);
        await server.stop();
        const stopped = await command(['check-integrity', '--data-dir', server.folder]);
        assert.equal(stopped.code, 0, stopped.stderr);
        assert.match(stopped.stdout, /No problem was found\.\n$/);
    });

    test('names everything that does not hold together, as a task and as a command', async (t) => {
        const server = await filled(t);
        await server.stop();
        const [lost, damaged] = blobsOf(server);
        fs.rmSync(lost);
        fs.writeFileSync(damaged, 'something else');
        fs.mkdirSync(`${server.folder}/blobs/00`, { recursive: true });
        fs.writeFileSync(`${server.folder}/blobs/00/${'0'.repeat(62)}`, '');
        sql(server, "update reference set to_id = 'Environments-99' where from_id = 'Projects-1' and restricts = 1");
        sql(server, "update document set doc = replace(doc, '\"v1:', '\"v1:00000000:') where doc like '%\"v1:%'");
        sql(server, "update document set doc = replace(doc, substr(doc, instr(doc, 'v1:00000000:') + 12, 9), '') where doc like '%v1:00000000:%'");
        sql(server, "update journal set body = '{' where seq = 2");
        const wanted = [/: \w+ names Environments-99, which is not there/, /a secret in document \S+ does not open: .* needs the master key 00000000/, /the journal of ServerTasks-1 cannot be read: .*entry 2/, /the blob [0-9a-f]{64} is missing/, /the content of the blob [0-9a-f]{64} is damaged/];

        const stopped = await command(['check-integrity', '--data-dir', server.folder]);
        assert.equal(stopped.code, 1);
        for (const sentence of wanted) assert.match(stopped.stdout, new RegExp(`^PROBLEM: .*${sentence.source}`, 'm'));
        assert.match(stopped.stdout, /1 blobs are named by no row/);
        assert.match(stopped.stderr, /problems were found/);

        await server.resume();
        const task = await run(server.api, 'SystemIntegrityCheck');
        assert.equal(task.State, 'Failed');
        assert.match(task.ErrorMessage, /problems were found/);
        const log = await rawLog(server.api, task.Id);
        for (const sentence of wanted) assert.match(log, sentence);
    });

    test('is refused for a kind that is not known, with those that are', async (t) => {
        const server = await Server.start(t);
        const refused = await server.api.send('POST', '/api/tasks', { Name: 'Deploy' });
        assert.equal(refused.status, 400);
        assert.match(refused.text, /Deploy.* is none of .*Backup, SystemIntegrityCheck/);
    });
});

describe('the task Backup', { concurrency: 2 }, () => {
    test('writes a backup into the folder that is set and keeps the newest ones', async (t) => {
        const folder = path.join(temporaryFolder(t), 'backups');
        const server = await filled(t, { args: ['--backup-folder', folder, '--backup-keep', '2'] });
        fs.mkdirSync(folder);
        for (const day of ['01', '02', '03']) fs.writeFileSync(`${folder}/bobtail-2020-01-${day}T020000Z.tar`, 'old');
        fs.writeFileSync(`${folder}/notes.txt`, 'mine');

        const task = await run(server.api, 'Backup');

        await assertEnded(server.api, task, 'Success');
        const left = fs.readdirSync(folder).sort();
        assert.equal(left.length, 3, left.join());
        assert.deepEqual([left[0], left[2]], ['bobtail-2020-01-03T020000Z.tar', 'notes.txt']);
        assert.match(left[1], /^bobtail-20\d\d-\d\d-\d\dT\d{6}Z\.tar$/);
        assert.match(await rawLog(server.api, task.Id), /has \d+ bytes with the database and 2 blobs[\s\S]*removed the old backup bobtail-2020-01-02/);
        const checked = await command(['restore', '--check', `${folder}/${left[1]}`, '--data-dir', server.folder]);
        assert.equal(checked.code, 0, checked.stderr);
    });

    test('fails with what to do when no folder is set', async (t) => {
        const server = await Server.start(t);
        const task = await run(server.api, 'Backup');
        assert.equal(task.State, 'Failed');
        assert.match(task.ErrorMessage, /no folder for backups is set: the setting backup-folder names it/);
    });

    test('is queued every day at its hour', async (t) => {
        const folder = path.join(temporaryFolder(t), 'backups');
        const server = await Server.start(t, { args: ['--backup-folder', folder], env: { BOBTAIL_FAULT_DAILY_MS: '0' } });
        const list = async () => (await server.api.get('/api/tasks?name=Backup')).Items;
        await until('a backup to be queued', async () => (await list()).length > 0);
        const [first] = await list();
        await assertEnded(server.api, await waitForTask(server.api, first.Id), 'Success');
        assert.equal(fs.readdirSync(folder).length, 1);
    });
});
