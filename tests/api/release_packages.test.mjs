// Packages of releases and snapshots: which versions they get, and what channels say of them (rest.md 2.11, 2.13).
import { Project, scriptStep } from '../lib/project.mjs';
import { push } from '../lib/upload.mjs';
import { apiSuite, assert, assertRefused, fresh, refused, S, test } from './suite.mjs';

const V1 = `${S}/releases/create/v1`;
let count = 0;

apiSuite('packages of releases', (at) => {
    const pushed = async (id, ...versions) => {
        for (const version of versions) assert.equal((await push(at.api, `${id}.${version}.zip`, `${id} ${version}`)).status, 201);
    };
    const uses = (PackageId, Name = '', more = {}) => ({ Id: '', Name, PackageId, FeedId: 'feeds-builtin', AcquisitionLocation: 'Server', Properties: {}, ...more });
    const step = (name, ...Packages) => scriptStep(name, 'true', { action: { Packages } });
    // Ids of packages are new in every test: the feed is the space's.
    const ids = (...names) => names.map((name) => `${name}${++count}`);
    const releaseOf = async (project, more) => at.api.get(`${S}/releases/${(await at.api.post(V1, { projectName: project.name, ...more })).ReleaseId}`);
    const versions = (one) => Object.fromEntries(one.SelectedPackages.map((p) => [`${p.StepName}${p.PackageReferenceName && `/${p.PackageReferenceName}`}`, p.Version]));

    test('without a wish each package gets its newest version of the built-in feed', async () => {
        const [web, db] = ids('Web', 'Db');
        await pushed(web, '1.0.0', '1.10.0', '1.9.0');
        await pushed(db, '3.0');
        const project = await Project.create(at.api, { steps: [step('Web', uses(web), uses(db, 'schema')), step('Db', uses(db))] });
        const release = await releaseOf(project);
        assert.deepEqual(release.SelectedPackages, [
            { ActionName: 'Web', PackageReferenceName: '', StepName: 'Web', Version: '1.10.0' },
            { ActionName: 'Web', PackageReferenceName: 'schema', StepName: 'Web', Version: '3.0' },
            { ActionName: 'Db', PackageReferenceName: '', StepName: 'Db', Version: '3.0' }]);
    });

    test('a command names versions by package, by step, by both, or for all, and what says most wins', async () => {
        const [web, db] = ids('Web', 'Db');
        const project = await Project.create(at.api, { steps: [step('Web', uses(web), uses(db, 'schema')), step('Db', uses(db))] });
        const named = async (packages, more) => versions(await releaseOf(project, { packages, ...more }));
        assert.deepEqual(await named([`${web}:1.1`, `${db}:2.2`]), { Web: '1.1', 'Web/schema': '2.2', Db: '2.2' });
        assert.deepEqual(await named([`${db}:2.2`, '*:1.0', 'Web:schema:4.4']), { Web: '1.0', 'Web/schema': '4.4', Db: '2.2' });
        assert.deepEqual(await named([`web:${web.toUpperCase()}:5.5-beta.1`], { packageVersion: '9.0' }), { Web: '5.5-beta.1', 'Web/schema': '9.0', Db: '9.0' });
        assert.deepEqual(await named([`Web:${db}:6.0`, '*:*:1.0']), { Web: '1.0', 'Web/schema': '6.0', Db: '1.0' });
        await assertRefused(at.api, 'POST', V1, { projectName: project.name, packages: ['Nothing:1.0'], packageVersion: '1.0' }, ['Nothing:1.0', 'no package']);
        await assertRefused(at.api, 'POST', V1, { projectName: project.name, packages: ['1.0'], packageVersion: '1.0' }, "'1.0'");
        await assertRefused(at.api, 'POST', V1, { projectName: project.name, packageVersion: 'new' }, ['new', web]);
    });

    test('a package without a version is refused with its name and step, all at once', async () => {
        const [web, db] = ids('Web', 'Db');
        const project = await Project.create(at.api, { steps: [step('Web', uses(web)), step('Db', uses(db, '', { FeedId: '#{Feed}' }))] });
        const text = await refused(at.api, 'POST', V1, { projectName: project.name });
        for (const word of [web, "step 'Web'", db, '#{Feed}', 'name one']) assert.ok(text.includes(word), text);
        assert.equal((await at.api.get(`${S}/projects/${project.id}/releases`)).TotalResults, 0);
    });

    test('disabled steps, steps of other channels and packages that are chosen later want no version', async () => {
        const [web, db] = ids('Web', 'Db');
        const project = await Project.create(at.api, { steps: [step('Off', uses(web)), step('Beta', uses(db)), step('Later', uses(web, '', { Properties: { SelectionMode: 'deferred' } }))] });
        const beta = await at.api.post(`${S}/channels`, { Name: 'Beta', ProjectId: project.id });
        const path = `${S}/projects/${project.id}/deploymentprocesses`, process = await at.api.get(path);
        process.Steps[0].Actions[0].IsDisabled = true;
        process.Steps[1].Actions[0].Channels = [beta.Id];
        await at.api.put(path, process);
        assert.deepEqual((await releaseOf(project)).SelectedPackages, []);
        assert.deepEqual(versions(await releaseOf(project, { channelName: 'Beta', packageVersion: '2.0' })), { Beta: '2.0' });
    });

    test('the rules of a channel choose among the versions and refuse others, unless they are ignored', async () => {
        const [web] = ids('Web');
        await pushed(web, '1.0.0', '1.5.0', '1.6.0-beta.1', '2.0.0');
        const project = await Project.create(at.api, { steps: [step('Web', uses(web))] });
        const rule = (VersionRange, Tag) => [{ VersionRange, Tag, ActionPackages: [{ DeploymentAction: 'Web', PackageReference: '' }] }];
        const stable = await at.api.post(`${S}/channels`, { Name: 'Stable', ProjectId: project.id, Rules: rule('[1.0,2.0)', '^$') });
        await at.api.post(`${S}/channels`, { Name: 'Beta', ProjectId: project.id, Rules: rule('', '^beta') });
        assert.match(stable.Rules[0].Id, /./);
        assert.deepEqual(versions(await releaseOf(project)), { Web: '2.0.0' });
        assert.deepEqual(versions(await releaseOf(project, { channelName: 'Stable' })), { Web: '1.5.0' });
        assert.deepEqual(versions(await releaseOf(project, { channelName: 'Beta' })), { Web: '1.6.0-beta.1' });
        assert.deepEqual(versions(await releaseOf(project, { packagePrerelease: 'beta' })), { Web: '1.6.0-beta.1' });
        await assertRefused(at.api, 'POST', V1, { projectName: project.name, channelName: 'Stable', packageVersion: '2.0.0' }, ['Stable', '2.0.0', '[1.0,2.0)', web]);
        await assertRefused(at.api, 'POST', V1, { projectName: project.name, channelName: 'Stable', packageVersion: '1.6.0-beta.1' }, ['Stable', '^$']);
        const free = await releaseOf(project, { channelName: 'Stable', packageVersion: '2.0.0', ignoreChannelRules: true });
        assert.deepEqual([versions(free), free.IgnoreChannelRules], [{ Web: '2.0.0' }, true]);
        const document = { ProjectId: project.id, ChannelId: stable.Id, SelectedPackages: [{ ActionName: 'Web', PackageReferenceName: '', Version: '2.0.0' }] };
        await assertRefused(at.api, 'POST', `${S}/releases`, document, ['Stable', '2.0.0']);
        assert.deepEqual(versions(await at.api.post(`${S}/releases?ignoreChannelRules=true`, document)), { Web: '2.0.0' });
        await at.api.put(project.resource.Links.Self, { ...project.resource, AllowIgnoreChannelRules: false });
        await assertRefused(at.api, 'POST', V1, { projectName: project.name, packageVersion: '2.0.0', ignoreChannelRules: true }, ['IgnoreChannelRules', project.name]);
    });

    test('a release that is changed gets other packages by the same rules', async () => {
        const [web] = ids('Web');
        const project = await Project.create(at.api, { steps: [step('Web', uses(web))] });
        const strict = await at.api.post(`${S}/channels`, { Name: 'Strict', ProjectId: project.id, Rules: [{ VersionRange: '[1.0]', ActionPackages: [{ DeploymentAction: 'Web' }] }] });
        const release = await releaseOf(project, { packageVersion: '2.0' });
        await assertRefused(at.api, 'PUT', release.Links.Self, { ...release, ChannelId: strict.Id }, ['Strict', '2.0']);
        const changed = await at.api.put(release.Links.Self, { ...release, ChannelId: strict.Id, SelectedPackages: [{ ActionName: 'Web', PackageReferenceName: '', Version: '1.0' }] });
        assert.deepEqual([changed.ChannelId, versions(changed)], [strict.Id, { Web: '1.0' }]);
        assert.equal((await at.api.put(changed.Links.Self, { ...changed, ReleaseNotes: 'new' })).ReleaseNotes, 'new');
    });

    test('a rule that cannot be read is refused when its channel is saved', async () => {
        const project = await Project.create(at.api);
        const sent = (Rules) => ({ Name: fresh('Channel'), ProjectId: project.id, Rules });
        await assertRefused(at.api, 'POST', `${S}/channels`, sent([{ VersionRange: '[1.0' }]), ['/Rules/0', '[1.0']);
        await assertRefused(at.api, 'POST', `${S}/channels`, sent([{ VersionRange: '1.0' }, { Tag: '(' }]), ['/Rules/1', '(']);
        const channel = await at.api.post(`${S}/channels`, sent([{ VersionRange: '[1.0,)' }]));
        await assertRefused(at.api, 'PUT', channel.Links.Self, { ...channel, Rules: [{ VersionRange: 'x' }] }, ['/Rules/0', 'x']);
    });

    test('a rule is tried with a version', async () => {
        const path = `${S}/channels/rule-test`;
        const ask = (query) => at.api.get(`${path}?${new URLSearchParams(query)}`);
        assert.deepEqual(await ask({ version: '1.5-beta', versionRange: '[1.0,2.0)', preReleaseTag: '^beta', feedType: 'BuiltIn' }),
            { SatisfiesVersionRange: true, SatisfiesPreReleaseTag: true, IsSatisfied: true, Errors: [] });
        assert.deepEqual(await at.api.post(path, { version: '2.0', versionRange: '[1.0,2.0)', preReleaseTag: '^beta' }),
            { SatisfiesVersionRange: false, SatisfiesPreReleaseTag: false, IsSatisfied: false, Errors: [] });
        const wrong = await ask({ version: '1.0', versionRange: '[1.0' });
        assert.deepEqual([wrong.IsSatisfied, wrong.Errors.length], [false, 1]);
        assert.deepEqual((await at.api.get(path)).Errors, ['version is missing']);
    });

    test('releases may be named by the version of a package', async () => {
        const [web] = ids('Web');
        await pushed(web, '4.2.0-rc.1');
        const project = await Project.create(at.api, { steps: [step('Web', uses(web)), step('Other', uses(web, 'other'))] });
        await at.api.put(`${S}/projects/${project.id}/deploymentsettings`, { VersioningStrategy: { DonorPackage: { DeploymentAction: 'Web', PackageReference: '' } } });
        const template = await at.api.get(`${S}/projects/${project.id}/deploymentprocesses/template`);
        assert.deepEqual([template.VersioningPackageStepName, template.VersioningPackageReferenceName, template.NextVersionIncrement], ['Web', '', null]);
        assert.equal((await releaseOf(project)).Version, '4.2.0-rc.1');
        assert.equal((await releaseOf(project, { packages: ['Web:5.0'], releaseVersion: '9.9' })).Version, '9.9');
        assert.equal((await releaseOf(project, { packages: ['Web:5.0'] })).Version, '5.0');
        await assertRefused(at.api, 'POST', V1, { projectName: project.name, packages: ['Web:5.0'] }, '5.0');
        await project.setSteps([step('Other', uses(web, 'other'))]);
        await assertRefused(at.api, 'POST', V1, { projectName: project.name, packageVersion: '1.0' }, ['Web', 'no version']);
    });

    test('templates list the packages, with the versions of the newest release or snapshot', async () => {
        const [web] = ids('Web');
        const steps = [step('Web', uses(web), uses('#{Name}', 'more'))];
        const project = await Project.create(at.api, { steps });
        const template = async () => (await at.api.get(`${S}/projects/${project.id}/deploymentprocesses/template`)).Packages;
        const feed = await at.api.get(`${S}/feeds/feeds-builtin`);
        const [first, second] = await template();
        assert.deepEqual(first, { ActionName: 'Web', StepName: 'Web', PackageReferenceName: '', PackageId: web, NuGetPackageId: web, FeedId: 'feeds-builtin', NuGetFeedId: 'feeds-builtin',
            FeedName: feed.Name, NuGetFeedName: feed.Name, FixedVersion: null, VersionSelectedLastRelease: null, IsResolvable: true });
        assert.deepEqual([second.PackageReferenceName, second.IsResolvable], ['more', false]);
        await project.createRelease({ packages: ['*:7.1'] });
        assert.deepEqual((await template()).map((one) => one.VersionSelectedLastRelease), ['7.1', '7.1']);
    });

    test('a snapshot of a runbook has versions too', async () => {
        const [tool] = ids('Tool');
        await pushed(tool, '1.0', '1.1');
        const project = await Project.create(at.api);
        const runbook = await project.createRunbook([step('Use', uses(tool))]);
        const look = async (name) => (await at.api.get(`${S}/projects/${project.id}/runbookSnapshots/${name}`)).SelectedPackages;
        const [published] = (await at.api.get(`${S}/runbooks/${runbook.Id}/runbookSnapshots`)).Items;
        assert.deepEqual(await look(published.Id), [{ ActionName: 'Use', PackageReferenceName: '', StepName: 'Use', Version: '1.1' }]);
        await at.api.post(`${S}/runbookSnapshots`, { ProjectId: project.id, RunbookId: runbook.Id, Name: 'Old', SelectedPackages: [{ ActionName: 'Use', PackageReferenceName: '', Version: '1.0' }] });
        assert.equal((await look('Old'))[0].Version, '1.0');
        const template = await at.api.get(`${S}/runbooks/${runbook.Id}/runbookSnapshotTemplate`);
        assert.deepEqual(template.Packages.map((one) => [one.PackageId, one.VersionSelectedLastRelease]), [[tool, '1.0']]);
    });

    test('packages of a release that are gone are said to be missing', async () => {
        const [web, db] = ids('Web', 'Db');
        await pushed(web, '1.0');
        const project = await Project.create(at.api, { steps: [step('Web', uses(web)), step('Db', uses(db))] });
        const release = await releaseOf(project, { packages: [`${web}:1.0.0`, `${db}:2.0`] });
        assert.deepEqual(await at.api.get(`${S}/releases/${release.Id}/missingpackages`), { Packages: [{ Id: db, Version: '2.0' }] });
    });
});
