// Runbooks, their processes, snapshots and runs (rest.md 2.14).
import octopus from '@octopusdeploy/api-client';
import { createEnvironment, Project, rawLog, scriptStep, waitForTask } from '../lib/project.mjs';
import { apiSuite, assert, assertRefused, fresh, names, S, test } from './suite.mjs';

const V1 = `${S}/runbook-runs/create/v1`;

apiSuite('runbooks', (at) => {
    const withRunbook = async (more = {}, step = scriptStep('hello', 'echo hello')) => {
        const project = await Project.create(at.api);
        const runbook = await at.api.post(`${S}/projects/${project.id}/runbooks`, { Name: fresh('Runbook'), ...more });
        const path = `${S}/runbookProcesses/${runbook.RunbookProcessId}`;
        await at.api.put(path, { ...(await at.api.get(path)), Steps: [step] });
        const command = { projectName: project.name, runbookName: runbook.Name, environmentNames: [project.environment.Name] };
        return { project, runbook, path, command };
    };

    test('a new runbook has a process, and what clients need of it', async () => {
        const { project, runbook, path } = await withRunbook();
        assert.deepEqual([runbook.ProjectId, runbook.MultiTenancyMode, runbook.EnvironmentScope, runbook.DefaultGuidedFailureMode, runbook.PublishedRunbookSnapshotId],
            [project.id, 'Untenanted', 'All', 'EnvironmentDefault', null]);
        const process = await at.api.get(path);
        assert.deepEqual([process.RunbookId, process.ProjectId, process.Version], [runbook.Id, project.id, 1]);
        assert.deepEqual(await at.api.get(`${S}/projects/${project.id}/runbookProcesses/${process.Id}`), process);
        assert.deepEqual(await at.api.get(runbook.Links.Self), await at.api.get(`${S}/projects/${project.id}/runbooks/${runbook.Slug}`));
        assert.deepEqual(names((await at.api.get(`${S}/projects/${project.id}/runbooks?partialName=runb`)).Items), [runbook.Name]);
        assert.deepEqual(names((await at.api.get(`${S}/runbooks?projectIds=${project.id}`)).Items), [runbook.Name]);
    });

    test('runbooks of two projects may share a name, those of one may not', async () => {
        const { project, runbook } = await withRunbook();
        const stranger = await Project.create(at.api);
        const other = await at.api.post(`${S}/runbooks`, { Name: runbook.Name, ProjectId: stranger.id });
        await assertRefused(at.api, 'POST', `${S}/runbooks`, { Name: runbook.Name.toUpperCase(), ProjectId: project.id }, runbook.Name.toUpperCase());
        await assertRefused(at.api, 'POST', `${S}/runbooks`, { Name: 'Of nobody', ProjectId: 'Projects-999' }, ['ProjectId', 'Projects-999']);
        assert.equal((await at.api.get(`${S}/projects/${stranger.id}/runbooks/${encodeURIComponent(runbook.Name)}`)).Id, other.Id);
        assert.equal((await at.api.send('GET', `${S}/projects/${stranger.id}/runbooks/${runbook.Id}`)).status, 404);
        assert.equal((await at.api.send('DELETE', `${S}/projects/${stranger.id}/runbooks/${runbook.Id}`)).status, 404);
    });

    test('a snapshot freezes the process; publishing is a question of the query or of the runbook', async () => {
        const { project, runbook, path } = await withRunbook();
        const first = await at.api.post(`${S}/projects/${project.id}/runbookSnapshots`, { RunbookId: runbook.Id, ProjectId: project.id, Name: 'First', Notes: 'n' });
        assert.equal((await at.api.get(runbook.Links.Self)).PublishedRunbookSnapshotId, null);
        await at.api.put(path, { ...(await at.api.get(path)), Steps: [scriptStep('later', 'true')] });
        const second = await at.api.post(`${S}/runbookSnapshots?publish=true`, { RunbookId: runbook.Id, Name: 'Second' });
        assert.equal((await at.api.get(runbook.Links.Self)).PublishedRunbookSnapshotId, second.Id);
        const frozen = await at.api.get(`${S}/runbookProcesses/${first.FrozenRunbookProcessId}`);
        assert.equal(frozen.Steps[0].Name, 'hello');
        await assertRefused(at.api, 'PUT', frozen.Links.Self, frozen, 'snapshot');
        const list = `${S}/projects/${project.id}/runbooks/${runbook.Id}/runbookSnapshots`;
        assert.deepEqual(names((await at.api.get(list)).Items), ['Second', 'First']);
        assert.equal((await at.api.get(`${list}/first`)).Id, first.Id);
        assert.equal((await at.api.get(`${S}/projects/${project.id}/runbookSnapshots/First`)).Id, first.Id);
        const published = await at.api.put(runbook.Links.Self, { ...(await at.api.get(runbook.Links.Self)), PublishedRunbookSnapshotId: first.Id });
        assert.equal(published.PublishedRunbookSnapshotId, first.Id);
        await assertRefused(at.api, 'POST', `${S}/runbookSnapshots`, { RunbookId: runbook.Id, Name: 'first' }, 'first');
        await assertRefused(at.api, 'DELETE', first.Links.Self, undefined, ['First', 'published']);
        assert.deepEqual(await at.api.delete(second.Links.Self), {});
    });

    test('a snapshot is made only under the project of its runbook', async () => {
        const { project, runbook } = await withRunbook();
        const other = await Project.create(at.api);
        const body = { RunbookId: runbook.Id, Name: 'Astray' };
        await assertRefused(at.api, 'POST', `${S}/projects/${other.id}/runbookSnapshots`, body, ['RunbookId', runbook.Id]);
        await assertRefused(at.api, 'POST', `${S}/runbookSnapshots`, { ...body, ProjectId: other.id }, ['RunbookId', runbook.Id]);
        assert.equal((await at.api.send('POST', `${S}/projects/Projects-999/runbookSnapshots`, body)).status, 404);
        assert.equal((await at.api.get(`${S}/projects/${project.id}/runbookSnapshots`)).TotalResults, 0);
    });

    test('a stale version of a runbook process is 409 and changes nothing', async () => {
        const { path } = await withRunbook();
        const process = await at.api.get(path);
        const put = await at.api.put(path, { ...process, Steps: [scriptStep('two', 'true')] });
        await assertRefused(at.api, 'PUT', path, { ...process, Steps: [] }, [put.Id, `${put.Version}`, `${process.Version}`], 409);
        assert.deepEqual(await at.api.get(path), put);
    });

    test('a snapshot shows where and what it would run, and takes new variables when it is asked to', async () => {
        const { project, runbook, path } = await withRunbook();
        const snapshot = await at.api.post(`${S}/runbookSnapshots`, { RunbookId: runbook.Id, Name: 'Draft' });
        assert.equal((await at.api.get(snapshot.Links.RunbookRunTemplate)).IsRunbookProcessModified, false);
        await at.api.put(path, { ...(await at.api.get(path)), Steps: [scriptStep('later', 'true')] });
        const template = await at.api.get(snapshot.Links.RunbookRunTemplate);
        assert.deepEqual([template.RunbookId, template.IsRunbookProcessModified], [runbook.Id, true]);
        assert.ok(names(template.PromoteTo).includes(project.environment.Name));
        const preview = await at.api.get(snapshot.Links.RunbookRunPreview.replace('{environment}', project.environment.Id).replace(/\{\?.*/, ''));
        assert.deepEqual(preview.StepsToExecute.map((step) => step.ActionName), ['hello']);
        await project.setVariables([{ Name: 'Word', Value: 'new' }]);
        const updated = await at.api.post(snapshot.Links.SnapshotVariables);
        assert.equal(updated.FrozenRunbookProcessId, snapshot.FrozenRunbookProcessId);
        assert.deepEqual((await at.api.get(updated.Links.ProjectVariableSnapshot)).Variables.map((v) => v.Value), ['new']);
        assert.deepEqual(await at.api.get(snapshot.Links.Self), updated);
    });

    test('a runbook publishes only a snapshot of its own', async () => {
        const [one, two] = [await withRunbook(), await withRunbook()];
        const snapshot = await one.project.publish(one.runbook);
        for (const id of [snapshot.Id, 'RunbookSnapshots-999']) {
            await assertRefused(at.api, 'PUT', two.runbook.Links.Self, { ...two.runbook, PublishedRunbookSnapshotId: id }, ['PublishedRunbookSnapshotId', id]);
        }
    });

    test('the snapshot template names the next snapshot, and a snapshot without name gets it', async () => {
        const { runbook } = await withRunbook();
        const template = await at.api.get(runbook.Links.RunbookSnapshotTemplate);
        assert.deepEqual([template.NextNameIncrement, template.Packages], ['Snapshot 1', []]);
        assert.equal((await at.api.post(`${S}/runbookSnapshots`, { RunbookId: runbook.Id })).Name, 'Snapshot 1');
        assert.equal((await at.api.get(runbook.Links.RunbookSnapshotTemplate)).NextNameIncrement, 'Snapshot 2');
    });

    test('a run needs a published snapshot or a named one of that runbook', async () => {
        const { project, runbook, command } = await withRunbook();
        await assertRefused(at.api, 'POST', V1, command, ['snapshot', runbook.Name]);
        const snapshot = await at.api.post(`${S}/runbookSnapshots`, { RunbookId: runbook.Id, Name: 'Draft' });
        await assertRefused(at.api, 'POST', V1, { ...command, snapshot: 'No such' }, ['snapshot', 'No such']);
        const answer = await at.api.send('POST', V1, { ...command, snapshot: 'draft' });
        assert.equal(answer.status, 201, answer.text);
        const [{ RunbookRunId, ServerTaskId }] = answer.body.RunbookRunServerTasks;
        assert.equal((await waitForTask(at.api, ServerTaskId)).State, 'Success', await rawLog(at.api, ServerTaskId));
        const run = await at.api.get(`${S}/runbookRuns/${RunbookRunId}`);
        assert.deepEqual([run.RunbookSnapshotId, run.RunbookId, run.TaskId, run.ProjectId], [snapshot.Id, runbook.Id, ServerTaskId, project.id]);
        assert.deepEqual((await at.api.get(`${S}/runbookRuns?runbooks=${runbook.Id}`)).Items.map((r) => r.Id), [RunbookRunId]);
        assert.deepEqual((await at.api.get(`${S}/runbookSnapshots/${snapshot.Id}/runbookRuns`)).Items.map((r) => r.Id), [RunbookRunId]);
    });

    test('what a run names is checked, and when one environment is wrong nothing runs', async () => {
        const { project, runbook, command } = await withRunbook();
        await project.publish(runbook);
        await assertRefused(at.api, 'POST', V1, { ...command, runbookName: 'No such' }, ['runbookName', 'No such']);
        await assertRefused(at.api, 'POST', V1, { ...command, environmentNames: [project.environment.Name, 'No such'] }, ['environmentNames', 'No such']);
        await assertRefused(at.api, 'POST', V1, { ...command, tenants: ['T'] }, ['Tenants', 'T']);
        await assertRefused(at.api, 'POST', V1, {}, ['ProjectName', 'RunbookName', 'EnvironmentNames']);
        assert.equal((await at.api.get(`${S}/runbookRuns?runbooks=${runbook.Id}`)).TotalResults, 0);
    });

    test('a runbook runs only in the environments of its scope', async () => {
        const [allowed, other] = [await createEnvironment(at.api), await createEnvironment(at.api)];
        const { project, runbook, command } = await withRunbook({ EnvironmentScope: 'Specified', Environments: [allowed.Id] });
        await project.publish(runbook);
        assert.deepEqual(names(await at.api.get(`${S}/projects/${project.id}/runbooks/${runbook.Id}/environments`)), [allowed.Name]);
        await assertRefused(at.api, 'POST', V1, { ...command, environmentNames: [other.Id] }, [other.Name, runbook.Name]);
        assert.equal((await project.run(runbook, { environment: allowed })).State, 'Success');
        await assertRefused(at.api, 'DELETE', allowed.Links.Self, undefined, runbook.Name);
    });

    test('a preview shows where a runbook may run and which steps would run there', async () => {
        const { project, runbook } = await withRunbook({}, scriptStep('off', 'true', { action: { IsDisabled: true } }));
        await project.setVariables([{ Name: 'Who', Value: 'you', Prompt: { Label: 'Who?', Required: false } }]);
        const { PromoteTo } = await at.api.get(runbook.Links.RunbookRunTemplate);
        const link = PromoteTo.find((one) => one.Id === project.environment.Id).Links.RunbookRunPreview.replace('{?includeDisabledSteps}', '');
        assert.deepEqual((await at.api.get(link)).StepsToExecute, []);
        const preview = await at.api.get(`${link}?includeDisabledSteps=true`);
        assert.deepEqual(preview.StepsToExecute.map((step) => [step.ActionName, step.IsDisabled]), [['off', true]]);
        assert.deepEqual(preview.Form.Elements.map((one) => one.Control.Name), ['Who']);
    });

    test('the classic forms take documents', async () => {
        const { project, runbook } = await withRunbook();
        await project.publish(runbook);
        const run = await at.api.post(`${S}/runbookRuns`, { RunbookId: runbook.Id, EnvironmentId: project.environment.Id, Comments: 'classic' });
        assert.deepEqual(await at.api.get(run.Links.Self), run);
        assert.equal(run.Comments, 'classic');
        const runs = await at.api.post(runbook.Links.CreateRunbookRun, { EnvironmentIds: [project.environment.Id] });
        assert.equal(runs.length, 1);
        for (const one of [run, ...runs]) assert.equal((await waitForTask(at.api, one.TaskId)).State, 'Success');
    });

    test('the public client makes, publishes and runs a runbook', async () => {
        const project = await Project.create(at.api);
        const client = await at.server.client();
        const runbook = await new octopus.RunbookRepository(client, 'Default', project.resource).create({
            Name: 'By the client', ProjectId: project.id, EnvironmentScope: 'All', MultiTenancyMode: 'Untenanted', DefaultGuidedFailureMode: 'Off',
            RunRetentionPolicy: { QuantityToKeep: 5, ShouldKeepForever: false },
        });
        const processes = new octopus.RunbookProcessRepository(client, 'Default', project.resource);
        await processes.update({ ...(await processes.get(runbook)), Steps: [scriptStep('hi', 'echo hi')] });
        await new octopus.RunbookSnapshotRepository(client, 'Default', project.resource).create(runbook, 'One', true);
        const { RunbookRunServerTasks: [one] } = await new octopus.RunbookRunRepository(client, 'Default').create({
            spaceName: 'Default', ProjectName: project.name, RunbookName: 'By the client', EnvironmentNames: [project.environment.Name],
        });
        const task = await new octopus.ServerTaskWaiter(client, 'Default').waitForServerTaskToComplete(one.ServerTaskId, 50, 60000);
        assert.equal(task.State, 'Success');
    });
});
