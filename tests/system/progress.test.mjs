// What a running task tells of itself: how far its scripts say that they are, and what it waits for.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { temporaryFolder } from '../lib/folder.mjs';
import { Gates } from '../lib/gates.mjs';
import { until } from '../lib/processes.mjs';
import { assertEnded, cancelTask, details, getTask, Project, rawLog, scriptStep, waitForTask } from '../lib/project.mjs';
import { Server } from '../lib/server.mjs';

async function stage(t, options) {
    const server = await Server.start(t, options);
    const gates = new Gates(temporaryFolder(t));
    t.after(() => gates.close());
    gates.make('go');
    return { server, api: server.api, gates };
}

const waitingFor = (api, id, reason) => until(`${id} to wait for ${reason}`, async () => {
    const { WaitingFor } = await getTask(api, id);
    return WaitingFor?.Reason === reason && WaitingFor;
});

describe('a running task', { concurrency: 2 }, () => {
    test('shows how far its script says that it is, masked, also after a restart', async (t) => {
        const { server, api, gates } = await stage(t);
        const body = `${gates.shell}
            update_progress 140 'too much'; update_progress 40 "half way with $(get_octopusvariable Password)"; update_progress many 'no number'; gate go`;
        const project = await Project.create(api, { steps: [scriptStep('Far', body)], variables: [{ Name: 'Password', Value: 'correct-horse-battery', IsSensitive: true }] });
        const id = await project.startDeployment();
        await gates.reached('go');
        const node = async () => {
            const { ActivityLogs } = await details(api, id);
            return ActivityLogs[0].Children[0]?.Children[0];
        };

        for (const again of [false, true]) {
            if (again) await server.restart();
            const { ProgressMessage } = await until('the progress to be shown', async () => (await node())?.ProgressPercentage === 40 && node());
            assert.equal(ProgressMessage, 'half way with ********');
        }
        gates.open('go');
        await assertEnded(api, await waitForTask(api, id), 'Success');
        assert.equal((await node()).ProgressPercentage, 100);
    });

    test('says that it waits for the mutex and who holds it', async (t) => {
        const { api, gates } = await stage(t);
        const step = (name, body) => scriptStep(name, body, { properties: { OctopusBypassDeploymentMutex: 'False' } });
        const one = await (await Project.create(api, { steps: [step('First', `${gates.shell}; gate go`)] })).startDeployment();
        await gates.reached('go');
        const two = await (await Project.create(api, { steps: [step('Second', 'true')] })).startDeployment();

        const { Description } = await waitingFor(api, two, 'Mutex');

        assert.ok(Description.includes('"Second"') && Description.includes(one), Description);
        gates.open('go');
        await assertEnded(api, await waitForTask(api, two), 'Success');
        assert.equal((await getTask(api, two)).WaitingFor, undefined);
    });

    test('says that it waits for the next attempt of a step', async (t) => {
        const { api } = await stage(t);
        const project = await Project.create(api, { steps: [scriptStep('Again', 'exit 1',
            { properties: { 'Octopus.Action.AutoRetry.MaximumCount': '3', 'Octopus.Action.AutoRetry.MinimumBackoff': '60' } })] });
        const id = await project.startDeployment();

        assert.match((await waitingFor(api, id, 'Retry')).Description, /"Again" waits for its next attempt/);
        await cancelTask(api, id);
        await assertEnded(api, await waitForTask(api, id), 'Canceled');
    });

    test('whose log has reached its limit goes on, and one line says that output is cut', async (t) => {
        const { api } = await stage(t, { args: ['--task-log-limit', '100000'] });
        const project = await Project.create(api, { steps: [scriptStep('Loud', 'seq -f "line %.0f" 100000'), scriptStep('After', 'echo never-kept; exit 3')] });
        const task = await waitForTask(api, await project.startDeployment());

        assert.match(task.ErrorMessage, /The step "After" failed.*exit code 3/);
        assert.equal(task.HasWarningsOrErrors, true);
        const raw = await rawLog(api, task.Id);
        assert.equal(raw.match(/log has reached its limit of 100000 bytes/g).length, 1);
        assert.match(raw, /line 5000\n/);
        assert.doesNotMatch(raw, /line 100000\n|never-kept/);
        assert.ok(raw.length < 1000000, `${raw.length}`);
        assert.match(raw, /the script ended with exit code 3/);
    });
});
