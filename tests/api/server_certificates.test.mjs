// The certificate by which agents know the server: what the API shows of it, and how a former one is ended (rest.md 2.6).
import { createHash, X509Certificate } from 'node:crypto';
import { apiSuite, assert, assertRefused, test } from './suite.mjs';

const ALL = '/api/configuration/certificates';
const GLOBAL = `${ALL}/certificate-global`;

apiSuite('server certificate', (at) => {
    const bytes = async (path) => Buffer.from(await (await fetch(at.server.url + path, { headers: { 'X-Octopus-ApiKey': at.api.key } })).arrayBuffer());
    const rotate = async (...args) => {
        const { code, stdout, stderr } = await at.server.command('new-certificate', args);
        assert.equal(code, 0, stderr);
        return /[0-9A-F]{40}/.exec(stdout)[0];
    };

    test('the first start made a certificate, whose thumbprint is that of the certificate that can be fetched', async () => {
        const global = await at.api.get(GLOBAL);
        assert.equal(global.Id, 'certificate-global');
        assert.equal(global.Name, 'CN=Bobtail Server');
        assert.equal(global.SignatureAlgorithm, 'sha256RSA');
        assert.equal(global.IsCurrent, true);
        assert.equal(global.AcceptedUntil, null);
        assert.equal(global.Links.Self, GLOBAL);
        const der = await bytes(global.Links.PublicCer);
        assert.equal(createHash('sha1').update(der).digest('hex').toUpperCase(), global.Thumbprint);
        assert.equal(createHash('sha256').update(der).digest('hex').toUpperCase(), global.ThumbprintSha256);
        const x509 = new X509Certificate(der);
        assert.equal(x509.subject, 'CN=Bobtail Server');
        assert.equal(x509.issuer, x509.subject);
        assert.ok(x509.verify(x509.publicKey));
        assert.equal(x509.publicKey.asymmetricKeyDetails.modulusLength, 2048);
        const years = (new Date(x509.validTo) - new Date(x509.validFrom)) / 86400000 / 365;
        assert.ok(years > 99, x509.validTo);
        const page = await at.api.get(ALL);
        assert.deepEqual(page.Items, [global]);
        assert.equal(page.ItemType, 'CertificateConfiguration');
        const { Links } = await at.api.get('/api');
        assert.ok(Links.CertificateConfiguration.startsWith(`${ALL}{/id}`));
    });

    test('who has not signed in sees no certificate, and one that is not there is 404', async () => {
        assert.equal((await at.anonymous.send('GET', GLOBAL)).status, 401);
        await assertRefused(at.api, 'GET', `${ALL}/certificate-0123`, undefined, 'certificate-0123', 404);
        await assertRefused(at.api, 'GET', `${ALL}/no/public-cer`, undefined, 'not found', 404);
    });

    test('a new certificate counts at once on the running server, the former one is listed until it is ended', async () => {
        const former = await at.api.get(GLOBAL);
        const thumbprint = await rotate('--rotate-days', '7');
        const { Items, TotalResults } = await at.api.get(ALL);
        assert.equal(TotalResults, 2);
        assert.deepEqual(Items.map((one) => [one.Id, one.Thumbprint, one.IsCurrent]),
            [['certificate-global', thumbprint, true], [`certificate-${former.Thumbprint}`, former.Thumbprint, false]]);
        const days = (new Date(Items[1].AcceptedUntil) - Date.now()) / 86400000;
        assert.ok(days > 6.9 && days < 7.1, Items[1].AcceptedUntil);
        assert.deepEqual(await at.api.get(Items[1].Links.Self), Items[1]);
        assert.deepEqual(await at.api.get(`${ALL}/${former.Thumbprint.toLowerCase()}`), Items[1]);
        assert.deepEqual((await at.api.get(`${ALL}?ids=${Items[1].Id}`)).Items, [Items[1]]);
        assert.equal((await at.api.get(`${ALL}?partialName=nobody`)).TotalResults, 0);
        assert.equal((await at.api.get(`${ALL}?skip=1&take=1`)).Items[0].Id, Items[1].Id);

        const later = new Date(Date.now() + 3600000).toISOString();
        assert.equal(new Date((await at.api.put(Items[1].Links.Self, { AcceptedUntil: later })).AcceptedUntil).toISOString(), later);
        await assertRefused(at.api, 'PUT', GLOBAL, { AcceptedUntil: later }, ['current', thumbprint]);
        await assertRefused(at.api, 'PUT', Items[1].Links.Self, { AcceptedUntil: 'tomorrow' }, ['AcceptedUntil', 'tomorrow']);
        await assertRefused(at.api, 'PUT', Items[1].Links.Self, {}, 'AcceptedUntil');
        await at.api.put(Items[1].Links.Self, { AcceptedUntil: '2000-01-01T00:00:00Z' });
        assert.deepEqual((await at.api.get(ALL)).Items.map((one) => one.Thumbprint), [thumbprint]);
        assert.equal((await at.api.send('GET', Items[1].Links.Self)).status, 404);
    });

    test('changes are in the audit, and no answer holds a private key', async () => {
        const { Thumbprint } = await at.api.get(GLOBAL);
        await rotate('--rotate-days', '0');
        const now = await at.api.get(GLOBAL);
        assert.notEqual(now.Thumbprint, Thumbprint);
        const text = JSON.stringify([now, await at.api.get(ALL)]);
        assert.doesNotMatch(text, /PRIVATE|Sealed|v1:/i);
        if (at.query) {
            const rows = await at.query("select username, message from event where message like '%erver certificate%' order by number desc");
            assert.deepEqual(rows[0], ['system', `Server certificate is ${now.Thumbprint} now, in place of ${Thumbprint}`]);
            assert.ok(rows.some(([who, message]) => who === 'admin' && /counts until 2000-/.test(message)), JSON.stringify(rows));
            const [[sealed]] = await at.query('select sealed_key from server_certificate');
            assert.match(sealed, /^v1:/);
        }
    });
});
