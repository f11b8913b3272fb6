// Projects, their groups, lifecycles, channels and environments (rest.md 2.11, 2.12).
import octopus from '@octopusdeploy/api-client';
import { createEnvironment, Project, scriptStep, waitForState, cancelTask, waitForTask } from '../lib/project.mjs';
import { apiSuite, assert, assertRefused, fresh, names, S, test } from './suite.mjs';

apiSuite('projects', (at) => {
    const members = (more) => ({ Name: fresh('Project'), ProjectGroupId: 'ProjectGroups-1', LifecycleId: 'Lifecycles-1', ...more });

    test('a project needs a name, a group and a lifecycle, and says what is missing all at once', async () => {
        const answer = await at.api.send('POST', `${S}/projects`, {});
        assert.equal(answer.status, 400);
        for (const member of ['/Name', '/ProjectGroupId', '/LifecycleId']) {
            assert.ok(answer.body.Errors.some((line) => line.startsWith(member)), `${member}: ${answer.text}`);
        }
    });

    test('a new project has what clients dereference', async () => {
        const project = await at.api.post(`${S}/projects`, members({ Name: 'Web Shop' }));
        assert.equal(project.Slug, 'web-shop');
        assert.deepEqual(project.PersistenceSettings, { Type: 'Database' });
        assert.equal(project.IsDisabled, false);
        assert.equal(project.DeploymentProcessId, `deploymentprocess-${project.Id}`);
        assert.equal(project.VariableSetId, `variableset-${project.Id}`);
        const { Items } = await at.api.get(`${S}/projects/web-shop/channels`);
        assert.equal(Items.length, 1);
        assert.deepEqual([Items[0].Name, Items[0].IsDefault, Items[0].ProjectId], ['Default', true, project.Id]);
        assert.deepEqual((await at.api.get(project.Links.DeploymentProcess)).Steps, []);
        assert.deepEqual((await at.api.get(project.Links.Variables)).Variables, []);
        assert.equal((await at.api.get(`${S}/projects/WEB%20SHOP`)).Id, project.Id);
    });

    test('the public client creates, changes, lists and deletes', async () => {
        const client = await at.server.client();
        const projects = new octopus.ProjectRepository(client, 'Default');
        const project = await projects.create(members({ Name: 'By the client' }));
        const modified = await projects.modify({ ...project, Description: 'changed' });
        assert.equal(modified.Description, 'changed');
        assert.deepEqual(names((await projects.list({ partialName: 'by the' })).Items), ['By the client']);
        await projects.del(project);
        assert.equal((await projects.list({ partialName: 'by the' })).TotalResults, 0);
    });

    test('a name that is taken, in any case, is refused with the name', async () => {
        await at.api.post(`${S}/projects`, members({ Name: 'Taken' }));
        await assertRefused(at.api, 'POST', `${S}/projects`, members({ Name: 'TAKEN' }), 'TAKEN');
        const other = await at.api.post(`${S}/projects`, members());
        await assertRefused(at.api, 'PUT', `${S}/projects/${other.Id}`, { ...other, Name: 'taken' }, 'taken');
        assert.equal((await at.api.get(`${S}/projects/${other.Id}`)).Name, other.Name);
    });

    test('a slug that is given stays as it is written, is unique in any case, and finds in any case', async () => {
        const project = await at.api.post(`${S}/projects`, members({ Slug: 'My-Shop' }));
        assert.equal(project.Slug, 'My-Shop');
        for (const slug of ['My-Shop', 'my-shop', 'MY-SHOP']) assert.equal((await at.api.get(`${S}/projects/${slug}`)).Id, project.Id);
        await assertRefused(at.api, 'POST', `${S}/projects`, members({ Slug: 'my-shop' }), ['slug', 'my-shop']);
        const changed = await at.api.put(project.Links.Self, { ...project, Slug: 'Other-Shop' });
        assert.equal((await at.api.get(`${S}/projects/other-shop`)).Slug, changed.Slug);
    });

    test('only projects and runbooks that are there are copied, and nothing is made instead', async () => {
        const project = await at.api.post(`${S}/projects`, members());
        const before = (await at.api.get(`${S}/projects`)).TotalResults;
        await assertRefused(at.api, 'POST', `${S}/projects?clone=Projects-999`, members(), ['clone', 'Projects-999']);
        await assertRefused(at.api, 'POST', `${S}/projects?clone=${project.Id}`, { Description: 'no name' }, 'Name');
        await assertRefused(at.api, 'POST', `${S}/projects?clone=${project.Id}`, { ...members(), Name: project.Name }, project.Name);
        await assertRefused(at.api, 'POST', `${S}/runbooks?clone=Runbooks-999`, { Name: 'Copy', ProjectId: project.Id }, ['clone', 'Runbooks-999']);
        await assertRefused(at.api, 'POST', `${S}/environments?clone=Environments-1`, { Name: 'Copy' }, ['clone', 'Environments-1']);
        assert.equal((await at.api.get(`${S}/projects`)).TotalResults, before);
    });

    test('environments are summed up, and have no deployment targets', async () => {
        const environment = await createEnvironment(at.api);
        const summary = await at.api.get(`${S}/environments/summary?ids=${environment.Id}`);
        assert.deepEqual([summary.TotalMachines, summary.EnvironmentSummaries.map((one) => [one.Environment.Id, one.TotalMachines])], [0, [[environment.Id, 0]]]);
        assert.equal((await at.api.get(environment.Links.Machines.replace(/\{.*/, ''))).TotalResults, 0);
    });

    test('names bind in any case, unknown members are ignored, null is the same as absent', async () => {
        const body = { name: fresh('Case'), projectgroupid: 'ProjectGroups-1', LIFECYCLEID: 'Lifecycles-1', Colour: 'red', Description: null };
        const project = await at.api.post(`${S}/projects`, body);
        assert.equal(project.Name, body.name);
        assert.equal(project.Description, '');
        assert.ok(!('Colour' in project) && !('name' in project));
    });

    test('a group or lifecycle that is not there, or is something else, is refused with member and value', async () => {
        for (const [member, value] of [['ProjectGroupId', 'ProjectGroups-99'], ['LifecycleId', 'ProjectGroups-1'], ['LifecycleId', 'no such']]) {
            await assertRefused(at.api, 'POST', `${S}/projects`, members({ Name: 'Half written', [member]: value }), [member, value]);
        }
        assert.equal((await at.api.get(`${S}/projects?name=half%20written`)).TotalResults, 0);
    });

    test('members that only clients use are kept', async () => {
        const sent = members({ ReleaseNotesTemplate: 'notes', TenantedDeploymentMode: 'TenantedOrUntenanted', AutoCreateRelease: true });
        const { Id } = await at.api.post(`${S}/projects`, sent);
        const read = await at.api.get(`${S}/projects/${Id}`);
        for (const [name, value] of Object.entries(sent)) assert.deepEqual(read[name], value, name);
    });

    test('PUT and DELETE may come as POST with X-HTTP-Method-Override', async () => {
        const project = await at.api.post(`${S}/projects`, members());
        const override = (method) => ({ headers: { 'X-HTTP-Method-Override': method } });
        const put = await at.api.send('POST', project.Links.Self, { ...project, Description: 'overridden' }, override('PUT'));
        assert.equal(put.status, 200);
        assert.equal(put.body.Description, 'overridden');
        const gone = await at.api.send('POST', project.Links.Self, undefined, override('DELETE'));
        assert.equal(gone.status, 200);
        assert.deepEqual(gone.body, {});
        assert.equal((await at.api.send('GET', project.Links.Self)).status, 404);
    });

    test('deleting a project takes all that belongs to it along', async () => {
        const project = await Project.create(at.api, { steps: [scriptStep('one', 'true')] });
        const version = await project.createRelease();
        await project.deploy({ releaseVersion: version });
        await project.createRunbook([scriptStep('two', 'true')]);
        const [release] = (await at.api.get(`${S}/projects/${project.id}/releases`)).Items;
        const [channel] = (await at.api.get(`${S}/projects/${project.id}/channels`)).Items;
        const [runbook] = (await at.api.get(`${S}/projects/${project.id}/runbooks`)).Items;
        const [deployment] = (await at.api.get(`${S}/deployments?projects=${project.id}`)).Items;
        await at.api.delete(`${S}/projects/${project.id}`);
        for (const path of [project.resource.Links.Self, release.Links.Self, channel.Links.Self, runbook.Links.Self, deployment.Links.Self,
            `${S}/deploymentprocesses/${project.resource.DeploymentProcessId}`, `${S}/variables/${project.resource.VariableSetId}`,
            `${S}/deploymentprocesses/${release.ProjectDeploymentProcessSnapshotId}`, `${S}/runbookProcesses/${runbook.RunbookProcessId}`]) {
            assert.equal((await at.api.send('GET', path)).status, 404, path);
        }
        assert.equal((await at.api.send('POST', `${S}/projects`, members({ Name: project.name }))).status, 201);
    });

    test('a project, environment or release whose task has not ended is not deleted', async () => {
        const project = await Project.create(at.api, { steps: [scriptStep('wait', 'sleep 600')] });
        const version = await project.createRelease();
        const task = await project.startDeployment({ releaseVersion: version });
        await waitForState(at.api, task, 'Executing');
        const release = await at.api.get(`${S}/projects/${project.id}/releases/${version}`);
        for (const path of [project.resource.Links.Self, project.environment.Links.Self, release.Links.Self]) {
            await assertRefused(at.api, 'DELETE', path, undefined, task);
        }
        await cancelTask(at.api, task);
        await waitForTask(at.api, task);
        assert.equal((await at.api.send('DELETE', project.resource.Links.Self)).status, 200);
        assert.equal((await at.api.send('DELETE', project.environment.Links.Self)).status, 200);
    });

    test('what something else needs is not deleted, and the answer names who needs it', async () => {
        const group = await at.api.post(`${S}/projectgroups`, { Name: fresh('Group') });
        const project = await at.api.post(`${S}/projects`, members({ ProjectGroupId: group.Id }));
        await assertRefused(at.api, 'DELETE', group.Links.Self, undefined, [group.Name, project.Name, project.Id]);
        assert.deepEqual(names((await at.api.get(`${S}/projectgroups/${group.Id}/projects`)).Items), [project.Name]);
        await at.api.delete(project.Links.Self);
        await at.api.delete(group.Links.Self);
    });

    test('a project has one default channel at any time', async () => {
        const project = await at.api.post(`${S}/projects`, members());
        const [first] = (await at.api.get(`${S}/projects/${project.Id}/channels`)).Items;
        await assertRefused(at.api, 'DELETE', first.Links.Self, undefined, 'default');
        await assertRefused(at.api, 'PUT', first.Links.Self, { ...first, IsDefault: false }, 'IsDefault');
        const second = await at.api.post(`${S}/projects/${project.Id}/channels`, { Name: 'Hotfix', IsDefault: true });
        assert.equal(second.ProjectId, project.Id);
        assert.equal((await at.api.get(first.Links.Self)).IsDefault, false);
        await at.api.delete(first.Links.Self);
        assert.deepEqual(names((await at.api.get(`${S}/projects/${project.Id}/channels`)).Items), ['Hotfix']);
    });

    test('channels of two projects may share a name, those of one may not', async () => {
        const [one, two] = [await at.api.post(`${S}/projects`, members()), await at.api.post(`${S}/projects`, members())];
        for (const project of [one, two]) await at.api.post(`${S}/channels`, { Name: 'Beta', ProjectId: project.Id });
        await assertRefused(at.api, 'POST', `${S}/channels`, { Name: 'beta', ProjectId: one.Id }, 'beta');
        const beta = await at.api.get(`${S}/projects/${two.Id}/channels/beta`);
        assert.equal(beta.ProjectId, two.Id);
        assert.equal((await at.api.send('GET', `${S}/projects/${one.Id}/channels/${beta.Id}`)).status, 404);
    });

    test('a lifecycle keeps its phases, with ids of their own', async () => {
        const environment = await createEnvironment(at.api);
        const lifecycle = await at.api.post(`${S}/lifecycles`, {
            Name: fresh('Lifecycle'),
            Phases: [{ Name: 'Test', OptionalDeploymentTargets: [environment.Id], MinimumEnvironmentsBeforePromotion: 1 }],
        });
        const [phase] = (await at.api.get(lifecycle.Links.Self)).Phases;
        assert.match(phase.Id, /./);
        assert.deepEqual(phase.OptionalDeploymentTargets, [environment.Id]);
        await assertRefused(at.api, 'DELETE', environment.Links.Self, undefined, lifecycle.Name);
        await assertRefused(at.api, 'POST', `${S}/lifecycles`,
            { Name: fresh('Lifecycle'), Phases: [{ Name: 'A', AutomaticDeploymentTargets: ['Environments-9999'] }] }, ['/Phases/0', 'Environments-9999']);
    });

    test('deployment settings are a view of the project', async () => {
        const project = await at.api.post(`${S}/projects`, members());
        const settings = await at.api.get(project.Links.DeploymentSettings);
        assert.equal(settings.ProjectId, project.Id);
        assert.equal(settings.DefaultGuidedFailureMode, 'EnvironmentDefault');
        const put = await at.api.put(settings.Links.Self, { ...settings, ReleaseNotesTemplate: 'new' });
        assert.equal(put.ReleaseNotesTemplate, 'new');
        assert.equal((await at.api.get(project.Links.Self)).ReleaseNotesTemplate, 'new');
        assert.equal((await at.api.get(project.Links.Self)).Name, project.Name);
    });
});
