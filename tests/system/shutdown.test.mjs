// SIGTERM in the middle of much work, again and again: each stop is orderly, and nothing is lost, repeated or left behind.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import { test } from 'node:test';
import { onBothDatabases } from '../lib/databases.mjs';
import { temporaryFolder } from '../lib/folder.mjs';
import { until } from '../lib/processes.mjs';
import { assertEnded, createEnvironment, getTask, messages, Project, scriptStep } from '../lib/project.mjs';

const RUNS = 80;
const STOPS = 5;

onBothDatabases('a server that stops under load', ({ start }) => {
    test(`${STOPS} stops while ${RUNS} tasks run and wait: every script runs once, every run succeeds`, { timeout: 180000 }, async (t) => {
        const server = await start(t, { taskCap: 8 });
        const { api } = server;
        const folder = temporaryFolder(t);
        const step = (name) => scriptStep(name, `echo ${name} >> '${folder}/#{Octopus.Task.Id}'\nfor i in $(seq 20); do echo "${name} $i"; sleep 0.01; done`);
        const project = await Project.create(api, { variables: [{ Name: 'Octopus.Task.ConcurrencyTag', Value: '#{Octopus.Task.Id}' }] });
        const runbook = await project.createRunbook([step('first'), step('second')]);
        const environments = await Promise.all(Array.from({ length: 10 }, () => createEnvironment(api)));
        const ids = [];
        while (ids.length < RUNS) ids.push(...(await project.startRuns(runbook, environments)));
        const begun = () => fs.readdirSync(folder).length;

        for (let stop = 1; stop <= STOPS; stop++) {
            await until('some more to run', () => begun() >= stop * 7);
            assert.ok(begun() < RUNS, 'others wait');
            const { code, signal } = await server.stop();
            assert.deepEqual([code, signal], [0, null], server.output);
            await server.resume();
        }

        await until('all to end', async () => (await api.get('/api/tasks?active=true&take=0')).TotalResults === 0, 120000);
        const wanted = ['first', 'second'].flatMap((name) => Array.from({ length: 20 }, (_, i) => `${name} ${i + 1}`));
        for (const id of ids) {
            await assertEnded(api, await getTask(api, id), 'Success');
            assert.equal(fs.readFileSync(`${folder}/${id}`, 'utf8'), 'first\nsecond\n', `${id}: each script runs once`);
            assert.deepEqual((await messages(api, id)).filter((text) => /^(first|second) \d+$/.test(text)), wanted, `${id}: its log`);
        }
        assert.deepEqual(server.problems(), []);
    });
});
