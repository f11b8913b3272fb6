// The queue: how many tasks run at once, what waits for what, and how a task is cancelled and run again.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { onBothDatabases } from '../lib/databases.mjs';
import { temporaryFolder } from '../lib/folder.mjs';
import { isRunning, until } from '../lib/processes.mjs';
import { assertEnded, cancelTask, createEnvironment, getTask, messages, Project, scriptStep, waitForLine, waitForState, waitForTask } from '../lib/project.mjs';

const TAG = 'Octopus.Task.ConcurrencyTag';
const S = '/api/Spaces-1';

// A step that says that it runs by a file, and ends when the test says so by another one.
const gate = (folder, name = 'run') => `echo $$ > '${folder}/${name}.new'; mv '${folder}/${name}.new' '${folder}/${name}.runs'
    until [ -e '${folder}/${name}.go' ]; do sleep 0.05; done; echo released`;
const runs = (folder, name = 'run') => until(`${name} to run`, () => fs.existsSync(`${folder}/${name}.runs`));
const release = (folder, name = 'run') => fs.writeFileSync(`${folder}/${name}.go`, '');

const count = async (api, state) => (await api.get(`${S}/tasks?states=${state}&take=0`)).TotalResults;

const environmentsOf = (api, n) => Promise.all(Array.from({ length: n }, () => createEnvironment(api)));

