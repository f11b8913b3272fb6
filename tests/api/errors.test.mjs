// What is wrong is said as rest.md 1.9 wants it: status, ErrorMessage, Errors; and nothing is half-written.
import net from 'node:net';
import { once } from 'node:events';
import { apiSuite, assert, assertRefused, S, test } from './suite.mjs';

apiSuite('errors', (at) => {
    const environments = async () => (await at.api.get(`${S}/environments`)).TotalResults;

    test('malformed JSON is refused with line and column, whatever is wrong with it', async () => {
        const bodies = ['{', '{"Name": }', '{"Name":"a"} x', '[1,', '"', '{"Name":"a","Name":"b"}', '{"Name":"\\u0000"}', '\u0001'];
        for (const body of bodies) await assertRefused(at.api, 'POST', `${S}/environments`, body, 'request body');
        await assertRefused(at.api, 'POST', `${S}/environments`, new Uint8Array([123, 34, 255, 34, 125]), 'request body');
        assert.equal(await environments(), 0);
    });

    test('a body of another shape is refused', async () => {
        for (const body of ['[]', '"text"', '1', 'null', '']) {
            await assertRefused(at.api, 'POST', `${S}/environments`, body, 'object');
        }
        await assertRefused(at.api, 'POST', `${S}/environments`, '['.repeat(65) + ']'.repeat(65), 'request body');
    });

    test('each member of a wrong type is named with its value', async () => {
        const answer = await at.api.send('POST', `${S}/environments`,
            { Name: 5, SortOrder: 'high', UseGuidedFailure: 'maybe', EnvironmentTags: {}, ExtensionSettings: [{ ExtensionId: [] }] });
        assert.equal(answer.status, 400);
        for (const [member, value] of [['/Name', '5'], ['/SortOrder', 'high'], ['/UseGuidedFailure', 'maybe'], ['/EnvironmentTags', 'object'],
            ['/ExtensionSettings/0/ExtensionId', 'list']]) {
            assert.ok(answer.body.Errors.some((line) => line.startsWith(`${member}:`) && line.includes(value)), `${member}: ${answer.text}`);
        }
        assert.equal(await environments(), 0);
    });

    test('a name that is blank or too long is refused', async () => {
        for (const Name of ['', '  ', null]) await assertRefused(at.api, 'POST', `${S}/environments`, { Name }, 'Name');
        await assertRefused(at.api, 'POST', `${S}/environments`, { Name: 'x'.repeat(201) }, ['Name', '201', '200']);
        assert.equal((await at.api.send('POST', `${S}/environments`, { Name: 'ü'.repeat(200) })).status, 201);
    });

    test('a body that is too large is 413, also when its length is not told beforehand', async () => {
        const answer = await at.api.send('POST', `${S}/environments`, `{"Name":"${'x'.repeat(33 * 1024 * 1024)}"}`).catch((error) => error);
        if (!(answer instanceof Error)) { // the server may close while the client still sends
            assert.equal(answer.status, 413);
            assert.match([answer.body.ErrorMessage, ...answer.body.Errors].join(' '), /\d/);
        }
        const head = await new Promise((resolve, reject) => {
            const socket = net.connect(at.server.port, '127.0.0.1', () =>
                socket.write(`POST ${S}/environments HTTP/1.1\r\nHost: x\r\nX-Octopus-ApiKey: ${at.api.key}\r\nContent-Length: 99999999999\r\n\r\n`));
            socket.once('data', (data) => { resolve(String(data)); socket.destroy(); });
            socket.once('error', reject);
        });
        assert.match(head, /^HTTP\/1\.1 413 /);
    });

    test('nobody in particular is 401, with JSON, also for what is not there', async () => {
        for (const [method, path] of [['GET', `${S}/projects`], ['POST', `${S}/projects`], ['GET', '/api/users/me'], ['GET', '/api/Spaces-99/projects'],
            ['GET', `${S}/projects/Projects-1`], ['DELETE', `${S}/projects/Projects-1`]]) {
            const answer = await at.anonymous.send(method, path, method === 'GET' ? undefined : {});
            assert.equal(answer.status, 401, path);
            assert.match(answer.body.ErrorMessage, /API key/);
            assert.match(answer.headers.get('content-type'), /^application\/json/);
        }
    });

    test('a wrong, empty or odd credential is 401', async () => {
        for (const headers of [{ 'X-Octopus-ApiKey': 'API-WRONGWRONGWRONGWRONGWRONGWRONG' }, { 'X-Octopus-ApiKey': '' }, { 'X-Octopus-ApiKey': "API-' or 1=1 --" },
            { Authorization: 'Bearer x.y.z' }, { 'X-Octopus-ApiKey': 'x'.repeat(4000) }]) {
            const answer = await at.anonymous.send('GET', '/api/users/me', undefined, { headers });
            assert.equal(answer.status, 401, JSON.stringify(headers));
            assert.equal(typeof answer.body.ErrorMessage, 'string');
        }
    });

    test('paths that mean nothing are 404 with JSON', async () => {
        for (const path of ['/nothing', '/api/nothing/at/all', `${S}/nothing`, `${S}/projects/Projects-1/nothing`, '/api/%ff', `${S}/projects/%00`, `${S}/projects/..%2F..`]) {
            const answer = await at.api.send('GET', path);
            assert.ok([400, 404].includes(answer.status), `${path}: ${answer.status}`);
            assert.equal(typeof answer.body.ErrorMessage, 'string');
        }
    });

    test('every answer in JSON has its length', async () => {
        for (const path of ['/api', `${S}/environments`, `${S}/environments/x`, '/api/users/me']) {
            const { headers, text } = await at.api.send('GET', path);
            assert.equal(Number(headers.get('content-length')), Buffer.byteLength(text));
        }
    });

    test('a connection that is idle stays open', async () => {
        const socket = net.connect(at.server.port, '127.0.0.1');
        const ask = async () => {
            socket.write('GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n');
            return String((await once(socket, 'data'))[0]);
        };
        assert.match(await ask(), /200/);
        assert.match(await ask(), /200/);
        socket.destroy();
    });
});
