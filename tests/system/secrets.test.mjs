// No secret is told: planted through every sensitive field that the API describes, and looked for in every answer that links
// lead to, task logs, events, figures, the report for support, the server's own output, backups, and the database itself.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { command } from '../lib/command.mjs';
import { temporaryFolder } from '../lib/folder.mjs';
import { assertEnded, Project, scriptStep, waitForTask } from '../lib/project.mjs';
import { API_KEY, PASSWORD, Server } from '../lib/server.mjs';

const S = '/api/Spaces-1';
const WORDS = /password|secret|passphrase|privatekey|token$|apikey$/i;

// One secret per place, so that what is found tells where it came from.
class Planted {
    secrets = new Map();

    secret(place) {
        const text = `Planted${this.secrets.size + 100}Hush${Math.random().toString(36).slice(2, 10)}`;
        this.secrets.set(text, place);
        return text;
    }

    // The places whose secret stands in the text, as it is or encoded.
    in(text) {
        const forms = (secret) => [secret, Buffer.from(secret).toString('base64').replace(/=+$/, ''), encodeURIComponent(secret)];
        return [...this.secrets].filter(([secret]) => forms(secret).some((form) => text.includes(form))).map(([, place]) => place);
    }
}

// ---- bodies from the description of the API ----

const isSensitive = (schema) => schema?.properties?.HasValue !== undefined && schema.properties.NewValue !== undefined;

// A value of the schema with a secret in each sensitive place; undefined: nothing sensitive below and not required.
function plant(description, schema, place, planted, depth = 0) {
    if (schema?.$ref) return plant(description, description.components.schemas[schema.$ref.split('/').pop()], place, planted, depth);
    if (isSensitive(schema)) return { HasValue: true, NewValue: planted.secret(place) };
    const choice = schema?.oneOf?.find(isSensitive);
    if (choice) return plant(description, choice, place, planted, depth);
    if (depth > 6) return undefined;
    if (schema?.properties) {
        const members = {};
        for (const [name, row] of Object.entries(schema.properties)) {
            const value = row.type === 'string' && WORDS.test(name) ? planted.secret(`${place}/${name}`)
                : plant(description, row, `${place}/${name}`, planted, depth + 1) ?? (schema.required?.includes(name) ? sample(row, name) : undefined);
            if (value !== undefined) members[name] = value;
        }
        return Object.keys(members).length > 0 ? members : undefined;
    }
    if (schema?.additionalProperties) {
        const value = plant(description, schema.additionalProperties, `${place}/*`, planted, depth + 1);
        return value === undefined ? undefined : { Planted: value };
    }
    if (schema?.items) {
        const value = plant(description, schema.items, `${place}[]`, planted, depth + 1);
        return value === undefined ? undefined : [value];
    }
    return undefined;
}

function sample(row, name) {
    if (row.enum) return row.enum.find((one) => one !== null);
    return { integer: 1, boolean: false, array: [], object: {} }[row.type] ?? `${name} planted`;
}

const planted = new Planted();