onBothDatabases('the queue', ({ start }) => {
    test('200 runs queued at once with a task cap of 8 all succeed, 8 at once at most', async (t) => {
        const { api } = await start(t, { taskCap: 8 });
        const folder = temporaryFolder(t);
        const project = await Project.create(api, { variables: [{ Name: TAG, Value: 'own/#{Octopus.Task.Id}' }] });
        const runbook = await project.createRunbook([scriptStep('Count', `
            mkdir '${folder}/'$$; ls '${folder}' | wc -l; sleep 0.02; rmdir '${folder}/'$$`, { properties: { OctopusUseRawScript: 'True' } })]);
        const environments = await environmentsOf(api, 20);

        const ids = (await Promise.all(Array.from({ length: 10 }, () => project.startRuns(runbook, environments)))).flat();
        assert.equal(new Set(ids).size, 200);
        await until('all to end', async () => (await api.get(`${S}/tasks?active=true&take=0`)).TotalResults === 0, 120000);

        assert.equal(await count(api, 'Success'), 200);
        const seen = [];
        for (const id of ids.filter((_, i) => i % 10 === 0)) {
            seen.push(...(await messages(api, id)).filter((text) => /^ *[0-9]+$/.test(text)).map(Number));
        }
        assert.ok(seen.length >= 20 && Math.max(...seen) <= 8, `at once: ${seen}`);
        assert.ok(Math.max(...seen) > 1, `they overlap: ${seen}`);
    });

    test('a queued task is cancelled without having started, and says what it waited for', async (t) => {
        const { api } = await start(t);
        const folder = temporaryFolder(t);
        const project = await Project.create(api, { steps: [scriptStep('Wait', gate(folder))] });

        const running = await project.startDeployment();
        await runs(folder);
        const queued = await project.startDeployment();
        const waiting = await getTask(api, queued);
        assert.equal(waiting.State, 'Queued');
        assert.equal(waiting.WaitingFor.Reason, 'ConcurrencyTag');
        assert.deepEqual(waiting.WaitingFor.Tasks, [running]);
        assert.match(waiting.WaitingFor.Description, new RegExp(`waits for ${running}`));
        assert.deepEqual((await api.get(`${S}/tasks/${queued}/queued-behind`)).Items.map((task) => task.Id), [running]);

        await cancelTask(api, queued);
        const canceled = await getTask(api, queued);
        assert.equal(canceled.State, 'Canceled');
        assert.equal(canceled.HasBeenPickedUpByProcessor, false);
        assert.equal(canceled.WaitingFor, undefined);

        release(folder);
        await assertEnded(api, await waitForTask(api, running), 'Success');
    });

    test('a task that has ended is not cancelled: the answer says how it ended', async (t) => {
        const { api } = await start(t);
        const project = await Project.create(api, { steps: [scriptStep('Quick', 'true')] });
        const task = await project.deploy();

        await assert.rejects(cancelTask(api, task.Id), /ended as Success before it could be canceled/);
        assert.equal((await getTask(api, task.Id)).State, 'Success');
    });

    test('runs that take the deployment mutex go one after another, and a waiting one is cancelled at once', async (t) => {
        const { api } = await start(t);
        const folder = temporaryFolder(t);
        const properties = { OctopusBypassDeploymentMutex: 'False' };
        const create = (name) => Project.create(api, { steps: [scriptStep('Wait', gate(folder, name), { properties })] });
        const [first, second, third] = [await create('first'), await create('second'), await create('third')];

        const holder = await first.startDeployment();
        await runs(folder, 'first');
        const waiting = await second.startDeployment();
        await waitForLine(api, waiting, `held by ${holder}`);
        const patient = await third.startDeployment();
        await waitForLine(api, patient, 'waiting for mutex');
        await cancelTask(api, waiting);
        await assertEnded(api, await waitForTask(api, waiting), 'Canceled');

        assert.equal((await getTask(api, holder)).State, 'Executing');
        assert.ok(!fs.existsSync(`${folder}/second.runs`), 'the waiting script never ran');
        assert.ok(!fs.existsSync(`${folder}/third.runs`));
        release(folder, 'first');
        release(folder, 'third');
        await assertEnded(api, await waitForTask(api, holder), 'Success');
        await assertEnded(api, await waitForTask(api, patient), 'Success');
        assert.ok(fs.existsSync(`${folder}/third.runs`));
    });

    test('a running task is cancelled with its script, and its next one may run', async (t) => {
        const { api } = await start(t);
        const folder = temporaryFolder(t);
        const project = await Project.create(api, { steps: [scriptStep('Wait', gate(folder))] });

        const id = await project.startDeployment();
        await runs(folder);
        const pid = Number(fs.readFileSync(path.join(folder, 'run.runs'), 'utf8'));
        const next = await project.startDeployment();
        const answer = await cancelTask(api, id);
        assert.match(answer.State, /^(Cancelling|Canceled)$/);
        await assertEnded(api, await waitForTask(api, id), 'Canceled');
        await until('the script to be gone', () => !isRunning(pid));

        release(folder);
        await assertEnded(api, await waitForTask(api, next), 'Success');
    });

    test('a cancel that was accepted ends the task as Canceled, however close the end of its script was', async (t) => {
        const { api } = await start(t, { taskCap: 8 });
        const project = await Project.create(api, { variables: [{ Name: TAG, Value: 'own/#{Octopus.Task.Id}' }] });
        const runbook = await project.createRunbook([scriptStep('Short', 'echo x', { properties: { OctopusUseRawScript: 'True' } })]);
        const outcomes = { Canceled: 0, Success: 0 };
        for (let i = 0; i < 60; i++) {
            const id = await project.startRun(runbook);
            await new Promise((resolve) => setTimeout(resolve, i % 30)); // at every moment of a run's life
            const accepted = await cancelTask(api, id).then(() => true, (error) => {
                assert.match(error.message, /ended as Success before/);
                return false;
            });
            const task = await waitForTask(api, id);
            await assertEnded(api, task, accepted ? 'Canceled' : 'Success');
            outcomes[task.State]++;
        }
        assert.ok(outcomes.Canceled > 0, JSON.stringify(outcomes));
    });

    test('a task is run again as a new task', async (t) => {
        const { api } = await start(t);
        const folder = temporaryFolder(t);
        const project = await Project.create(api);
        const runbook = await project.createRunbook([scriptStep('Append', `echo x >> '${folder}/proof'`)]);
        const [run, deployment] = [await project.run(runbook), (await project.setSteps([scriptStep('Append', `echo y >> '${folder}/proof'`)]), await project.deploy())];

        for (const task of [run, deployment]) {
            const again = await api.post(`/api/tasks/rerun/${task.Id}`);
            assert.notEqual(again.Id, task.Id);
            assert.equal(again.Name, task.Name);
            await assertEnded(api, await waitForTask(api, again.Id), 'Success');
            assert.equal((await getTask(api, task.Id)).State, 'Success');
        }
        assert.equal(fs.readFileSync(`${folder}/proof`, 'utf8').split('\n').sort().join(''), 'xxyy');
    });

    test('a task waits for the task cap, and says so', async (t) => {
        const { api } = await start(t, { taskCap: 1 });
        const folder = temporaryFolder(t);
        const one = await Project.create(api, { steps: [scriptStep('Wait', gate(folder))] });
        const two = await Project.create(api, { steps: [scriptStep('Quick', 'true')] });

        const running = await one.startDeployment();
        await runs(folder);
        const queued = await two.startDeployment();
        const { WaitingFor } = await getTask(api, queued);
        assert.equal(WaitingFor.Reason, 'TaskCap');
        assert.match(WaitingFor.Description, /runs 1 of at most 1 tasks; 0 queued before it/);
        const behind = await two.startDeployment();
        assert.equal((await getTask(api, behind)).WaitingFor.Place, 1);

        release(folder);
        for (const id of [running, queued, behind]) await assertEnded(api, await waitForTask(api, id), 'Success');
    });

    test('a task cap of 0 takes nothing and says that the node is drained; a restart with another cap runs it', async (t) => {
        const server = await start(t, { taskCap: 0 });
        const { api } = server;
        const project = await Project.create(api, { steps: [scriptStep('Quick', 'true')] });

        const id = await project.startDeployment();
        const task = await getTask(api, id);
        assert.equal(task.State, 'Queued');
        assert.equal(task.WaitingFor.Reason, 'Drained');

        server.options = { ...server.options, taskCap: 2 };
        await server.restart();
        await assertEnded(api, await waitForTask(api, id), 'Success');
    });

    test('the concurrency tag of a variable lets runs of different projects wait for each other', async (t) => {
        const { api } = await start(t);
        const folder = temporaryFolder(t);
        const variables = [{ Name: TAG, Value: 'shared/#{Octopus.Space.Id}' }];
        const one = await Project.create(api, { steps: [scriptStep('Wait', gate(folder))], variables });
        const two = await Project.create(api, { steps: [scriptStep('Quick', 'true')], variables });

        const running = await one.startDeployment();
        await runs(folder);
        const queued = await two.startDeployment();
        const task = await getTask(api, queued);
        assert.equal(task.ConcurrencyTag, 'shared/Spaces-1');
        assert.equal(task.WaitingFor.Reason, 'ConcurrencyTag');
        assert.deepEqual(task.WaitingFor.Tasks, [running]);

        release(folder);
        await assertEnded(api, await waitForTask(api, running), 'Success');
        await assertEnded(api, await waitForTask(api, queued), 'Success');
        await waitForState(api, queued, 'Success');
    });
});
