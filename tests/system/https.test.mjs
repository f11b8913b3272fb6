// The https listener, asked by the real openssl and by Node: versions and ciphers, certificates from files and of its own, new
// files while connections are open, http sent to https, and who a client is behind a proxy.
import assert from 'node:assert/strict';
import { execFile, execFileSync } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import fs from 'node:fs';
import http from 'node:http';
import https from 'node:https';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { describe, test } from 'node:test';
import tls from 'node:tls';
import { command } from '../lib/command.mjs';
import { temporaryFolder } from '../lib/folder.mjs';
import { until } from '../lib/processes.mjs';
import { Postgres } from '../lib/postgres.mjs';
import { Project, scriptStep } from '../lib/project.mjs';
import { API_KEY, freePort, Server } from '../lib/server.mjs';

const KEY = { 'X-Octopus-ApiKey': API_KEY };

// A self-signed certificate for localhost; returns the options of the server for it.
function certificate(folder, name, ...kind) {
    const [key, crt] = [path.join(folder, `${name}.key`), path.join(folder, `${name}.crt`)];
    execFileSync('openssl', ['req', '-x509', '-newkey', ...(kind.length ? kind : ['rsa:2048']), '-nodes', '-days', '30', '-subj', `/CN=${name}`,
        '-addext', 'subjectAltName=DNS:localhost,IP:127.0.0.1', '-keyout', key, '-out', crt], { stdio: 'ignore' });
    return { key, crt, text: fs.readFileSync(crt), args: ['--https-certificate', crt, '--https-key', key] };
}

async function startHttps(t, { args = [], ...options } = {}) {
    const port = await freePort();
    const server = await Server.start(t, { ...options, args: ['--https-listen', `127.0.0.1:${port}`, ...args] });
    return { server, port, origin: `https://localhost:${port}` };
}

// One request; returns { status, headers, text }.
function ask(target, { body, ...options } = {}) {
    const { promise, resolve, reject } = Promise.withResolvers?.() ?? deferred();
    const request = (target.startsWith('https') ? https : http).request(target, { method: 'GET', ...options }, async (answer) => {
        let text = '';
        for await (const piece of answer.setEncoding('utf8')) text += piece;
        resolve({ status: answer.statusCode, headers: answer.headers, text, body: /json/.test(answer.headers['content-type'] ?? '') && text ? JSON.parse(text) : undefined });
    });
    request.once('error', reject);
    request.end(body);
    return promise;
}

function deferred() {
    const d = {};
    d.promise = new Promise((resolve, reject) => Object.assign(d, { resolve, reject }));
    return d;
}

// What openssl s_client says of a handshake.
function handshake(port, ...args) {
    return new Promise((resolve) => {
        const child = execFile('openssl', ['s_client', '-connect', `127.0.0.1:${port}`, ...args], (error, stdout, stderr) => resolve(stdout + stderr));
        child.stdin.end();
    });
}

async function presented(port) {
    const socket = tls.connect({ port, host: '127.0.0.1', rejectUnauthorized: false });
    await once(socket, 'secureConnect');
    const x509 = socket.getPeerX509Certificate?.() ?? new X509Certificate(socket.getPeerCertificate().raw);
    socket.destroy();
    return x509;
}

