// The master key: where it is, what opens without it, and sealing everything anew.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { describe, test } from 'node:test';
import { command } from '../lib/command.mjs';
import { temporaryFolder } from '../lib/folder.mjs';
import { assertEnded, Project, scriptStep } from '../lib/project.mjs';
import { Postgres } from '../lib/postgres.mjs';
import { Server } from '../lib/server.mjs';

const SECRET = 'planted-Secret-41';
const keyOf = (server) => path.join(server.folder, 'master.key');

// A server with a secret in its database, and a run that proves that it can be read.
async function withSecret(t, options) {
    const server = await Server.start(t, options);
    const project = await Project.create(server.api, {
        steps: [scriptStep('Read', `[ "$(get_octopusvariable Password)" = '${SECRET}' ]`)],
        variables: [{ Name: 'Password', Type: 'Sensitive', IsSensitive: true, Value: SECRET }],
    });
    return { server, reads: async () => assertEnded(server.api, await project.deploy(), 'Success') };
}

const on = (server, name, ...args) => command([name, '--data-dir', server.folder, ...(server.options.database ? ['--database', server.options.database] : []), ...args]);

describe('the master key', { concurrency: 3 }, () => {
    test('is made by the first start, which says where it is and that it must be kept', async (t) => {
        const server = await Server.start(t);
        const text = fs.readFileSync(keyOf(server), 'utf8');

        const line = server.output.split('\n').find((one) => one.includes(keyOf(server)));
        assert.match(line, /made the master key .*keep a copy of it/);
        assert.equal(fs.statSync(keyOf(server)).mode & 0o777, 0o600);
        const shown = await on(server, 'show-master-key');
        assert.equal(shown.code, 0, shown.stderr);
        assert.equal(shown.stdout, text);
        assert.ok(!server.output.includes(text.trim()), 'it is never in the log');
        await server.restart();
        assert.equal(server.output.match(/made the master key/g).length, 1);
    });

    test('that is missing ends the start with what to do, and no other one is made', async (t) => {
        const { server, reads } = await withSecret(t);
        await server.stop();
        fs.renameSync(keyOf(server), `${keyOf(server)}.away`);

        await assert.rejects(server.resume(), /the database holds secrets that need the master key [0-9a-f]{8}: put it back to .*master\.key, or name it by --master-key-file or BOBTAIL_MASTER_KEY/);
        assert.ok(!fs.existsSync(keyOf(server)));
        fs.renameSync(`${keyOf(server)}.away`, keyOf(server));
        await server.resume();
        await reads();
    });

    test('that is another one ends the start, naming both', async (t) => {
        const { server, reads } = await withSecret(t);
        await server.stop();
        const right = fs.readFileSync(keyOf(server), 'utf8');
        fs.writeFileSync(keyOf(server), `${Buffer.alloc(32, 7).toString('base64')}\n`);

        await assert.rejects(server.resume(), /need the master key ([0-9a-f]{8}).*needs the master key \1, this is [0-9a-f]{8}/);
        fs.writeFileSync(keyOf(server), right);
        await server.resume();
        await reads();
    });

    test('can stand in another file or in a variable', async (t) => {
        const folder = temporaryFolder(t);
        const { server, reads } = await withSecret(t, { args: ['--master-key-file', `${folder}/key`] });
        assert.ok(!fs.existsSync(keyOf(server)));
        const key = fs.readFileSync(`${folder}/key`, 'utf8');
        server.options.args = [];
        server.options.env = { BOBTAIL_MASTER_KEY: key.trim() };

        await server.restart();

        await reads();
        assert.ok(!fs.existsSync(keyOf(server)), 'and then nothing is made');
        const wrong = await command(['run', '--data-dir', temporaryFolder(t)], { BOBTAIL_MASTER_KEY: 'short' });
        assert.equal(wrong.code, 1);
        assert.match(wrong.stderr, /BOBTAIL_MASTER_KEY holds no master key/);
    });
});

describe('a rotation of the master key', { concurrency: 3 }, () => {
    test('seals everything anew and keeps the old key for old backups', async (t) => {
        const { server, reads } = await withSecret(t);
        await reads();
        const refused = await on(server, 'rotate-master-key');
        assert.equal(refused.code, 1);
        assert.match(refused.stderr, new RegExp(`another server \\(process ${server.process.pid}\\) runs on the data folder`));
        await server.stop();
        const old = fs.readFileSync(keyOf(server), 'utf8');

        const done = await on(server, 'rotate-master-key');

        assert.equal(done.code, 0, done.stderr);
        assert.match(done.stdout, /^[1-9][0-9]* secrets are sealed with the new master key [0-9a-f]{8} in /);
        assert.notEqual(fs.readFileSync(keyOf(server), 'utf8'), old);
        const kept = done.stdout.match(/it is kept in (\S+)\.\n/)[1];
        assert.equal(fs.readFileSync(kept, 'utf8'), old);
        assert.equal(fs.statSync(kept).mode & 0o777, 0o600);
        await server.resume();
        await reads();
    });

    for (const point of ['stored', 'sealed']) {
        test(`that is killed leaves a server that starts (${point})`, async (t) => {
            const { server, reads } = await withSecret(t);
            await server.stop();
            const old = fs.readFileSync(keyOf(server), 'utf8');

            const killed = await command(['rotate-master-key', '--data-dir', server.folder], { BOBTAIL_FAULT: `master_key.${point}:1` });

            assert.equal(killed.signal, 'SIGKILL', 'this needs a build with fault points');
            await server.resume();
            await reads();
            assert.equal(fs.readFileSync(keyOf(server), 'utf8') === old, point === 'stored');
            assert.ok(!fs.existsSync(`${keyOf(server)}.next`));
            await server.stop();
            const again = await on(server, 'rotate-master-key');
            assert.equal(again.code, 0, again.stderr);
            await server.resume();
            await reads();
        });
    }

    test('writes the new key where it is told to, and nothing over a file that is there', async (t) => {
        const { server, reads } = await withSecret(t);
        await server.stop();
        const folder = temporaryFolder(t);
        const env = { BOBTAIL_MASTER_KEY: fs.readFileSync(keyOf(server), 'utf8').trim() };
        const rotate = (...args) => command(['rotate-master-key', '--data-dir', server.folder, ...args], env);

        assert.match((await rotate()).stderr, /comes from BOBTAIL_MASTER_KEY: name a file for the new one by --to FILE/);
        fs.writeFileSync(`${folder}/taken`, 'x');
        assert.match((await rotate('--to', `${folder}/taken`)).stderr, /there is a file .*taken already/);
        assert.equal((await rotate('--to', `${folder}/key`)).code, 0);
        server.options.args = ['--master-key-file', `${folder}/key`];
        await server.resume();
        await reads();
    });

    test('is refused while another node runs on the shared database', async (t) => {
        const postgres = await Postgres.start(t);
        const { server } = await withSecret(t, { database: await postgres.database() });
        const folder = temporaryFolder(t);
        fs.copyFileSync(keyOf(server), `${folder}/master.key`);

        const refused = await command(['rotate-master-key', '--data-dir', folder, '--database', server.options.database]);

        assert.equal(refused.code, 1);
        assert.match(refused.stderr, /node \S+ runs on this database/);
    });
});
