// Backup and restore: of a running server, of yesterday while scripts of today still run, of damaged files, on PostgreSQL.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { describe, test } from 'node:test';
import { command } from '../lib/command.mjs';
import { smallDisk } from '../lib/disk.mjs';
import { temporaryFolder } from '../lib/folder.mjs';
import { Gates } from '../lib/gates.mjs';
import { Postgres } from '../lib/postgres.mjs';
import { until } from '../lib/processes.mjs';
import { assertEnded, getTask, Project, scriptStep, waitForTask } from '../lib/project.mjs';
import { Server } from '../lib/server.mjs';

const SECRET = 'planted-Secret-42';
const S = '/api/Spaces-1';
const on = (folder, name, ...args) => command([name, '--data-dir', folder, ...args]);

async function done(folder, name, ...args) {
    const result = await on(folder, name, ...args);
    assert.equal(result.code, 0, result.stderr);
    return result.stdout;
}

// A server with a secret that a step reads and an artifact that it keeps.
async function filled(t, options) {
    const server = await Server.start(t, options);
    const project = await Project.create(server.api, {
        steps: [scriptStep('Keep', `[ "$(get_octopusvariable Password | rev)" = '${[...SECRET].reverse().join('')}' ]; echo kept > note.txt; new_octopusartifact "$PWD/note.txt"`)],
        variables: [{ Name: 'Password', Type: 'Sensitive', IsSensitive: true, Value: SECRET }],
    });
    await assertEnded(server.api, await project.deploy(), 'Success');
    const works = async (api) => {
        const [artifact] = (await api.get(`${S}/artifacts`)).Items;
        assert.equal((await api.send('GET', artifact.Links.Content)).text, 'kept\n');
        const again = Object.assign(Object.create(Project.prototype), project, { api });
        await assertEnded(api, await again.deploy(), 'Success');
    };
    return { server, project, works };
}

const begins = (folder, names) => fs.readFileSync(`${folder}/begun`, 'utf8').trim().split('\n').filter((one) => names.includes(one));

