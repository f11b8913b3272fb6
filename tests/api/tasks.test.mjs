// Tasks: list, details, logs as text and as stream, cancel, rerun, what waits for what (rest.md 2.7).
import octopus from '@octopusdeploy/api-client';
import { cancelTask, createEnvironment, details, linesOf, Project, rawLog, scriptStep, waitForLine, waitForState, waitForTask } from '../lib/project.mjs';
import { apiSuite, assert, assertRefused, S, test } from './suite.mjs';

apiSuite('tasks', (at) => {
    const waiting = async () => {
        const project = await Project.create(at.api, { steps: [scriptStep('wait', 'echo begun; sleep 600')] });
        const releaseVersion = await project.createRelease();
        const first = await project.startDeployment({ releaseVersion });
        await waitForState(at.api, first, 'Executing');
        return { project, releaseVersion, first };
    };

    test('a task has what clients read of it', async () => {
        const project = await Project.create(at.api, { steps: [scriptStep('hello', 'echo hello')] });
        const ended = await project.deploy();
        const task = await at.api.get(ended.Links.Self);
        assert.deepEqual([task.Name, task.State, task.IsCompleted, task.FinishedSuccessfully, task.HasBeenPickedUpByProcessor, task.CanRerun, task.SpaceId, task.ProjectId],
            ['Deploy', 'Success', true, true, true, true, 'Spaces-1', project.id]);
        for (const member of ['QueueTime', 'StartTime', 'CompletedTime']) assert.match(task[member], /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}\+00:00$/);
        assert.match(task.Duration, /second/);
        assert.deepEqual(task.PendingInterruptionTypes, []);
        assert.ok(task.Description.includes(project.name) && task.ServerNode && task.Completed);
        const inSpace = await at.api.get(`${S}/tasks/${task.Id}`);
        assert.deepEqual({ ...inSpace, LastUpdatedTime: task.LastUpdatedTime }, task); // clearing up after the end moves that
        assert.equal(task.Links.Artifacts, `${S}/artifacts?regarding=${task.Id}`);
    });

    test('tasks are found by ids, project, environment, state and kind, newest first', async () => {
        const project = await Project.create(at.api, { steps: [scriptStep('hello', 'echo hello')] });
        const [one, two] = [await project.deploy(), await project.deploy()];
        const other = await project.run(await project.createRunbook([scriptStep('hi', 'echo hi')]));
        const ids = async (query) => (await at.api.get(`/api/tasks?${query}`)).Items.map((t) => t.Id);
        assert.deepEqual((await ids(`ids=${one.Id}%2C${two.Id}`)).sort(), [one.Id, two.Id].sort());
        assert.deepEqual(await ids(`project=${project.id}`), [other.Id, two.Id, one.Id]);
        assert.deepEqual(await ids(`project=${project.id}&name=RunbookRun`), [other.Id]);
        assert.deepEqual(await ids(`project=${project.id}&states=Failed,Canceled`), []);
        assert.deepEqual(await ids(`environment=${project.environment.Id}&states=Success&take=1`), [other.Id]);
        assert.deepEqual(await ids('ids=ServerTasks-99999'), []);
        const page = await at.api.get(`${S}/tasks?skip=0&take=300&ids=${one.Id}`);
        assert.equal(page.TotalResults, 1);
        assert.equal(page.TotalCounts, undefined);
        const { TotalCounts, TotalCountsInOtherSpaces } = await at.api.get(`${S}/tasks?active=true`);
        assert.ok(TotalCounts.Success >= 3);
        assert.deepEqual(Object.keys(TotalCountsInOtherSpaces), Object.keys(TotalCounts));
        assert.ok(Object.values(TotalCountsInOtherSpaces).every((n) => n === 0));
        assert.ok((await at.api.get('/api/tasks/taskTypes')).some((type) => type.Id === 'Deploy'));
    });

    test('every filter of a task list holds, also beside ids, and a task is answered once', async () => {
        const project = await Project.create(at.api, { steps: [scriptStep('hello', 'echo hello')] });
        const good = await project.deploy();
        await project.setSteps([scriptStep('fail', 'echo oh >&2; exit 1')]);
        const bad = await project.deploy();
        const both = `ids=${good.Id},${bad.Id}`;
        const ids = async (query) => (await at.api.get(`${S}/tasks?${query}`)).Items.map((t) => t.Id);
        for (const [query, wanted] of [
            [`${both},${good.Id}`, [bad, good]], [`${both}&states=success`, [good]], [`project=${project.id}&states=FAILED`, [bad]],
            [`${both}&name=RunbookRun`, []], [`${both}&project=Projects-999`, []], [`${both}&environment=Environments-999`, []], [`${both}&runbook=Runbooks-1`, []],
            [`${both}&partialName=no%20such`, []], [`${both}&partialName=${encodeURIComponent(project.name.toUpperCase())}`, [bad, good]],
            [`${both}&hasWarningsOrErrors=true`, [bad]], [`${both}&hasWarningsOrErrors=false`, [good]], [`${both}&hasPendingInterruptions=true`, []],
            [`${both}&node=${good.ServerNode}`, [bad, good]], [`${both}&node=No-such`, []], [`${both}&hasPendingInterruptions=false`, [bad, good]], [`${both}&tenant=Tenants-1`, []], [`${both}&includeSystem=false`, [bad, good]],
            [`${both}&active=true`, []], [`${both}&running=true`, []], [`${both}&take=1&skip=1`, [good]],
        ]) {
            assert.deepEqual(await ids(query), wanted.map((t) => t.Id), query);
        }
        const inSpaces = async (spaces) => (await at.api.get(`/api/tasks?${both}&spaces=${spaces}`)).TotalResults;
        assert.deepEqual([await inSpaces('Spaces-1,Spaces-2'), await inSpaces('Spaces-2,Spaces-3')], [2, 0]);
    });

    test('deployments and runbook runs are found by the state of their task, and say whether it failed', async () => {
        const project = await Project.create(at.api, { steps: [scriptStep('hello', 'true')] });
        await project.deploy();
        await project.setSteps([scriptStep('fail', 'exit 1')]);
        const bad = await project.deploy();
        const run = await project.run(await project.createRunbook([scriptStep('hi', 'true')]));
        const list = async (noun, states) => (await at.api.get(`${S}/${noun}?projects=${project.id}&taskState=${states}`)).Items;
        assert.deepEqual((await list('deployments', 'failed')).map((d) => [d.TaskId, d.FailureEncountered]), [[bad.Id, true]]);
        assert.deepEqual((await list('deployments', 'Success,TimedOut')).map((d) => d.FailureEncountered), [false]);
        assert.equal((await list('deployments', 'Queued')).length, 0);
        assert.deepEqual((await list('runbookRuns', 'Success')).map((r) => r.TaskId), [run.Id]);
        assert.equal((await list('runbookRuns', 'Failed')).length, 0);
        const [deployment] = await list('deployments', 'Failed');
        assert.equal((await at.api.get(deployment.Links.Self)).FailureEncountered, true);
    });

    test('details are a tree with lines; verbose and tail narrow them; raw is all of it as text', async () => {
        const project = await Project.create(at.api, { steps: [scriptStep('count', 'for i in 1 2 3 4 5; do echo "line $i"; done')] });
        const task = await project.deploy();
        const tree = await details(at.api, task.Id);
        assert.equal(tree.Task.Id, task.Id);
        assert.equal(tree.Progress.ProgressPercentage, 100);
        assert.ok(tree.PhysicalLogSize > 0);
        const [root] = tree.ActivityLogs;
        assert.equal(root.Status, 'Success');
        assert.ok(JSON.stringify(root.Children).includes('count'));
        const printed = linesOf(tree).filter((line) => line.MessageText.startsWith('line '));
        assert.deepEqual(printed.map((line) => line.MessageText), [1, 2, 3, 4, 5].map((i) => `line ${i}`));
        assert.ok(printed.every((line) => line.Category === 'Info' && /^\d{4}-/.test(line.OccurredAt)));
        const short = linesOf(await details(at.api, task.Id, 'verbose=false&tail=2')).filter((line) => line.MessageText.startsWith('line '));
        assert.ok(short.length <= 2 && short.every((line) => ['line 4', 'line 5'].includes(line.MessageText)));
        const raw = await at.api.send('GET', `${S}/tasks/${task.Id}/raw`);
        assert.equal(await at.api.get(task.Links.Raw), raw.text);
        assert.match(raw.headers.get('content-type'), /^text\/plain/);
        assert.match(raw.text, new RegExp(`${task.Id}[\\s\\S]*line 1\\n[\\s\\S]*line 5\\n`));
    });

    test('the stream gives every line once, resumes where a reader was, and ends with the task', async () => {
        const project = await Project.create(at.api, { steps: [scriptStep('count', 'for i in $(seq 200); do echo "n $i"; done')] });
        const task = await project.startDeployment();
        const numbers = [];
        let last, state;
        const read = async (from, limit) => {
            for await (const event of at.api.events(`/api/tasks/${task}/log/stream${from}`)) {
                if (event.event === 'finished') { state = JSON.parse(event.data).State; return; }
                last = event.id;
                const { MessageText: text, OccurredAt: when } = JSON.parse(event.data);
                assert.match(when, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}\+00:00$/);
                if (text.startsWith('n ')) numbers.push(Number(text.slice(2)));
                if (numbers.length >= limit) return;
            }
        };
        await read('', 70);
        await read(`?after=${last}`, Infinity);
        assert.equal(state, 'Success');
        assert.deepEqual(numbers, Array.from({ length: 200 }, (_, i) => i + 1));
    });

    test('changes of the tasks of all spaces are told as they happen', async () => {
        const project = await Project.create(at.api, { steps: [scriptStep('quick', 'true')] });
        const releaseVersion = await project.createRelease();
        const started = new Set();
        let state;
        const reader = (async () => {
            for await (const event of at.api.events('/api/tasks/events/stream')) {
                const { Id, State } = JSON.parse(event.data);
                if (event.event !== 'finished' || !started.has(Id)) continue;
                state = State;
                return;
            }
        })();
        while (state === undefined) { // the stream may open after the first, and tell of one before its id is known here
            const id = await project.startDeployment({ releaseVersion });
            started.add(id);
            await waitForTask(at.api, id);
        }
        await reader;
        assert.equal(state, 'Success');
    });

    test('a queued task says what it waits for, and who is before it', async () => {
        const { project, releaseVersion, first } = await waiting();
        const second = await project.startDeployment({ releaseVersion });
        const third = await project.startDeployment({ releaseVersion });
        const task = await at.api.get(`/api/tasks/${third}`);
        assert.equal(task.State, 'Queued');
        assert.equal(task.WaitingFor.Reason, 'ConcurrencyTag');
        assert.deepEqual(task.WaitingFor.Tasks, [first]);
        assert.deepEqual((await at.api.get(`/api/tasks/${third}/queued-behind`)).Items.map((t) => t.Id), [first, second]);
        for (const id of [third, second, first]) await cancelTask(at.api, id);
        for (const id of [first, second, third]) assert.equal((await waitForTask(at.api, id)).State, 'Canceled');
    });

    test('cancel works by every address, answers with the task, and says of an ended one how it ended', async () => {
        const { project, first } = await waiting();
        const answer = await at.api.send('POST', `/api/spaces/Spaces-1/tasks/${first}/cancel`);
        assert.equal(answer.status, 200);
        assert.equal(answer.body.Id, first);
        const task = await waitForTask(at.api, first);
        assert.deepEqual([task.State, task.FinishedSuccessfully], ['Canceled', false]);
        await assertRefused(at.api, 'POST', `/api/tasks/${first}/cancel`, {}, [first, 'Canceled'], 409);
        await project.setSteps([scriptStep('quick', 'true')]);
        const done = await project.deploy();
        await assertRefused(at.api, 'POST', `/api/tasks/${done.Id}/cancel`, {}, [done.Id, 'Success'], 409);
    });

    test('a cancel is in the audit, once, with who asked', async () => {
        const { first } = await waiting();
        await cancelTask(at.api, first);
        await waitForTask(at.api, first);
        await assertRefused(at.api, 'POST', `/api/tasks/${first}/cancel`, {}, first, 409);
        const events = await at.query?.(`select e.category, e.username, e.message from event e join event_related r using (number) where r.related_id = '${first}'`);
        if (events) assert.deepEqual(events, [['TaskCanceled', 'admin', `Task ${first} was asked to stop`]]);
    });

    test('a task that waits can be put first, and one that does not cannot', async () => {
        const project = await Project.create(at.api, { steps: [scriptStep('hello', 'true')] });
        const space = await at.api.get('/api/spaces/Spaces-1');
        await at.api.put('/api/spaces/Spaces-1', { ...space, TaskQueueStopped: true });
        const environments = [project.environment, await createEnvironment(at.api)];
        const [, second] = [await project.startDeployment(), await project.startDeployment({ environment: environments[1] })];
        const before = (await at.api.get(`${S}/tasks?take=2`)).Items.map((one) => one.Id);
        const first = await at.api.post(`/api/tasks/${second}/prioritize`);
        assert.deepEqual([first.Id, first.State], [second, 'Queued']);
        assert.match((await at.api.get(`/api/tasks/${second}`)).WaitingFor.Description, /; 0 queued before it/);
        assert.deepEqual((await at.api.get(`${S}/tasks?take=2`)).Items.map((one) => one.Id), before); // still newest first
        await at.api.put('/api/spaces/Spaces-1', space);
        const done = await waitForTask(at.api, second);
        await assertRefused(at.api, 'POST', done.Links.Prioritize, {}, [second, 'Success', 'Queued']);
        assert.equal((await at.api.send('POST', '/api/tasks/ServerTasks-99999/prioritize')).status, 404);
        const [event] = (await at.api.get(`/api/events?regarding=${second}&eventCategories=TaskPrioritized`)).Items;
        assert.equal(event.Username, 'admin');
    });

    test('how a task has ended can be corrected, with a reason that the audit keeps', async () => {
        const project = await Project.create(at.api, { steps: [scriptStep('fail', 'exit 1')] });
        const task = await project.deploy();
        assert.equal(task.State, 'Failed');
        const put = await at.api.post(task.Links.State, { state: 'success', reason: 'done by hand' });
        assert.deepEqual([put.State, put.FinishedSuccessfully, put.ErrorMessage], ['Success', true, '']);
        assert.equal((await at.api.post(`${S}/tasks/${task.Id}/state`, { State: 'Failed', Reason: 'not really' })).ErrorMessage, 'not really');
        const [event] = (await at.api.get(`/api/events?regarding=${task.Id}&take=1`)).Items;
        assert.equal(event.Category, 'TaskStateModified');
        assert.equal(event.Message, `Task ${task.Id} was set from Success to Failed: not really`);
        await assertRefused(at.api, 'POST', task.Links.State, { State: 'Queued', Reason: 'x' }, ['State', 'Queued', 'Success']);
        await assertRefused(at.api, 'POST', task.Links.State, { State: 'Success' }, 'Reason');
        await assertRefused(at.api, 'POST', task.Links.State, { State: 'Success', Reason: 'x'.repeat(1001) }, ['Reason', '1000']);
        const { first } = await waiting();
        await assertRefused(at.api, 'POST', `/api/tasks/${first}/state`, { State: 'Success', Reason: 'x' }, [first, 'cancel']);
        await cancelTask(at.api, first);
        await waitForTask(at.api, first);
    });

    test('rerun does the same work again as a new task, of an ended task only', async () => {
        const project = await Project.create(at.api, { steps: [scriptStep('hello', 'echo hello')] });
        const first = await project.deploy();
        const again = await at.api.send('POST', first.Links.Rerun);
        assert.equal(again.status, 200, again.text);
        assert.notEqual(again.body.Id, first.Id);
        assert.equal((await waitForTask(at.api, again.body.Id)).State, 'Success');
        const [second] = (await at.api.get(`${S}/deployments?projects=${project.id}`)).Items;
        assert.equal(second.TaskId, again.body.Id);
        assert.match(second.Comments, new RegExp(first.Id));
        const { first: running } = await waiting();
        await assertRefused(at.api, 'POST', `/api/tasks/rerun/${running}`, {}, [running, 'Executing']);
        await cancelTask(at.api, running);
        await waitForTask(at.api, running);
    });

    test('a task that is not there is 404 by every address', async () => {
        for (const [method, path] of [['GET', ''], ['GET', '/details'], ['GET', '/raw'], ['GET', '/log/stream'], ['GET', '/queued-behind'], ['POST', '/cancel']]) {
            const answer = await at.api.send(method, `/api/tasks/ServerTasks-99999${path}`);
            assert.equal(answer.status, 404, path);
            assert.match(answer.body.ErrorMessage, /ServerTasks-99999/);
        }
        assert.equal((await at.api.send('POST', '/api/tasks/rerun/ServerTasks-99999')).status, 404);
    });

    test('the public client waits, reads details and cancels', async () => {
        const { first } = await waiting();
        const client = await at.server.client();
        await waitForLine(at.api, first, 'begun');
        const tasks = new octopus.SpaceServerTaskRepository(client, 'Default');
        assert.equal((await tasks.getById(first)).State, 'Executing');
        assert.match(await tasks.getRaw(first), /begun/);
        await new octopus.ServerTaskRepository(client).cancel(first);
        const [ended] = await new octopus.ServerTaskWaiter(client, 'Default').waitForServerTasksToComplete([first], 50, 20000);
        assert.equal(ended.State, 'Canceled');
        assert.ok((await createEnvironment(at.api)).Id && (await rawLog(at.api, first)).length > 0);
    });
});
