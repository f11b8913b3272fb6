// The server as the first process of a container: a pid namespace of its own is all that it takes.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import { describe, test } from 'node:test';
import { temporaryFolder } from '../lib/folder.mjs';
import { killQuietly, until } from '../lib/processes.mjs';
import { assertEnded, details, linesOf, Project, scriptStep, waitForLine, waitForTask } from '../lib/project.mjs';
import { Server } from '../lib/server.mjs';

const wrap = ['unshare', ...(process.getuid() === 0 ? [] : ['--user', '--map-root-user']), '--pid', '--fork', '--mount-proc', '--kill-child'];

// The number outside of the process that is number 1 inside.
async function firstProcess(server) {
    const { pid } = server.process;
    return until('the first process', () => Number(fs.readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ')[0]));
}

describe('in a container', { concurrency: 2 }, () => {
    test('orphans are reaped', async (t) => {
        const { api } = await Server.start(t, { wrap });
        const folder = temporaryFolder(t);
        const project = await Project.create(api, { steps: [
            scriptStep('Leaves', `(until [ -e '${folder}/go' ]; do sleep 0.02; done) < /dev/null > /dev/null 2>&1 &\necho $! > '${folder}/pid'`),
            scriptStep('Looks', `read -r pid < '${folder}/pid'
                echo "its parent is $(cut -d' ' -f4 "/proc/$pid/stat")"
                touch '${folder}/go'
                for i in $(seq 1000); do [ -d "/proc/$pid" ] || break; sleep 0.02; done
                [ -d "/proc/$pid" ] || echo reaped`)] });

        const id = await project.startDeployment();
        const task = await waitForTask(api, id);

        await assertEnded(api, task, 'Success');
        const texts = linesOf(await details(api, id)).map((line) => line.MessageText);
        assert.ok(texts.includes('its parent is 1'), texts.join('\n'));
        assert.ok(texts.includes('reaped'), texts.join('\n'));
    });

    test('SIGTERM stops the server in order', async (t) => {
        const server = await Server.start(t, { wrap });

        killQuietly(await firstProcess(server), 'SIGTERM');

        assert.deepEqual(await server.exit, { code: 0, signal: null });
        assert.match(server.output, /stopping; scripts go on/);
    });

    test('a restart of the container is one of the machine: what ran is lost and not started again', async (t) => {
        const server = await Server.start(t, { wrap });
        const { api } = server;
        const folder = temporaryFolder(t);
        const project = await Project.create(api, { steps: [scriptStep('Step', `echo started | tee -a '${folder}/starts'; sleep 600`)] });
        const id = await project.startDeployment();
        await waitForLine(api, id, 'started');

        killQuietly(await firstProcess(server), 'SIGKILL'); // gone when all others are
        await server.exit;
        await server.resume();
        const task = await waitForTask(api, id);

        assert.equal(task.State, 'Failed');
        assert.match(task.ErrorMessage, /the machine was restarted/);
        assert.equal(fs.readFileSync(`${folder}/starts`, 'utf8'), 'started\n');
    });
});
