// How versions of packages were built: pushed, listed, shown with the package, deleted (rest.md 2.16).
import { BuildInformationRepository, OverwriteMode, PackageIdentity } from '@octopusdeploy/api-client';
import { push } from '../lib/upload.mjs';
import { apiSuite, assert, assertRefused, S, test } from './suite.mjs';

const BUILDS = `${S}/build-information`;
const build = (more) => ({ Branch: 'main', BuildEnvironment: 'CI', BuildNumber: '7', BuildUrl: 'https://ci.example/7', VcsType: 'Git',
    VcsRoot: 'https://git.example/acme', VcsCommitNumber: 'abc123', Commits: [{ Id: 'abc123', Comment: 'Größer' }, { Id: 'def', Comment: '' }], ...more });
const command = (PackageId, Version, more) => ({ PackageId, Version, OctopusBuildInformation: build(more) });

apiSuite('build information', (at) => {
    const pushed = async (...of) => at.api.post(BUILDS, command(...of));

    test('what a build server says of a version is read as it was sent', async () => {
        const one = await pushed('Acme.Web', '1.2.3-beta.1');
        const { Commits, ...rest } = build();
        for (const [name, value] of Object.entries({ PackageId: 'Acme.Web', Version: '1.2.3-beta.1', ...rest })) assert.equal(one[name], value, name);
        assert.deepEqual(one.Commits, Commits.map((commit) => ({ ...commit, LinkUrl: '' })));
        assert.deepEqual(one.WorkItems, []);
        assert.ok(Date.parse(one.Created));
        assert.deepEqual(await at.api.get(one.Links.Self), one);
    });

    test('it is shown with its package', async () => {
        const { body: bare } = await push(at.api, 'Shown.1.0.zip', 'x');
        assert.ok(!('PackageVersionBuildInformation' in await at.api.get(bare.Links.Self)));
        const one = await pushed('shown', '1.0.0');
        assert.deepEqual((await at.api.get(bare.Links.Self)).PackageVersionBuildInformation, one);
    });

    test('a second push is refused, kept or replaced as the client wants it', async () => {
        const first = await pushed('Twice', '1.0');
        await assertRefused(at.api, 'POST', BUILDS, command('Twice', '1.0.0'), 'Metadata for the specified Package ID and version already exists.', 409);
        assert.deepEqual(await at.api.post(`${BUILDS}?overwriteMode=IgnoreIfExists`, command('Twice', '1.0', { BuildNumber: '8' })), first);
        const replaced = await at.api.post(`${BUILDS}?overwriteMode=OverwriteExisting`, command('Twice', '1.0', { BuildNumber: '9' }));
        assert.deepEqual([replaced.Id, replaced.BuildNumber], [first.Id, '9']);
        assert.deepEqual(await at.api.get(first.Links.Self), replaced);
        await assertRefused(at.api, 'POST', `${BUILDS}?overwriteMode=x`, command('Twice', '1.0'), ['overwriteMode', '"x"']);
    });

    test('it is listed by package, the highest version first', async () => {
        for (const version of ['1.0', '1.10', '1.9']) await pushed('List.Me', version);
        await pushed('List.Other', '1.0');
        const list = async (query) => (await at.api.get(`${BUILDS}?${query}`)).Items.map((b) => `${b.PackageId} ${b.Version}`);
        assert.deepEqual(await list('packageId=list.me'), ['List.Me 1.10', 'List.Me 1.9', 'List.Me 1.0']);
        assert.deepEqual(await list('filter=list&latest=true'), ['List.Me 1.10', 'List.Other 1.0']);
        assert.deepEqual(await list('packageId=List.Me&skip=1&take=1'), ['List.Me 1.9']);
        assert.equal((await at.api.get(`${BUILDS}?packageId=List.Me&take=1`)).TotalResults, 3);
    });

    test('it is deleted, one or many', async () => {
        const [one, two] = [await pushed('Del', '1.0'), await pushed('Del', '2.0')];
        assert.deepEqual(await at.api.delete(one.Links.Self), {});
        await assertRefused(at.api, 'GET', one.Links.Self, undefined, one.Id, 404);
        assert.deepEqual(await at.api.delete(`${BUILDS}/bulk?ids=${one.Id},${two.Id}`), {});
        assert.equal((await at.api.get(`${BUILDS}?packageId=Del`)).TotalResults, 0);
        await assertRefused(at.api, 'DELETE', `${BUILDS}/bulk`, undefined, 'ids');
        const events = await at.query?.(`select e.category, e.message from event e join event_related r using (number) where r.related_id = '${two.Id}' order by number`);
        if (events) assert.deepEqual(events, [['Created', 'Build information of Del 2.0 was pushed'], ['Deleted', 'Build information of Del 2.0 was deleted']]);
    });

    test('what is wrong is said', async () => {
        await assertRefused(at.api, 'POST', BUILDS, {}, ['PackageId', 'Version', 'OctopusBuildInformation']);
        await assertRefused(at.api, 'POST', BUILDS, command('a/b', '1.0'), ['"a/b"', 'package id']);
        await assertRefused(at.api, 'POST', BUILDS, command('Acme', 'one'), ['"one"', 'version']);
        await assertRefused(at.api, 'POST', BUILDS, command('Acme', '1.0', { Commits: [{ Comment: 'x' }] }), ['Commits/0/Id']);
    });

    test('the public client pushes it', async () => {
        const repository = new BuildInformationRepository(await at.server.client(), 'Default');
        const said = { spaceName: 'Default', ...build(), Packages: [new PackageIdentity('Ts.One', '1.0.0'), new PackageIdentity('Ts.Two', '2.0.0')] };
        await repository.push(said);
        await assert.rejects(repository.push(said, OverwriteMode.FailIfExists), /Metadata for the specified Package ID and version already exists\./);
        await repository.push(said, OverwriteMode.OverwriteExisting);
        assert.equal((await at.api.get(`${BUILDS}?filter=Ts.`)).TotalResults, 2);
    });
});
