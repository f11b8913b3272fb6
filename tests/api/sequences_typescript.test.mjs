// What the TypeScript client asks when it makes a release, deploys it and runs a runbook (rest.md 3.3): by the client itself,
// and the same requests once more as plain ones, answers member by member.
import octopus from '@octopusdeploy/api-client';
import { API_KEY } from '../lib/server.mjs';
import { Project, scriptStep } from '../lib/project.mjs';
import { Witness } from '../lib/witness.mjs';
import { apiSuite, assert, S, test } from './suite.mjs';

const TASK = ['Id', 'SpaceId', 'Name', 'Description', 'State', 'Completed', 'QueueTime', 'QueueTimeExpiry', 'StartTime', 'LastUpdatedTime', 'CompletedTime', 'ServerNode', 'Duration',
    'ErrorMessage', 'HasBeenPickedUpByProcessor', 'IsCompleted', 'FinishedSuccessfully', 'HasPendingInterruptions', 'PendingInterruptionTypes', 'CanRerun', 'HasWarningsOrErrors',
    'EstimatedRemainingQueueDurationSeconds', 'Arguments', 'Links'];
const PAGE = ['ItemType', 'TotalResults', 'ItemsPerPage', 'NumberOfPages', 'LastPageNumber', 'Items', 'Links'];
const has = (answer, members) => assert.deepEqual(members.filter((member) => !(member in answer)), []);

