// Dashboards: which release of each project stands where (rest.md 2.17).
import { createEnvironment, Project, scriptStep } from '../lib/project.mjs';
import { apiSuite, assert, names, S, test } from './suite.mjs';

apiSuite('dashboards', (at) => {
    const ITEM = ['Id', 'ProjectId', 'EnvironmentId', 'ReleaseId', 'DeploymentId', 'TaskId', 'TenantId', 'ChannelId', 'ReleaseVersion', 'Created', 'QueueTime', 'StartTime',
        'CompletedTime', 'State', 'HasPendingInterruptions', 'PendingInterruptionTypes', 'HasWarningsOrErrors', 'ErrorMessage', 'Duration', 'IsCurrent', 'IsPrevious', 'IsCompleted', 'Links'];
    const project = (options) => Project.create(at.api, { steps: [scriptStep('one', 'exit ${code:-0}'.replace('${code:-0}', '#{Code}'))], variables: [{ Name: 'Code', Value: '0' }], ...options });
    const fail = async (one) => {
        await one.setVariables([{ Name: 'Code', Value: '3' }]);
        return one.deploy();
    };

    test('the newest deployment of each project in each environment is shown, and the last success before it', async () => {
        const one = await project(), second = await createEnvironment(at.api);
        const good = await one.deploy();
        await one.deploy({ environment: second });
        const bad = await fail(one);
        const all = await at.api.get(`${S}/dashboard?projectId=${one.id}`);
        const at1 = (list) => list.filter((item) => item.EnvironmentId === one.environment.Id);
        const [item] = at1(all.Items), [previous] = at1(all.PreviousItems);
        assert.deepEqual(Object.keys(item), ITEM);
        assert.deepEqual([item.TaskId, item.State, item.IsCurrent, item.IsPrevious, item.IsCompleted, item.ReleaseVersion], [bad.Id, 'Failed', true, false, true, '0.0.3']);
        assert.match(item.ErrorMessage, /./);
        assert.deepEqual([previous.TaskId, previous.State, previous.IsCurrent, previous.IsPrevious], [good.Id, 'Success', false, true]);
        assert.equal(all.Items.filter((x) => x.EnvironmentId === second.Id).length, 1);
        assert.deepEqual([names(all.Projects), all.Tenants, all.ProjectLimit, all.IsFiltered], [[one.name], [], null, true]);
        assert.equal(all.Projects[0].Links.Self, one.resource.Links.Self);
        assert.ok(names(all.Environments).includes(second.Name));
        assert.deepEqual(all.ProjectGroups.map((x) => x.Id), [one.resource.ProjectGroupId]);
        const release = await at.api.get(`${S}/projects/${one.id}/releases/0.0.2`);
        assert.deepEqual((await at.api.get(`${S}/dashboard?projectId=${one.id}&releaseId=${release.Id}`)).Items.map((x) => x.EnvironmentId), [second.Id]);
    });

    test('without filters all projects are there, with a limit', async () => {
        const one = await project();
        const all = await at.api.get(`${S}/dashboard`);
        assert.ok(names(all.Projects).includes(one.name));
        assert.deepEqual([all.ProjectLimit, all.IsFiltered], [500, false]);
        assert.equal((await at.api.get(`${S}/dashboard?showAll=true`)).ProjectLimit, null);
    });

    test('the dynamic one shows only the projects and environments that it is asked for', async () => {
        const one = await project(), other = await project(), second = await createEnvironment(at.api);
        const first = await one.deploy();
        await one.deploy();
        await one.deploy({ environment: second });
        await other.deploy({ environment: one.environment });
        const asked = `${S}/dashboard/dynamic?projects=${one.id}&environments=${one.environment.Id}`;
        const plain = await at.api.get(asked);
        assert.deepEqual([plain.Items.map((x) => [x.ProjectId, x.EnvironmentId]), plain.PreviousItems], [[[one.id, one.environment.Id]], []]);
        assert.deepEqual((await at.api.get(`${asked}&includePrevious=true`)).PreviousItems.map((x) => x.TaskId), [first.Id]);
        assert.deepEqual((await at.api.get(`${S}/dashboard/dynamic?projects=No-1`)).Items, []);
        const both = await at.api.get(`${S}/dashboard/dynamic?projects=${one.id},${other.id}&environments=${one.environment.Id},${second.Id}`);
        assert.equal(both.Items.length, 3);
    });
});