describe('a backup', { concurrency: 3 }, () => {
    test('of a running server has all that a new machine needs but the master key', async (t) => {
        const { server, works } = await filled(t);
        const folder = temporaryFolder(t);
        const file = `${folder}/today.tar`;

        const said = await done(server.folder, 'backup', '--to', file);

        assert.match(said, /with the database and 1 blobs\.\nThe master key is not in it/);
        assert.equal(fs.statSync(file).mode & 0o777, 0o600);
        assert.deepEqual(fs.readdirSync(folder), ['today.tar']);
        const members = execFileSync('tar', ['tf', file], { encoding: 'utf8' }).trim().split('\n');
        assert.deepEqual(members.filter((name) => !name.startsWith('blobs/')), ['bobtail.db', 'node-id', 'manifest.json']);
        assert.ok(!fs.readFileSync(file).includes(SECRET));
        assert.ok(!fs.readFileSync(file).includes(fs.readFileSync(`${server.folder}/master.key`, 'utf8').trim()));
        assert.match(await done(server.folder, 'backup', '--check', file), /^The backup is whole: made .* 1 blobs\.\n$/);
        await works(server.api);

        const other = temporaryFolder(t, 'server');
        assert.match(await done(other, 'restore', '--from', file), /Put the master key to .*master\.key before the server starts/);
        await assert.rejects(Server.start(t, { folder: other }), /needs? the master key/);
        fs.copyFileSync(`${server.folder}/master.key`, `${other}/master.key`);
        const restored = await Server.start(t, { folder: other });
        await works(restored.api);
        assert.equal((await restored.api.get('/api')).InstallationId, (await server.api.get('/api')).InstallationId);
    });

    test('has the master key only when that is asked for, and never the secrets of the settings file', async (t) => {
        const { server, works } = await filled(t);
        const folder = temporaryFolder(t);
        fs.writeFileSync(`${folder}/mine.conf`, '# mine\n[tasks]\ntask-cap = 3\n[admin]\nadmin-password = Hush-One-1\n');

        await done(server.folder, 'backup', '--to', `${folder}/all.tar`, '--include-master-key', '--config', `${folder}/mine.conf`);

        assert.ok(!fs.readFileSync(`${folder}/all.tar`).includes('Hush-One-1'));
        const other = temporaryFolder(t, 'server');
        assert.match(await done(other, 'restore', '--from', `${folder}/all.tar`), /The master key fits\.\n$/);
        assert.equal(fs.readFileSync(`${other}/server.conf.restored`, 'utf8'), '# mine\n[tasks]\ntask-cap = 3\n[admin]\n');
        await works((await Server.start(t, { folder: other })).api);
    });

    test('is refused where it would overwrite something, or there is nothing to back up', async (t) => {
        const { server } = await filled(t);
        const folder = temporaryFolder(t);
        fs.writeFileSync(`${folder}/taken`, 'x');

        assert.match((await on(server.folder, 'backup', '--to', `${folder}/taken`)).stderr, /there is a file .*taken already/);
        assert.match((await on(server.folder, 'backup')).stderr, /backup needs --to FILE/);
        assert.match((await on(`${folder}/none`, 'backup', '--to', `${folder}/x`)).stderr, /copy the database .*unable to open/);
        assert.match((await on(server.folder, 'backup', '--to', `${folder}/no/x`)).stderr, /No such file/);
        assert.deepEqual(fs.readdirSync(folder), ['taken']);
    });

    test('onto a full disk says so and leaves nothing', async (t) => {
        const { server } = await filled(t);
        const disk = smallDisk(t, 256 * 1024);

        const full = await on(server.folder, 'backup', '--to', `${disk}/x.tar`);

        assert.equal(full.code, 1);
        assert.match(full.stderr, /backup to .*x\.tar: no space left/i);
        assert.deepEqual(fs.readdirSync(disk), []);
    });

    test('that lost a blob is made all the same, and says so', async (t) => {
        const { server } = await filled(t);
        const folder = temporaryFolder(t);
        fs.rmSync(`${server.folder}/blobs`, { recursive: true });

        const result = await on(server.folder, 'backup', '--to', `${folder}/x.tar`);

        assert.equal(result.code, 0);
        assert.match(result.stderr, /the blob [0-9a-f]{64} is missing/);
        assert.match(await done(server.folder, 'backup', '--check', `${folder}/x.tar`), /blobs that were missing then are missing in it/);
    });
});