apiSuite('the TypeScript client', (at) => {
    // The client through a witness, and a project to work with.
    const set = async (t) => {
        const project = await Project.create(at.api, { steps: [scriptStep('hello', 'echo hello')] });
        const witness = await Witness.before(t, at.server);
        const client = await octopus.Client.create({ userAgentApp: 'sequences', instanceURL: witness.url, apiKey: API_KEY });
        return { project, witness, client };
    };
    const checkHeaders = (seen) => {
        for (const { headers } of seen) {
            assert.deepEqual([headers['x-octopus-apikey'], headers['user-agent'], headers['accept-encoding']], [API_KEY, 'ts-octopusdeploy sequences', 'gzip,deflate,compress']);
        }
    };
    // A POST that was witnessed, with a body of this function's making.
    const again = (witness, seen, change) => witness.send({ ...seen, body: JSON.stringify(change(JSON.parse(seen.body))) });
    const post = (seen, path) => seen.find((one) => one.method === 'POST' && one.path.endsWith(path));

    test('makes a release, deploys it and waits for the task', async (t) => {
        const { project, witness, client } = await set(t);
        const release = await new octopus.ReleaseRepository(client, 'Default').create({ spaceName: 'Default', ProjectName: project.name, ReleaseVersion: '1.2.3',
            IgnoreIfAlreadyExists: false, IgnoreChannelRules: true, ReleaseNotes: 'notes' });
        const { DeploymentServerTasks: [one] } = await new octopus.DeploymentRepository(client, 'Default').create({ spaceName: 'Default', ProjectName: project.name,
            ReleaseVersion: release.ReleaseVersion, EnvironmentNames: [project.environment.Name], UseGuidedFailure: false, ForcePackageDownload: false });
        const page = await new octopus.DeploymentRepository(client, 'Default').list({ ids: [one.DeploymentId], take: 1 });
        const task = await new octopus.ServerTaskWaiter(client, 'Default').waitForServerTaskToComplete(one.ServerTaskId, 50, 60000);
        assert.deepEqual([task.State, page.Items[0].TaskId], ['Success', one.ServerTaskId]);

        assert.deepEqual(witness.lines().filter((line) => !/^GET \/api(\/spaces\?.*)?$/.test(line)), [
            `POST ${S}/releases/create/v1`, `POST ${S}/deployments/create/untenanted/v1`,
            `GET ${S}/deployments?take=1&ids=${one.DeploymentId}`, `GET ${S}/tasks?skip=0&take=300&ids=${one.ServerTaskId}`]);
        const seen = witness.take();
        assert.equal(seen[0].path, '/api');
        // it asks for a space's name once in its life, and the suite on SQLite comes first
        assert.equal(seen.some(({ path }) => /^\/api\/spaces\?partialName=Default/.test(path)), at.kind === 'sqlite');
        checkHeaders(seen);

        const created = post(seen, '/releases/create/v1');
        assert.deepEqual(Object.keys(JSON.parse(created.body)).sort(), ['IgnoreChannelRules', 'IgnoreIfAlreadyExists', 'ProjectName', 'ReleaseNotes', 'ReleaseVersion', 'spaceId', 'spaceIdOrName', 'spaceName'].sort());
        assert.deepEqual(created.answer, { ReleaseId: release.ReleaseId, ReleaseVersion: '1.2.3' });
        const deployed = post(seen, '/untenanted/v1');
        assert.deepEqual(deployed.answer, { DeploymentServerTasks: [{ DeploymentId: one.DeploymentId, ServerTaskId: one.ServerTaskId }] });
        const list = seen.findLast(({ path }) => path.includes('/tasks?'));
        has(list.answer, PAGE);
        has(list.answer.Items[0], TASK);
        assert.deepEqual([list.answer.ItemType, list.answer.TotalResults, list.answer.Items[0].Arguments], ['Task', 1, { DeploymentId: one.DeploymentId }]);

        const second = await again(witness, created, (body) => ({ ...body, ReleaseVersion: '1.2.4' }));
        assert.deepEqual([second.status, Object.keys(second.body), second.body.ReleaseVersion], [created.status, ['ReleaseId', 'ReleaseVersion'], '1.2.4']);
        const third = await again(witness, deployed, (body) => ({ ...body, ReleaseVersion: '1.2.4' }));
        assert.deepEqual([third.status, Object.keys(third.body.DeploymentServerTasks[0])], [deployed.status, ['DeploymentId', 'ServerTaskId']]);
    });

    test('a running deployment is canceled by its id', async (t) => {
        const { project, witness, client } = await set(t);
        await project.setSteps([scriptStep('long', 'sleep 600')]);
        const id = await project.startDeployment();
        await new octopus.ServerTaskRepository(client).cancel(id);
        const task = await new octopus.ServerTaskWaiter(client, 'Default').waitForServerTaskToComplete(id, 50, 60000);
        assert.equal(task.State, 'Canceled');
        const canceled = post(witness.take(), `/api/tasks/${id}/cancel`);
        assert.equal(canceled.status, 200);
        has(canceled.answer, TASK);
    });

    test('a runbook runs in several environments, and a prompted value goes with it', async (t) => {
        const { project, witness, client } = await set(t);
        const runbook = await project.createRunbook([scriptStep('say', 'echo "said #{Word}"')]);
        await project.setVariables([{ Name: 'Word', Value: '', Prompt: { Label: 'Word', Required: true, DisplaySettings: {} } }]);
        await project.publish(runbook);
        const { RunbookRunServerTasks: [one] } = await new octopus.RunbookRunRepository(client, 'Default').create({ spaceName: 'Default', ProjectName: project.name,
            RunbookName: runbook.Name, EnvironmentNames: [project.environment.Name], Variables: { Word: 'mango' } });
        const task = await new octopus.ServerTaskWaiter(client, 'Default').waitForServerTaskToComplete(one.ServerTaskId, 50, 60000);
        assert.equal(task.State, 'Success');
        const seen = witness.take();
        checkHeaders(seen);
        const run = post(seen, '/runbook-runs/create/v1');
        assert.equal(run.path, `${S}/runbook-runs/create/v1`);
        assert.deepEqual(run.answer, { RunbookRunServerTasks: [{ RunbookRunId: one.RunbookRunId, ServerTaskId: one.ServerTaskId }] });
        const kept = await new octopus.RunbookRunRepository(client, 'Default').get(one.RunbookRunId);
        assert.deepEqual([kept.TaskId, kept.FormValues], [one.ServerTaskId, { Word: 'mango' }]);
        const without = await again(witness, run, ({ Variables, ...body }) => body);
        assert.deepEqual([without.status, without.body.Errors.length], [400, 1]);
        assert.equal((await again(witness, run, (body) => body)).status, 201);
    });
});
