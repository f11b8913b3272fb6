// Spaces: made complete, changed, stopped, searched, deleted with all that is in them (rest.md 2.9).
import fs from 'node:fs';
import path from 'node:path';
import { onBothDatabases } from '../lib/databases.mjs';
import { until } from '../lib/processes.mjs';
import { Project, scriptStep, waitForTask } from '../lib/project.mjs';
import { apiSuite, assert, assertRefused, fresh, names, test } from './suite.mjs';

onBothDatabases('deleting a space', (database) => {
    test('what a killed server had not deleted yet goes with its next start', async (t) => {
        const server = await database.start(t, { env: { BOBTAIL_FAULT: 'engine.purge:1' } });
        const { api } = server;
        const space = await api.post('/api/spaces', { Name: 'Short' });
        const project = await Project.create(api, { space: space.Id, steps: [scriptStep('one', 'echo x > x.txt; new_octopusartifact "$PWD/x.txt"')] });
        const { Id } = await project.deploy();
        const blobs = () => fs.readdirSync(path.join(server.folder, 'blobs'), { recursive: true, withFileTypes: true }).filter((one) => one.isFile() && /^[0-9a-f]{62}$/.test(one.name));
        await until('the artifact to be kept', () => blobs().length === 1);
        await api.put(`/api/spaces/${space.Id}`, { ...space, TaskQueueStopped: true });
        await api.send('DELETE', `/api/spaces/${space.Id}`).catch(() => undefined); // may be killed before it answers
        assert.equal((await server.exit).signal, 'SIGKILL');
        server.options.env = { BOBTAIL_BLOB_AGE_MS: '0' };
        await server.resume();
        await until('the blob of its artifact to be gone', () => blobs().length === 0);
        await until('the task to be gone', async () => (await api.send('GET', `/api/tasks/${Id}`)).status === 404);
        assert.equal((await api.send('GET', `/api/spaces/${space.Id}`)).status, 404);
        const name = /^postgresql:\/\/(\w+)/.exec(server.options.database)?.[1];
        if (name === undefined) return;
        await until('its documents to be gone', async () =>
            /^\s*0\s*$/m.test(String(await database.cluster().query(`select count(*) from document where space_id = '${space.Id}'`, name))));
    });
});

onBothDatabases('the queue of a space', (database) => {
    test('let go on one node, its tasks start on the others', async (t) => {
        if (database.kind === 'sqlite') return; // has one node
        const one = await database.start(t, { taskCap: 0 });
        const two = await one.startBeside(t);
        const space = await one.api.post('/api/spaces', { Name: 'Shared', TaskQueueStopped: true });
        const project = await Project.create(one.api, { space: space.Id, steps: [scriptStep('one', 'true')] });
        const held = await project.startDeployment();
        const free = await Project.create(one.api, { steps: [scriptStep('one', 'true')] });
        assert.equal((await free.deploy()).State, 'Success'); // by the other node, which has looked at the queue
        assert.equal((await two.api.get(`/api/tasks/${held}`)).WaitingFor.Reason, 'SpaceStopped');
        await one.api.put(`/api/spaces/${space.Id}`, { ...space, TaskQueueStopped: false });
        assert.equal((await waitForTask(one.api, held)).State, 'Success');
    });
});

