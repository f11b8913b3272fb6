// Releases: versions, what they freeze, both ways to make one (rest.md 2.13).
import octopus from '@octopusdeploy/api-client';
import { Project, scriptStep } from '../lib/project.mjs';
import { apiSuite, assert, assertRefused, S, test } from './suite.mjs';

apiSuite('releases', (at) => {
    const create = (project, more) => at.api.send('POST', `${S}/releases/create/v1`, { projectName: project.name, ...more });

    test('versions follow each other unless named', async () => {
        const project = await Project.create(at.api);
        assert.equal(await project.createRelease(), '0.0.1');
        assert.equal(await project.createRelease(), '0.0.2');
        assert.equal(await project.createRelease({ releaseVersion: '2.5.9-beta.1' }), '2.5.9-beta.1');
        assert.equal(await project.createRelease(), '2.5.10');
        const page = await at.api.get(`${S}/projects/${project.id}/releases`);
        assert.deepEqual(page.Items.map((r) => r.Version), ['2.5.10', '2.5.9-beta.1', '0.0.2', '0.0.1']);
        assert.deepEqual((await at.api.get(`${S}/projects/${project.id}/releases?searchByVersion=beta`)).Items.map((r) => r.Version), ['2.5.9-beta.1']);
    });

    test('the versioning template of the project makes the version, as expression or as mask', async () => {
        for (const [template, versions] of [['3.1.#{Octopus.Version.NextPatch}', ['3.1.1', '3.1.2']], ['1.4.i', ['1.4.0', '1.4.1', '1.4.2']], ['#{No.Such.Thing}', null]]) {
            const project = await Project.create(at.api);
            await at.api.put(project.resource.Links.Self, { ...project.resource, VersioningStrategy: { Template: template } });
            if (versions === null) assert.equal((await create(project)).status, 400);
            for (const version of versions ?? []) assert.equal(await project.createRelease(), version);
        }
    });

    test('the template knows date, time, the channel and the plain variables of the project', async () => {
        const project = await Project.create(at.api);
        await project.setVariables([{ Name: 'Line', Value: '4' }, { Name: 'Scoped', Value: '5', Scope: { Environment: [project.environment.Id] } }]);
        const beta = await at.api.post(`${S}/channels`, { Name: 'Beta', ProjectId: project.id });
        const template = (Template) => at.api.put(`${S}/projects/${project.id}/deploymentsettings`, { VersioningStrategy: { Template } });
        await template('#{Line}.#{Octopus.Version.NextMinor}.#{Octopus.Version.Channel.NextPatch}');
        assert.equal(await project.createRelease(), '4.1.1');
        assert.equal(await project.createRelease({ channelName: beta.Name }), '4.2.1');
        assert.equal(await project.createRelease(), '4.3.2');
        await template('1.0.0-#{Octopus.Release.Channel.Name}.#{Octopus.Date.Year}.#{Octopus.Date.DayOfYear}.#{Octopus.Time.Hour}');
        assert.match(await project.createRelease(), new RegExp(`^1\\.0\\.0-Default\\.${new Date().getUTCFullYear()}\\.\\d+\\.\\d+$`));
        await template('#{Scoped}.0.0');
        assert.equal((await create(project)).status, 400);
    });

    test('a disabled project makes no releases, and says that it is disabled', async () => {
        const project = await Project.create(at.api);
        await at.api.put(project.resource.Links.Self, { ...project.resource, IsDisabled: true });
        await assertRefused(at.api, 'POST', `${S}/releases/create/v1`, { projectName: project.name }, [project.name, 'disabled']);
        await assertRefused(at.api, 'POST', `${S}/releases`, { ProjectId: project.id }, [project.name, 'disabled']);
    });

    test('a version that is taken is refused with the version, or answered when that is no error', async () => {
        const project = await Project.create(at.api);
        const first = (await create(project, { releaseVersion: '1.0' })).body;
        await assertRefused(at.api, 'POST', `${S}/releases/create/v1`, { projectName: project.name, releaseVersion: '1.0' }, '1.0');
        const again = await create(project, { releaseVersion: '1.0', ignoreIfAlreadyExists: true });
        assert.deepEqual(again.body, first);
        const second = await at.api.get(`${S}/releases/${(await create(project, { releaseVersion: '2.0' })).body.ReleaseId}`);
        const answer = await at.api.send('PUT', second.Links.Self, { ...second, Version: '1.0' });
        assert.deepEqual([answer.status, answer.body.Errors], [400, ["Version: there is a Release named '1.0' already"]]);
    });

    test('project, channel and version are checked, and named in what is wrong', async () => {
        const project = await Project.create(at.api);
        const path = `${S}/releases/create/v1`;
        await assertRefused(at.api, 'POST', path, {}, 'ProjectName');
        await assertRefused(at.api, 'POST', path, { projectName: 'No such' }, ['projectName', 'No such']);
        await assertRefused(at.api, 'POST', path, { projectName: project.name, channelName: 'No such' }, ['channelName', 'No such']);
        for (const releaseVersion of ['a b', 'x', '1/2', '1'.repeat(201)]) {
            await assertRefused(at.api, 'POST', path, { projectName: project.name, releaseVersion }, 'ersion');
        }
        await assertRefused(at.api, 'POST', path, { projectName: project.name, releaseVersion: 5 }, ['ReleaseVersion', '5']);
        assert.equal((await at.api.get(`${S}/projects/${project.id}/releases`)).TotalResults, 0);
    });

    test('packages that the process does not have and Git references are refused with their value, empty ones are fine', async () => {
        const project = await Project.create(at.api);
        const path = `${S}/releases/create/v1`;
        for (const [member, value] of [['Packages', ['Web:1.2']], ['GitRef', 'main'], ['GitCommit', 'abc'],
            ['GitResources', ['Step:main']]]) {
            await assertRefused(at.api, 'POST', path, { projectName: project.name, [member]: value }, [member, String(value)]);
        }
        assert.equal((await create(project, { Packages: [], PackageVersion: '1.2', PackagePrerelease: 'beta', GitRef: null, GitResources: [] })).status, 201);
        const selected = [{ ActionName: 'Web', PackageReferenceName: '', StepName: null, Version: '1.2' }];
        assert.deepEqual((await at.api.post(`${S}/releases`, { ProjectId: project.id, SelectedPackages: selected })).SelectedPackages, selected);
    });

    test('a command that names another space than its address is refused', async () => {
        const project = await Project.create(at.api, { steps: [scriptStep('one', 'true')] });
        const runbook = await project.createRunbook([scriptStep('one', 'true')]);
        const commands = { releases: {}, deployments: { releaseVersion: await project.createRelease() }, 'runbook-runs': { runbookName: runbook.Name } };
        for (const [noun, more] of Object.entries(commands)) {
            const path = `${S}/${noun}/create/${noun === 'deployments' ? 'untenanted/' : ''}v1`;
            const command = { projectName: project.name, environmentNames: [project.environment.Name], ...more };
            for (const member of ['SpaceId', 'SpaceIdOrName', 'SpaceName']) {
                await assertRefused(at.api, 'POST', path, { ...command, [member]: 'Elsewhere' }, [member, 'Elsewhere']);
            }
            const answer = await at.api.send('POST', path, { ...command, spaceId: 'Spaces-1', spaceIdOrName: 'DEFAULT', spaceName: 'Default' });
            assert.equal(answer.status, 201, answer.text);
        }
    });

    test('members are bound in any case, and project and channel are found by id, name or slug', async () => {
        const project = await Project.create(at.api);
        const [channel] = (await at.api.get(`${S}/projects/${project.id}/channels`)).Items;
        for (const body of [{ ProjectName: project.id, ChannelName: channel.Id }, { projectname: project.resource.Slug, CHANNELNAME: 'default' },
            { projectName: project.name.toUpperCase(), SpaceIdOrName: 'Default' }]) {
            const answer = await at.api.send('POST', `${S}/releases/create/v1`, body);
            assert.equal(answer.status, 201, answer.text);
            assert.deepEqual(Object.keys(answer.body), ['ReleaseId', 'ReleaseVersion']);
        }
    });

    test('a release keeps process and variables as they were', async () => {
        const project = await Project.create(at.api, { steps: [scriptStep('first', 'true')] });
        const { ReleaseId } = (await create(project)).body;
        await project.setSteps([scriptStep('second', 'true')]);
        const release = await at.api.get(`${S}/releases/${ReleaseId}`);
        const process = await at.api.get(release.Links.ProjectDeploymentProcessSnapshot);
        assert.equal(process.Steps[0].Name, 'first');
        await assertRefused(at.api, 'PUT', process.Links.Self, { ...process, Steps: [] }, 'snapshot');
        assert.equal((await at.api.get(release.Links.Channel)).ProjectId, project.id);
    });

    test('two that are made at the same time get different versions or a refusal', async () => {
        const project = await Project.create(at.api, { steps: [scriptStep('one', 'true')] });
        const answers = await Promise.all(Array.from({ length: 8 }, () => create(project)));
        assert.ok(answers.every((a) => [201, 400].includes(a.status)), answers.map((a) => a.text).join('\n'));
        const made = answers.filter((a) => a.status === 201).map((a) => a.body.ReleaseVersion);
        assert.equal(new Set(made).size, made.length);
        assert.ok(made.length > 0);
    });

    test('the classic form takes a document, and answers with one', async () => {
        const project = await Project.create(at.api);
        const sent = { ProjectId: project.id, ReleaseNotes: '# Notes', CustomFields: { Ticket: '42' } };
        const release = await at.api.post(`${S}/releases?ignoreChannelRules=true`, sent);
        assert.deepEqual([release.Version, release.ReleaseNotes, release.CustomFields], ['0.0.1', '# Notes', { Ticket: '42' }]);
        assert.deepEqual(await at.api.get(release.Links.Self), release);
        const changed = await at.api.put(release.Links.Self, { ...release, Version: '0.1.0', ReleaseNotes: 'changed' });
        assert.equal(changed.Version, '0.1.0');
        assert.equal((await at.api.get(`${S}/projects/${project.id}/releases/0.1.0`)).ReleaseNotes, 'changed');
        assert.deepEqual(await at.api.delete(release.Links.Self), {});
    });

    test('the public client makes a release', async () => {
        const project = await Project.create(at.api);
        const releases = new octopus.ReleaseRepository(await at.server.client(), 'Default');
        const made = await releases.create({ spaceName: 'Default', ProjectName: project.name, ReleaseVersion: '7.0.0', IgnoreIfAlreadyExists: true });
        assert.equal(made.ReleaseVersion, '7.0.0');
    });
});
