// A script that prints more than is kept of it.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Project, rawLogCounts, scriptStep, waitForTask } from '../lib/project.mjs';
import { Server } from '../lib/server.mjs';

test('a gigabyte of output is cut at the limit with one line that says so, and the script goes on', { timeout: 300000 }, async (t) => {
    const { api } = await Server.start(t);
    const project = await Project.create(api, { steps: [scriptStep('Loud', `yes '${'0123456789'.repeat(10)}' | head -c 1200000000; exit 3`)] });
    const id = await project.startDeployment();
    const task = await waitForTask(api, id, 240000);

    assert.equal(task.State, 'Failed', 'the exit code of after the cut');
    const counted = await rawLogCounts(api, id, (line) => /limit/i.test(line));
    assert.equal(counted.matching, 1);
    assert.ok(counted.bytes > 1e9);
});
