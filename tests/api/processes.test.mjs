// Deployment and runbook processes: reached three ways, replaced under their version, checked as a whole (rest.md 2.12).
import octopus from '@octopusdeploy/api-client';
import { createEnvironment, Project, scriptStep } from '../lib/project.mjs';
import { apiSuite, assert, assertRefused, S, test } from './suite.mjs';

apiSuite('processes', (at) => {
    const withSteps = async (...steps) => {
        const project = await Project.create(at.api);
        const path = `${S}/deploymentprocesses/${project.resource.DeploymentProcessId}`;
        return { project, path, process: { ...(await at.api.get(path)), Steps: steps } };
    };

    test('a process is reached by its id, by its project and by both', async () => {
        const { project, path, process } = await withSteps(scriptStep('one', 'true'));
        const put = await at.api.put(path, process);
        assert.equal(put.Version, process.Version + 1);
        for (const other of [`${S}/projects/${project.id}/deploymentprocesses`, `${S}/projects/${project.id}/deploymentprocesses/${put.Id}`,
            project.resource.Links.DeploymentProcess, put.Links.Self]) {
            assert.deepEqual(await at.api.get(other), put, other);
        }
        const stranger = await Project.create(at.api);
        assert.equal((await at.api.send('GET', `${S}/projects/${stranger.id}/deploymentprocesses/${put.Id}`)).status, 404);
    });

    test('processes and variable sets are listed as they are now, or by ids also as they were frozen', async () => {
        const { project, path, process } = await withSteps(scriptStep('one', 'true'));
        await at.api.put(path, process);
        const version = await project.createRelease();
        const release = await at.api.get(`${S}/projects/${project.id}/releases/${version}`);
        const runbook = await project.createRunbook([scriptStep('hi', 'true')]);
        const frozen = release.ProjectDeploymentProcessSnapshotId;
        const all = (await at.api.get(`${S}/deploymentprocesses?take=1000`)).Items.map((one) => one.Id);
        assert.ok(all.includes(process.Id) && !all.some((id) => id.includes('-s-')));
        const some = await at.api.get(`${S}/deploymentprocesses?ids=${process.Id},${frozen},deploymentprocess-Projects-999`);
        assert.deepEqual([some.TotalResults, some.Items.map((one) => one.Id).sort()], [2, [process.Id, frozen].sort()]);
        assert.deepEqual((await at.api.get(`${S}/runbookProcesses?ids=${runbook.RunbookProcessId}`)).Items, [await at.api.get(`${S}/runbookProcesses/${runbook.RunbookProcessId}`)]);
        const set = await at.api.get(project.resource.Links.Variables);
        assert.deepEqual(await at.api.get(`${S}/variables?ids=${set.Id}`), [set]);
        assert.ok((await at.api.get(`${S}/variables`)).some((one) => one.Id === set.Id));
    });

    test('new steps and actions get ids and slugs, which stay', async () => {
        const { path, process } = await withSteps(scriptStep('Say hello', 'true'), scriptStep('Say  Hello!', 'true'));
        const first = await at.api.put(path, process);
        const ids = first.Steps.flatMap((step) => [step.Id, step.Actions[0].Id]);
        assert.equal(new Set(ids).size, 4);
        assert.ok(ids.every((id) => /^[0-9a-f-]{36}$/.test(id)), String(ids));
        assert.deepEqual(first.Steps.map((step) => step.Slug), ['say-hello', 'say-hello-1']);
        const second = await at.api.put(path, first);
        assert.deepEqual(second.Steps, first.Steps);
    });

    test('a stale version is 409 and changes nothing', async () => {
        const { path, process } = await withSteps(scriptStep('one', 'true'));
        const put = await at.api.put(path, process);
        await assertRefused(at.api, 'PUT', path, { ...process, Steps: [] }, [`${put.Version}`, `${process.Version}`, put.Id], 409);
        assert.deepEqual(await at.api.get(path), put);
    });

    test('of two writers with the same version one wins', async () => {
        const { path, process } = await withSteps(scriptStep('one', 'true'));
        const answers = await Promise.all([1, 2, 3, 4].map((n) => at.api.send('PUT', path, { ...process, Steps: [scriptStep(`by ${n}`, 'true')] })));
        assert.deepEqual(answers.map((a) => a.status).sort(), [200, 409, 409, 409], answers.map((a) => a.text).join('\n'));
        assert.equal((await at.api.get(path)).Version, process.Version + 1);
    });

    test('every problem of the steps is said at once, with place, name and value', async () => {
        const { path, process } = await withSteps();
        const nameless = scriptStep('x', 'true');
        nameless.Name = '';
        const odd = scriptStep('odd', 'true', { Condition: 'Sometimes', StartTrigger: 'Never' });
        odd.Actions[0].ActionType = '';
        const answer = await at.api.send('PUT', path, { ...process, Steps: [nameless, odd] });
        assert.equal(answer.status, 400);
        for (const [place, word] of [['/Steps/0/Name', ''], ['/Steps/1/Condition', 'Sometimes'], ['/Steps/1/StartTrigger', 'Never'], ['/Steps/1/Actions/0/ActionType', '']]) {
            assert.ok(answer.body.Errors.some((line) => line.startsWith(place) && line.includes(word)), `${place}: ${answer.text}`);
        }
        assert.equal((await at.api.get(path)).Version, process.Version);
    });

    test('two steps of one name, a step without action, and a step with two pools are refused', async () => {
        const { path, process } = await withSteps();
        await assertRefused(at.api, 'PUT', path, { ...process, Steps: [scriptStep('same', 'true'), scriptStep('SAME', 'true')] }, ['/Steps/1', 'SAME']);
        await assertRefused(at.api, 'PUT', path, { ...process, Steps: [scriptStep('empty', 'true', { Actions: [] })] }, ['empty', 'action']);
        await assertRefused(at.api, 'PUT', path,
            { ...process, Steps: [scriptStep('both', 'true', { action: { WorkerPoolId: 'WorkerPools-1', WorkerPoolVariable: 'Pool' } })] },
            "A step can't have both a worker pool id and a worker pool variable");
    });

    test('a pool, environment, channel or variable that is not there is refused with place and value', async () => {
        const { project, path, process } = await withSteps();
        const stranger = await Project.create(at.api);
        const [channel] = (await at.api.get(`${S}/projects/${stranger.id}/channels`)).Items;
        for (const [action, place, value] of [
            [{ WorkerPoolId: 'WorkerPools-99' }, '/Steps/0/Actions/0/WorkerPoolId', 'WorkerPools-99'],
            [{ WorkerPoolId: project.environment.Id }, '/Steps/0/Actions/0/WorkerPoolId', project.environment.Id],
            [{ Environments: [project.environment.Id, 'Environments-99'] }, '/Steps/0/Actions/0/Environments/1', 'Environments-99'],
            [{ ExcludedEnvironments: ['nowhere'] }, '/Steps/0/Actions/0/ExcludedEnvironments/0', 'nowhere'],
            [{ Channels: [channel.Id] }, '/Steps/0/Actions/0/Channels/0', channel.Id],
            [{ WorkerPoolVariable: 'No such' }, '/Steps/0/Actions/0/WorkerPoolVariable', 'No such'],
        ]) {
            await assertRefused(at.api, 'PUT', path, { ...process, Steps: [scriptStep('one', 'true', { action })] }, [place, value]);
        }
        assert.deepEqual((await at.api.get(path)).Steps, []);
        await project.setVariables([{ Name: 'My pool', Type: 'WorkerPool', Value: 'WorkerPools-1' }]);
        const good = scriptStep('one', 'true', { action: { WorkerPoolVariable: 'my pool', WorkerPoolId: '' } });
        assert.equal((await at.api.put(path, { ...process, Steps: [good] })).Steps[0].Actions[0].WorkerPoolId, null);
    });

    test('an environment that a step names is not deleted while it does', async () => {
        const environment = await createEnvironment(at.api);
        const { path, process } = await withSteps(scriptStep('one', 'true', { action: { Environments: [environment.Id] } }));
        const put = await at.api.put(path, process);
        await assertRefused(at.api, 'DELETE', environment.Links.Self, undefined, process.Id);
        await at.api.put(path, { ...put, Steps: [] });
        assert.equal((await at.api.send('DELETE', environment.Links.Self)).status, 200);
    });

    test('a sensitive property is never shown, and kept when it is sent back as it was read', async () => {
        const secret = { HasValue: true, NewValue: 'open sesame' };
        const { path, process } = await withSteps(scriptStep('one', 'true', { properties: { Password: secret, Flag: true } }));
        const hidden = { HasValue: true, NewValue: null, Hint: null };
        const first = await at.api.put(path, process);
        assert.deepEqual(first.Steps[0].Actions[0].Properties.Password, hidden);
        assert.equal(first.Steps[0].Actions[0].Properties.Flag, 'True');
        const second = await at.api.put(path, first);
        assert.deepEqual(second.Steps[0].Actions[0].Properties.Password, hidden);
        assert.ok(!JSON.stringify(second).includes('sesame'));
    });

    test('the release template tells the next version', async () => {
        const { project, path, process } = await withSteps(scriptStep('one', 'true'));
        const template = (await at.api.get(path)).Links.Template.replace('{?channel}', '');
        assert.equal((await at.api.get(template)).NextVersionIncrement, '0.0.1');
        await at.api.put(path, process);
        await project.createRelease({ releaseVersion: '1.2.9' });
        const next = await at.api.get(template);
        assert.equal(next.NextVersionIncrement, '1.2.10');
        assert.equal(next.LastReleaseVersion, '1.2.9');
        assert.deepEqual(next.Packages, []);
    });

    test('the public client reads and writes a process', async () => {
        const { project } = await withSteps();
        const processes = new octopus.DeploymentProcessRepository(await at.server.client(), 'Default');
        const process = await processes.get(project.resource);
        process.Steps = [scriptStep('by the client', 'true')];
        assert.equal((await processes.update(project.resource, process)).Steps[0].Name, 'by the client');
    });
});
