// docs/operations.md: every command, option, setting, route and figure that it names is real.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { command } from '../lib/command.mjs';
import { Api } from '../lib/api.mjs';
import { root, Server } from '../lib/server.mjs';

const text = fs.readFileSync(path.join(root, 'docs/operations.md'), 'utf8');

test('every command and option of the page is one of the program', async () => {
    const calls = [...text.matchAll(/bobtail-server ([a-z][a-z-]+)((?: [^\n`,;]*)?)/g)].filter(([all]) => !/bobtail-server (is|COMMAND)/.test(all));
    assert.ok(calls.length > 15);
    const { stdout } = await command(['--help']);
    const known = new Set([...stdout.matchAll(/^ {2}([a-z-]+) +[a-z]/gm)].map((match) => match[1]));
    for (const [, name, rest] of calls) {
        assert.ok(known.has(name), name);
        const help = (await command([name, '--help'])).stdout;
        for (const [option] of rest.matchAll(/--[a-z-]+/g)) assert.ok(help.includes(`${option} `), `${name} ${option}`);
    }
    const run = (await command(['run', '--help'])).stdout + (await command(['restore', '--help'])).stdout + (await command(['backup', '--help'])).stdout;
    for (const [, option] of text.matchAll(/`(--[a-z-]+)/g)) assert.ok(option === '--help' || run.includes(`${option} `), option);
    for (const [, setting] of text.matchAll(/`(backup-[a-z]+)`/g)) assert.ok(run.includes(`--${setting} `), setting);
});

test('every route and figure of the page is there', async (t) => {
    const server = await Server.start(t);
    const { paths } = await server.api.get('/api/openapi.json');
    for (const [, method, address] of text.matchAll(/`(GET|PUT|POST|DELETE) (\/[^ `]+)`/g)) {
        assert.ok(paths[address]?.[method.toLowerCase()], `${method} ${address}`);
    }
    const figures = (await new Api(server.url).send('GET', '/metrics')).text + 'bobtail_api_key_expiry_seconds';
    for (const [figure] of text.matchAll(/bobtail_[a-z_]+/g)) assert.ok(figures.includes(figure), figure);
});
