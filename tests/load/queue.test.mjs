// 10,000 tasks behind one concurrency tag: others run all the same, each of the many says what it waits for, and they move on.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { onBothDatabases } from '../lib/databases.mjs';
import { temporaryFolder } from '../lib/folder.mjs';
import { Gates } from '../lib/gates.mjs';
import { assertEnded, cancelTask, createEnvironment, getTask, Project, scriptStep, waitForTask } from '../lib/project.mjs';

const MANY = 10000;
const S = '/api/Spaces-1';
const count = async (api, state) => (await api.get(`${S}/tasks?states=${state}&take=0`)).TotalResults;

onBothDatabases('the queue', ({ start }) => {
    test(`${MANY} runs behind one tag do not keep others from running`, { timeout: 300000 }, async (t) => {
        const { api } = await start(t, { taskCap: 4 });
        const gates = new Gates(temporaryFolder(t));
        t.after(() => gates.close());
        const project = await Project.create(api, { variables: [{ Name: 'Octopus.Task.ConcurrencyTag', Value: 'one at a time' }] });
        const runbook = await project.createRunbook([scriptStep('Wait', `${gates.shell}\ngate run`)]);
        const environments = await Promise.all(Array.from({ length: 100 }, () => createEnvironment(api)));
        const other = await Project.create(api, { steps: [scriptStep('Quick', 'echo quick')] });
        gates.make('run');

        const [holder, ...ids] = await project.startRuns(runbook, environments);
        await gates.reached('run');
        while (ids.length < MANY) ids.push(...(await project.startRuns(runbook, environments)));
        assert.equal(await count(api, 'Queued'), ids.length);

        for (let i = 0; i < 5; i++) await assertEnded(api, await other.deploy(), 'Success');

        assert.equal(await count(api, 'Queued'), ids.length, 'all still wait');
        assert.match((await api.send('GET', '/metrics')).text, new RegExp(`^bobtail_tasks_queued ${ids.length}$`, 'm'));
        const last = await getTask(api, ids.at(-1));
        assert.equal(last.WaitingFor.Reason, 'ConcurrencyTag');
        assert.deepEqual(last.WaitingFor.Tasks, [holder]);
        const behind = await api.get(`${S}/tasks/${last.Id}/queued-behind?take=3`);
        assert.equal(behind.TotalResults, ids.length);
        assert.equal(behind.Items.length, 3);
        await cancelTask(api, ids[0]);
        gates.clear();
        await assertEnded(api, await waitForTask(api, holder), 'Success');
        await assertEnded(api, await waitForTask(api, ids[1]), 'Success');
        assert.equal((await getTask(api, ids[0])).State, 'Canceled');
    });
});
