// What all resources have in common, tried on each: create, read, change, delete, by every address, and the lists they stand in.
import { createEnvironment, Project, scriptStep } from '../lib/project.mjs';
import { apiSuite, assert, fresh, S, test } from './suite.mjs';

apiSuite('resources', (at) => {
    const ids = (list) => list.map((one) => one.Id);
    const page = async (path) => ids((await at.api.get(`${path}?take=1000`)).Items);
    const array = async (path) => ids(await at.api.get(path));

    // Creates, reads, changes and deletes at `path`; `read` are further paths of which "{id}" is read, `lists` those that must hold it.
    async function tour(path, body, { change, pages = [path], arrays = [], also = [] }) {
        const answer = await at.api.send('POST', path, body);
        assert.equal(answer.status, 201, `${path}: ${answer.text}`);
        const made = answer.body;
        for (const read of [`${path}/${made.Id}`, made.Links.Self, ...also.map((one) => `${one}/${made.Id}`)]) assert.deepEqual(await at.api.get(read), made, read);
        for (const list of pages) assert.ok((await page(list)).includes(made.Id), list);
        for (const list of arrays) assert.ok((await array(list)).includes(made.Id), list);
        const changed = await at.api.put(`${path}/${made.Id}`, { ...made, ...change });
        assert.deepEqual(changed, { ...made, ...change });
        assert.deepEqual(await at.api.get(made.Links.Self), changed);
        assert.deepEqual(await at.api.delete(`${path}/${made.Id}`), {});
        for (const gone of ['GET', 'PUT', 'DELETE']) assert.equal((await at.api.send(gone, made.Links.Self, gone === 'PUT' ? made : undefined)).status, 404, gone);
    }

    test('environments, project groups and lifecycles', async () => {
        for (const noun of ['environments', 'projectgroups', 'lifecycles']) {
            await tour(`${S}/${noun}`, { Name: fresh('One') }, { change: { Name: fresh('Two'), Description: 'd' }, arrays: [`${S}/${noun}/all`] });
        }
    });

    test('projects, and the lists they stand in', async () => {
        const { Id: group } = await at.api.post(`${S}/projectgroups`, { Name: fresh('Group') });
        const { Id: lifecycle } = await at.api.post(`${S}/lifecycles`, { Name: fresh('Lifecycle') });
        await tour(`${S}/projects`, { Name: fresh('Project'), ProjectGroupId: group, LifecycleId: lifecycle }, {
            change: { Description: 'd' }, pages: [`${S}/projects`, `${S}/projectgroups/${group}/projects`],
            arrays: [`${S}/projects/all`, `${S}/lifecycles/${lifecycle}/projects`],
        });
        assert.deepEqual(await page(`${S}/projectgroups/${group}/projects`), []);
    });

    test('channels, by the space and by their project', async () => {
        const project = await Project.create(at.api);
        const own = `${S}/projects/${project.id}/channels`;
        const tourOf = (path, also) => tour(path, { Name: fresh('Channel'), ProjectId: project.id },
            { change: { Description: 'd' }, pages: [`${S}/channels`, own], arrays: [`${S}/channels/all`], also: [also] });
        await tourOf(own, `${S}/channels`);
        await tourOf(`${S}/channels`, own);
    });

    test('runbooks, by the space and by their project', async () => {
        const project = await Project.create(at.api);
        const own = `${S}/projects/${project.id}/runbooks`;
        const tourOf = (path, also) => tour(path, { Name: fresh('Runbook'), ProjectId: project.id },
            { change: { Description: 'd' }, pages: [`${S}/runbooks`, own], arrays: [`${S}/runbooks/all`], also: [also] });
        await tourOf(own, `${S}/runbooks`);
        await tourOf(`${S}/runbooks`, own);
        const runbook = await project.createRunbook([scriptStep('hi', 'true')]);
        for (const path of [`${S}/runbooks/${runbook.Id}`, `${own}/${runbook.Id}`]) {
            assert.ok((await array(`${path}/environments`)).includes(project.environment.Id));
            assert.equal((await at.api.get(`${path}/runbookSnapshotTemplate`)).RunbookId, runbook.Id);
        }
    });

    test('runbook snapshots, by the space, by their project and by their runbook', async () => {
        const project = await Project.create(at.api);
        const runbook = await project.createRunbook([scriptStep('hi', 'true')]);
        const own = `${S}/projects/${project.id}/runbookSnapshots`, below = `${S}/runbooks/${runbook.Id}/runbookSnapshots`;
        const tourOf = (path, also) => tour(path, { Name: fresh('Snapshot'), RunbookId: runbook.Id },
            { change: { Name: fresh('Renamed'), Notes: 'n' }, pages: [`${S}/runbookSnapshots`, own, below], also: [also, below] });
        await tourOf(own, `${S}/runbookSnapshots`);
        await tourOf(`${S}/runbookSnapshots`, own);
    });

    test('processes are changed by every address', async () => {
        const project = await Project.create(at.api);
        const runbook = await project.createRunbook([scriptStep('hi', 'true')]);
        for (const path of [`${S}/projects/${project.id}/deploymentprocesses/${project.resource.DeploymentProcessId}`, `${S}/projects/${project.id}/deploymentprocesses`,
            `${S}/deploymentprocesses/${project.resource.DeploymentProcessId}`, `${S}/projects/${project.id}/runbookProcesses/${runbook.RunbookProcessId}`,
            `${S}/runbookProcesses/${runbook.RunbookProcessId}`]) {
            const before = await at.api.get(path);
            const put = await at.api.put(path, { ...before, Steps: [scriptStep(fresh('Step'), 'true')] });
            assert.equal(put.Version, before.Version + 1, path);
            assert.deepEqual(await at.api.get(path), put);
        }
    });

    test('releases, deployments and runs stand in the lists of what they belong to', async () => {
        const project = await Project.create(at.api, { steps: [scriptStep('one', 'true')] });
        const task = await project.deploy();
        const runbook = await project.createRunbook([scriptStep('hi', 'true')]);
        await project.run(runbook);
        const deployment = await at.api.get(`${S}/deployments/${task.Arguments.DeploymentId}`);
        const { ReleaseId, ChannelId } = deployment;
        for (const path of [`${S}/releases`, `${S}/channels/${ChannelId}/releases`, `${S}/projects/${project.id}/channels/${ChannelId}/releases`]) {
            assert.ok((await page(path)).includes(ReleaseId), path);
        }
        assert.ok((await array(`${S}/releases/all`)).includes(ReleaseId));
        assert.deepEqual(await at.api.get(`${S}/releases/${ReleaseId}/missingpackages`), { Packages: [] });
        assert.ok((await array(`${S}/deployments/all`)).includes(deployment.Id));
        const runs = await page(`${S}/runbooks/${runbook.Id}/runbookRuns`);
        assert.equal(runs.length, 1);
        assert.ok((await array(`${S}/runbookRuns/all`)).includes(runs[0]));
    });

    test('what a new installation has for workers is there', async () => {
        const [policy] = (await at.api.get(`${S}/machinepolicies`)).Items;
        assert.deepEqual([policy.Name, policy.IsDefault], ['Default Machine Policy', true]);
        assert.deepEqual(await at.api.get(policy.Links.Self), policy);
        for (const link of ['Machines', 'Workers']) assert.deepEqual(await page(policy.Links[link].replace(/\{.*/, '')), []);
        assert.equal((await array(`${S}/feeds/all`))[0], 'feeds-builtin');
        assert.deepEqual((await at.api.get(`${S}/workerpools/supportedtypes`)).SupportedPoolTypes, ['StaticWorkerPool']);
        assert.equal((await at.api.get('/api/interruptions')).TotalResults, 0);
        const environment = await createEnvironment(at.api);
        assert.deepEqual(await page(`${S}/environments/${environment.Id}/machines`), []);
    });
});
