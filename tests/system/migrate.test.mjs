// The schema of the database: what is pending, who may change it, and a database that is newer than the program.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import { test } from 'node:test';
import { command } from '../lib/command.mjs';
import { temporaryFolder } from '../lib/folder.mjs';
import { Postgres } from '../lib/postgres.mjs';
import { until } from '../lib/processes.mjs';
import { Server } from '../lib/server.mjs';

const sql = (file, text) => execFileSync('python3', ['-c', 'import sqlite3, sys\nc = sqlite3.connect(sys.argv[1]); c.execute(sys.argv[2]); c.commit(); c.close()', file, text]);
const migrate = (folder, ...args) => command(['migrate', '--data-dir', folder, ...args]);

test('migrate tells what is pending, applies it once, and says when nothing is', async (t) => {
    const folder = temporaryFolder(t);
    const looked = await migrate(folder, '--check');
    assert.equal(looked.code, 1);
    assert.match(looked.stdout, /^pending: 0001_initial\npending: 0002_tasks\n/);
    assert.match(looked.stderr, /\d+ steps are pending: make a backup, then run bobtail-server migrate/);
    const applied = await migrate(folder);
    assert.equal(applied.code, 0, applied.stderr);
    assert.match(applied.stdout, /^pending: 0001_initial[\s\S]*\d+ steps were applied\.\n$/);
    for (const args of [['--check'], []]) {
        const again = await migrate(folder, ...args);
        assert.equal(again.code, 0);
        assert.match(again.stdout, /^The database is of this version \([0-9.]+\): all \d+ steps are applied\.\n$/);
    }
    await Server.start(t, { folder });
});

test('a database that a newer version made is refused with both versions', async (t) => {
    const folder = temporaryFolder(t);
    await migrate(folder);
    sql(`${folder}/bobtail.db`, "insert into schema_migration values (9001, '9001_future', 'x', 0, '2099.1.0')");
    const sentence = /has step 9001_future, made by version 2099\.1\.0: it is newer than this program \(2026\.[0-9.]+\)/;
    for (const args of [['migrate', '--check'], ['migrate'], ['run', '--http-listen', '127.0.0.1:0']]) {
        const refused = await command([...args, '--data-dir', folder]);
        assert.equal(refused.code, 1);
        assert.match(refused.stderr, sentence);
    }
});

test('a step is not applied while a node of an older version runs on the shared database', { timeout: 120000 }, async (t) => {
    const cluster = await Postgres.start(t);
    const database = await cluster.database();
    const name = database.match(/\/\/\/(\w+)/)[1];
    const env = { BOBTAIL_FAULT_LEASE_MS: '1500' };
    const old = await Server.start(t, { database, env });
    // as the database of an older version: its newest step is not there yet, and makes nothing that is there twice
    const [[step]] = await cluster.query("delete from schema_migration where number = (select max(number) from schema_migration) returning name", name);
    const folder = temporaryFolder(t, 'server');
    fs.copyFileSync(`${old.folder}/master.key`, `${folder}/master.key`);

    const refused = await command(['run', '--data-dir', folder, '--database', database, '--http-listen', '127.0.0.1:0']);
    assert.equal(refused.code, 1);
    assert.match(refused.stderr, new RegExp(`node \\S+ runs on this database.* does not know the step ${step}: stop all nodes`));
    await old.stop();
    await until('the lease to end', async () => !/runs on this database/.test((await command(['migrate', '--data-dir', folder, '--database', database])).stderr));
});