apiSuite('spaces', (at) => {
    const spaces = '/api/spaces';
    const create = (more = {}) => at.api.post(spaces, { Name: fresh('Space'), ...more });
    const change = async (id, more) => at.api.put(`${spaces}/${id}`, { ...(await at.api.get(`${spaces}/${id}`)), ...more });
    const destroy = async (id) => {
        await change(id, { TaskQueueStopped: true });
        return at.api.delete(`${spaces}/${id}`);
    };
    const first = async (path) => (await at.api.get(`${path}?take=1`)).Items[0];

    test('a new space comes complete, with ids of its own', async () => {
        const space = await create({ Description: 'd' });
        assert.deepEqual(await at.api.get(space.Links.Self), space);
        assert.deepEqual([space.Description, space.IsDefault, space.IsPrivate, space.TaskQueueStopped], ['d', false, false, false]);
        const S = space.Links.SpaceHome;
        const made = { projectgroups: 'Default Project Group', lifecycles: 'Default Lifecycle', workerpools: 'Default Worker Pool', machinepolicies: 'Default Machine Policy' };
        for (const [noun, name] of Object.entries(made)) {
            const one = await first(`${S}/${noun}`), other = await first(`/api/Spaces-1/${noun}`);
            assert.deepEqual([one.Name, one.SpaceId], [name, space.Id]);
            assert.notEqual(one.Id, other.Id);
        }
        const feed = await first(`${S}/feeds`);
        assert.deepEqual([feed.FeedType, feed.SpaceId], ['BuiltIn', space.Id]);
        const project = await Project.create(at.api, { space: space.Id, steps: [scriptStep('one', 'true')] });
        assert.equal((await project.deploy()).State, 'Success');
    });

    test('the public client makes, changes and deletes a space', async () => {
        const { SpaceRepository } = await import('@octopusdeploy/api-client');
        const repository = new SpaceRepository(await at.server.client());
        const space = await repository.create({ Name: fresh('Client') });
        space.TaskQueueStopped = true;
        await repository.modify(space);
        await repository.del(space);
        assert.equal((await at.api.send('GET', `${spaces}/${space.Id}`)).status, 404);
    });

    test('a name is unique in any case, at most 50 characters long, and makes a slug', async () => {
        const space = await create({ Name: 'Näme of it' });
        assert.equal(space.Slug, 'n-me-of-it');
        await assertRefused(at.api, 'POST', spaces, { Name: 'NÄME of IT' }, 'Name');
        await assertRefused(at.api, 'POST', spaces, { Name: 'x'.repeat(51) }, ['Name', '50']);
        await assertRefused(at.api, 'POST', spaces, { Name: '  ' }, 'Name');
        await assertRefused(at.api, 'PUT', `${spaces}/${space.Id}`, { ...space, Name: 'default' }, 'default');
        await assertRefused(at.api, 'POST', spaces, { Name: fresh('Space'), SpaceManagersTeamMembers: ['Users-99'] }, 'Users-99');
        assert.deepEqual(names((await at.api.get(`${spaces}?name=näme OF it`)).Items), ['Näme of it']);
        assert.equal((await at.api.get('/api/n-me-of-it')).Id, space.Id);
    });

    test('one space is the default, or none; then addresses without a space are not found, and say why', async () => {
        const space = await create({ IsDefault: true });
        const defaults = async () => (await at.api.get(`${spaces}/all`)).filter((one) => one.IsDefault).map((one) => one.Id);
        assert.deepEqual(await defaults(), [space.Id]);
        assert.equal((await first('/api/projectgroups')).SpaceId, space.Id);
        await at.api.put(`${spaces}/${space.Id}`, { Name: space.Name }); // says nothing of it
        assert.deepEqual(await defaults(), [space.Id]);
        await change(space.Id, { IsDefault: false });
        assert.deepEqual(await defaults(), []);
        const answer = await at.api.send('GET', '/api/projectgroups');
        assert.equal(answer.status, 404);
        assert.match(answer.body.ErrorMessage, /no space is the default/);
        const { Links } = await at.anonymous.get('/api');
        assert.equal(Links.Projects, undefined);
        assert.ok(Links.Spaces && Links.Tasks);
        await change(space.Id, { IsDefault: true });
        await destroy(space.Id);
        assert.deepEqual(await defaults(), []);
        await change('Spaces-1', { IsDefault: true });
        assert.deepEqual(await defaults(), ['Spaces-1']);
    });

    test('a stopped queue holds the tasks of its space only, says so, and lets them go at once', async () => {
        const space = await create();
        const project = await Project.create(at.api, { space: space.Id, steps: [scriptStep('one', 'true')] });
        await change(space.Id, { TaskQueueStopped: true });
        const id = await project.startDeployment();
        const other = await Project.create(at.api, { steps: [scriptStep('one', 'true')] });
        assert.equal((await other.deploy()).State, 'Success'); // queued after it
        const task = await at.api.get(`/api/tasks/${id}`);
        assert.equal(task.State, 'Queued');
        assert.equal(task.WaitingFor.Reason, 'SpaceStopped');
        assert.match(task.WaitingFor.Description, new RegExp(`${space.Id} is stopped`));
        await change(space.Id, { TaskQueueStopped: false });
        assert.equal((await waitForTask(at.api, id)).State, 'Success');
    });

    test('a space is deleted with all that is in it once its queue is stopped and nothing runs', async () => {
        const space = await create();
        const project = await Project.create(at.api, { space: space.Id, steps: [scriptStep('wait', 'echo hi; read -r _ < /dev/zero')] });
        const running = await project.startDeployment();
        await until('the task to run', async () => (await at.api.get(`/api/tasks/${running}`)).State === 'Executing');
        await assertRefused(at.api, 'DELETE', `${spaces}/${space.Id}`, undefined, 'TaskQueueStopped');
        await change(space.Id, { TaskQueueStopped: true });
        await assertRefused(at.api, 'DELETE', `${spaces}/${space.Id}`, undefined, running);
        const waiting = await project.startDeployment({ environment: await at.api.post(`${space.Links.SpaceHome}/environments`, { Name: fresh('Environment') }) });
        await at.api.post(`/api/tasks/${running}/cancel`);
        await waitForTask(at.api, running);
        assert.deepEqual(await at.api.delete(`${spaces}/${space.Id}`), {});
        for (const path of [`${spaces}/${space.Id}`, space.Links.SpaceHome, `${space.Links.SpaceHome}/projects`, `/api/spaces/${space.Id}/projects`]) {
            assert.equal((await at.api.send('GET', path)).status, 404, path);
        }
        await until('its tasks to be gone', async () =>
            (await Promise.all([running, waiting].map((id) => at.api.send('GET', `/api/tasks/${id}`)))).every((answer) => answer.status === 404));
        assert.notEqual((await at.api.post(spaces, { Name: space.Name })).Id, space.Id); // the name is free
        assert.equal((await at.api.send('DELETE', `${spaces}/${space.Id}`)).status, 404);
    });

    test('search finds by a part of the name what is in the space, and what is in others not', async () => {
        const space = await create();
        const S = space.Links.SpaceHome;
        const environment = await at.api.post(`${S}/environments`, { Name: 'Needle one' });
        await at.api.post(`${S}/lifecycles`, { Name: 'a nEEdle, too' });
        await at.api.post('/api/Spaces-1/environments', { Name: 'Needle elsewhere' });
        const found = await at.api.get(space.Links.SpaceSearch.replace('{?keyword}', '?keyword=needle'));
        assert.deepEqual(found.map((one) => [one.Type, one.Name]), [['Lifecycle', 'a nEEdle, too'], ['Environment', 'Needle one']]);
        assert.deepEqual(await at.api.get(found[1].Links.Self), environment);
        assert.deepEqual(await at.api.get(`${S}/search?keyword=%25`), []);
        assert.deepEqual(await at.api.get(`${S}/search`), []);
        const logo = await at.api.send('GET', space.Links.Logo);
        assert.match(logo.headers.get('content-type'), /svg/);
    });
});
