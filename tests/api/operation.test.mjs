// Operation by API: nodes with their task cap and drain, maintenance mode.
import { Project, scriptStep, waitForTask } from '../lib/project.mjs';
import { until } from '../lib/processes.mjs';
import { apiSuite, assert, assertRefused, test } from './suite.mjs';

const NODES = '/api/octopusservernodes';

apiSuite('operation', (at) => {
    const own = async () => (await at.api.get(NODES)).Items[0];
    const setNode = async (members) => at.api.put(`${NODES}/${(await own()).Id}`, { ...(await own()), ...members });
    const setMaintenance = (on) => at.api.put('/api/maintenanceconfiguration', { Id: 'maintenance', IsInMaintenanceMode: on });
    const waiting = async (id, reason) => until(`${id} to wait`, async () => (await at.api.get(`/api/tasks/${id}`)).WaitingFor?.Reason === reason);

    test('the task cap of a node is set, holds at once, and is in its documents', async () => {
        const project = await Project.create(at.api, { steps: [scriptStep('One', 'true')] });
        const before = await own();
        assert.equal((await setNode({ MaxConcurrentTasks: 0 })).MaxConcurrentTasks, 0);
        const id = await project.startDeployment();
        await waiting(id, 'Drained');
        const { Nodes: [glance] } = await at.api.get(`${NODES}/summary`);
        assert.deepEqual([glance.Id, glance.MaxConcurrentTasks, glance.IsInMaintenanceMode], [before.Id, 0, false]);
        await setNode({ MaxConcurrentTasks: 7 });
        assert.equal((await waitForTask(at.api, id)).State, 'Success');
        assert.equal((await at.api.get(`${NODES}/${before.Name}`)).MaxConcurrentTasks, 7);
        await assertRefused(at.api, 'PUT', `${NODES}/${before.Id}`, { ...before, MaxConcurrentTasks: -1 }, 'MaxConcurrentTasks');
        await assertRefused(at.api, 'PUT', `${NODES}/${before.Id}`, { ...before, MaxConcurrentTasks: 100000 }, 'MaxConcurrentTasks');
        assert.equal((await at.api.send('PUT', `${NODES}/OctopusServerNodes-none`, before)).status, 404);
        assert.deepEqual(await setNode({ MaxConcurrentTasks: 5, Name: 'ignored' }), { ...before, LastSeen: (await own()).LastSeen });
    });

    test('a drained node takes no new task until it is let go on', async () => {
        const project = await Project.create(at.api, { steps: [scriptStep('One', 'true')] });
        assert.equal((await setNode({ IsInMaintenanceMode: true })).IsInMaintenanceMode, true);
        const id = await project.startDeployment();
        await waiting(id, 'Drained');
        assert.equal((await at.api.get('/api/serverstatus/health')).IsEntireClusterDrainingTasks, true);
        await setNode({ IsInMaintenanceMode: false });
        assert.equal((await waitForTask(at.api, id)).State, 'Success');
    });

    test('the node that answers cannot be deleted', async () => {
        const { Id, Name } = await own();
        const answer = await at.api.send('DELETE', `${NODES}/${Id}`);
        assert.equal(answer.status, 400);
        assert.match(JSON.stringify(answer.body), new RegExp(`node ${Name} answers this request`));
        assert.equal((await at.api.send('DELETE', `${NODES}/none`)).status, 404);
    });

    test('maintenance mode is switched on and off, and no task starts meanwhile', async () => {
        const project = await Project.create(at.api, { steps: [scriptStep('One', 'true')] });
        assert.deepEqual(await at.api.get('/api/maintenanceconfiguration'),
            { Id: 'maintenance', IsInMaintenanceMode: false, Links: { Self: '/api/maintenanceconfiguration' } });

        assert.equal((await setMaintenance(true)).IsInMaintenanceMode, true);
        try {
            assert.equal((await at.api.get('/api/serverstatus')).IsInMaintenanceMode, true);
            const id = await project.startDeployment();
            assert.equal((await at.api.get(`/api/tasks/${id}`)).State, 'Queued');
            assert.equal((await at.api.get('/api/serverstatus/health')).IsEntireClusterReadOnly, true);
            assert.equal((await setMaintenance(false)).IsInMaintenanceMode, false);
            assert.equal((await waitForTask(at.api, id)).State, 'Success');
        } finally {
            await setMaintenance(false);
        }
        await assertRefused(at.api, 'PUT', '/api/maintenanceconfiguration', { IsInMaintenanceMode: 'perhaps' }, 'IsInMaintenanceMode');
    });
});
