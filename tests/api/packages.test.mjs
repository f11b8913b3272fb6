// Packages of the built-in feed: pushed, listed, read, deleted (rest.md 2.16).
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import fs from 'node:fs';
import path from 'node:path';
import { PackageRepository, OverwriteMode } from '@octopusdeploy/api-client';
import { temporaryFolder } from '../lib/folder.mjs';
import { until } from '../lib/processes.mjs';
import { blobFiles, form, FORM, openPush, push } from '../lib/upload.mjs';
import { apiSuite, assert, assertRefused, S, test } from './suite.mjs';

const UPLOAD_LIMIT = 65 * 1024 * 1024;
const identity = (p) => `${p.PackageId} ${p.Version}`;
const sha256 = (content) => createHash('sha256').update(content).digest('hex');

apiSuite('packages', (at) => {
    const versions = async (query) => (await at.api.get(`${S}/feeds/feeds-builtin/packages/versions?${query}`)).Items.map((p) => p.Version);
    const pushed = async (filename, content = `content of ${filename}`) => {
        const answer = await push(at.api, filename, content);
        assert.equal(answer.status, 201, answer.text);
        return answer.body;
    };

    test('a pushed package is read as it was sent', async () => {
        const content = Buffer.from('PK\0\r\n--bobtail\r\n');
        const answer = await push(at.api, 'Acme.Web.1.2.3-beta.4+build.tar.gz', content);
        assert.equal(answer.status, 201, answer.text);
        const one = answer.body;
        assert.deepEqual([one.PackageId, one.NuGetPackageId, one.Version, one.FileExtension, one.FeedId, one.NuGetFeedId],
            ['Acme.Web', 'Acme.Web', '1.2.3-beta.4+build', '.tar.gz', 'feeds-builtin', 'feeds-builtin']);
        assert.deepEqual([one.PackageSizeBytes, one.SizeBytes, one.Hash], [content.length, content.length, sha256(content)]);
        assert.ok(Date.parse(one.Published));
        assert.deepEqual(await at.api.get(one.Links.Self), one);
        assert.deepEqual(await at.api.get(`${S}/packages/packages-acme.web.1.2.3-beta.4+build`), one);
        const raw = await fetch(at.server.url + one.Links.Raw, { headers: { 'X-Octopus-ApiKey': at.api.key } });
        await at.api.send('HEAD', one.Links.Raw);
        assert.deepEqual(Buffer.from(await raw.arrayBuffer()), content);
        assert.equal(raw.headers.get('content-disposition'), 'attachment; filename="Acme.Web.1.2.3-beta.4+build.tar.gz"');
        assert.equal(raw.headers.get('etag'), `"${one.Hash}"`);
        await at.api.get(one.Links.Raw);
    });

    test('a part of a package is sent when it is asked for', async () => {
        const { Links: { Raw }, Hash } = await pushed('Ranged.1.0.zip', '0123456789');
        for (const [range, status, text, where] of [
            ['bytes=2-4', 206, '234', 'bytes 2-4/10'], ['bytes=7-', 206, '789', 'bytes 7-9/10'], ['bytes=-3', 206, '789', 'bytes 7-9/10'],
            ['bytes=5-99', 206, '56789', 'bytes 5-9/10'], ['bytes=-99', 206, '0123456789', 'bytes 0-9/10'], ['bytes=0-1,3-4', 200, '0123456789', null],
            ['lines=1-2', 200, '0123456789', null], ['bytes=4-2', 200, '0123456789', null]]) {
            const answer = await at.api.send('GET', Raw, undefined, { headers: { Range: range } });
            assert.deepEqual([range, answer.status, answer.text, answer.headers.get('content-range')], [range, status, text, where]);
        }
        for (const range of ['bytes=10-', 'bytes=-0']) {
            const answer = await at.api.send('GET', Raw, undefined, { headers: { Range: range } });
            assert.deepEqual([answer.status, answer.headers.get('content-range')], [416, 'bytes */10']);
        }
        const known = await at.api.send('GET', Raw, undefined, { headers: { 'If-None-Match': `"${Hash}"` } });
        assert.deepEqual([known.status, known.text], [304, '']);
    });

    test('a version that is there is refused, kept or replaced as the client wants it', async () => {
        const first = await pushed('Modes.1.0.0.zip', 'first');
        for (const query of ['', '?overwriteMode=FailIfExists', '?replace=false']) {
            const answer = await push(at.api, 'modes.1.0.zip', 'second', { query });
            assert.equal(answer.status, 409);
            assert.ok(answer.body.Errors[0].startsWith('A package with the same name and version already exists'), answer.text);
        }
        const kept = await push(at.api, 'Modes.1.0.0.zip', 'second', { query: '?overwriteMode=ignoreIfExists' });
        assert.deepEqual([kept.status, kept.body], [200, first]);
        for (const [query, content] of [['?overwriteMode=OverwriteExisting', 'third'], ['?replace=true', 'fourth']]) {
            const replaced = await push(at.api, 'Modes.1.0.0.nupkg', content, { query });
            assert.deepEqual([replaced.status, replaced.body.Id, replaced.body.FileExtension, replaced.body.Hash], [201, first.Id, '.nupkg', sha256(content)]);
            assert.equal((await at.api.send('GET', first.Links.Raw)).text, content);
        }
        await assertRefused(at.api, 'POST', `${S}/packages/raw?overwriteMode=Perhaps`, '', ['overwriteMode', 'Perhaps', 'IgnoreIfExists']);
        const events = await at.query?.(`select e.category, e.message from event e join event_related r using (number) where r.related_id = '${first.Id}' order by number`);
        if (events) {
            assert.deepEqual(events, [['Created', 'Package Modes 1.0.0 was pushed'], ['Modified', 'Package Modes 1.0.0 was replaced'],
                ['Modified', 'Package Modes 1.0.0 was replaced']]);
        }
    });

    test('packages are listed by name, filtered and paged', async () => {
        for (const version of ['1.0.0', '1.10.0', '1.9.0', '2.0.0-rc.1']) await pushed(`List.App.${version}.zip`);
        await pushed('List.Other.0.1.zip');
        const list = async (query) => (await at.api.get(`${S}/packages?${query}`)).Items.map(identity);
        assert.deepEqual(await list('filter=list.'), ['List.App 2.0.0-rc.1', 'List.App 1.10.0', 'List.App 1.9.0', 'List.App 1.0.0', 'List.Other 0.1']);
        assert.deepEqual(await list('filter=LIST&latest=true'), ['List.App 2.0.0-rc.1', 'List.Other 0.1']);
        assert.deepEqual(await list('nuGetPackageId=list.app&skip=1&take=2'), ['List.App 1.10.0', 'List.App 1.9.0']);
        const page = await at.api.get(`${S}/packages?nuGetPackageId=List.App&take=3&includeNotes=false`);
        assert.deepEqual([page.ItemType, page.TotalResults, page.Items.length], ['Package', 4, 3]);
        assert.deepEqual((await at.api.get(page.Links['Page.Next'])).Items.map(identity), ['List.App 1.0.0']);
        assert.deepEqual(await list(`ids=${page.Items[1].Id}`), ['List.App 1.10.0']);
        assert.deepEqual(await list('nuGetPackageId=Nothing'), []);
    });

    test('a feed answers with the versions that a range and a tag allow', async () => {
        for (const version of ['1.0', '1.1', '1.2.0-beta.1', '1.2.0', '2.0.0-alpha']) await pushed(`Ver.${version}.zip`);
        assert.deepEqual(await versions('packageId=Ver'), ['2.0.0-alpha', '1.2.0', '1.2.0-beta.1', '1.1', '1.0']);
        assert.deepEqual(await versions('packageId=ver&take=1'), ['2.0.0-alpha']);
        assert.deepEqual(await versions('packageId=Ver&includePreRelease=false'), ['1.2.0', '1.1', '1.0']);
        assert.deepEqual(await versions(`packageId=Ver&versionRange=${encodeURIComponent('[1.1,1.2.0)')}`), ['1.2.0-beta.1', '1.1']);
        assert.deepEqual(await versions(`packageId=Ver&take=1&preReleaseTag=${encodeURIComponent('^beta')}`), ['1.2.0-beta.1']);
        assert.deepEqual(await versions(`packageId=Ver&preReleaseTag=${encodeURIComponent('^$')}&versionRange=1.1`), ['1.2.0', '1.1']);
        assert.deepEqual(await versions('packageId=Ver&filter=ALPHA&includeReleaseNotes=false'), ['2.0.0-alpha']);
        assert.deepEqual(await versions('packageId=Ver.1'), []);
        const feed = await at.api.get(`${S}/feeds/feeds-builtin/packages/versions?packageId=Ver&take=2`);
        assert.deepEqual([feed.ItemType, feed.TotalResults], ['PackageVersion', 5]);
        const path_ = `${S}/feeds/feeds-builtin/packages/versions`;
        await assertRefused(at.api, 'GET', `${path_}?preReleaseTag=x`, undefined, 'packageId');
        assert.ok((await at.api.get(`${path_}?take=1`)).TotalResults >= 5);
        await assertRefused(at.api, 'GET', `${path_}?packageId=Ver&versionRange=x`, undefined, ['"x"', 'version range']);
        await assertRefused(at.api, 'GET', `${path_}?packageId=Ver&preReleaseTag=(`, undefined, ['"("', 'pre-release']);
        await assertRefused(at.api, 'GET', `${S}/feeds/Feeds-99/packages/versions?packageId=Ver`, undefined, 'Feeds-99', 404);
    });

    test('a feed is searched by name, and tells the notes of a version', async () => {
        for (const name of ['Find.Me.1.0', 'Find.Me.2.0', 'Find.You.1.0']) await pushed(`${name}.zip`);
        const found = await at.api.get(`${S}/feeds/feeds-builtin/packages/search?term=find.`);
        assert.deepEqual(found.Items.map((p) => [p.Id, p.Name, p.LatestVersion]), [['Find.Me', 'Find.Me', '2.0'], ['Find.You', 'Find.You', '1.0']]);
        assert.equal(found.TotalResults, 2);
        const notes = await at.api.get(`${S}/feeds/feeds-builtin/packages/notes?packageId=Find.Me&version=2`);
        assert.deepEqual([notes.Succeeded, notes.Notes], [true, '']);
        const list = await at.api.get(`${S}/packages/notes?packageIds=feeds-builtin:Find.Me:1.0,feeds-builtin:Find.Me:9.0`);
        assert.deepEqual(list.Packages.map((p) => [p.PackageId, p.Version, p.Notes.Succeeded]), [['Find.Me', '1.0', true], ['Find.Me', '9.0', false]]);
        await assertRefused(at.api, 'GET', `${S}/packages/notes?packageIds=x`, undefined, ['packageIds', '"x"']);
    });

    test('packages are deleted, one or many', async () => {
        const [one, two, three] = [await pushed('Del.1.0.zip'), await pushed('Del.2.0.zip'), await pushed('Del.3.0.zip')];
        assert.deepEqual(await at.api.delete(one.Links.Self), {});
        await assertRefused(at.api, 'GET', one.Links.Self, undefined, one.Id, 404);
        await assertRefused(at.api, 'GET', one.Links.Raw, undefined, one.Id, 404);
        await assertRefused(at.api, 'DELETE', one.Links.Self, undefined, one.Id, 404);
        assert.deepEqual(await at.api.delete(`${S}/packages/bulk?ids=${one.Id},${two.Id},${three.Id}`), {});
        assert.deepEqual(await versions('packageId=Del'), []);
        await assertRefused(at.api, 'DELETE', `${S}/packages/bulk`, undefined, 'ids');
        await assertRefused(at.api, 'GET', `${S}/packages/Del/1.0/delta-signature`, undefined, 'not found', 404);
    });

    test('a wrong name, an empty file or no single file is refused, and nothing stays', async () => {
        const before = blobFiles(at.server);
        const post = (parts, options) => at.api.send('POST', `${S}/packages/raw`, form(parts, options), { headers: FORM });
        for (const [parts, words, options] of [
            [[{ filename: 'Hello.zip', content: 'x' }], ['Hello', 'version']],
            [[{ filename: 'Hello.1.0.0.txt', content: 'x' }], ['Hello.1.0.0.txt', 'zip']],
            [[{ filename: '../Hello.1.0.0.zip', content: 'x' }], ['../Hello', 'slash']],
            [[{ filename: 'a\\\\Hello.1.0.0.zip', content: 'x' }], ['backslash']],
            [[{ filename: 'Hel\0lo.1.0.0.zip', content: 'x' }], ['NUL']],
            [[{ disposition: 'form-data; name=x; filename*=UTF-8\'\'..%2FHello.1.0.zip', content: 'x' }], ['slash']],
            [[{ filename: 'Hello.1.0.0.zip', content: '' }], ['Hello.1.0.0.zip', 'empty']],
            [[{ name: 'file', content: 'x' }], ['no file']],
            [[], ['no file']],
            [[{ filename: 'A.1.0.zip', content: 'x' }, { filename: 'B.1.0.zip', content: 'y' }], ['more than one file']],
            [[{ filename: 'A.1.0.zip', content: 'x' }], ['cut off'], { end: false }],
        ]) {
            const answer = await post(parts, options);
            assert.equal(answer.status, 400, answer.text);
            for (const word of words) assert.ok(answer.body.Errors.join().includes(word), `${word}: ${answer.text}`);
        }
        const json = await at.api.send('POST', `${S}/packages/raw`, { Name: 'x' });
        assert.equal(json.status, 400);
        assert.ok(json.body.Errors[0].includes('multipart/form-data'), json.text);
        await until('the rests to be gone', () => blobFiles(at.server).incoming.length === 0);
        assert.deepEqual(blobFiles(at.server).blobs.sort().length, before.blobs.length + 1); // the empty file has a blob, which is swept
        assert.deepEqual((await at.api.get(`${S}/packages?filter=Hello`)).Items, []);
    });

    test('names beyond ASCII and any form of a file name are understood', async () => {
        const answer = await at.api.send('POST', `${S}/packages/raw`, form([
            { name: 'note', content: 'not this' },
            { disposition: "form-data; name=file; filename=old.zip; filename*=utf-8''Gr%C3%BC%C3%9Fe.1.0.zip", content: 'x' }]), { headers: FORM });
        assert.deepEqual([answer.status, answer.body.PackageId], [201, 'Grüße'], answer.text);
        const raw = await at.api.send('GET', answer.body.Links.Raw);
        assert.equal(raw.headers.get('content-disposition'), 'attachment; filename="Gr____e.1.0.zip"; filename*=UTF-8\'\'Gr%C3%BC%C3%9Fe.1.0.zip');
        assert.deepEqual((await at.api.get(`${S}/packages?nuGetPackageId=${encodeURIComponent('GRÜßE')}`)).Items.length, 1);
    });

    test('an upload that is cut off leaves neither file nor row', async () => {
        const half = form([{ filename: 'Cut.1.0.zip', content: Buffer.alloc(3 * 1024 * 1024, 'x') }], { end: false });
        const socket = await openPush(at.server, 50 * 1024 * 1024, half);
        await until('the upload to be under way', () => blobFiles(at.server).incoming.length > 0);
        socket.destroy();
        await until('the rest to be gone', () => blobFiles(at.server).incoming.length === 0);
        assert.deepEqual(await versions('packageId=Cut'), []);
    });

    test('the same file twice at once is there once, and of two different ones one is', async () => {
        for (const [name, contents] of [['Same', ['equal', 'equal']], ['Other', ['one', 'two']]]) {
            const answers = await Promise.all(contents.map((content) => push(at.api, `Race.${name}.1.0.zip`, content)));
            assert.deepEqual(answers.map((a) => a.status).sort(), [201, 409]);
            const { body } = answers.find((a) => a.status === 201);
            assert.equal((await at.api.send('GET', body.Links.Raw)).text, contents[answers.findIndex((a) => a.status === 201)]);
            const loser = answers.find((a) => a.status === 409);
            assert.ok(loser.body.Errors[0].includes('A package with the same name and version already exists'), loser.text);
        }
    });

    test('who may not push is told before the body is sent', async () => {
        const socket = await openPush(at.server, 50 * 1024 * 1024, '', { 'X-Octopus-ApiKey': 'API-WRONGWRONGWRONGWRONG', Expect: '100-continue' });
        const [answer] = await once(socket, 'data');
        assert.match(String(answer), /^HTTP\/1\.1 401 /);
        socket.destroy();
        const other = await openPush(at.server, 1000, '', { Expect: '100-continue' });
        const [goOn] = await once(other, 'data');
        assert.match(String(goOn), /^HTTP\/1\.1 100 /);
        other.destroy();
    });

    test('a package past the limit is refused with the limit', async () => {
        const answer = await push(at.api, 'Large.1.0.zip', Buffer.alloc(UPLOAD_LIMIT));
        assert.equal(answer.status, 413);
        assert.ok(answer.body.ErrorMessage.includes(String(UPLOAD_LIMIT)), answer.text);
        assert.deepEqual(await versions('packageId=Large'), []);
    });

    test('the public client pushes, lists and gets, also 60 MB', async (t) => {
        const folder = temporaryFolder(t, 'packages');
        const small = path.join(folder, 'Hello.1.0.0.zip'), large = path.join(folder, 'GoodBye.2.0.0.zip');
        const content = Buffer.alloc(60 * 1000 * 1000, 'bobtail');
        fs.writeFileSync(small, 'small');
        fs.writeFileSync(large, content);
        const packages = new PackageRepository(await at.server.client(), 'Default');
        await packages.push([small, large]);
        await assert.rejects(packages.push([small], OverwriteMode.FailIfExists), /A package with the same name and version already exists/);
        await packages.push([small], OverwriteMode.OverwriteExisting);
        await packages.push([small], OverwriteMode.IgnoreIfExists);
        const { Items: [goodBye] } = await packages.list({ nuGetPackageId: 'GoodBye', latest: true });
        assert.deepEqual([goodBye.Version, goodBye.Hash], ['2.0.0', sha256(content)]);
        assert.equal((await packages.get(goodBye.Id)).PackageId, 'GoodBye');
    });
}, { args: ['--upload-limit', String(UPLOAD_LIMIT)] });
