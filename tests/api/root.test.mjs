// The documents that clients read first: root, space, user, capabilities, server status (rest.md 1.3 to 1.6, 2.8 to 2.10).
import octopus from '@octopusdeploy/api-client';
import { apiSuite, assert, S, test } from './suite.mjs';

apiSuite('root documents', (at) => {
    test('/api and /api/ are the same and need no key', async () => {
        const [one, two] = [await at.anonymous.get('/api'), await at.anonymous.get('/api/')];
        assert.deepEqual(one, two);
        assert.match(one.Version, /^20\d\d\.\d+\.\d+$/);
        assert.equal(one.ApiVersion, '3.0.0');
        assert.match(one.InstallationId, /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
        assert.equal(typeof one.Application, 'string');
        assert.equal(one.IsEarlyAccessProgram, false);
        assert.equal(one.HasLongTermSupport, true);
    });

    test('the root document links to the default space', async () => {
        const { Links } = await at.anonymous.get('/api');
        assert.equal(Links.Self, '/api');
        assert.equal(Links.Spaces, '/api/spaces{/id}{?name,skip,ids,take,partialName}');
        assert.equal(Links.SpaceHome, '/api/{spaceId}');
        assert.equal(Links.CurrentUser, '/api/users/me');
        assert.match(Links.Workers, /^\/api\/Spaces-1\/workers\{\/id\}\{\?.*\bthumbprint\b.*\bshellNames\}$/);
        assert.ok(Links.Workers.includes('name') && Links.Workers.includes('ids'));
        assert.equal(Links.WorkerPoolsSortOrder, Links.WorkerPoolSortOrder);
        assert.ok(Object.keys(Links).length > 60);
    });

    test('the root of a space has its id and links, and no version', async () => {
        const root = await at.api.get(S);
        assert.deepEqual(Object.keys(root).sort(), ['Id', 'Links']);
        assert.equal(root.Id, 'Spaces-1');
        assert.equal(root.Links.Self, S);
        assert.equal(root.Links.Projects, (await at.api.get('/api')).Links.Projects);
    });

    test('a space is named by id or slug, before or behind the word spaces', async () => {
        const one = await at.api.get(`${S}/lifecycles`);
        assert.deepEqual((await at.api.get('/api/default/lifecycles')).Items, one.Items);
        assert.deepEqual((await at.api.get('/api/spaces/Spaces-1/lifecycles')).Items, one.Items);
        assert.deepEqual((await at.api.get('/api/lifecycles')).Items, one.Items);
    });

    test('a space that is not there is 404 with its name', async () => {
        for (const path of ['/api/Spaces-99/projects', '/api/spaces/Spaces-99/projects', '/api/Spaces-99']) {
            const answer = await at.api.send('GET', path);
            assert.equal(answer.status, 404);
            assert.match(answer.body.ErrorMessage, /Spaces-99/);
        }
    });

    test('spaces are listed as page and as array, with what clients read of them', async () => {
        const page = await at.api.get('/api/spaces?partialName=efa&skip=0&take=2147483647');
        assert.equal(page.TotalResults, 1);
        const [space] = await at.api.get('/api/spaces/all');
        assert.deepEqual(page.Items[0], space);
        assert.equal(space.Name, 'Default');
        assert.equal(space.Slug, 'default');
        assert.equal(space.IsDefault, true);
        assert.equal(space.TaskQueueStopped, false);
        assert.equal(space.Links.SpaceHome, S);
        assert.deepEqual(await at.api.get(space.Links.Self), space);
    });

    test('users/me is the administrator, who may enter the default space', async () => {
        const me = await at.api.get('/api/users/me');
        assert.equal(me.Username, 'admin');
        assert.equal(me.IsActive, true);
        assert.equal(me.IsRequestor, true);
        assert.deepEqual(me.Identities, []);
        assert.deepEqual(await at.api.get(me.Links.Self), me);
        assert.deepEqual((await at.api.get(me.Links.Spaces)).map((s) => s.Id), ['Spaces-1']);
        assert.equal((await at.api.get('/api/users?filter=adm')).Items[0].Id, me.Id);
        assert.equal((await at.api.send('GET', '/api/users/Users-99')).status, 404);
        const listed = async (query) => (await at.api.get(`/api/users?${query}`)).Items.map((u) => u.Id);
        assert.deepEqual(await listed(`ids=${me.Id},Users-99,${me.Id}`), [me.Id]);
        assert.deepEqual(await listed('ids=Users-99'), []);
        assert.equal((await at.api.send('GET', '/api/users/Users-99/spaces')).status, 404);
    });

    test('no feature toggle is on, and the capabilities name GetAllSpacesRequest and the commands', async () => {
        assert.ok((await at.api.get('/api/capabilities')).Capabilities.includes('CreateDeploymentUntenantedCommandV1'));
        assert.deepEqual(await at.api.get('/api/configuration/feature-toggles?Name=x'), { FeatureToggles: [] });
        assert.ok((await at.api.get('/api/capabilities')).Capabilities.includes('GetAllSpacesRequest'));
    });

    test('the server tells its status, health, time zones, system and nodes', async () => {
        const status = await at.api.get('/api/serverstatus');
        assert.equal(status.IsInMaintenanceMode, false);
        assert.equal(status.Links.SystemInfo, '/api/serverstatus/system-info');
        const health = await at.api.get('/api/serverstatus/health');
        assert.equal(health.IsOperatingNormally, true);
        assert.notEqual(health.Description, '');
        assert.ok((await at.api.get('/api/serverstatus/timezones')).some((z) => z.Id === 'UTC'));
        const info = await at.api.get(status.Links.SystemInfo);
        assert.ok(info.Version && info.OSVersion && info.ClrVersion);
        assert.match(info.Uptime, /^(\d+\.)?\d\d:\d\d:\d\d(\.\d+)?$/);
        assert.ok(info.WorkingSetBytes > 0 && info.ThreadCount > 0 && info.MinThreadPoolCount > 0);
        const [node] = (await at.api.get('/api/octopusservernodes')).Items;
        assert.equal(node.MaxConcurrentTasks, 5);
        assert.equal((await at.api.get(node.Links.Self)).Id, node.Id);
        assert.deepEqual(await at.api.get(node.Links.Details), { RunningTasks: 0 });
        const count = async (query) => (await at.api.get(`/api/octopusservernodes?${query}`)).TotalResults;
        assert.deepEqual([await count(`ids=${node.Id}`), await count('ids=No-such'), await count('partialName=no%20such')], [1, 0, 0]);
        const { Nodes } = await at.api.get('/api/octopusservernodes/summary');
        assert.deepEqual(Nodes.map((one) => [one.Id, one.IsOffline, one.RunningTaskCount]), [[node.Id, false, 0]]);
    });

    test('the time zones are those of the machine, one of them its own', async () => {
        const zones = await at.api.get('/api/serverstatus/timezones');
        const ids = zones.map((zone) => zone.Id);
        assert.equal(new Set(ids).size, ids.length);
        assert.deepEqual([...ids].sort(), ids);
        for (const id of ['UTC', 'Europe/Berlin', 'America/New_York', 'Australia/ACT']) assert.ok(ids.includes(id), id);
        assert.ok(ids.length > 400 && zones.every((zone) => zone.Name));
        assert.equal(zones.filter((zone) => zone.IsLocal).length, 1);
    });

    test('the server counts what there is', async () => {
        const before = await at.api.get('/api/serverstatus/counts');
        await at.api.post(`${S}/environments`, { Name: 'Counted' });
        const after = await at.api.get('/api/serverstatus/counts');
        assert.equal(after.Infrastructure.Environments, before.Infrastructure.Environments + 1);
        assert.equal(after.Global.Spaces, 1);
        assert.ok(after.Global.Users >= 1 && after.Infrastructure.WorkerPools === 1);
        assert.deepEqual(await at.api.get('/api/serverstatus/extensions'), []);
    });

    test('health and metrics need no key', async () => {
        assert.equal((await at.anonymous.send('GET', '/healthz')).text, 'ok\n');
        assert.match((await at.anonymous.send('GET', '/metrics')).text, /^bobtail_tasks_queued 0$/m);
    });

    test('HEAD answers as GET, OPTIONS names the methods, another method is 405', async () => {
        const head = await at.api.send('HEAD', `${S}/projects`);
        assert.equal(head.status, 200);
        assert.equal(head.text, '');
        const options = await at.api.send('OPTIONS', `${S}/projects`);
        assert.match(options.headers.get('allow'), /GET.*POST/);
        const wrong = await at.api.send('DELETE', `${S}/projects`);
        assert.equal(wrong.status, 405);
        assert.match(wrong.body.ErrorMessage, /DELETE/);
    });

    test('the public client resolves the space and finds the server new enough', async () => {
        const client = await at.server.client();
        const spaces = new octopus.SpaceRepository(client);
        assert.equal((await spaces.list({ partialName: 'Default' })).Items[0].Id, 'Spaces-1');
        assert.equal((await client.getServerInformation()).version, (await at.api.get('/api')).Version);
    });
});
