// Tasks of the server itself: queued by hand or by the clock, with a log, a cancel and a cap of their own.
import { assertEnded, details, linesOf, waitForTask } from '../lib/project.mjs';
import { apiSuite, assert, assertRefused, test } from './suite.mjs';

apiSuite('system tasks', (at) => {
    const queue = (more = {}) => at.api.post('/api/tasks', { Name: 'Retention', Description: 'by hand', ...more });

    test('a task of the server runs, has a log, and belongs to no space', async () => {
        const task = await queue();
        assert.deepEqual([task.Name, task.SpaceId, task.State], ['Retention', null, 'Queued']);
        await assertEnded(at.api, await waitForTask(at.api, task.Id), 'Success');
        assert.match(linesOf(await details(at.api, task.Id)).map((line) => line.MessageText).join('\n'), /Removed \d+ tasks of the server/);
        assert.ok((await at.api.get(`/api/tasks?ids=${task.Id}`)).Items.length === 1);
        assert.equal((await at.api.get(`/api/Spaces-1/tasks?ids=${task.Id}`)).Items.length, 0);
    });

    test('it can run again', async () => {
        const first = await waitForTask(at.api, (await queue()).Id);
        const again = await at.api.post(`/api/tasks/rerun/${first.Id}`);
        assert.notEqual(again.Id, first.Id);
        assert.equal(again.Name, 'Retention');
        await assertEnded(at.api, await waitForTask(at.api, again.Id), 'Success');
    });

    test('the kinds are listed, and others are refused with them', async () => {
        const kinds = (await at.api.get('/api/tasks/taskTypes')).map((one) => one.Id);
        for (const kind of ['Deploy', 'RunbookRun', 'Retention']) assert.ok(kinds.includes(kind), kind);
        await assertRefused(at.api, 'POST', '/api/tasks', { Name: 'Dance' }, ['Name', 'Dance', 'Retention']);
        await assertRefused(at.api, 'POST', '/api/tasks', { Name: 'Deploy' }, ['Deploy', 'Retention']);
        await assertRefused(at.api, 'POST', '/api/tasks', {}, ['Name']);
        await assertRefused(at.api, 'POST', '/api/tasks', { Name: 'Retention', Arguments: [] }, ['Arguments']);
    });

    test('two of one kind run one after the other, and those that wait can be canceled', async () => {
        const ids = [];
        for (let i = 0; i < 4; i++) ids.push((await queue()).Id);
        const last = await at.api.send('POST', `/api/tasks/${ids.at(-1)}/cancel`, {});
        const states = [];
        for (const id of ids) states.push((await waitForTask(at.api, id)).State);
        assert.deepEqual(states.slice(0, -1), ['Success', 'Success', 'Success']);
        assert.equal(states.at(-1), last.status === 200 ? 'Canceled' : 'Success'); // it may have been faster
    });
});
