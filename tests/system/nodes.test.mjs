// Several nodes on one PostgreSQL that work at the same time.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { temporaryFolder } from '../lib/folder.mjs';
import { Gates } from '../lib/gates.mjs';
import { Postgres } from '../lib/postgres.mjs';
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
