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
        const before = await environments();
        const chunk = `${(1 << 20).toString(16)}\r\n${'x'.repeat(1 << 20)}\r\n`;
        for (const [heading, part, count] of [[`Content-Length: ${33 << 20}`, '{"Name":"', 1], ['Content-Length: 99999999999', '', 1],
            ['Transfer-Encoding: chunked', chunk, 33]]) {
            const { status, body } = await send(heading, part, count);
            assert.equal(status, 413, heading);
            assert.match([body.ErrorMessage, ...body.Errors].join(' '), /larger than 33554432 bytes/, heading);
        }
        assert.equal(await environments(), before);
    });

    // Sends a request whose body is a part so many times, and resolves with its answer.
    async function send(heading, part, count) {
        const socket = net.connect(at.server.port, '127.0.0.1');
        let answer = '';
        socket.setEncoding('latin1').on('data', (data) => (answer += data));
        socket.write(`POST ${S}/environments HTTP/1.1\r\nHost: x\r\nConnection: close\r\nX-Octopus-ApiKey: ${at.api.key}\r\n${heading}\r\n\r\n`);
        for (let i = 0; i < count; i++) socket.write(part);
        if (count > 1) socket.write('0\r\n\r\n');
        await once(socket, 'close');
        const [head, body] = answer.split('\r\n\r\n');
        return { status: Number(head.split(' ')[1]), body: JSON.parse(body) };
    }

    test('text that is none, or is cut within a character, is told in JSON and does no harm', async () => {
        const stream = await at.api.send('GET', '/api/tasks/ServerTasks-1/log/stream', undefined, { headers: { 'Last-Event-ID': '\u00ff' } });
        assert.equal(stream.status, 400);
        assert.match(stream.body.Errors.concat(stream.body.ErrorMessage).join(' '), /"\ufffd" is not a line number/);
        for (const pad of ['', 'a', 'ab']) {
            const name = `${pad}${'\u20ac'.repeat(60)}`;
            const refused = await at.api.send('POST', `${S}/releases/create/v1`, { spaceId: 'Spaces-1', projectName: name, releaseVersion: name });
            assert.ok(refused.status >= 400 && refused.status < 500, refused.text);
            const environment = await at.api.post(`${S}/environments`, { Name: name });
            await at.api.delete(`${S}/environments/${environment.Id}`);
        }
        assert.equal((await at.api.send('GET', '/healthz')).status, 200);
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
