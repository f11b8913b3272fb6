// Several nodes on one PostgreSQL that work at the same time.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { temporaryFolder } from '../lib/folder.mjs';
import { Gates } from '../lib/gates.mjs';
import { Postgres } from '../lib/postgres.mjs';
import { until } from '../lib/processes.mjs';
import { assertEnded, createEnvironment, getTask, Project, scriptStep, waitForTask } from '../lib/project.mjs';
import { Server } from '../lib/server.mjs';

async function running(server) {
    return Number(/^bobtail_tasks_running (\d+)$/m.exec((await server.api.send('GET', '/metrics')).text)?.[1]);
}

test('tasks that are queued at once fill both nodes, and what is too much waits', { timeout: 120000 }, async (t) => {
    const cluster = await Postgres.start(t);
    const a = await Server.start(t, { database: await cluster.database(), taskCap: 3, args: ['--node-name', 'A'] });
    const b = await a.startBeside(t, { taskCap: 3, args: ['--node-name', 'B'] });
    const gates = new Gates(temporaryFolder(t));
    t.after(() => gates.close());
    const project = await Project.create(a.api, { variables: [{ Name: 'Octopus.Task.ConcurrencyTag', Value: '#{Octopus.Task.Id}' }] });
    const runbook = await project.createRunbook([scriptStep('Wait', `${gates.shell}\ngate '#{Octopus.Task.Id}'`)]);
    const environments = await Promise.all(Array.from({ length: 7 }, () => createEnvironment(a.api)));

    for (let round = 0; round < 5; round++) {
        const first = Number(/\d+/.exec(await project.startRun(runbook))[0]); // no gate holds it
        await waitForTask(a.api, `ServerTasks-${first}`);
        const names = environments.map((_, i) => `ServerTasks-${first + 1 + i}`);
        gates.make(...names);

        assert.deepEqual(await project.startRuns(runbook, environments), names);
        await Promise.all(names.slice(0, 6).map((name) => gates.reached(name)));
        assert.deepEqual([await running(a), await running(b)], [3, 3], 'no node has room');
        assert.equal((await getTask(b.api, names[6])).State, 'Queued');

        gates.open(names[0]);
        await gates.reached(names[6]);
        for (const name of names.slice(1)) gates.open(name);
        for (const name of names) await assertEnded(b.api, await waitForTask(b.api, name), 'Success');
    }
    for (const server of [a, b]) assert.deepEqual(server.problems(), []);
});

test('what a node planned, and what it left of a lifecycle to do, is done by another when it is gone', { timeout: 120000 }, async (t) => {
    const S = '/api/Spaces-1';
    const cluster = await Postgres.start(t);
    const database = await cluster.database();
    const a = await Server.start(t, { database, args: ['--node-name', 'A'] });
    const b = await a.startBeside(t, { args: ['--node-name', 'B'] });
    const project = await Project.create(a.api, { steps: [scriptStep('one', 'true')] });
    const lifecycle = await a.api.post(`${S}/lifecycles`, { Name: 'Later automatic' });
    await a.api.put(project.resource.Links.Self, { ...project.resource, LifecycleId: lifecycle.Id });
    const release = await a.api.get(`${S}/projects/${project.id}/releases/${await project.createRelease()}`);
    const planned = await project.startDeployment({ releaseVersion: release.Version, environment: await createEnvironment(a.api), runAt: new Date(Date.now() + 3000).toISOString() });
    await a.api.put(lifecycle.Links.Self, { ...lifecycle, Phases: [{ Name: 'Try', AutomaticDeploymentTargets: [project.environment.Id] }, { Name: 'Rest' }] });
    await a.kill();
    // as the node would have left it when it was killed right after a commit
    await cluster.query(`insert into promotion_due (release_id, at_ms) values ('${release.Id}', 1)`, /^postgresql:\/\/\/(\w+)/.exec(database)[1]);
    await assertEnded(b.api, await waitForTask(b.api, planned), 'Success');
    const made = await until('the automatic deployment', async () => (await b.api.get(`${S}/deployments?environments=${project.environment.Id}`)).Items[0]);
    await assertEnded(b.api, await waitForTask(b.api, made.TaskId), 'Success');
    assert.deepEqual(b.problems(), []);
});

test('what is set on one node holds on the others, stays over restarts, and a node that is gone can be forgotten', { timeout: 120000 }, async (t) => {
    const cluster = await Postgres.start(t);
    const env = { BOBTAIL_FAULT_LEASE_MS: '1500' };
    const a = await Server.start(t, { database: await cluster.database(), taskCap: 0, env, args: ['--node-name', 'A'] });
    const b = await a.startBeside(t, { taskCap: 0, env, args: ['--node-name', 'B'] });
    const project = await Project.create(a.api, { steps: [scriptStep('One', 'true')] });
    const node = (name) => a.api.get(`/api/octopusservernodes/${name}`);
    const set = async (name, members) => a.api.put(`/api/octopusservernodes/${name}`, { ...(await node(name)), ...members });
    const byNode = async (id) => (await cluster.query(`select node_id from task where id = '${id}'`, a.options.database.match(/\/\/\/(\w+)/)[1]))[0][0];

    await set('B', { MaxConcurrentTasks: 2 });
    const first = await project.startDeployment();
    await assertEnded(a.api, await waitForTask(a.api, first), 'Success');
    assert.equal(await byNode(first), (await node('B')).Id, 'A takes none');
    await b.restart();
    assert.equal((await node('B')).MaxConcurrentTasks, 2, 'whatever its flag says');
    assert.equal((await node('A')).MaxConcurrentTasks, 0);

    await a.api.put('/api/maintenanceconfiguration', { IsInMaintenanceMode: true });
    await until('B to see it', async () => (await b.api.get('/api/serverstatus')).IsInMaintenanceMode);
    const second = await project.startDeployment();
    await b.restart();
    assert.equal((await b.api.get('/api/serverstatus')).IsInMaintenanceMode, true);
    assert.equal((await getTask(a.api, second)).State, 'Queued');
    await a.api.put('/api/maintenanceconfiguration', { IsInMaintenanceMode: false });
    await assertEnded(a.api, await waitForTask(a.api, second), 'Success');

    const alive = await a.api.send('DELETE', '/api/octopusservernodes/B');
    assert.equal(alive.status, 400);
    assert.match(alive.text, /node B is not offline/);
    await b.stop();
    await until('B to be offline', async () => (await a.api.get('/api/octopusservernodes/summary')).Nodes.find((one) => one.Name === 'B').IsOffline);
    await a.api.delete('/api/octopusservernodes/B');
    assert.equal((await a.api.send('GET', '/api/octopusservernodes/B')).status, 404);
    for (const server of [a, b]) assert.deepEqual(server.problems(), []);
});
