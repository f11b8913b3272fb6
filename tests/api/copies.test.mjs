// Copies of projects and runbooks (rest.md 1.6, links Projects and Runbooks: clone).
import { assertEnded, messages, Project, scriptStep, waitForTask } from '../lib/project.mjs';
import { apiSuite, assert, assertRefused, fresh, names, S, test } from './suite.mjs';

apiSuite('copies', (at) => {
    const copy = (project, more) => at.api.post(`${S}/projects?clone=${project.id}`,
        { Name: fresh('Copy'), ProjectGroupId: project.resource.ProjectGroupId, LifecycleId: project.resource.LifecycleId, ...more });
    const process = (id) => at.api.get(`${S}/projects/${id}/deploymentprocesses`);

    // A project in which everything points to everything.
    async function full() {
        const project = await Project.create(at.api, { steps: [scriptStep('say', 'echo "it is #{Word} and #{Secret}"'), scriptStep('beta only', 'echo beta-ran')] });
        const beta = await at.api.post(`${S}/channels`, { Name: 'Beta', ProjectId: project.id, LifecycleId: project.resource.LifecycleId });
        const before = await process(project.id);
        before.Steps[1].Actions[0].Channels = [beta.Id];
        const saved = await at.api.put(`${S}/projects/${project.id}/deploymentprocesses`, before);
        await project.setVariables([{ Name: 'Word', Value: 'fig', Scope: { Action: [saved.Steps[0].Actions[0].Id] } }, { Name: 'Word', Value: 'other' }, { Name: 'Secret', Value: 'plum-jam', IsSensitive: true },
            { Name: 'InBeta', Value: '1', Scope: { Channel: [beta.Id] } }]);
        const runbook = await project.createRunbook([scriptStep('tidy', 'echo tidied')], fresh('Tidy'));
        project.resource = await at.api.put(project.resource.Links.Self, { ...project.resource, Description: 'the first', DefaultGuidedFailureMode: 'On', VersioningStrategy: { Template: '7.7.#{Octopus.Version.NextPatch}' },
            ReleaseCreationStrategy: { ChannelId: beta.Id } });
        await project.createRelease();
        return { project, beta, runbook };
    }

    test('a project is copied with its process, variables, secrets, channels, runbooks and settings, not its releases', async () => {
        const { project, beta, runbook } = await full();
        const made = await copy(project, { Description: 'the second' });
        assert.deepEqual([made.ClonedFromProjectId, made.Description, made.DefaultGuidedFailureMode, made.VersioningStrategy.Template], [project.id, 'the second', 'On', '7.7.#{Octopus.Version.NextPatch}']);
        assert.notEqual(made.Slug, project.resource.Slug);
        const channels = (await at.api.get(`${S}/projects/${made.Id}/channels`)).Items;
        assert.deepEqual(names(channels), ['Beta', 'Default']);
        const newBeta = channels.find((one) => one.Name === 'Beta');
        assert.notEqual(newBeta.Id, beta.Id);
        assert.equal(made.ReleaseCreationStrategy.ChannelId, newBeta.Id);
        const old = await process(project.id), now = await process(made.Id);
        assert.deepEqual([now.ProjectId, now.Version, names(now.Steps)], [made.Id, 0, names(old.Steps)]);
        assert.deepEqual(now.Steps[1].Actions[0].Channels, [newBeta.Id]);
        assert.notEqual(now.Steps[0].Actions[0].Id, old.Steps[0].Actions[0].Id);
        const set = await at.api.get(made.Links.Variables);
        assert.deepEqual([set.OwnerId, set.Variables.length, set.Variables[0].Scope.Action, set.Variables[3].Scope.Channel], [made.Id, 4, [now.Steps[0].Actions[0].Id], [newBeta.Id]]);
        const [copied] = (await at.api.get(`${S}/projects/${made.Id}/runbooks`)).Items;
        assert.deepEqual([copied.Name, copied.ProjectId, copied.PublishedRunbookSnapshotId], [runbook.Name, made.Id, null]);
        assert.equal((await at.api.get(`${S}/runbookProcesses/${copied.RunbookProcessId}`)).Steps[0].Name, 'tidy');
        assert.equal((await at.api.get(`${S}/projects/${made.Id}/releases`)).TotalResults, 0);
        assert.deepEqual((await at.api.get(`${S}/projects?clonedFromProjectId=${project.id}`)).Items.map((one) => one.Id), [made.Id]);
        assert.deepEqual(await at.api.delete(made.Links.Self), {});
        assert.equal((await at.api.send('GET', `${S}/runbooks/${copied.Id}`)).status, 404);
        assert.equal((await at.api.send('GET', newBeta.Links.Self)).status, 404);
        assert.equal((await process(project.id)).Steps.length, 2);
    });

    test('triggers are copied too, and switched off until somebody wants them', async () => {
        const { project, runbook } = await full();
        const Filter = { FilterType: 'OnceDailySchedule', StartTime: '2024-03-22T09:00:00.000Z', Timezone: 'UTC', DaysOfWeek: ['Monday'] };
        await at.api.post(`${S}/projecttriggers`, { Name: 'Nightly', ProjectId: project.id, Filter, Action: { ActionType: 'RunRunbook', RunbookId: runbook.Id, EnvironmentIds: [project.environment.Id] } });
        const made = await copy(project);
        const [trigger] = (await at.api.get(`${S}/projects/${made.Id}/triggers`)).Items;
        const [copied] = (await at.api.get(`${S}/projects/${made.Id}/runbooks`)).Items;
        assert.deepEqual([trigger.Name, trigger.IsDisabled, trigger.Action.RunbookId, trigger.Filter.DaysOfWeek], ['Nightly', true, copied.Id, ['Monday']]);
        assert.equal((await at.api.put(trigger.Links.Self, { ...trigger, IsDisabled: false })).IsDisabled, false);
    });

    test('the copy deploys on its own, with the secrets of the original', async () => {
        const { project } = await full();
        const made = await copy(project);
        const release = await at.api.post(`${S}/releases/create/v1`, { projectName: made.Name });
        assert.equal(release.ReleaseVersion, '7.7.1');
        const { DeploymentServerTasks: [one] } = await at.api.post(`${S}/deployments/create/untenanted/v1`, { projectName: made.Name, releaseVersion: '7.7.1', environmentNames: [project.environment.Name] });
        await assertEnded(at.api, await waitForTask(at.api, one.ServerTaskId), 'Success');
        const said = await messages(at.api, one.ServerTaskId);
        assert.ok(said.includes('it is fig and ********'), said.join('\n'));
        assert.ok(!said.includes('beta-ran'));
    });

    test('a runbook is copied with its process, unpublished, also into another project', async () => {
        const { project, runbook } = await full();
        const second = await at.api.post(`${S}/runbooks?clone=${runbook.Id}`, { Name: 'Tidy again', ProjectId: project.id });
        assert.deepEqual([second.Name, second.ProjectId, second.PublishedRunbookSnapshotId, second.EnvironmentScope], ['Tidy again', project.id, null, 'All']);
        assert.equal((await at.api.get(`${S}/runbookProcesses/${second.RunbookProcessId}`)).Steps[0].Name, 'tidy');
        await assertRefused(at.api, 'POST', `${S}/runbooks?clone=${runbook.Id}`, { Name: 'Tidy again', ProjectId: project.id }, 'Tidy again');
        const other = await Project.create(at.api);
        const third = await at.api.post(`${S}/projects/${other.id}/runbooks?clone=${runbook.Id}`, { Name: 'Tidy there', ProjectId: other.id });
        assert.equal(third.ProjectId, other.id);
        assert.equal((await at.api.get(`${S}/projects/${other.id}/runbooks`)).Items[0].Id, third.Id);
    });

    test('the summary of a project says what it has', async () => {
        const project = await Project.create(at.api), look = () => at.api.get(project.resource.Links.Summary);
        assert.deepEqual(await look(), { HasDeploymentProcess: false, HasRunbooks: false });
        await project.setSteps([scriptStep('one', 'true')]);
        await project.createRunbook([scriptStep('one', 'true')]);
        assert.deepEqual(await look(), { HasDeploymentProcess: true, HasRunbooks: true });
    });

    test('a project has a picture', async () => {
        const project = await Project.create(at.api);
        const answer = await at.api.send('GET', project.resource.Links.Logo);
        assert.deepEqual([answer.status, answer.headers.get('content-type')], [200, 'image/svg+xml']);
        assert.match(answer.text, /^<svg /);
    });
});
