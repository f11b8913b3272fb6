// What the command line sends for workers and worker pools (rest.md 3.2), request by request, and what it reads of the answers.
import { GoClient, assertEchoed } from '../lib/go_client.mjs';
import { apiSuite, assert, fresh, S, test } from './suite.mjs';

const encoded = encodeURIComponent;
const UNKNOWN = { OperatingSystem: 'Unknown', ShellName: 'Unknown', ShellVersion: 'Unknown' };
const WORKER = { HasLatestCalamari: false, IsDisabled: false, IsInProcess: false, ...UNKNOWN };

apiSuite('the command line and workers', (at) => {
    // A command starts like this, whatever it does.
    async function start(command) {
        const cli = new GoClient(at.server.url, at.api.key, `octopus/2.15.4 (${command})`);
        const root = await cli.get('/api/');
        assert.equal(root.Links.Spaces, '/api/spaces{/id}{?name,skip,ids,take,partialName}');
        const space = (await cli.pages('/api/spaces')).find((one) => one.IsDefault);
        assert.ok((await cli.get('/api/spaces/all')).some((one) => one.Id === space.Id));
        assert.deepEqual(await cli.get('/api/'), root);
        const home = await cli.get(`/api/${space.Id}`);
        for (const [name, template] of [['Workers', '/workers{/id}{?skip,take,name,ids,partialName,isDisabled,healthStatuses,commStyles,workerPoolIds,thumbprint,shellNames}'],
            ['WorkerPools', '/workerpools{/id}{?name,skip,ids,take,partialName}'], ['Proxies', '/proxies{/id}{?skip,take,ids,partialName}'],
            ['Accounts', '/accounts{/id}{?skip,take,ids,partialName,accountType}'], ['MachinePolicies', '/machinepolicies{/id}{?skip,take,ids,partialName}']]) {
            assert.equal(home.Links[name], `${S}${template}`);
        }
        assert.deepEqual([home.Version, home.ApiVersion], [undefined, undefined]);
        return cli;
    }

    // What is asked for all the same after a worker was made: create, read and list must give the same answer, links too.
    async function assertOne(cli, path, made) {
        assert.deepEqual(await cli.get(`${path}/${made.Id}`), made);
        assert.deepEqual((await cli.get(`${path}/all`)).find((one) => one.Id === made.Id), made);
        assert.deepEqual((await cli.get(`${path}?ids=${made.Id}&take=1`)).Items, [made]);
        assert.equal(made.Links.Self, `${path}/${made.Id}`);
    }

    const staticPool = (Name, more = {}) => ({ CanAddWorkers: false, IsDefault: false, Name, SortOrder: 0, WorkerPoolType: 'StaticWorkerPool', ...more });

    async function createPool() {
        const cli = await start('worker-pool;static;create');
        const sent = staticPool(fresh('CLI pool'), { Description: 'for the command line' });
        const made = await cli.post(`${S}/workerpools`, sent);
        assertEchoed(made, { ...sent, CanAddWorkers: true }); // the server's word
        await assertOne(cli, `${S}/workerpools`, made);
        return made;
    }

    // `--worker-pool` and `--machine-policy` take names.
    async function findPoolAndPolicy(cli, pool) {
        const item = (await cli.get(`${S}/workerpools/all`)).find((one) => one.Name.toLowerCase() === pool.Name.toLowerCase());
        assertEchoed(item, { Id: pool.Id, Name: pool.Name, WorkerPoolType: 'StaticWorkerPool', IsDefault: false, CanAddWorkers: true, Slug: pool.Slug });
        const policy = (await cli.get(`${S}/machinepolicies/all`)).find((one) => one.Name === 'Default Machine Policy');
        return { WorkerPoolIds: [item.Id], MachinePolicyId: policy.Id };
    }

    async function createListening(pool, { proxy } = {}) {
        const cli = await start('worker;listening-tentacle;create');
        const ProxyId = proxy && (await cli.get(`${S}/proxies/all`)).find((one) => one.Name === proxy.Name).Id;
        const Endpoint = { ...(proxy ? { ProxyId } : {}), Thumbprint: 'C5D2B6E25E67F6C3D6A9F9E6A6D8A5B4C3D2E1F0', Uri: 'https://worker.test:10933', CommunicationStyle: 'TentaclePassive' };
        const sent = { ...(await findPoolAndPolicy(cli, pool)), Endpoint, ...WORKER, Name: fresh('CLI worker') };
        const made = await cli.post(`${S}/workers`, sent);
        assertEchoed(made, sent);
        assertEchoed(made, { HealthStatus: 'Unknown', Status: 'Unknown', SpaceId: 'Spaces-1', Uri: Endpoint.Uri, Thumbprint: Endpoint.Thumbprint });
        await assertOne(cli, `${S}/workers`, made);
        return made;
    }

    async function createSsh(pool) {
        const cli = await start('worker;ssh;create');
        const account = await at.api.post(`${S}/accounts`, { Name: fresh('CLI key'), AccountType: 'SshKeyPair', Username: 'u', PrivateKeyFile: { HasValue: true, NewValue: 'a2V5' } });
        const accounts = (await cli.get(`${S}/accounts/all`)).filter((one) => ['SshKeyPair', 'UsernamePassword'].includes(one.AccountType));
        const Endpoint = { AccountId: accounts.find((one) => one.Name === account.Name).Id, CommunicationStyle: 'Ssh', DotNetCorePlatform: 'linux-x64',
            Fingerprint: '2a:1b:3c', Host: 'ssh.test', Port: 22, Uri: 'ssh://ssh.test:22/' };
        const sent = { ...(await findPoolAndPolicy(cli, pool)), Endpoint, ...WORKER, Name: fresh('CLI ssh worker') };
        const made = await cli.post(`${S}/workers`, sent);
        assertEchoed(made, sent);
        await assertOne(cli, `${S}/workers`, made);
        return made;
    }

    test('worker-pool static create, dynamic create, list', async () => {
        await createPool();
        const cli = await start('worker-pool;dynamic;create');
        assert.deepEqual((await cli.get(`${S}/workerpools/dynamicworkertypes`)).WorkerTypes, []);
        const sent = staticPool(fresh('CLI dynamic'), { WorkerPoolType: 'DynamicWorkerPool', WorkerType: 'Ubuntu2204' });
        const made = await cli.post(`${S}/workerpools`, sent);
        assertEchoed(made, sent);
        await assertOne(cli, `${S}/workerpools`, made);
        const listed = await (await start('worker-pool;list')).get(`${S}/workerpools/all`);
        for (const pool of listed) {
            assert.ok(['StaticWorkerPool', 'DynamicWorkerPool'].includes(pool.WorkerPoolType)); // another one ends the client
            for (const member of ['Id', 'Name', 'Slug']) assert.ok(pool[member], member);
            for (const member of ['IsDefault', 'CanAddWorkers']) assert.equal(typeof pool[member], 'boolean', member);
        }
    });

    test('worker-pool view by id, by name and by slug, with its workers; delete', async () => {
        const pool = await createPool(), cli = await start('worker-pool;view');
        assert.deepEqual(await cli.get(`${S}/workerpools/${pool.Id}`), pool);
        assert.deepEqual(await cli.get(`${S}/workerpools/${encoded(pool.Name)}`), pool);
        assert.deepEqual((await cli.get(`${S}/workerpools?name=${encoded(pool.Name)}`)).Items, [pool]);
        assert.deepEqual((await cli.get(`${S}/workerpools/all`)).find((one) => one.Slug === pool.Slug), pool);
        assert.deepEqual(await cli.pages(pool.Links.Workers), []);
        const one = await createListening(pool), two = await createSsh(pool);
        assert.deepEqual(await cli.pages(pool.Links.Workers), [one, two].sort((a, b) => (a.Name.toLowerCase() < b.Name.toLowerCase() ? -1 : 1)));
        await cli.missing(`${S}/workerpools/No%20such%20pool`);
        assert.deepEqual((await cli.get(`${S}/workerpools?name=No%20such%20pool`)).Items, []);
        const remove = await start('worker-pool;delete');
        for (const { Id } of [one, two]) await remove.delete(`${S}/workers/${Id}`);
        await remove.get(`${S}/workerpools/${encoded(pool.Name)}`);
        assert.deepEqual(await remove.delete(`${S}/workerpools/${pool.Id}`), {});
        await remove.missing(`${S}/workerpools/${pool.Id}`);
    });

    test('worker listening-tentacle create with a proxy, list, view by id and by name, delete', async () => {
        const pool = await createPool();
        const proxy = await at.api.post(`${S}/proxies`, { Name: fresh('CLI proxy'), Host: 'proxy.test', Port: 3128 });
        const made = await createListening(pool, { proxy });
        const list = await start('worker;list');
        const listed = (await list.get(`${S}/workers/all`)).find((one) => one.Id === made.Id);
        await list.get(`${S}/workerpools/all`);
        assert.deepEqual(await list.get(`${S}/proxies/${listed.Endpoint.ProxyId}`), proxy);
        const view = await start('worker;listening-tentacle;view');
        assert.deepEqual(await view.get(`${S}/workers/${encoded(made.Name)}`), made);
        await view.get(`${S}/workerpools/all`);
        await view.missing(`${S}/workers/No%20such%20worker`);
        assert.deepEqual((await view.get(`${S}/workers?name=No%20such%20worker`)).Items, []);
        assert.deepEqual((await view.get(`${S}/workers?name=${encoded(made.Name.toUpperCase())}`)).Items, [made]);
        const remove = await start('worker;delete');
        await remove.get(`${S}/workers/${made.Id}`);
        assert.deepEqual(await remove.delete(`${S}/workers/${made.Id}`), {});
        await remove.missing(`${S}/workers/${made.Id}`);
    });

    test('worker ssh create, list and view read the account too; a name that exists is refused with 400', async () => {
        const pool = await createPool(), made = await createSsh(pool);
        const view = await start('worker;ssh;view');
        assert.deepEqual(await view.get(`${S}/workers/${made.Id}`), made);
        const account = await view.get(`${S}/accounts/${made.Endpoint.AccountId}`);
        assertEchoed(account, { AccountType: 'SshKeyPair', Username: 'u', PrivateKeyFile: { HasValue: true, NewValue: null, Hint: null } });
        const { status, body } = await view.send('POST', `${S}/workers`, { ...made, Id: undefined, Links: undefined });
        assert.equal(status, 400);
        assert.ok(body.ErrorMessage && body.Errors.some((text) => text.includes(made.Name)));
    });

    test('worker polling-tentacle list and view; the empty list of pools that the client sends is no filter', async () => {
        const pool = await createPool();
        const made = await at.api.post(`${S}/workers`, {
            Name: fresh('Polling'), WorkerPoolIds: [pool.Id], Endpoint: { CommunicationStyle: 'TentacleActive', Uri: 'poll://0123456789abcdefghij/', Thumbprint: 'AB' },
        });
        const cli = await start('worker;polling-tentacle;view');
        assert.deepEqual((await cli.get(`${S}/workers/all`)).filter((one) => one.Endpoint.CommunicationStyle === 'TentacleActive' && one.Id === made.Id), [made]);
        assert.deepEqual((await cli.get(`${S}/workers?name=${encoded(made.Name)}&workerPoolIds=`)).Items, [made]);
    });
});