test('no sensitive value is in any answer, log, event, figure, report, file name, or in the database', { timeout: 240000 }, async (t) => {
    const folder = temporaryFolder(t);
    const backups = path.join(folder, 'backups');
    const server = await Server.start(t, {
        args: ['--log-level', 'debug', '--backup-folder', backups],
        env: { BOBTAIL_METRICS_TOKEN: planted.secret('BOBTAIL_METRICS_TOKEN') },
    });
    planted.secrets.set(PASSWORD, 'BOBTAIL_ADMIN_PASSWORD');
    planted.secrets.set(API_KEY, 'BOBTAIL_ADMIN_API_KEY');
    const found = [];
    const look = (where, text) => found.push(...planted.in(text).map((place) => `${place} in ${where}`));
    const raw = async (method, address, body) => {
        const answer = await server.api.send(method, address, body);
        look(`the answer to ${method} ${address}`, answer.text);
        return answer;
    };

    await t.test('planting through what the API describes', async () => {
        const description = await server.api.get('/api/openapi.json');
        const fields = new Set();
        for (const [address, operations] of Object.entries(description.paths)) {
            for (const method of ['post', 'put'].filter((one) => operations[one])) {
                const schema = operations[method].requestBody?.content?.['application/json']?.schema;
                const before = planted.secrets.size;
                const body = schema && plant(description, schema, `${method.toUpperCase()} ${address}`, planted);
                if (planted.secrets.size === before) continue;
                for (const place of [...planted.secrets.values()].slice(before)) fields.add(place.split('/').pop());
                const filled = address.replace('{space}', 'Spaces-1').replace(/\{[^}]+\}/g, 'none-1');
                const { status } = await raw(method.toUpperCase(), filled, body);
                assert.ok(status < 500, `${method} ${filled}: ${status}`);
            }
        }
        assert.ok(fields.has('Password') && fields.size >= 2, `of ${[...fields]}`);
    });

    let project;
    await t.test('planting where a run uses them', async () => {
        const value = planted.secret('a variable'), property = planted.secret('a property of a step');
        const prompt = planted.secret('a prompted value'), output = planted.secret('an output variable');
        const announced = planted.secret('a value that a script announces');
        // what a script says of itself comes from a file, so that it does not stand in the script
        fs.writeFileSync(`${folder}/output`, output);
        fs.writeFileSync(`${folder}/announced`, announced);
        fs.chmodSync(folder, 0o755);
        const body = [
            'echo "value: $(get_octopusvariable Hidden)"', 'echo "prompt: $(get_octopusvariable Asked)"',
            `set_octopusvariable Told "$(cat '${folder}/output')" -sensitive`, `echo "output: $(cat '${folder}/output')"`,
            `echo "##octopus[mask value='$(base64 -w0 < '${folder}/announced')']"`, `echo "announced: $(cat '${folder}/announced')"`,
            'echo x > kept.txt; new_octopusartifact "$PWD/kept.txt"', 'exit 3',
        ].join('\n');
        project = await Project.create(server.api, {
            steps: [scriptStep('Talk', body, { properties: { 'My.Secret': { HasValue: true, NewValue: property } } })],
            variables: [
                { Name: 'Hidden', IsSensitive: true, Value: value },
                { Name: 'Asked', IsSensitive: true, Prompt: { Label: 'Asked', Required: true, DisplaySettings: { 'Octopus.ControlType': 'Sensitive' } } },
            ],
        });
        const form = { Asked: prompt };
        const task = await waitForTask(server.api, await project.startDeployment({ variables: form }));
        assert.equal(task.State, 'Failed');
        const log = (await raw('GET', `/api/tasks/${task.Id}/raw`)).text;
        for (const line of ['value', 'prompt', 'output', 'announced']) assert.match(log, new RegExp(`${line}: \\*{8}`), log);
    });

    await t.test('in every answer that a link leads to', async () => {
        const description = await server.api.get('/api/openapi.json');
        const seen = new Set(), todo = Object.keys(description.paths).filter((address) => description.paths[address].get).map((address) => address.replace('{space}', 'Spaces-1')).filter((address) => !address.includes('{'));
        todo.push(`${S}/events`, '/api/events', '/api/serverstatus/logs?take=1000&includeDetail=true');
        const queue = (text) => {
            for (const [, link] of text.matchAll(/"(\/api\/[^"]+)"/g)) todo.push(link.replace(/\{[^}]*\}/g, ''));
        };
        while (todo.length > 0 && seen.size < 1500) {
            const address = todo.shift();
            if (seen.has(address) || /stream|log\/live|events\/live/.test(address)) continue;
            seen.add(address);
            if (description.paths[address]?.get?.responses?.['200']?.content?.['text/event-stream']) continue;
            const { text, status } = await raw('GET', address);
            assert.ok(status < 500, `${address}: ${status} ${text}`);
            queue(text);
        }
        assert.ok(seen.size > 60, `${seen.size} answers were read`);
    });

    await t.test('in the report, backups and their names', async () => {
        const response = await fetch(`${server.url}/api/serverstatus/system-report`, { headers: { 'X-Octopus-ApiKey': API_KEY } });
        look('the report for support', Buffer.from(await response.arrayBuffer()).toString('latin1'));
        for (const Name of ['Backup', 'SystemIntegrityCheck']) {
            const task = await waitForTask(server.api, (await server.api.post('/api/tasks', { Name })).Id);
            await assertEnded(server.api, task, 'Success');
            look(`the log of ${Name}`, (await server.api.send('GET', `/api/tasks/${task.Id}/raw`)).text);
        }
        for (const name of fs.readdirSync(backups)) {
            look('the name of a backup', name);
            look('a backup', fs.readFileSync(path.join(backups, name)).toString('latin1'));
        }
        const { stdout, stderr } = await command(['show-configuration', '--data-dir', server.folder], { BOBTAIL_ADMIN_PASSWORD: PASSWORD, BOBTAIL_ADMIN_API_KEY: API_KEY });
        look('show-configuration', stdout + stderr);
    });

    await server.stop();
    look('the output of the server', server.output);
    for (const name of fs.readdirSync(server.folder).filter((one) => one.startsWith('bobtail.db'))) {
        look(`the file ${name}`, fs.readFileSync(path.join(server.folder, name)).toString('latin1'));
    }
    assert.deepEqual([...new Set(found)], []);
});
