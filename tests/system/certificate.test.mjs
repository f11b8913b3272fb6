// The commands about the server's certificate, with files of the real openssl: taken over, given out, replaced, ended; while
// the server runs and while it does not; and nowhere its key in the clear.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { describe, test } from 'node:test';
import { temporaryFolder } from '../lib/folder.mjs';
import { command } from '../lib/command.mjs';
import { Server } from '../lib/server.mjs';

const CERTIFICATES = '/api/configuration/certificates';
const openssl = (folder, ...args) => execFileSync('openssl', args, { cwd: folder, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
const thumbprintOf = (folder, file) => /=([0-9A-F:]+)/.exec(openssl(folder, 'x509', '-in', file, '-noout', '-fingerprint', '-sha1'))[1].replaceAll(':', '');

// A self-signed certificate NAME.crt with its key NAME.key; returns the thumbprint.
function selfSigned(folder, name, ...kind) {
    openssl(folder, 'req', '-x509', '-newkey', ...kind, '-nodes', '-days', '30', '-subj', `/CN=${name}`, '-keyout', `${name}.key`, '-out', `${name}.crt`);
    return thumbprintOf(folder, `${name}.crt`);
}

function pfx(folder, name, password, ...more) {
    openssl(folder, 'pkcs12', '-export', '-inkey', `${name}.key`, '-in', `${name}.crt`, '-out', `${name}.pfx`, '-passout', `pass:${password}`, ...more);
    return path.join(folder, `${name}.pfx`);
}

// A data folder whose server has never run.
function installation(t) {
    const folder = temporaryFolder(t, 'identity');
    const data = path.join(folder, 'data');
    const here = (name, args = [], env = {}) => command([name, '--data-dir', data, ...args], env);
    const done = async (...args) => {
        const { code, stdout, stderr } = await here(...args);
        assert.equal(code, 0, stderr);
        return stdout;
    };
    const refused = async (words, ...args) => {
        const { code, stderr } = await here(...args);
        assert.equal(code, 1);
        for (const word of [words].flat()) assert.ok(stderr.includes(word), `"${word}" is not in: ${stderr}`);
    };
    const shown = async () => JSON.parse(await done('show-thumbprint', ['--format', 'json']));
    return { folder, data, done, refused, shown };
}

describe('the commands about the certificate', { concurrency: 2 }, () => {
    test('show-thumbprint makes the certificate when there is none and prints the same every time', async (t) => {
        const { done, shown } = installation(t);
        const text = await done('show-thumbprint');
        assert.match(text, /^[0-9A-F]{40}\n$/);
        assert.deepEqual(await shown(), { Thumbprint: text.trim(), Former: [] });
    });

    test('a PFX is taken over with or without password, RSA or EC, also an old one, before the first start too', async (t) => {
        const { folder, done, shown } = installation(t);
        const rsa = selfSigned(folder, 'rsa', 'rsa:2048');
        fs.writeFileSync(`${folder}/password`, 'Tr0ub4dor\nsecond line\n');
        const out = await done('import-certificate', ['--from-file', pfx(folder, 'rsa', 'Tr0ub4dor'), '--pfx-password-file', `${folder}/password`]);
        assert.ok(out.includes(rsa) && !/former/i.test(out), out);
        assert.deepEqual(await shown(), { Thumbprint: rsa, Former: [] });

        const ec = selfSigned(folder, 'ec', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256');
        await done('import-certificate', ['--from-file', pfx(folder, 'ec', ''), '--rotate-days', '0']);
        assert.deepEqual(await shown(), { Thumbprint: ec, Former: [] });

        const old = selfSigned(folder, 'old', 'rsa:2048');
        await done('import-certificate', ['--from-file', pfx(folder, 'old', 'x', '-legacy')], { BOBTAIL_PFX_PASSWORD: 'x' });
        const now = await shown();
        assert.equal(now.Thumbprint, old);
        assert.deepEqual(now.Former.map((one) => one.Thumbprint), [ec]);

        const small = selfSigned(folder, 'small', 'rsa:1024');
        assert.match(await done('import-certificate', ['--from-file', pfx(folder, 'small', '')]), /1024 bits/);
        assert.equal((await shown()).Thumbprint, small);
    });

    test('what cannot be taken over is refused with the reason, and nothing changes', async (t) => {
        const { folder, done, refused } = installation(t);
        const before = await done('show-thumbprint');
        selfSigned(folder, 'good', 'rsa:2048');
        selfSigned(folder, 'odd', 'ed25519');
        const good = pfx(folder, 'good', 'right');
        fs.writeFileSync(`${folder}/text`, 'no certificate');
        fs.writeFileSync(`${folder}/wrong`, 'wrong\n');
        openssl(folder, 'pkcs12', '-export', '-nokeys', '-in', 'good.crt', '-out', 'nokey.pfx', '-passout', 'pass:');
        await refused('--from-file', 'import-certificate');
        await refused('absent.pfx', 'import-certificate', ['--from-file', `${folder}/absent.pfx`]);
        await refused(['good.pfx', 'needs a password'], 'import-certificate', ['--from-file', good]);
        await refused('password does not open', 'import-certificate', ['--from-file', good, '--pfx-password-file', `${folder}/wrong`]);
        await refused(['text', 'is no PFX'], 'import-certificate', ['--from-file', `${folder}/text`]);
        await refused('holds no private key', 'import-certificate', ['--from-file', `${folder}/nokey.pfx`]);
        await refused(['ED25519', 'want RSA or EC'], 'import-certificate', ['--from-file', pfx(folder, 'odd', '')]);
        assert.equal(await done('show-thumbprint'), before);
    });

    test('export gives the certificate alone, or with its key under a password, readable for its owner only', async (t) => {
        const { folder, done, refused, shown } = installation(t);
        const { Thumbprint } = await shown();
        await refused('--export-file', 'export-certificate');
        await refused('needs a password', 'export-certificate', ['--export-pfx', `${folder}/out.pfx`]);
        await done('export-certificate', ['--export-file', `${folder}/out.crt`, '--export-pfx', `${folder}/out.pfx`], { BOBTAIL_PFX_PASSWORD: 'p w' });
        assert.equal(thumbprintOf(folder, 'out.crt'), Thumbprint);
        assert.doesNotMatch(fs.readFileSync(`${folder}/out.crt`, 'utf8'), /PRIVATE/);
        assert.equal(fs.statSync(`${folder}/out.pfx`).mode & 0o777, 0o600);
        openssl(folder, 'pkcs12', '-in', 'out.pfx', '-passin', 'pass:p w', '-nodes', '-out', 'out.pem');
        assert.equal(thumbprintOf(folder, 'out.pem'), Thumbprint);
        assert.match(fs.readFileSync(`${folder}/out.pem`, 'utf8'), /PRIVATE KEY/);
        // and back, as a second installation would do it
        const other = installation(t);
        await other.done('import-certificate', ['--from-file', `${folder}/out.pfx`], { BOBTAIL_PFX_PASSWORD: 'p w' });
        assert.equal((await other.shown()).Thumbprint, Thumbprint);
    });

    test('a former certificate is ended by its thumbprint, the current one is not', async (t) => {
        const { done, refused, shown } = installation(t);
        const first = (await shown()).Thumbprint;
        await done('new-certificate', ['--rotate-days', '3']);
        const { Thumbprint, Former } = await shown();
        assert.deepEqual(Former.map((one) => one.Thumbprint), [first]);
        await refused(['current', Thumbprint], 'end-certificate', [Thumbprint]);
        await refused('"12" is not the thumbprint (40 hexadecimal digits)', 'end-certificate', ['12']);
        await refused('not found', 'end-certificate', ['0'.repeat(40)]);
        await done('end-certificate', [first.toLowerCase()]);
        assert.deepEqual(await shown(), { Thumbprint, Former: [] });
    });

    test('an option of another command is refused', async (t) => {
        const { folder } = installation(t);
        const { code, stderr } = await command(['show-thumbprint', '--data-dir', folder, '--rotate-days', '3']);
        assert.equal(code, 2);
        assert.match(stderr, /no option --rotate-days/);
    });
});

describe('the certificate of an installation', () => {
    test('commands count on the running server and outlast it, and no file holds the key in the clear', async (t) => {
        const server = await Server.start(t);
        const global = () => server.api.get(`${CERTIFICATES}/certificate-global`);
        const first = (await global()).Thumbprint;
        const { code, stderr } = await server.command('new-certificate');
        assert.equal(code, 0, stderr);
        const second = (await global()).Thumbprint;
        assert.notEqual(second, first);
        await server.api.post('/api/Spaces-1/environments', { Name: 'the server goes on writing' });
        await server.restart();
        assert.deepEqual((await server.api.get(CERTIFICATES)).Items.map((one) => one.Thumbprint), [second, first]);
        assert.equal((await server.command('show-thumbprint')).stdout.trim(), second);
        await server.stop();
        for (const name of fs.readdirSync(server.folder, { recursive: true })) {
            const file = path.join(server.folder, name);
            if (fs.statSync(file).isFile()) assert.ok(!fs.readFileSync(file, 'latin1').includes('PRIVATE KEY'), `a private key is in ${name}`);
        }
    });

    test('it outlasts a rotation of the master key', async (t) => {
        const { data, done, shown } = installation(t);
        const before = await shown();
        await done('rotate-master-key');
        assert.deepEqual(await shown(), before);
        await done('export-certificate', ['--export-pfx', `${data}/out.pfx`], { BOBTAIL_PFX_PASSWORD: 'p' });
    });
});