describe('a restore', { concurrency: 3 }, () => {
    test('of yesterday while scripts of today still run ends their runs and starts nothing twice', async (t) => {
        const server = await Server.start(t);
        const folder = temporaryFolder(t);
        const gates = new Gates(folder);
        t.after(() => gates.close());
        gates.make('first', 'second');
        const step = (name) => scriptStep(name, `echo ${name} >> '${folder}/begun'; ${gates.shell}; gate ${name}`);
        const project = await Project.create(server.api, { steps: [step('first'), step('after')] });
        const other = await Project.create(server.api, { environment: project.environment, steps: [step('second')] });
        const running = await project.startDeployment();
        await gates.reached('first');
        const waiting = await project.startDeployment({ releaseVersion: '0.0.1' });

        await done(server.folder, 'backup', '--to', `${folder}/yesterday.tar`);
        // today: what ran then ends, what waited runs and ends, and something new runs on
        gates.open('first');
        await assertEnded(server.api, await waitForTask(server.api, running), 'Success');
        fs.rmSync(`${folder}/gates/first`);
        await assertEnded(server.api, await waitForTask(server.api, waiting), 'Success');
        const today = await other.startDeployment();
        await gates.reached('second');
        const before = begins(folder, ['first', 'after', 'second']);
        await server.stop();
        const refused = await on(server.folder, 'restore', '--from', `${folder}/yesterday.tar`);
        assert.match(refused.stderr, /holds a database: --force replaces it/);

        const said = await done(server.folder, 'restore', '--from', `${folder}/yesterday.tar`, '--force');

        assert.match(said, /1 tasks that ran then end as lost by restore, 1 that waited were canceled/);
        await server.resume();
        const lost = await waitForTask(server.api, running);
        assert.equal(lost.State, 'Failed');
        assert.match(lost.ErrorMessage, /lost by restore/);
        const canceled = await getTask(server.api, waiting);
        assert.deepEqual([canceled.State, canceled.ErrorMessage], ['Canceled', 'canceled by restore before it started']);
        assert.equal((await server.api.send('GET', `/api/tasks/${today}`)).status, 404);
        assert.equal(fs.readdirSync(`${server.folder}/builtin/work`).length, 1, 'the script of today is left alone');
        await assertEnded(server.api, await (await Project.create(server.api, { steps: [scriptStep('new', 'true')] })).deploy(), 'Success');
        assert.deepEqual(begins(folder, ['first', 'after', 'second']), before);
        gates.open('second');
        const replaced = said.match(/The database that was there is (\S+) now/)[1];
        assert.ok(fs.statSync(replaced).size > 0);
    });

    test('runs what waited when that is asked for', async (t) => {
        const server = await Server.start(t, { taskCap: 0 });
        const folder = temporaryFolder(t);
        const project = await Project.create(server.api, { steps: [scriptStep('One', 'true')] });
        const waiting = await project.startDeployment();
        await done(server.folder, 'backup', '--to', `${folder}/b.tar`, '--include-master-key');
        const other = temporaryFolder(t, 'server');
        await done(other, 'restore', '--from', `${folder}/b.tar`, '--keep-queue');

        const restored = await Server.start(t, { folder: other });

        await assertEnded(restored.api, await waitForTask(restored.api, waiting), 'Success');
    });

    test('is refused while a server runs on the folder', async (t) => {
        const { server } = await filled(t);
        const folder = temporaryFolder(t);
        await done(server.folder, 'backup', '--to', `${folder}/b.tar`);

        const refused = await on(server.folder, 'restore', '--from', `${folder}/b.tar`, '--force');

        assert.equal(refused.code, 1);
        assert.match(refused.stderr, new RegExp(`another server \\(process ${server.process.pid}\\) runs on the data folder`));
    });

    test('of a damaged, cut, newer or foreign file replaces nothing and leaves nothing', async (t) => {
        const { server, works } = await filled(t);
        const folder = temporaryFolder(t);
        const file = `${folder}/b.tar`;
        await done(server.folder, 'backup', '--to', file);
        await server.stop();
        const bytes = fs.readFileSync(file);
        const header = (name) => bytes.indexOf(Buffer.from(`${name}\0`));
        const blob = bytes.indexOf('blobs/');
        const rows = [
            [(b) => (b[header('bobtail.db') + 512 + 5000] ^= 1), /bobtail\.db in the backup is damaged/],
            [(b) => (b[blob + 512] ^= 1), /the content of blobs\/\S+ in the backup is damaged/],
            [(b) => (b[header('manifest.json') + 300] ^= 1), /damaged|manifest/],
            [(b) => b.subarray(0, bytes.length - 5000), /the archive ends too early|no manifest/],
            [(b) => b.subarray(0, 100), /the archive ends too early/],
            [(b) => Buffer.from(b.toString('latin1').replace(/"Version":"\d{4}/, '"Version":"9999'), 'latin1'), /was made by version 9999\S+ and is newer than this program/],
            [(b) => Buffer.from(b.toString('latin1').replace('"Format":1', '"Format":2'), 'latin1'), /newer than this program/],
            [() => Buffer.from('x'.repeat(2000)), /this is no tar archive/],
        ];
        const before = fs.readdirSync(server.folder).sort();
        for (const [change, message] of rows) {
            const copy = Buffer.from(bytes);
            const changed = change(copy);
            fs.writeFileSync(`${folder}/bad.tar`, Buffer.isBuffer(changed) ? changed : copy);
            const result = await on(server.folder, 'restore', '--from', `${folder}/bad.tar`, '--force');
            assert.equal(result.code, 1, String(message));
            assert.match(result.stderr, message);
            assert.equal((await on(server.folder, 'restore', '--check', `${folder}/bad.tar`)).code, 1, String(message));
            assert.deepEqual(fs.readdirSync(server.folder).sort(), before);
        }
        await server.resume();
        await works(server.api);
    });

    test('that was cut off keeps the server from starting until it is done again', async (t) => {
        const { server, works } = await filled(t);
        const folder = temporaryFolder(t);
        await done(server.folder, 'backup', '--to', `${folder}/b.tar`);
        await server.stop();
        const killed = await command(['restore', '--data-dir', server.folder, '--from', `${folder}/b.tar`, '--force'], { BOBTAIL_FAULT: 'restore.aside:1' });
        assert.equal(killed.signal, 'SIGKILL', 'this needs a build with fault points');

        await assert.rejects(server.resume(), /a restore into .* was cut off: run bobtail-server restore --force again/);
        await done(server.folder, 'restore', '--from', `${folder}/b.tar`, '--force');

        await server.resume();
        await works(server.api);
    });
});

describe('on PostgreSQL', () => {
    test('backup and restore say what to run, and check what came out', async (t) => {
        const postgres = await Postgres.start(t);
        const database = await postgres.database();
        const { server, works } = await filled(t, { database });
        const folder = temporaryFolder(t);
        const env = { PATH: `${postgres.programs}:${process.env.PATH}` };
        const run = (name, ...args) => command([name, '--data-dir', server.folder, '--database', database, ...args], env);
        const shell = (lines) => execFileSync('sh', ['-ec', lines], { env: { ...process.env, ...env }, encoding: 'utf8' });

        const said = (await run('backup', '--to', `${folder}/b`)).stdout;
        const lines = said.split('\n').filter((line) => line.startsWith('  ')).map((line) => line.trim());
        assert.deepEqual(lines.map((line) => line.split(' ')[0]), ['mkdir', 'pg_dump', 'rsync', 'bobtail-server']);
        shell([lines[0], lines[1], `cp -r '${server.folder}/blobs' '${folder}/b/'`].join('\n'));
        const good = await run('backup', '--check', `${folder}/b`);
        assert.equal(good.code, 0, good.stderr);
        assert.equal(good.stdout, 'The dump can be read, and all 1 blobs that it names are there.\n');

        fs.renameSync(`${folder}/b/blobs`, `${folder}/b/away`);
        assert.match((await run('restore', '--check', `${folder}/b`)).stderr, /1 of 1 blobs are missing in .*\/blobs, the first is [0-9a-f]{64}/);
        fs.renameSync(`${folder}/b/away`, `${folder}/b/blobs`);
        fs.writeFileSync(`${folder}/bobtail.dump`, fs.readFileSync(`${folder}/b/bobtail.dump`).subarray(0, 3000));
        assert.match((await run('restore', '--check', folder)).stderr, /pg_restore cannot read the dump/);

        assert.match((await run('restore', '--finish')).stderr, /node \S+ runs on this database/);
        const steps = (await run('restore', '--from', `${folder}/b`)).stdout;
        assert.match(steps, /restore --check[\s\S]*pg_restore[\s\S]*rsync[\s\S]*master key[\s\S]*restore --finish/);
        const other = temporaryFolder(t, 'server');
        const fresh = await postgres.database();
        shell(`pg_restore --no-owner --exit-on-error --dbname='${fresh}' '${folder}/b/bobtail.dump'; cp -r '${folder}/b/blobs' '${other}/'; cp '${server.folder}/master.key' '${other}/'`);
        const again = (...args) => command(['restore', '--data-dir', other, '--database', fresh, ...args], env);
        await until('the lease of the dump to end', async () => !/runs on this database/.test((await again('--finish')).stderr));
        assert.match((await again('--finish')).stdout, /The master key fits\.\n0 tasks that ran then/);
        await works((await Server.start(t, { folder: other, database: fresh })).api);
    });
});
