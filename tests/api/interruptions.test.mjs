// What tasks ask people (rest.md 2.17). No step asks yet: the questions of these tests are put into the database, which can be
// done on PostgreSQL only; tests/store/interruption.c holds both engines to the same rules.
import { Project, scriptStep } from '../lib/project.mjs';
import { apiSuite, assert, assertRefused, S, test } from './suite.mjs';

apiSuite('interruptions', (at) => {
    const form = { Values: {}, Elements: [
        { Name: 'Notes', Control: { Type: 'TextArea' }, IsValueRequired: false },
        { Name: 'Result', Control: { Type: 'SubmitButtonGroup', Buttons: [{ Text: 'Proceed', Value: 'Proceed' }, { Text: 'Abort', Value: 'Abort' }] }, IsValueRequired: true }] };
    let count = 0;

    // A question of a task that has ended meanwhile; its id.
    async function asked(task, space = 'Spaces-1') {
        const number = ++count, id = `Interruptions-${number}`;
        await at.query(`insert into interruption (id, number, space_id, task_id, correlation_id, kind, title, form, teams, is_pending, created_at) values
            ('${id}', ${number}, '${space}', '${task}', '${task}/root', 'ManualIntervention', 'Go on?', '${JSON.stringify(form)}', '[]', 1, 1700000000000)`);
        await at.query(`update task set interruptions = 'ManualIntervention' where id = '${task}'`);
        return id;
    }
    const run = async () => (await Project.create(at.api, { steps: [scriptStep('one', 'true')] })).deploy();

    test('a question has its form, and waits for who takes it and answers it', async () => {
        if (!at.query) return;
        const task = await run(), id = await asked(task.Id), me = await at.api.get('/api/users/me');
        const one = await at.api.get(`${S}/interruptions/${id}`);
        assert.deepEqual([one.Title, one.Type, one.IsPending, one.TaskId, one.CorrelationId], ['Go on?', 'ManualIntervention', true, task.Id, `${task.Id}/root`]);
        assert.deepEqual(one.Form, form);
        assert.deepEqual(one.RelatedDocumentIds, [task.Id, task.Arguments.DeploymentId]);
        assert.deepEqual([one.CanTakeResponsibility, one.HasResponsibility, one.ResponsibleUserId], [true, false, null]);
        assert.equal((await at.api.send('GET', one.Links.Responsible)).status, 404);
        await assertRefused(at.api, 'POST', one.Links.Submit, { Result: 'Proceed' }, id, 409);
        assert.deepEqual(await at.api.put(one.Links.Responsible), me);
        assert.deepEqual(await at.api.get(one.Links.Responsible), me);
        const taken = await at.api.get(`/api/interruptions/${id}`);
        assert.deepEqual([taken.CanTakeResponsibility, taken.HasResponsibility, taken.ResponsibleUserId], [false, true, me.Id]);
        await assertRefused(at.api, 'POST', one.Links.Submit, { Result: 'Perhaps' }, ['Result', 'Perhaps']);
        await assertRefused(at.api, 'POST', one.Links.Submit, {}, ['Result', 'required']);
        await assertRefused(at.api, 'POST', one.Links.Submit, '[]', 'object');
        const before = await at.api.get(`/api/tasks/${task.Id}`);
        assert.deepEqual([before.HasPendingInterruptions, before.PendingInterruptionTypes], [true, ['ManualIntervention']]);
        const done = await at.api.post(one.Links.Submit, { result: 'Proceed', Notes: 'fine', Other: 'x' });
        assert.deepEqual([done.IsPending, done.Form.Values], [false, { Notes: 'fine', Result: 'Proceed' }]);
        assert.deepEqual(await at.api.get(one.Links.Self), done);
        assert.equal((await at.api.get(`/api/tasks/${task.Id}`)).HasPendingInterruptions, false);
        await assertRefused(at.api, 'POST', one.Links.Submit, { Result: 'Abort' }, 'already', 409);
        await assertRefused(at.api, 'PUT', one.Links.Responsible, undefined, 'already', 409);
        const events = (await at.api.get(`/api/events?regarding=${id}`)).Items;
        assert.deepEqual(events.map((event) => event.Category), ['InterruptionSubmitted', 'InterruptionResponsibility']);
        assert.ok(events[0].RelatedDocumentIds.includes(task.Id));
    });

    test('questions are listed by what they are about, and tasks by whether they ask', async () => {
        if (!at.query) return;
        const [task, other] = [await run(), await run()];
        const ids = [await asked(task.Id), await asked(other.Id)];
        const list = async (query, base = S) => (await at.api.get(`${base}/interruptions?${query}`)).Items.map((one) => one.Id);
        assert.deepEqual(await list(`regarding=${task.Id}`), [ids[0]]);
        assert.deepEqual(await list(`regarding=${other.Arguments.DeploymentId}`, '/api'), [ids[1]]);
        assert.deepEqual(await list(`ids=${ids.join()}&take=1`), [ids[1]]);
        await at.api.put(`/api/interruptions/${ids[0]}/responsible`);
        await at.api.post(`/api/interruptions/${ids[0]}/submit`, { Result: 'Abort' });
        assert.deepEqual(await list(`ids=${ids.join()}&pendingOnly=true`), [ids[1]]);
        const tasks = async (query) => (await at.api.get(`${S}/tasks?${query}&ids=${task.Id},${other.Id}`)).Items.map((one) => one.Id);
        assert.deepEqual(await tasks('hasPendingInterruptions=true'), [other.Id]);
        assert.deepEqual(await tasks('hasPendingInterruptions=false'), [task.Id]);
    });

    test('what another space is asked is not found', async () => {
        if (!at.query) return;
        const task = await run(), space = await at.api.post('/api/spaces', { Name: 'Other' });
        const id = await asked(task.Id, space.Id);
        for (const [method, path] of [['GET', ''], ['GET', '/responsible'], ['PUT', '/responsible'], ['POST', '/submit']]) {
            assert.equal((await at.api.send(method, `${S}/interruptions/${id}${path}`, method === 'GET' ? undefined : {})).status, 404, path);
        }
        assert.equal((await at.api.get(`${S}/interruptions?ids=${id}`)).TotalResults, 0);
    });
});
