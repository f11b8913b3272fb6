// Certificates that steps use (rest.md 1.6). The files in tests/data/certificates: chain.pem holds www.example.test, its issuer and
// its key; leaf.pfx the same under the password "pw"; root.cer the issuer alone as DER; old.pem one whose time is over.
import fs from 'node:fs';
import { apiSuite, assert, assertRefused, fresh, names, S, test } from './suite.mjs';
import { createPerson, createRole } from '../lib/people.mjs';
import { Project } from '../lib/project.mjs';

const file = (name) => fs.readFileSync(new URL(`../data/certificates/${name}`, import.meta.url));
const secret = (NewValue) => ({ HasValue: true, NewValue });
const kept = { HasValue: true, NewValue: null, Hint: null };
const upload = (name, more = {}) => ({ Name: fresh('Certificate'), CertificateData: secret(file(name).toString('base64')), ...more });

apiSuite('certificates', (at) => {
    const create = (name, more) => at.api.post(`${S}/certificates`, upload(name, more));
    const facts = (c) => [c.CertificateDataFormat, c.SubjectCommonName, c.SubjectOrganization, c.IssuerCommonName, c.SelfSigned, c.HasPrivateKey, c.CertificateChain.length];
    const bytes = async (path) => {
        const answer = await fetch(`${at.server.url}${path}`, { headers: { 'X-Octopus-ApiKey': at.api.key } });
        assert.equal(answer.status, 200, path);
        return Buffer.from(await answer.arrayBuffer());
    };

    test('a certificate is told by what is in its file, whatever the form', async () => {
        const pem = await create('chain.pem'), pfx = await create('leaf.pfx', { Password: secret('pw') }), der = await create('root.cer');
        assert.deepEqual(facts(pem), ['Pem', 'www.example.test', 'Example', 'Example Root', false, true, 1]);
        assert.deepEqual(facts(pfx), ['Pkcs12', 'www.example.test', 'Example', 'Example Root', false, true, 1]);
        assert.deepEqual(facts(der), ['Der', 'Example Root', 'Example', 'Example Root', true, false, 0]);
        assert.equal(pem.Thumbprint, pfx.Thumbprint);
        assert.match(pem.Thumbprint, /^[0-9A-F]{40}$/);
        assert.deepEqual(pem.SubjectAlternativeNames, ['DNS:www.example.test', 'IP Address:127.0.0.1']);
        assert.deepEqual([pem.Version, pem.SignatureAlgorithmName, pem.IsExpired, pem.CertificateChain[0].Thumbprint], [3, 'sha256ECDSA', false, der.Thumbprint]);
        assert.ok(Date.parse(pem.NotBefore) < Date.now() && Date.parse(pem.NotAfter) > Date.now());
        assert.deepEqual([pem.SubjectDistinguishedName, der.IssuerDistinguishedName], ['CN=www.example.test,O=Example', 'CN=Example Root,O=Example']);
        assert.equal((await create('old.pem')).IsExpired, true);
    });

    test('file and password are never shown; what people say about it can be changed, the file cannot', async () => {
        const sent = upload('leaf.pfx', { Password: secret('pw'), Notes: 'n', TenantedDeploymentParticipation: 'Untenanted' });
        const { body: made, text } = await at.api.send('POST', `${S}/certificates`, sent);
        assert.deepEqual([made.CertificateData, made.Password, made.Notes], [kept, kept, 'n']);
        assert.ok(!text.includes(sent.CertificateData.NewValue.slice(0, 40)));
        assert.deepEqual(await at.api.get(made.Links.Self), made);
        assert.deepEqual((await at.api.get(`${S}/certificates?ids=${made.Id}`)).Items, [made]);
        const changed = await at.api.put(made.Links.Self, { ...made, Name: `${made.Name} x`, CertificateData: secret('bm8='), Thumbprint: 'AA' });
        assert.deepEqual(changed, { ...made, Name: `${made.Name} x` });
        assert.deepEqual(await at.api.delete(made.Links.Self), {});
    });

    test('a file that is none, or whose password is missing or wrong, is refused with the reason', async () => {
        const refuse = (body, words) => assertRefused(at.api, 'POST', `${S}/certificates`, body, words);
        await refuse({ Name: fresh('Certificate') }, 'CertificateData');
        await refuse(upload('root.cer', { CertificateData: secret('!!') }), 'base64');
        await refuse(upload('root.cer', { CertificateData: secret(Buffer.from('hello').toString('base64')) }), 'PFX');
        await refuse(upload('leaf.pfx'), 'password');
        await refuse(upload('leaf.pfx', { Password: secret('no') }), 'password');
    });

    test('archived certificates are in no list unless asked for', async () => {
        const text = fresh('Archive');
        const one = await create('root.cer', { Name: `${text} one` }), two = await create('old.pem', { Name: `${text} two`, TenantIds: ['Tenants-7'] });
        const of = async (query) => names((await at.api.get(`${S}/certificates?search=${encodeURIComponent(text)}&${query}`)).Items).map((name) => name.split(' ').pop());
        assert.deepEqual([await of(''), await of('archived=true'), await of('tenant=tenants-7'), await of('orderBy=NotAfter')], [['one', 'two'], [], ['two'], ['two', 'one']]);
        assert.ok((await at.api.post(one.Links.Archive, one)).Archived);
        assert.deepEqual([await of(''), await of('archived=true'), await of('archived=false'), await of(`ids=${one.Id}`)], [['two'], ['one'], ['two'], ['one']]);
        assert.equal((await at.api.post(one.Links.Unarchive)).Archived, undefined);
        assert.deepEqual(await of(''), ['one', 'two']);
        assert.ok((await at.api.get(`${S}/certificates/all`)).some((c) => c.Id === two.Id));
    });

    test('a replaced certificate keeps its id; what was there is archived under another', async () => {
        const made = await create('old.pem');
        const before = await at.api.post(made.Links.Replace, { certificateData: file('leaf.pfx').toString('base64'), password: 'pw' });
        assert.deepEqual([before.ReplacedBy, before.SubjectCommonName, Boolean(before.Archived)], [made.Id, 'old.example.test', true]);
        assert.notEqual(before.Id, made.Id);
        const now = await at.api.get(made.Links.Self);
        assert.deepEqual([now.Name, now.SubjectCommonName, now.HasPrivateKey, now.Archived], [made.Name, 'www.example.test', true, undefined]);
        await assertRefused(at.api, 'POST', made.Links.Replace, { certificateData: 'aGVsbG8=' }, 'PFX');
        await assertRefused(at.api, 'POST', made.Links.Replace, {}, 'CertificateData');
    });

    test('a certificate is given back as it was uploaded, or in another form', async () => {
        const { Links } = await create('chain.pem'), path = Links.Export.replace(/\{.*/, '');
        assert.deepEqual(await bytes(path), file('chain.pem'));
        assert.equal((await bytes(`${path}?format=Pem`)).toString().match(/BEGIN/g).length, 1);
        const whole = (await bytes(`${path}?format=Pem&includePrivateKey=true&pemOptions=PrimaryAndChain`)).toString();
        assert.deepEqual(whole.match(/BEGIN [A-Z ]*/g), ['BEGIN CERTIFICATE', 'BEGIN CERTIFICATE', 'BEGIN PRIVATE KEY']);
        const pfx = await bytes(`${path}?format=Pkcs12&password=new`);
        const again = await at.api.post(`${S}/certificates`, upload('root.cer', { CertificateData: secret(pfx.toString('base64')), Password: secret('new') }));
        assert.deepEqual(facts(again), ['Pkcs12', 'www.example.test', 'Example', 'Example Root', false, true, 1]);
        await assertRefused(at.api, 'GET', `${path}?format=Pkcs12`, undefined, 'password');
        await assertRefused(at.api, 'GET', `${path}?format=Jks`, undefined, ['Jks', 'Pkcs12']);
        const root = (await create('root.cer')).Links.Export.replace(/\{.*/, '');
        assert.deepEqual(await bytes(`${root}?format=der`), file('root.cer'));
        await assertRefused(at.api, 'GET', `${root}?format=Pem&includePrivateKey=true`, undefined, 'no private key');
    });

    test('who may view certificates gets no key out of one, who may export keys does', async () => {
        const viewer = await createPerson(at.api, [await createRole(at.api, ['CertificateView'])]);
        const exporter = await createPerson(at.api, [await createRole(at.api, ['CertificateView', 'CertificateExportPrivateKey'])]);
        const path = (await create('chain.pem')).Links.Export.replace(/\{.*/, ''), open = (await create('root.cer')).Links.Export.replace(/\{.*/, '');
        const get = async (person, address) => (await fetch(`${at.server.url}${address}`, { headers: { 'X-Octopus-ApiKey': person.api.key } })).status;
        for (const [address, allowed] of [[path, 403], [`${path}?format=Pem&includePrivateKey=true`, 403], [`${path}?format=Pkcs12&password=x`, 403], [`${path}?format=Pem`, 200], [`${path}?format=Der`, 200],
            [open, 200]]) {
            assert.deepEqual([await get(viewer, address), await get(exporter, address)], [allowed, 200], address);
        }
    });

    test('a certificate that a variable names is not deleted, and says which project uses it', async () => {
        const made = await create('root.cer'), project = await Project.create(at.api);
        await project.setVariables([{ Name: 'Cert', Value: made.Id, Type: 'Certificate' }]);
        await assertRefused(at.api, 'DELETE', made.Links.Self, undefined, [`variableset-${project.id}`]);
        const usages = await at.api.get(made.Links.Usages);
        assert.deepEqual([usages.ProjectUsages.map((one) => one.Id), usages.LibraryVariableSetUsages, usages.TenantUsages, usages.DeploymentTargetUsages], [[project.id], [], [], []]);
    });
});
