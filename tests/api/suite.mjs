// One server per database for all tests of a file, and the words that API tests share.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { onBothDatabases } from '../lib/databases.mjs';
import { Api } from '../lib/api.mjs';

export const S = '/api/Spaces-1';
let count = 0;
export const fresh = (noun) => `${noun} ${++count}`;

// `body(at)` declares tests; at.api and at.server are there while they run. At the end the server
// must stop in an orderly way and may have reported no problem of its own.
export function apiSuite(name, body, options = {}) {
    onBothDatabases(name, (database) => {
        const at = { kind: database.kind };
        const ends = [];
        before(async () => {
            at.server = await database.start({ after: (end) => ends.push(end) }, options);
            at.api = at.server.api;
            at.anonymous = new Api(at.server.url);
            const name = /^postgresql:\/\/\/(\w+)/.exec(at.server.options.database)?.[1];
            at.query = name && ((sql) => database.cluster().query(sql, name)); // PostgreSQL only
        });
        after(async () => {
            const exit = await at.server?.stop(); // an orderly end, so that leaks are found
            for (const end of ends.reverse()) await end();
            assert.deepEqual(exit, { code: 0, signal: null }, at.server?.output);
            assert.deepEqual(at.server.problems(), []);
        });
        body(at);
    });
}

// The answer to a request that must be refused: its status, and all of the sentences as one text.
export async function refused(api, method, path, body, status = 400) {
    const answer = await api.send(method, path, body);
    assert.equal(answer.status, status, `${method} ${path}: ${answer.text}`);
    assert.ok(answer.body, `${method} ${path}: no JSON: ${answer.text}`);
    assert.equal(typeof answer.body.ErrorMessage, 'string');
    assert.ok(Array.isArray(answer.body.Errors));
    return [answer.body.ErrorMessage, ...answer.body.Errors].join('\n');
}

// Fails unless the request is refused with a text in which every one of `words` stands.
export async function assertRefused(api, method, path, body, words, status = 400) {
    const text = await refused(api, method, path, body, status);
    for (const word of [words].flat()) assert.ok(text.includes(word), `"${word}" is not in: ${text}`);
}

export const names = (list) => list.map((one) => one.Name);
export { assert, test };
