// The headers of every answer: what browsers may do with it, whether it may be kept, under which id it is in the log.
import http from 'node:http';
import { apiSuite, assert, S, test } from './suite.mjs';

apiSuite('headers of answers', (at) => {
    const answers = [
        ['GET', '/api', 200],
        ['GET', `${S}/projects`, 200],
        ['HEAD', `${S}/projects`, 200],
        ['OPTIONS', `${S}/projects`, 200],
        ['GET', '/healthz', 200],
        ['GET', '/metrics', 200],
        ['GET', '/nowhere', 404],
        ['GET', `${S}/projects/Projects-99`, 404],
        ['DELETE', `${S}/projects`, 405],
        ['GET', '/api/%zz', 400],
    ];

    test('every answer tells browsers not to guess its type, frame it, keep it, or say where they came from', async () => {
        for (const [method, path, status] of answers) {
            const { status: got, headers } = await at.api.send(method, path);
            const what = `${method} ${path}`;
            assert.equal(got, status, what);
            assert.equal(headers.get('x-content-type-options'), 'nosniff', what);
            assert.equal(headers.get('x-frame-options'), 'DENY', what);
            assert.match(headers.get('content-security-policy'), /frame-ancestors 'none'/, what);
            assert.equal(headers.get('referrer-policy'), 'same-origin', what);
            assert.equal(headers.get('cache-control'), 'no-store', what);
            assert.equal(headers.get('server'), null, what);
            assert.equal(headers.get('access-control-allow-origin'), null, what);
            assert.match(headers.get('x-request-id'), /^[a-z0-9]{26}$/, what);
        }
        assert.equal((await at.anonymous.send('GET', `${S}/projects`)).headers.get('x-content-type-options'), 'nosniff');
    });

    test('a harmless request id is echoed, another one is replaced', async () => {
        const echoed = async (id) => (await at.api.send('GET', '/api', undefined, { headers: { 'X-Request-Id': id } })).headers.get('x-request-id');
        assert.equal(await echoed('Build-7.3_x'), 'Build-7.3_x');
        for (const odd of ['a b', 'x'.repeat(65), '<script>', 'a"b']) assert.match(await echoed(odd), /^[a-z0-9]{26}$/);
        assert.notEqual(await echoed(''), await echoed(''));
    });

    test('who is no trusted proxy cannot say who it is', async () => {
        const answer = await new Promise((resolve, reject) => http.get(`${at.server.url}/api`,
            { headers: { 'X-Forwarded-For': '203.0.113.9', 'X-Forwarded-Proto': 'https' } }, resolve).on('error', reject));
        answer.resume();
        assert.equal(answer.headers['strict-transport-security'], undefined);
    });
});
