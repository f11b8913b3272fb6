// Starts that are planned for later, and those that must not come too late (rest.md 2.13): runAt and noRunAfter of commands,
// QueueTime and QueueTimeExpiry of documents.
import fs from 'node:fs';
import path from 'node:path';
import { temporaryFolder } from '../lib/folder.mjs';
import { cancelTask, createEnvironment, getTask, Project, scriptStep, waitForState, waitForTask } from '../lib/project.mjs';
import { until } from '../lib/processes.mjs';
import { apiSuite, assert, assertRefused, S, test } from './suite.mjs';

const V1 = `${S}/deployments/create/untenanted/v1`;
const inMs = (ms) => new Date(Date.now() + ms).toISOString();
const FAR = '2999-01-01T00:00:00.000+00:00';

apiSuite('planned starts', (at) => {
    const released = async (options) => {
        const project = await Project.create(at.api, { steps: [scriptStep('one', 'echo ran')], ...options });
        return { project, releaseVersion: await project.createRelease() };
    };
    const holding = (folder) => [scriptStep('hold', `: > '${folder}/runs'; until [ -e '${folder}/go' ]; do sleep 0.05; done`)];

    test('a start that is planned waits for its time, lets others pass and can be canceled', async () => {
        const { project, releaseVersion } = await released();
        const planned = await project.startDeployment({ releaseVersion, runAt: FAR });
        await project.deploy({ releaseVersion });
        const task = await getTask(at.api, planned);
        assert.deepEqual([task.State, task.QueueTime, task.QueueTimeExpiry, task.WaitingFor.Reason], ['Queued', FAR, null, 'Planned']);
        assert.match(task.WaitingFor.Description, /2999-01-01/);
        const deployment = await at.api.get(`${S}/deployments/${task.Arguments.DeploymentId}`);
        assert.equal(deployment.QueueTime, FAR);
        await cancelTask(at.api, planned);
        assert.equal((await getTask(at.api, planned)).State, 'Canceled');
        await project.deploy({ releaseVersion });
    });

    test('it starts when its time has come, also when the server was restarted in between', async () => {
        const { project, releaseVersion } = await released();
        const runbook = await project.createRunbook([scriptStep('hi', 'true')]);
        const runAt = inMs(2500), noRunAfter = inMs(120000);
        const ids = [await project.startDeployment({ releaseVersion, runAt, noRunAfter }), await project.startRun(runbook, { runAt })];
        await at.server.restart();
        for (const id of ids) {
            const task = await waitForTask(at.api, id);
            assert.equal(task.State, 'Success');
            assert.ok(Date.parse(task.StartTime) >= Date.parse(runAt), `${task.StartTime} is before ${runAt}`);
            assert.equal(Date.parse(task.QueueTime), Date.parse(runAt));
        }
        assert.equal(Date.parse((await getTask(at.api, ids[0])).QueueTimeExpiry), Date.parse(noRunAfter));
    });

    test('what has not started in time ends as TimedOut and says so', async (t) => {
        const folder = temporaryFolder(t);
        const { project, releaseVersion } = await released({ steps: holding(folder) });
        const running = await project.startDeployment({ releaseVersion });
        await until('the first one to run', () => fs.existsSync(path.join(folder, 'runs')));
        const noRunAfter = inMs(1000);
        const late = await project.startDeployment({ releaseVersion, noRunAfter });
        const plannedLate = await project.startDeployment({ releaseVersion, runAt: inMs(500), noRunAfter });
        for (const id of [late, plannedLate]) {
            const task = await waitForTask(at.api, id);
            assert.deepEqual([task.State, task.StartTime, task.HasBeenPickedUpByProcessor], ['TimedOut', null, false]);
            assert.match(task.ErrorMessage, /had not started by \d{4}-/);
        }
        const inTime = await project.startDeployment({ releaseVersion, noRunAfter: inMs(120000) });
        fs.writeFileSync(path.join(folder, 'go'), '');
        for (const id of [running, inTime]) assert.equal((await waitForTask(at.api, id)).State, 'Success');
    });

    test('the classic form takes QueueTime and QueueTimeExpiry, and a rerun is made at once', async () => {
        const { project, releaseVersion } = await released();
        const { Id } = await at.api.get(`${S}/projects/${project.id}/releases/${releaseVersion}`);
        const sent = { ReleaseId: Id, EnvironmentId: project.environment.Id, QueueTime: inMs(1500), QueueTimeExpiry: inMs(120000) };
        const made = await at.api.post(`${S}/deployments`, sent);
        assert.deepEqual([made.QueueTime, made.QueueTimeExpiry], [sent.QueueTime, sent.QueueTimeExpiry]);
        assert.ok(Date.parse((await waitForTask(at.api, made.TaskId)).StartTime) >= Date.parse(sent.QueueTime));
        const again = await at.api.post(`/api/tasks/rerun/${made.TaskId}`);
        assert.equal((await waitForTask(at.api, again.Id)).State, 'Success');
        assert.equal((await at.api.get(`${S}/deployments/${again.Arguments.DeploymentId}`)).QueueTimeExpiry, null);
    });

    test('a time that has passed means now, and an end before the start is refused with its value', async () => {
        const { project, releaseVersion } = await released();
        assert.equal((await project.deploy({ releaseVersion, runAt: '2001-01-01T00:00:00Z' })).State, 'Success');
        const command = { projectName: project.name, releaseVersion, environmentNames: [project.environment.Name] };
        await assertRefused(at.api, 'POST', V1, { ...command, noRunAfter: '2001-01-01T00:00:00Z' }, ['noRunAfter', '2001-01-01']);
        await assertRefused(at.api, 'POST', V1, { ...command, runAt: FAR, noRunAfter: inMs(1000) }, ['noRunAfter', '2999-01-01']);
        await assertRefused(at.api, 'POST', V1, { ...command, runAt: 'tomorrow' }, ['RunAt', 'tomorrow']);
    });

    test('several environments are planned one by one', async () => {
        const { project, releaseVersion } = await released();
        const second = await createEnvironment(at.api);
        const { DeploymentServerTasks } = await at.api.post(V1, { projectName: project.name, releaseVersion, environmentNames: [project.environment.Name, second.Name], runAt: inMs(700) });
        for (const { ServerTaskId } of DeploymentServerTasks) await waitForState(at.api, ServerTaskId, 'Success');
    });
});
