// Scheduled triggers: kept as they were written, due by the clocks of their zone, acting once for each time (rest.md 2.17).
import { createEnvironment, Project, scriptStep, waitForTask } from '../lib/project.mjs';
import { until } from '../lib/processes.mjs';
import { apiSuite, assert, assertRefused, fresh, names, S, test } from './suite.mjs';

const daily = { FilterType: 'OnceDailySchedule', StartTime: '2024-03-22T09:00:00.000Z', Timezone: 'Europe/London', DaysOfWeek: ['Monday', 'Friday'] };
const eachSecond = { FilterType: 'CronExpressionSchedule', CronExpression: '* * * * * *', Timezone: 'UTC' };

apiSuite('triggers', (at) => {
    const step = scriptStep('one', 'true');
    const trigger = (project, more) => ({ Name: fresh('Trigger'), ProjectId: project.id, Filter: daily, ...more });
    const create = (project, more) => at.api.post(`${S}/projecttriggers`, trigger(project, more));
    const stop = (one) => at.api.put(one.Links.Self, { ...one, IsDisabled: true });
    const deploymentsOf = async (project) => (await at.api.get(`${S}/deployments?projects=${project.id}`)).Items;

    async function runbookOf(project) {
        const runbook = await project.createRunbook([step]);
        return { ActionType: 'RunRunbook', RunbookId: runbook.Id, EnvironmentIds: [project.environment.Id] };
    }

    test('a trigger is created, read, changed and deleted, and gives back what was written', async () => {
        const project = await Project.create(at.api);
        const written = trigger(project, { Description: 'at night', Action: await runbookOf(project) });
        const one = await at.api.post(`${S}/projecttriggers`, written);
        for (const [name, value] of Object.entries(written)) assert.deepEqual(one[name], value, name);
        assert.deepEqual(await at.api.get(one.Links.Self), one);
        assert.deepEqual(names((await at.api.get(`${S}/projects/${project.id}/triggers`)).Items), [one.Name]);
        assert.deepEqual(await at.api.get(`${S}/projects/${project.id}/triggers/${one.Id}`), one);
        const changed = await at.api.put(`${S}/projects/${project.id}/triggers/${one.Id}`, { ...one, Filter: { ...daily, DaysOfWeek: ['Sunday'] } });
        assert.deepEqual(changed.Filter.DaysOfWeek, ['Sunday']);
        const second = await at.api.post(`${S}/projects/${project.id}/triggers`, trigger(project, { Action: written.Action }));
        assert.ok(names(await at.api.get(`${S}/projecttriggers/all`)).includes(second.Name));
        assert.equal((await at.api.get(`${S}/projecttriggers?runbooks=${written.Action.RunbookId}`)).TotalResults, 2);
        assert.equal((await at.api.get(`${S}/projecttriggers?runbooks=Runbooks-none`)).TotalResults, 0);
        await at.api.delete(one.Links.Self);
        await at.api.delete(`${S}/projects/${project.id}/triggers/${second.Id}`);
        assert.equal((await at.api.send('GET', one.Links.Self)).status, 404);
    });

    test('what a trigger cannot do is refused when it is saved', async () => {
        const project = await Project.create(at.api);
        const Action = await runbookOf(project);
        const refuse = (more, words) => assertRefused(at.api, 'POST', `${S}/projecttriggers`, trigger(project, { Action, ...more }), words);
        await refuse({ Filter: { ...daily, Timezone: 'Mars/Olympus' } }, ['Timezone', 'Mars/Olympus']);
        await refuse({ Filter: { ...daily, Timezone: '../../etc/passwd' } }, ['Timezone']);
        await refuse({ Filter: { ...daily, StartTime: 'nine' } }, ['StartTime', 'nine']);
        await refuse({ Filter: { FilterType: 'CronExpressionSchedule', CronExpression: '0 25 * * *' } }, ['CronExpression', '25']);
        await refuse({ Filter: { FilterType: 'MachineFilter' } }, ['MachineFilter', 'deployment targets']);
        await refuse({ Filter: { FilterType: 'Whenever' } }, ['FilterType', 'Whenever', 'OnceDailySchedule']);
        await refuse({ Action: { ActionType: 'RunRunbook', RunbookId: Action.RunbookId } }, ['EnvironmentIds']);
        await refuse({ Action: { ...Action, EnvironmentIds: ['Environments-9999'] } }, ['Environments-9999']);
        await refuse({ Action: { ...Action, TenantIds: ['Tenants-1'] } }, ['tenants']);
        await refuse({ Action: { ActionType: 'Dance' } }, ['ActionType', 'Dance', 'RunRunbook']);
    });

    test('what a trigger needs cannot be deleted', async () => {
        const project = await Project.create(at.api);
        const Action = await runbookOf(project);
        const one = await create(project, { Action });
        await assertRefused(at.api, 'DELETE', `${S}/runbooks/${Action.RunbookId}`, undefined, [one.Name]);
        await assertRefused(at.api, 'DELETE', `${S}/environments/${project.environment.Id}`, undefined, [one.Name]);
    });

    test('a trigger runs its runbook each time that it is due, until it is switched off', async () => {
        const project = await Project.create(at.api);
        const Action = await runbookOf(project);
        const one = await create(project, { Filter: eachSecond, Action });
        const runs = async () => (await at.api.get(`${S}/runbooks/${Action.RunbookId}/runbookRuns`)).Items;
        await until('a second run', async () => (await runs()).length >= 2);
        await stop(one);
        const items = await runs();
        for (const run of items) assert.equal((await waitForTask(at.api, run.TaskId)).State, 'Success');
        const starts = items.map((run) => Math.floor(Date.parse(run.Created) / 1000));
        assert.equal(new Set(starts).size, starts.length, `twice in a second: ${starts}`);
        assert.deepEqual([items[0].DeployedBy, items[0].Comments], ['system', `Made by the trigger ${one.Name}`]);
    });

    test('a new release is made and deployed', async () => {
        const project = await Project.create(at.api, { steps: [step] });
        const one = await create(project, { Filter: eachSecond, Action: { ActionType: 'DeployNewRelease', EnvironmentId: project.environment.Id } });
        const [deployment] = await until('a deployment', async () => (await deploymentsOf(project)).length && deploymentsOf(project));
        await stop(one);
        assert.equal((await waitForTask(at.api, deployment.TaskId)).State, 'Success');
        const release = await at.api.get(`${S}/releases/${deployment.ReleaseId}`);
        assert.equal(release.ReleaseNotes, `Made by the trigger ${one.Name}`);
    });

    test('the latest release of one environment goes to another, and not again while it stands there', async () => {
        const project = await Project.create(at.api, { steps: [step] });
        const target = await createEnvironment(at.api);
        const version = await project.createRelease();
        await project.deploy({ releaseVersion: version });
        await project.createRelease(); // newer, but nowhere yet
        const one = await create(project, { Filter: eachSecond, Action: {
            ActionType: 'DeployLatestRelease', SourceEnvironmentIds: [project.environment.Id], DestinationEnvironmentId: target.Id } });
        const there = async () => (await deploymentsOf(project)).filter((item) => item.EnvironmentId === target.Id);
        const [deployment] = await until('a deployment', async () => (await there()).length && there());
        assert.equal((await waitForTask(at.api, deployment.TaskId)).State, 'Success');
        assert.equal((await at.api.get(`${S}/releases/${deployment.ReleaseId}`)).Version, version);
        const before = (await there()).length;
        const other = await create(project, { Filter: eachSecond, Action: await runbookOf(project) });
        await until('two times more', async () => (await at.api.get(`${S}/runbookRuns?projects=${project.id}`)).TotalResults >= 2);
        for (const each of [one, other]) await stop(each);
        assert.equal((await there()).length, before);
    });

    test('a trigger that cannot act says so in the audit and stays', async () => {
        const project = await Project.create(at.api, { steps: [step] });
        const one = await create(project, { Filter: eachSecond, Action: {
            ActionType: 'DeployLatestRelease', SourceEnvironmentIds: [project.environment.Id], DestinationEnvironmentId: project.environment.Id } });
        if (at.query) await until('the event', async () => /no release has succeeded/.test(JSON.stringify(await at.query(`select message from event where category = 'TriggerActionFailed' and message like '%${one.Id}%'`))));
        await stop(one);
    });

    test('a time that the server missed is made up for within an hour, and passed over after that', async () => {
        if (!at.query) return; // the clock of a trigger is turned in the database, on PostgreSQL only
        const project = await Project.create(at.api);
        const Action = await runbookOf(project);
        const [late, missed] = [await create(project, { Action }), await create(project, { Action })];
        const due = (one, minutes) => at.query(`update trigger_due set due_at = ${Date.now() - minutes * 60000} where trigger_id = '${one.Id}'`);
        await due(missed, 61);
        await until('the event', async () => /not there in time/.test(JSON.stringify(await at.query(`select message from event where message like '%${missed.Id}%'`))));
        await due(late, 59);
        const items = await until('a run', async () => {
            const page = await at.api.get(`${S}/runbooks/${Action.RunbookId}/runbookRuns`);
            return page.TotalResults > 0 && page.Items;
        });
        assert.deepEqual(items.map((run) => run.Comments), [`Made by the trigger ${late.Name}`]);
    });
});
