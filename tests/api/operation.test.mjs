// Operation by API: nodes with their task cap and drain, maintenance mode.
import { execFileSync } from 'node:child_process';
import { Project, scriptStep, waitForTask } from '../lib/project.mjs';
import { until } from '../lib/processes.mjs';
import { PASSWORD } from '../lib/server.mjs';
import { apiSuite, assert, assertRefused, S, test } from './suite.mjs';

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

apiSuite('tasks of the installation', (at) => {
    test('are queued by their kind, belong to no space, and are listed, read and logged as others', async () => {
        const queued = await at.api.post('/api/tasks', { Name: 'systemintegritycheck', Description: 'ignored', Arguments: {} });
        assert.deepEqual([queued.Name, queued.SpaceId, queued.Description], ['SystemIntegrityCheck', null, 'Check the integrity of all that is stored']);
        const task = await waitForTask(at.api, queued.Id);
        assert.equal(task.State, 'Success', task.ErrorMessage);
        assert.equal((await at.api.get('/api/tasks?name=SystemIntegrityCheck')).TotalResults, 1);
        assert.equal((await at.api.get(`${S}/tasks?name=SystemIntegrityCheck`)).TotalResults, 0);
        const { ActivityLogs } = await at.api.get(`/api/tasks/${task.Id}/details`);
        assert.ok(ActivityLogs[0].LogElements.length > 3);
        assert.match((await at.api.send('GET', `/api/tasks/${task.Id}/raw`)).text, /the database was looked through/);
        await assertRefused(at.api, 'POST', '/api/tasks', { Name: 'Deploy' }, ['Deploy', 'Backup, SystemIntegrityCheck']);
        await assertRefused(at.api, 'POST', '/api/tasks', {}, 'Name');
    });
});

apiSuite('the log of the server', (at) => {
    const logs = (query = '') => at.api.get(`/api/serverstatus/logs${query}`);

    test('its newest lines are read page by page, newest first', async () => {
        const all = await logs('?take=1000');
        assert.ok(all.length >= 2);
        assert.deepEqual(all.map((line) => line.Number), all.map((_, i) => all[0].Number - i));
        const started = all.find((line) => /listens on http/.test(line.MessageText));
        assert.deepEqual([started.Category, started.Detail], ['Info', '']);
        assert.ok(Math.abs(Date.now() - new Date(started.OccurredAt)) < 3600000);
        assert.deepEqual((await logs(`?skip=1&take=1`)).length, 1);
        assert.equal((await logs('?take=1000&includeDetail=true')).find((line) => line.Number === started.Number).Detail, 'server');
        assert.deepEqual(await logs('?take=0'), []);
        await assertRefused(at.api, 'GET', '/api/serverstatus/logs?take=x', undefined, 'take');
    });

    test('the report for support is a zip with versions, counts, nodes, settings, log and figures, without secrets', async () => {
        assert.equal((await at.api.send('GET', '/api/serverstatus/system-report')).status, 200);
        const response = await fetch(`${at.server.url}/api/serverstatus/system-report`, { headers: { 'X-Octopus-ApiKey': at.api.key } });
        assert.equal(response.headers.get('content-type'), 'application/zip');
        assert.equal(response.headers.get('content-disposition'), 'attachment; filename="system-report.zip"');
        const files = unzip(Buffer.from(await response.arrayBuffer()));
        assert.deepEqual(Object.keys(files), ['report.json', 'settings.txt', 'server.log', 'metrics.txt']);
        const report = JSON.parse(files['report.json']);
        assert.equal(report.InstallationId, (await at.api.get('/api')).InstallationId);
        assert.equal(report.Nodes.length, 1);
        assert.ok(report.Counts.Documents > 0 && report.Version);
        assert.equal(report.IntegrityCheck, null);
        assert.match(files['settings.txt'], /^task-cap = 5 {2}# default$/m);
        assert.match(files['server.log'], /listens on http/);
        assert.match(files['metrics.txt'], /^bobtail_uptime_seconds|^bobtail_tasks_running/m);
        for (const text of Object.values(files)) assert.ok(!text.includes(at.api.key) && !text.includes(PASSWORD));
    });
});

// The files of a zip, by Python's own reader.
function unzip(bytes) {
    const code = 'import zipfile,sys,io,json\nz=zipfile.ZipFile(io.BytesIO(sys.stdin.buffer.read()))\nassert z.testzip() is None\nprint(json.dumps({n:z.read(n).decode() for n in z.namelist()}))';
    return JSON.parse(execFileSync('python3', ['-c', code], { input: bytes, encoding: 'utf8', maxBuffer: 1 << 26 }));
}
