// The headline: the public client writes a Bash script step into a project, releases it, deploys it, runs a runbook, waits,
// cancels and reads the log, on the built-in worker, on both databases.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import octopus from '@octopusdeploy/api-client';
import { onBothDatabases } from '../lib/databases.mjs';
import { temporaryFolder } from '../lib/folder.mjs';
import { until } from '../lib/processes.mjs';
import { linesOf, scriptStep } from '../lib/project.mjs';

const space = 'Default';

// Everything below goes through the client's own repositories.
async function setUp(server) {
    const client = await server.client();
    const group = (await new octopus.ProjectGroupRepository(client, space).list({ take: 1 })).Items[0];
    const lifecycle = (await new octopus.LifecycleRepository(client, space).list({ take: 1 })).Items[0];
    const environment = await new octopus.EnvironmentRepository(client, space).create({ Name: 'Staging' });
    const project = await new octopus.ProjectRepository(client, space).create({
        Name: 'Web shop',
        ProjectGroupId: group.Id,
        LifecycleId: lifecycle.Id,
    });
    return { client, environment, project };
}

async function writeProcess({ client, project }, steps) {
    const processes = new octopus.DeploymentProcessRepository(client, space);
    const process = await processes.get(project);
    process.Steps = steps;
    return processes.update(project, process);
}

async function deploy({ client, environment, project }) {
    const release = await new octopus.ReleaseRepository(client, space).create({ spaceName: space, ProjectName: project.Name });
    const deployment = await new octopus.DeploymentRepository(client, space).create({
        spaceName: space,
        ProjectName: project.Name,
        ReleaseVersion: release.ReleaseVersion,
        EnvironmentNames: [environment.Name],
    });
    return deployment.DeploymentServerTasks[0].ServerTaskId;
}

async function publishRunbook({ client, project }, name, steps) {
    const runbook = await new octopus.RunbookRepository(client, space, project).create({
        Name: name,
        ProjectId: project.Id,
        EnvironmentScope: 'All',
        MultiTenancyMode: 'Untenanted',
        DefaultGuidedFailureMode: 'EnvironmentDefault',
        RunRetentionPolicy: { QuantityToKeep: 100, ShouldKeepForever: false },
    });
    const processes = new octopus.RunbookProcessRepository(client, space, project);
    const process = await processes.get(runbook);
    process.Steps = steps;
    await processes.update(process);
    await new octopus.RunbookSnapshotRepository(client, space, project).create(runbook, `${name} 1`, true);
    return runbook;
}

async function run({ client, environment, project }, runbook) {
    const answer = await new octopus.RunbookRunRepository(client, space).create({
        spaceName: space,
        ProjectName: project.Name,
        RunbookName: runbook.Name,
        EnvironmentNames: [environment.Name],
    });
    return answer.RunbookRunServerTasks[0].ServerTaskId;
}

const waitFor = ({ client }, taskId) =>
    new octopus.ServerTaskWaiter(client, space).waitForServerTaskToComplete(taskId, 50, 60000);
const rawOf = ({ client }, taskId) => new octopus.SpaceServerTaskRepository(client, space).getRaw(taskId);

onBothDatabases('the main job', ({ start }) => {
    test('a deployed script runs once and its log is read back line by line', async (t) => {
        const server = await start(t);
        const shop = await setUp(server);
        const proof = path.join(temporaryFolder(t), 'proof');
        await writeProcess(shop, [scriptStep('Say hello', `echo "hello from $(get_octopusvariable 'Octopus.Project.Name')"\necho once >> '${proof}'\necho last`)]);

        const taskId = await deploy(shop);
        const task = await waitFor(shop, taskId);

        assert.equal(task.State, 'Success', await rawOf(shop, taskId));
        assert.equal(task.FinishedSuccessfully, true);
        assert.equal(fs.readFileSync(proof, 'utf8'), 'once\n');
        const raw = await rawOf(shop, taskId);
        assert.match(raw, /hello from Web shop[\s\S]*last/);
        const details = await new octopus.SpaceServerTaskRepository(shop.client, space).getDetails(taskId);
        const texts = linesOf(details).map((line) => line.MessageText);
        assert.equal(texts.filter((text) => text === 'last').length, 1);
        assert.deepEqual(server.problems(), []);
    });

    test('a script that fails fails the deployment and says its exit code', async (t) => {
        const shop = await setUp(await start(t));
        await writeProcess(shop, [scriptStep('Break', 'echo before; exit 7'), scriptStep('Never', 'echo never-printed')]);

        const taskId = await deploy(shop);
        const task = await waitFor(shop, taskId);

        assert.equal(task.State, 'Failed');
        const raw = await rawOf(shop, taskId);
        assert.match(raw, /\b7\b/);
        assert.doesNotMatch(raw, /never-printed/);
    });

    test('a published runbook runs on the built-in worker', async (t) => {
        const shop = await setUp(await start(t));
        const runbook = await publishRunbook(shop, 'Tidy up', [scriptStep('Tidy', 'echo tidied; set_octopusvariable "Count" 3'),
            scriptStep('Report', 'echo "count is $(get_octopusvariable \'Octopus.Action[Tidy].Output.Count\')"')]);

        const taskId = await run(shop, runbook);
        const task = await waitFor(shop, taskId);

        const raw = await rawOf(shop, taskId);
        assert.equal(task.State, 'Success', raw);
        assert.match(raw, /tidied/);
        assert.match(raw, /count is 3/);
    });

    test('a cancelled run ends as Canceled and its script with it', async (t) => {
        const server = await start(t);
        const shop = await setUp(server);
        const proof = path.join(temporaryFolder(t), 'pid');
        const runbook = await publishRunbook(shop, 'Wait', [scriptStep('Wait', `echo $$ > '${proof}.new'; mv '${proof}.new' '${proof}'; sleep 600`)]);

        const taskId = await run(shop, runbook);
        const pid = await until('the script to run', () => fs.existsSync(proof) && Number(fs.readFileSync(proof, 'utf8')));
        await new octopus.ServerTaskRepository(shop.client).cancel(taskId);
        const task = await waitFor(shop, taskId);

        assert.equal(task.State, 'Canceled');
        assert.equal(task.FinishedSuccessfully, false);
        await until('the script to be gone', () => !fs.existsSync(`/proc/${pid}`), 10000);
    });

    test('sensitive values are masked in the log', async (t) => {
        const server = await start(t);
        const shop = await setUp(server);
        await server.api.put(`/api/Spaces-1/variables/${shop.project.VariableSetId}`, {
            ...(await server.api.get(`/api/Spaces-1/variables/${shop.project.VariableSetId}`)),
            Variables: [{ Id: '', Name: 'Token', Value: 'correct-horse-battery', Type: 'Sensitive', IsSensitive: true, IsEditable: true, Scope: {} }],
        });
        await writeProcess(shop, [scriptStep('Leak', 'echo "token: $(get_octopusvariable Token)"; echo "#{Token}"')]);

        const taskId = await deploy(shop);
        const task = await waitFor(shop, taskId);

        const raw = await rawOf(shop, taskId);
        assert.equal(task.State, 'Success', raw);
        assert.match(raw, /token: \*{8}/);
        assert.doesNotMatch(raw, /correct-horse-battery/);
    });
});
