// The recorder and the rebuilder themselves: a wrong model of durability would prove nothing about the server.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { Recording, faultTools } from '../lib/recording.mjs';

const run = promisify(execFile);
const known = path.join(faultTools, 'known');

// Steps of known.c, and the tree that must be left: names to content (null for a folder, `-> x` for a link).
const rows = [
    ['a name is lost until its folder is synced', 'create:a append:a:x sync:a', {}],
    ['content is lost until its file is synced', 'create:a append:a:x syncdir:.', { a: '' }],
    ['file and folder synced: both are kept', 'create:a append:a:x sync:a syncdir:.', { a: 'x' }],
    ['fdatasync keeps content and size', 'create:a append:a:x datasync:a syncdir:.', { a: 'x' }],
    ['a sync covers what came before it only', 'create:a syncdir:. append:a:x sync:a append:a:y', { a: 'x' }],
    ['the order of the two syncs does not matter', 'create:a append:a:x syncdir:. sync:a', { a: 'x' }],
    ['an overwrite in place is lost without a sync', 'create:a append:a:old sync:a syncdir:. write:a:new', { a: 'old' }],
    ['a truncation on opening is lost without a sync', 'create:a append:a:old sync:a syncdir:. over:a:n', { a: 'old' }],
    ['a truncation on opening is kept by a sync', 'create:a append:a:old sync:a syncdir:. over:a:n sync:a', { a: 'n' }],
    ['a new size is lost without a sync', 'create:a append:a:12345 sync:a syncdir:. size:a:2', { a: '12345' }],
    ['a new size is kept by a sync', 'create:a append:a:12345 sync:a syncdir:. size:a:2 sync:a', { a: '12' }],
    ['reserved space is zeroes', 'create:a reserve:a:3 sync:a syncdir:.', { a: '\0\0\0' }],
    ['writev is one write', 'create:a parts:a:xyz sync:a syncdir:.', { a: 'xyz' }],
    ['O_DSYNC needs no sync, its name does', 'synced:a:x syncdir:. synced:b:x', { a: 'x' }],
    ['openat2 creates as open does', 'beneath:a:x sync:a syncdir:.', { a: 'x' }],
    ['a rename is undone without a sync of the folder', 'create:a append:a:x sync:a syncdir:. rename:a:b', { a: 'x' }],
    ['a rename is kept by a sync of the folder', 'create:a append:a:x sync:a rename:a:b syncdir:.', { b: 'x' }],
    ['a rename does not sync content', 'create:a append:a:x rename:a:b syncdir:.', { b: '' }],
    ['a rename replaces', 'create:a append:a:1 sync:a create:b append:b:2 sync:b syncdir:. rename:b:a syncdir:.', { a: '2' }],
    ['a removed file is back without a sync', 'create:a append:a:x sync:a syncdir:. remove:a', { a: 'x' }],
    ['a removed file is gone after a sync', 'create:a append:a:x sync:a syncdir:. remove:a syncdir:.', {}],
    ['a new folder needs a sync of its parent', 'mkdir:d create:d/a append:d/a:x sync:d/a syncdir:d', {}],
    ['a new folder with both synced', 'mkdir:d create:d/a append:d/a:x sync:d/a syncdir:d syncdir:.', { d: null, 'd/a': 'x' }],
    ['between folders each side counts by itself', 'mkdir:d syncdir:. create:a append:a:x sync:a syncdir:. rename:a:d/b syncdir:d',
        { a: 'x', d: null, 'd/b': 'x' }],
    ['a removed folder', 'mkdir:d syncdir:. remove:d syncdir:.', {}],
    ['a second name', 'create:a append:a:x sync:a link:a:b syncdir:.', { a: 'x', b: 'x' }],
    ['a symbolic link', 'symlink:s:target syncdir:.', { s: '-> target' }],
    ['a child process is recorded', 'create:a child:a:x sync:a syncdir:.', { a: 'x' }],
    ['an inode number that is used again is another file', 'create:a append:a:x sync:a syncdir:. remove:a create:b syncdir:.', { b: '' }],
];

function treeOf(folder, prefix = '') {
    const tree = {};
    for (const entry of fs.readdirSync(folder, { withFileTypes: true })) {
        const at = path.join(folder, entry.name);
        const name = prefix + entry.name;
        if (entry.isSymbolicLink()) tree[name] = `-> ${fs.readlinkSync(at)}`;
        else if (entry.isDirectory()) Object.assign(tree, { [name]: null }, treeOf(at, `${name}/`));
        else tree[name] = fs.readFileSync(at, 'utf8');
    }
    return tree;
}

const record = (recording, ...steps) =>
    run(known, [recording.folder, ...steps.map((step) => step.replace(/^syncdir:/, 'sync:'))], { env: { ...process.env, ...recording.env } });

for (const [rule, steps, tree] of rows) {
    test(rule, async (t) => {
        const recording = new Recording(t);
        await record(recording, ...steps.split(' '));
        assert.deepEqual(treeOf(await recording.rebuild()), tree);
    });
}

test('a rebuild shows the folder as of a position', async (t) => {
    const recording = new Recording(t);
    await record(recording, 'create:a', 'append:a:1', 'sync:a', 'sync:.');
    const before = recording.position;
    await record(recording, 'append:a:2', 'sync:a');
    assert.deepEqual(treeOf(await recording.rebuild(before)), { a: '1' });
    assert.deepEqual(treeOf(await recording.rebuild(before + 1)), { a: '1' });
    assert.deepEqual(treeOf(await recording.rebuild()), { a: '12' });
});

test('with a seed a random part of what was not synced survives, and what was synced always does', async (t) => {
    const recording = new Recording(t);
    await record(recording, 'create:a', 'append:a:1', 'sync:a', 'sync:.', 'append:a:2', 'create:b');
    const seen = new Set();
    for (let seed = 1; seed <= 40; seed++) seen.add(JSON.stringify(treeOf(await recording.rebuild(undefined, seed))));
    const possible = [{ a: '1' }, { a: '12' }, { a: '1', b: '' }, { a: '12', b: '' }].map((tree) => JSON.stringify(tree));
    assert.deepEqual([...seen].sort(), possible.sort());
});

test('what cannot be recorded makes the rebuild fail and is named', async (t) => {
    const recording = new Recording(t);
    await record(recording, 'stdio:a:x');
    await assert.rejects(recording.rebuild(), /fopen for writing/);
});

test('rows that SQLite has committed are in every rebuild after that', async (t) => {
    const recording = new Recording(t);
    const { stdout } = await record(recording, 'sqlite', '60');
    const commits = stdout.trim().split('\n').map((line) => line.split(' ').map(Number));
    const end = recording.position;
    const random = randomOf(7);
    for (let round = 0; round < 30; round++) {
        const position = commits[0][1] + Math.floor(random() * (end - commits[0][1]));
        const committed = commits.filter(([, size]) => size <= position).length;
        const folder = await recording.rebuild(position, round % 2 ? round : undefined);
        const [check, count] = (await run(known, [folder, 'count'])).stdout.trim().split('\n');
        assert.equal(check, 'ok', `position ${position}`);
        assert.ok(Number(count) === committed || Number(count) === committed + 1, `${count} rows at ${position}, ${committed} committed`);
    }
});

// Numbers in [0, 1) that are the same in every run.
function randomOf(seed) {
    let state = seed;
    return () => {
        state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
        return state / 2 ** 32;
    };
}