describe('https', { concurrency: 2 }, () => {
    test('TLS 1.2 and 1.3 with strong ciphers only', async (t) => {
        const { port } = await startHttps(t, { args: certificate(temporaryFolder(t), 'site').args });
        assert.match(await handshake(port, '-tls1_3'), /TLSv1\.3, Cipher is TLS_(AES|CHACHA20)/);
        const good = ['ECDHE-RSA-AES128-GCM-SHA256', 'ECDHE-RSA-AES256-GCM-SHA384', 'ECDHE-RSA-CHACHA20-POLY1305'];
        for (const cipher of good) assert.match(await handshake(port, '-tls1_2', '-cipher', cipher), new RegExp(`Cipher is ${cipher}`));
        const bad = ['AES128-GCM-SHA256', 'AES256-SHA', 'ECDHE-RSA-AES256-SHA384', 'ECDHE-RSA-AES128-SHA', 'DHE-RSA-AES256-GCM-SHA384'];
        for (const cipher of bad) assert.match(await handshake(port, '-tls1_2', '-cipher', `${cipher}:@SECLEVEL=0`), /Cipher is \(NONE\)/, cipher);
        for (const version of ['-tls1', '-tls1_1']) assert.match(await handshake(port, version, '-cipher', 'ALL:@SECLEVEL=0'), /Cipher is \(NONE\)/, version);
    });

    test('a page, an upload and a live stream work over https as over http', async (t) => {
        const site = certificate(temporaryFolder(t), 'site', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256');
        const { server, origin } = await startHttps(t, { args: site.args });
        const agent = new https.Agent({ ca: site.text, keepAlive: true, maxSockets: 2 });
        const root = await ask(`${origin}/api`, { agent });
        assert.equal(root.status, 200);
        assert.match(root.headers['strict-transport-security'], /^max-age=31536000$/);
        assert.equal((await ask(`${server.url}/api`)).headers['strict-transport-security'], undefined);
        const large = 'x'.repeat(5 * 1024 * 1024);
        const made = await ask(`${origin}/api/Spaces-1/environments`, { agent, method: 'POST', headers: { ...KEY, 'Content-Type': 'application/json' },
            body: JSON.stringify({ Name: 'over TLS', Description: large }) });
        assert.equal(made.status, 201);
        const back = await ask(`${origin}${made.body.Links.Self}`, { agent, headers: KEY });
        assert.equal(back.body.Description, large);
        const many = await Promise.all(Array.from({ length: 40 }, () => ask(`${origin}/api/Spaces-1/environments`, { agent, headers: KEY })));
        assert.ok(many.every((one) => one.status === 200 && one.body.Items[0].Description === large));

        const project = await Project.create(server.api);
        const runbook = await project.createRunbook([scriptStep('Say it', 'for i in $(seq 500); do echo "line $i over TLS"; done')]);
        const task = await project.startRun(runbook);
        const stream = await ask(`${origin}/api/tasks/${task}/log/stream`, { agent, headers: { ...KEY, Accept: 'text/event-stream' } });
        assert.match(stream.headers['content-type'], /event-stream/);
        assert.match(stream.text, /line 1 over TLS[^]*line 500 over TLS/);
        agent.destroy();
    });

    test('new files count from SIGHUP on, open connections stay, and bad files change nothing', async (t) => {
        const folder = temporaryFolder(t);
        const [one, two, other] = ['one', 'two', 'other'].map((name) => certificate(folder, name));
        const { server, port, origin } = await startHttps(t, { args: one.args });
        const agent = new https.Agent({ ca: one.text, keepAlive: true, maxSockets: 1 });
        assert.equal((await ask(`${origin}/api`, { agent })).status, 200);
        const reload = async (what, pattern) => {
            const seen = server.output.length;
            server.process.kill('SIGHUP');
            await until(what, () => pattern.test(server.output.slice(seen)));
        };
        fs.copyFileSync(two.crt, one.crt);
        await reload('a refusal of files that do not belong together', /certificate stays as it was: .*one\.crt.*does not belong to the certificate/);
        assert.equal((await presented(port)).subject, 'CN=one');
        fs.copyFileSync(two.key, one.key);
        await reload('the new certificate', /one\.crt of CN=two is valid until/);
        assert.equal((await presented(port)).subject, 'CN=two');
        assert.equal((await ask(`${origin}/api`, { agent })).status, 200, 'the old connection goes on');
        fs.rmSync(one.crt);
        await reload('a refusal of a missing file', /certificate stays as it was: .*one\.crt/);
        fs.writeFileSync(one.crt, 'rubbish');
        await reload('a refusal of rubbish', /certificate stays as it was: .*one\.crt.*no PEM certificate/);
        assert.equal((await presented(port)).subject, 'CN=two');
        fs.copyFileSync(other.crt, one.crt);
        fs.copyFileSync(other.key, one.key);
        await reload('the third certificate', /of CN=other is valid until/);
        assert.equal((await presented(port)).subject, 'CN=other');
        agent.destroy();
    });

    test('without files the server makes a certificate for its host and keeps it', async (t) => {
        const { server, port, origin } = await startHttps(t);
        const first = await presented(port);
        assert.equal(first.subject, `CN=${os.hostname()}`);
        assert.equal(first.checkHost(os.hostname()), os.hostname());
        assert.match(server.output, new RegExp(`signed by itself.*${first.fingerprint256.replaceAll(':', '')}`));
        assert.equal((await ask(`${origin}/api`, { rejectUnauthorized: false })).headers['strict-transport-security'], undefined);
        assert.doesNotMatch(fs.readFileSync(path.join(server.folder, 'https-self-signed'), 'latin1'), /PRIVATE/);
        await server.restart();
        assert.equal((await presented(port)).fingerprint256, first.fingerprint256);
        server.options.args.push('--public-url', 'https://deploy.example.org/');
        await server.restart();
        assert.equal((await presented(port)).subject, 'CN=deploy.example.org');
    });

    test('http is sent to https when that is wanted, but for /healthz', async (t) => {
        const site = certificate(temporaryFolder(t), 'site');
        const { server, port, origin } = await startHttps(t, { args: [...site.args, '--https-only', 'yes'] });
        const host = `localhost:${server.port}`;
        const moved = await ask(`${server.url}/api/Spaces-1/projects?name=a%20b`, { headers: { ...KEY, Host: host } });
        assert.equal(moved.status, 308);
        assert.equal(moved.headers.location, `https://localhost:${port}/api/Spaces-1/projects?name=a%20b`);
        assert.match(moved.body.ErrorMessage, /https only/);
        assert.equal((await ask(moved.headers.location, { ca: site.text, headers: KEY })).status, 200);
        const posted = await ask(`${server.url}/api/Spaces-1/environments`, { method: 'POST', body: '{"Name":"x"}', headers: { ...KEY, Host: host } });
        assert.equal(posted.status, 308);
        for (const evil of ['evil.example/x', 'a"b', 'a b', 'user@evil.example']) {
            const refused = await raw(server.port, `GET /api HTTP/1.1\r\nHost: ${evil}\r\nConnection: close\r\n\r\n`);
            assert.match(refused, /^HTTP\/1\.1 40[03] /, evil);
            assert.doesNotMatch(refused, /^Location:/mi);
        }
        assert.equal((await ask(`${server.url}/healthz`)).text, 'ok\n');
        server.options.args.push('--public-url', 'https://deploy.example.org/octopus');
        await server.restart();
        assert.equal((await ask(`${server.url}/api`)).headers.location, 'https://deploy.example.org/octopus/api');
        assert.equal((await ask(`${origin}/api`, { ca: site.text })).status, 200);
    });

    test('settings that do not fit are refused at the start with the file and the reason', async (t) => {
        const folder = temporaryFolder(t);
        const [one, two] = [certificate(folder, 'one'), certificate(folder, 'two')];
        const encrypted = path.join(folder, 'encrypted.key');
        execFileSync('openssl', ['pkey', '-in', one.key, '-aes256', '-passout', 'pass:x', '-out', encrypted]);
        const listen = ['--https-listen', '127.0.0.1:0'];
        const rows = [
            [[...listen, '--https-certificate', one.crt, '--https-key', two.key], /one\.crt.*two\.key.*does not belong/],
            [[...listen, '--https-certificate', one.crt, '--https-key', encrypted], /encrypted\.key.*the PEM key is encrypted/],
            [[...listen, '--https-certificate', one.key, '--https-key', one.key], /one\.key.*no PEM certificate/],
            [[...listen, '--https-certificate', `${folder}/absent`, '--https-key', one.key], /https-certificate: .*absent/],
            [[...listen, '--https-certificate', one.crt], /https-key is missing/],
            [one.args, /no https-listen/],
            [['--https-only', 'yes'], /https-only needs https-listen/],
            [['--trusted-proxies', '10.0.0.0/8, ten'], /trusted-proxies: "ten" is no network/],
            [['--cors-origins', 'tools.example.org'], /cors-origins: "tools\.example\.org" is no origin/],
            [['--public-url', 'deploy.example.org'], /public-url: "deploy\.example\.org" is not the address/, 2],
            [['--public-url', 'https://user:pw@host'], /public-url/, 2],
            [['--public-url', 'https://host:99999/'], /public-url/, 2],
            [['--https-listen', 'nonsense'], /https-listen: "nonsense" is not ADDRESS:PORT/, 2],
            [['--request-log', `${folder}/no/such/folder`], undefined],
        ];
        for (const [args, message, code = 1] of rows.filter(([, message]) => message)) {
            const result = await command(['check-config', '--data-dir', folder, ...args]);
            assert.equal(result.code, code, args.join(' '));
            assert.match(result.stderr, message);
        }
        const good = await command(['check-config', '--data-dir', folder, ...listen, ...one.args, '--public-url', 'https://[2001:db8::1]:8443/x/']);
        assert.equal(good.code, 0, good.stderr);
    });

    test('plain http on more than loopback is warned of, not when https is enforced', async (t) => {
        const open = ['--http-listen', '0.0.0.0:0'];
        const warned = /reachable from other machines without encryption/;
        const started = async (...args) => {
            const server = new Server();
            server.folder = temporaryFolder(t, 'server', () => server.end());
            Object.assign(server, { output: '', options: { args }, port: 0 });
            server.launch();
            await until('the server to listen', () => /listens on/.test(server.output));
            return server.output;
        };
        assert.match(await started(...open), warned);
        assert.doesNotMatch(await started(...open, '--https-listen', '127.0.0.1:0', '--https-only', 'yes'), warned);
        assert.doesNotMatch(await started(), warned);
    });
});

// Sends bytes; returns all that comes until the end of the connection.
async function raw(port, text) {
    const socket = net.connect(port, '127.0.0.1').setEncoding('latin1');
    let answer = '';
    socket.on('data', (piece) => (answer += piece));
    socket.write(text);
    await once(socket, 'close');
    return answer;
}

describe('clients and proxies', () => {
    const PROXIES = ['--trusted-proxies', '127.0.0.1, 10.0.0.0/8', '--request-rate', '1', '--request-burst', '3', '--cors-origins', 'https://tools.example.org'];

    test('a proxy is believed, a client is not, and each address has its own limit', async (t) => {
        const folder = temporaryFolder(t);
        const log = path.join(folder, 'requests.log');
        const server = await Server.start(t, { args: [...PROXIES, '--request-log', log, '--request-log-format', 'json'] });
        const from = (address, headers = {}) => ask(`${server.url}/api`, { headers: { 'X-Forwarded-For': address, ...headers } });
        const lines = () => fs.readFileSync(log, 'utf8').split('\n').filter(Boolean).map((line) => JSON.parse(line));
        const lineOf = (id) => until(`the line of ${id}`, () => lines().find((line) => line.RequestId === id));

        await from('203.0.113.9', { 'X-Request-Id': 'plain' });
        assert.equal((await lineOf('plain')).Address, '203.0.113.9');
        await from('198.51.100.1, 203.0.113.10, 10.1.1.1', { 'X-Request-Id': 'chain' });
        assert.equal((await lineOf('chain')).Address, '203.0.113.10', 'what stands left of the first that is no proxy is made up');
        await from('rubbish', { 'X-Request-Id': 'rubbish' });
        assert.equal((await lineOf('rubbish')).Address, '127.0.0.1');
        await from('203.0.113.11', { 'X-Request-Id': 'secure', 'X-Forwarded-Proto': 'https', ...KEY });
        const secure = await lineOf('secure');
        assert.deepEqual([secure.Secure, secure.Method, secure.Path, secure.Status], [true, 'GET', '/api', 200]);

        const answers = [];
        for (let i = 0; i < 6; i++) answers.push(await from('203.0.113.20'));
        const refused = answers.find((one) => one.status === 429);
        assert.ok(refused, JSON.stringify(answers.map((one) => one.status)));
        assert.match(refused.body.ErrorMessage, /Too many requests from 203\.0\.113\.20/);
        assert.match(refused.headers['retry-after'], /^[1-9]/);
        assert.equal((await from('203.0.113.21')).status, 200, 'another address goes on');
        for (let i = 0; i < 6; i++) assert.equal((await ask(`${server.url}/api`)).status, 200, 'this machine itself is free');

        const cors = await ask(`${server.url}/api`, { method: 'OPTIONS', headers: { Origin: 'https://tools.example.org', 'Access-Control-Request-Method': 'PUT' } });
        assert.equal(cors.headers['access-control-allow-origin'], 'https://tools.example.org');
        assert.match(cors.headers['access-control-allow-headers'], /X-Octopus-ApiKey/);
        assert.equal(cors.headers['access-control-allow-credentials'], undefined);
        assert.equal((await ask(`${server.url}/api`, { headers: { Origin: 'https://evil.example.org' } })).headers['access-control-allow-origin'], undefined);
    });

    test('the request log has the user, no query and no secret, and goes on in a new file after SIGHUP', async (t) => {
        const log = path.join(temporaryFolder(t), 'requests.log');
        const server = await Server.start(t, { args: ['--request-log', log] });
        await ask(`${server.url}/api/Spaces-1/projects?name=Geheim&apiKey=${API_KEY}`, { headers: { ...KEY, 'X-Request-Id': 'asked', 'User-Agent': 'a "quoted" agent' } });
        const text = () => fs.readFileSync(log, 'utf8');
        await until('the line', () => /asked$/m.test(text()));
        assert.match(text(), /^127\.0\.0\.1 - "admin" \[20.*\] "GET \/api\/Spaces-1\/projects HTTP\/1\.1" 200 [1-9]\d* "-" "a \\x22quoted\\x22 agent" \d+ asked$/m);
        assert.ok(!text().includes('Geheim') && !text().includes(API_KEY));
        fs.renameSync(log, `${log}.1`);
        server.process.kill('SIGHUP');
        await until('the new file', () => fs.existsSync(log));
        await ask(`${server.url}/api/nowhere`, { headers: { ...KEY, 'X-Request-Id': 'later' } });
        await until('the line in the new file', () => /"GET \/api\/nowhere HTTP\/1\.1" 404 .* later$/m.test(text()));
    });
});

describe('a server that starts', () => {
    test('answers that it is starting until its database is ready', async (t) => {
        const postgres = await Postgres.start(t);
        const server = await Server.start(t, { database: await postgres.database() });
        const database = 'bobtail_1';
        await server.stop();
        // what migrations wait for
        const holder = postgres.query('select pg_advisory_lock(7233181506251021); select pg_sleep(600)', database).catch(() => undefined);
        await until('the lock to be held', async () => (await postgres.query("select 1 from pg_locks where locktype = 'advisory' and granted", database)).length > 0);
        server.launch();
        const answer = await until('an answer', () => ask(`${server.url}/api`).catch(() => undefined));
        assert.equal(answer.status, 503);
        assert.equal(answer.body.ErrorMessage, 'The server is starting');
        assert.equal(answer.headers['retry-after'], '1');
        assert.equal((await ask(`${server.url}/healthz`)).status, 503);
        await postgres.query("select pg_terminate_backend(pid) from pg_stat_activity where query like '%pg_sleep(600)%' and pid <> pg_backend_pid()", database);
        await holder;
        await until('the server to be ready', async () => (await ask(`${server.url}/healthz`)).status === 200);
        assert.equal((await ask(`${server.url}/api`)).status, 200);
    });
});
