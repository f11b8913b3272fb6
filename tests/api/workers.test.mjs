// Worker pools, workers and machine policies (rest.md 2.1 to 2.3).
import { endpoints, sshAccount, worker } from '../lib/machines.mjs';
import { scriptStep, Project } from '../lib/project.mjs';
import { apiSuite, assert, assertRefused, fresh, names, S, test } from './suite.mjs';

const TIMESPAN = /^(\d+\.)?\d\d:\d\d:\d\d(\.\d{1,7})?$/;

apiSuite('workers', (at) => {
    const defaultPool = async () => (await at.api.get(`${S}/workerpools/all`)).find((pool) => pool.IsDefault);
    const createPool = (more = {}) => at.api.post(`${S}/workerpools`, { Name: fresh('Pool'), ...more });
    const createWorker = async (pool, endpoint, more) => at.api.post(`${S}/workers`, worker(pool, endpoint, more));
    const found = async (path) => names((await at.api.get(path)).Items);

    test('a space has one default pool, found by id, name, part of it and slug', async () => {
        const pool = await defaultPool();
        assert.deepEqual([pool.Name, pool.IsDefault, pool.CanAddWorkers, pool.WorkerPoolType, pool.Slug, pool.Description],
            ['Default Worker Pool', true, true, 'StaticWorkerPool', 'default-worker-pool', '']);
        for (const path of [pool.Id, 'default-worker-pool', 'Default%20Worker%20Pool']) assert.deepEqual(await at.api.get(`${S}/workerpools/${path}`), pool);
        for (const query of [`partialName=Default%20Worker%20Pool&take=1`, `ids=${pool.Id}&take=1`, 'name=default worker pool']) {
            assert.deepEqual((await at.api.get(`${S}/workerpools?${query}`)).Items, [pool]);
        }
    });

    test('asked for a part of a name, a list begins with what has it as its whole name', async () => {
        const Name = fresh('Whole');
        await createPool({ Name: `A ${Name}`, SortOrder: 1 });
        await createPool({ Name, SortOrder: 5 });
        assert.deepEqual(await found(`${S}/workerpools?partialName=${encodeURIComponent(Name.toLowerCase())}&take=1`), [Name]);
    });

    test('what is written about a pool is read back, and its description may be empty', async () => {
        const sent = { Name: fresh('Pool'), Description: 'd', SortOrder: 77, IsDefault: false, WorkerPoolType: 'StaticWorkerPool', CanAddWorkers: false };
        const made = await at.api.post(`${S}/workerpools`, sent);
        assert.deepEqual([made.Name, made.Description, made.SortOrder, made.IsDefault, made.WorkerPoolType, made.CanAddWorkers],
            [sent.Name, 'd', 77, false, 'StaticWorkerPool', true]);
        assert.equal((await at.api.put(`${S}/workerpools/${made.Id}`, { ...made, Description: '' })).Description, '');
        await assertRefused(at.api, 'POST', `${S}/workerpools`, { Name: sent.Name.toUpperCase() }, ['Worker pool', 'already']);
        await assertRefused(at.api, 'POST', `${S}/workerpools`, { Name: fresh('Pool'), WorkerPoolType: 'Magic' }, ['WorkerPoolType', 'Magic', 'DynamicWorkerPool']);
    });

    test('a dynamic pool names its kind of workers, and nobody adds workers to it', async () => {
        await assertRefused(at.api, 'POST', `${S}/workerpools`, { Name: fresh('Pool'), WorkerPoolType: 'DynamicWorkerPool' }, 'WorkerType');
        const pool = await createPool({ WorkerPoolType: 'DynamicWorkerPool', WorkerType: 'Ubuntu2204' });
        assert.deepEqual([pool.WorkerType, pool.CanAddWorkers], ['Ubuntu2204', false]);
        await assertRefused(at.api, 'POST', `${S}/workers`, worker(pool, endpoints.listening()), [pool.Name, 'dynamic']);
        assert.deepEqual((await at.api.get(`${S}/workerpools/dynamicworkertypes`)).WorkerTypes, []);
        assert.deepEqual((await at.api.get(`${S}/workerpools/supportedtypes`)).SupportedPoolTypes, ['StaticWorkerPool']);
    });

    test('the default moves to the pool that is made the default; there is always exactly one', async () => {
        const before = await defaultPool();
        const other = await createPool({ IsDefault: true });
        assert.deepEqual((await at.api.get(`${S}/workerpools/all`)).filter((pool) => pool.IsDefault), [other]);
        await assertRefused(at.api, 'PUT', `${S}/workerpools/${other.Id}`, { ...other, IsDefault: false }, ['IsDefault', other.Name]);
        await assertRefused(at.api, 'DELETE', `${S}/workerpools/${other.Id}`, undefined, [other.Name, 'default worker pool']);
        const { IsDefault, ...rest } = await at.api.get(`${S}/workerpools/${before.Id}`);
        assert.equal(IsDefault, false);
        await at.api.put(`${S}/workerpools/${before.Id}`, { ...rest, IsDefault: true });
        assert.equal((await at.api.put(`${S}/workerpools/${before.Id}`, rest)).IsDefault, true); // absent: as it was
        assert.equal((await defaultPool()).Id, before.Id);
        assert.deepEqual(await at.api.delete(`${S}/workerpools/${other.Id}`), {});
    });

    test('pools stand in the order that they are given', async () => {
        const pools = [await createPool(), await createPool(), await createPool()].map((pool) => pool.Id).reverse();
        const sorted = (await at.api.put(`${S}/workerpools/sortorder`, pools)).map((pool) => pool.Id);
        assert.deepEqual(sorted.filter((id) => pools.includes(id)), pools);
        await assertRefused(at.api, 'PUT', `${S}/workerpools/sortorder`, { Ids: pools }, 'list of ids');
        await assertRefused(at.api, 'PUT', `${S}/workerpools/sortorder`, ['WorkerPools-999'], 'WorkerPools-999', 404);
    });

    test('a pool that has workers, or that a step or a variable uses, is not deleted: the answer names them', async () => {
        const pool = await createPool();
        const one = await createWorker(pool, endpoints.listening());
        await assertRefused(at.api, 'DELETE', `${S}/workerpools/${pool.Id}`, undefined, [one.Name, one.Id]);
        await at.api.delete(`${S}/workers/${one.Id}`);
        const project = await Project.create(at.api, { steps: [scriptStep('one', 'true', { action: { WorkerPoolId: pool.Id } })] });
        await assertRefused(at.api, 'DELETE', `${S}/workerpools/${pool.Id}`, undefined, [project.resource.DeploymentProcessId]);
    });

    for (const style of ['listening', 'polling', 'ssh', 'kubernetes']) {
        test(`the endpoint of a ${style} worker is answered as it was sent, byte for byte`, async () => {
            const account = await at.api.post(`${S}/accounts`, sshAccount());
            const endpoint = endpoints[style](account.Id);
            const made = await createWorker(await defaultPool(), endpoint);
            assert.deepEqual(made.Endpoint, endpoint);
            assert.equal(made.Thumbprint, endpoint.Thumbprint ?? endpoint.TentacleEndpointConfiguration?.Thumbprint);
            assert.deepEqual(await at.api.get(made.Links.Self), made);
            assert.deepEqual((await at.api.get(`${S}/workers?ids=${made.Id}`)).Items, [made]);
            assert.deepEqual(await at.api.put(made.Links.Self, made), made);
            await at.api.delete(made.Links.Self);
            assert.equal((await at.api.send('GET', made.Links.Self)).status, 404);
        });
    }

    test('what the server finds out about a worker is not what a client says of it', async () => {
        const claimed = { Status: 'Online', HealthStatus: 'Healthy', OperatingSystem: 'Plan 9', IsInProcess: true, HasLatestCalamari: true };
        const made = await createWorker(await defaultPool(), endpoints.listening(), claimed);
        assert.deepEqual([made.Status, made.HealthStatus, made.OperatingSystem, made.IsInProcess, made.HasLatestCalamari], ['Unknown', 'Unknown', 'Unknown', false, false]);
    });

    test('a worker that names no policy has the default one', async () => {
        const policy = (await at.api.get(`${S}/machinepolicies/all`)).find((one) => one.IsDefault);
        for (const MachinePolicyId of ['', null, undefined]) {
            assert.equal((await createWorker(await defaultPool(), endpoints.listening(), { MachinePolicyId })).MachinePolicyId, policy.Id);
        }
    });

    test('a worker is refused without a pool, with an unknown one, with a name that is taken, and with half an endpoint', async () => {
        const pool = await defaultPool(), { Name } = await createWorker(pool, endpoints.listening());
        const refuse = (more, words) => assertRefused(at.api, 'POST', `${S}/workers`, worker(pool, endpoints.listening(), more), words);
        await refuse({ WorkerPoolIds: [] }, 'WorkerPoolIds');
        await refuse({ WorkerPoolIds: ['WorkerPools-999'] }, ['WorkerPools-999', 'worker pool']);
        await refuse({ MachinePolicyId: 'MachinePolicies-999' }, 'MachinePolicies-999');
        await refuse({ Name: Name.toUpperCase() }, ['Worker named', 'already']);
        await refuse({ Endpoint: { CommunicationStyle: 'Pigeon' } }, ['Pigeon', 'TentaclePassive']);
        await refuse({ Endpoint: { CommunicationStyle: 'OfflineDrop' } }, ['OfflineDrop', 'Ssh']);
        await refuse({ Endpoint: { CommunicationStyle: 'TentaclePassive', Uri: 'https://x/' } }, 'Thumbprint');
        await refuse({ Endpoint: { ...endpoints.listening(), ProxyId: 'Proxies-999' } }, 'Proxies-999');
        await refuse({ Endpoint: endpoints.ssh('Accounts-999') }, 'Accounts-999');
    });

    test('workers are found by each filter, with values in any case, written in any of three ways', async () => {
        const pool = await createPool(), other = await createPool();
        const account = await at.api.post(`${S}/accounts`, sshAccount());
        const a = await createWorker(pool, { ...endpoints.listening(), Thumbprint: 'ABCD01' });
        const b = await createWorker(other, endpoints.ssh(account.Id), { IsDisabled: true });
        const of = (query) => found(`${S}/workers?workerPoolIds=${pool.Id},${other.Id}&${query}`);
        for (const [query, wanted] of [['', [a, b]], ['isDisabled=true', [b]], ['isDisabled=False', [a]], ['commStyles=ssh', [b]],
            ['commStyles=SSH,tentaclepassive', [a, b]], ['commStyles=Ssh%2CTentaclePassive', [a, b]], ['commStyles=Ssh&commStyles=TentaclePassive', [a, b]],
            ['commStyles=TentacleActive', []], ['healthStatuses=unknown', [a, b]], ['healthStatuses=Healthy', []], ['shellNames=UNKNOWN', [a, b]],
            ['shellNames=Bash', []], ['thumbprint=abcd01', [a]], [`name=${encodeURIComponent(a.Name.toUpperCase())}`, [a]],
            ['commStyles=&thumbprint=&isDisabled=&healthStatuses=&shellNames=', [a, b]], [`isDisabled=true&commStyles=TentaclePassive`, []]]) {
            assert.deepEqual(await of(query), names(wanted), query);
        }
        assert.deepEqual(await found(`${S}/workers?WorkerpoolIDs=${other.Id}`), [b.Name]);
        assert.ok((await found(`${S}/workers?workerPoolIds=`)).length >= 2);
        assert.deepEqual(await found(`${S}/workerpools/${other.Id}/workers?isDisabled=true`), [b.Name]);
        assert.deepEqual(await found(`${S}/workerpools/${other.Id}/workers?isDisabled=false`), []);
        assert.deepEqual(await at.api.get(`${S}/workers/all?thumbprint=AbCd01`), [a]);
        assert.deepEqual(await at.api.get(`${S}/workers/all?thumbprint=ABC`), []);
        await assertRefused(at.api, 'GET', `${S}/workers?isDisabled=maybe`, undefined, ['isDisabled', 'maybe']);
    });

    test('filters follow a worker that changes', async () => {
        const made = await createWorker(await createPool(), endpoints.listening());
        const of = (query) => found(`${S}/workers?ids=${made.Id}&${query}`);
        assert.deepEqual(await of('isDisabled=true'), []);
        await at.api.put(made.Links.Self, { ...made, IsDisabled: true, Endpoint: { ...made.Endpoint, Thumbprint: 'EE' } });
        assert.deepEqual([await of('isDisabled=true'), await of('thumbprint=ee'), await of('thumbprint=3f')], [[made.Name], [made.Name], []]);
    });

    test('a worker is found by id, name and slug, and another page is walked by its link', async () => {
        const pool = await createPool(), made = [];
        for (let i = 0; i < 3; i++) made.push(await createWorker(pool, endpoints.listening()));
        for (const path of [made[0].Id, encodeURIComponent(made[0].Name), made[0].Slug]) assert.deepEqual(await at.api.get(`${S}/workers/${path}`), made[0]);
        let page = await at.api.get(`${pool.Links.Workers.replace(/\{.*\}/, '')}?take=2`);
        const walked = page.Items;
        page = await at.api.get(page.Links['Page.Next']);
        assert.deepEqual([...walked, ...page.Items].map((one) => one.Id), made.map((one) => one.Id));
        assert.equal(page.Links['Page.Next'], undefined);
        assert.equal((await at.api.send('GET', `${S}/workerpools/WorkerPools-99/workers`)).status, 404);
        assert.equal((await at.api.send('GET', `${S}/workers/My%20worker`)).status, 404);
    });

    test('the numbers of the workers in pools are counted by health, by kind and by being off', async () => {
        const pool = await createPool(), empty = await createPool(), both = await createPool();
        const account = await at.api.post(`${S}/accounts`, sshAccount());
        await createWorker(pool, endpoints.listening(), { WorkerPoolIds: [pool.Id, both.Id] });
        await createWorker(pool, endpoints.ssh(account.Id), { IsDisabled: true });
        const of = (query = '') => at.api.get(`${S}/workerpools/summary?ids=${pool.Id},${empty.Id},${both.Id}${query}`);
        const counts = (one) => [one.WorkerPool?.Name, one.TotalMachines, one.TotalDisabledMachines, one.MachineHealthStatusSummaries, one.MachineEndpointSummaries];
        const summary = await of();
        assert.deepEqual(counts(summary), [undefined, 2, 1, { Unknown: 2 }, { TentaclePassive: 1, Ssh: 1 }]);
        assert.deepEqual(summary.WorkerPoolSummaries.map(counts), [[pool.Name, 2, 1, { Unknown: 2 }, { TentaclePassive: 1, Ssh: 1 }], [empty.Name, 0, 0, {}, {}],
            [both.Name, 1, 0, { Unknown: 1 }, { TentaclePassive: 1 }]]);
        assert.deepEqual(summary.WorkerPoolSummaries[0].WorkerPool, pool);
        assert.deepEqual((await of('&hideEmptyWorkerPools=true&commStyles=ssh')).WorkerPoolSummaries.map(counts), [[pool.Name, 1, 1, { Unknown: 1 }, { Ssh: 1 }]]);
        assert.equal((await of('&isDisabled=false')).TotalMachines, 1);
    });

    test('systems and shells of the workers are told once each, as they are written', async () => {
        await createWorker(await defaultPool(), endpoints.listening());
        await createWorker(await defaultPool(), endpoints.listening());
        assert.deepEqual(await at.api.get(`${S}/workers/operatingsystem/names/all`), ['Unknown']);
        assert.deepEqual(await at.api.get(`${S}/workers/operatingsystem/shells/all`), ['Unknown']);
    });

    test('the connection of a worker says that it has not been checked, and asking a machine is refused in words', async () => {
        const made = await createWorker(await defaultPool(), endpoints.polling());
        const connection = await at.api.get(made.Links.Connection);
        assert.deepEqual([connection.MachineId, connection.Status, connection.Logs, connection.LastChecked], [made.Id, 'Unknown', [], null]);
        assert.equal(connection.Links.Self, made.Links.Connection);
        await assertRefused(at.api, 'GET', `${S}/workers/discover?host=h.test&port=10933&type=TentaclePassive`, undefined, ['h.test', 'thumbprint']);
    });

    test('an account or proxy that a worker uses is not deleted, and says who uses it', async () => {
        const account = await at.api.post(`${S}/accounts`, sshAccount());
        const proxy = await at.api.post(`${S}/proxies`, { Name: fresh('Proxy'), Host: 'proxy.test' });
        const made = await createWorker(await defaultPool(), { ...endpoints.ssh(account.Id), ProxyId: proxy.Id });
        for (const used of [account, proxy]) await assertRefused(at.api, 'DELETE', used.Links.Self, undefined, [used.Name, made.Name]);
        const usages = await at.api.get(account.Links.Usages);
        assert.deepEqual([usages.Targets, usages.DeploymentProcesses], [[{ TargetId: made.Id, TargetName: made.Name }], []]);
        await at.api.delete(made.Links.Self);
        for (const used of [account, proxy]) assert.deepEqual(await at.api.delete(used.Links.Self), {});
    });
});

apiSuite('machine policies', (at) => {
    const defaults = async () => (await at.api.get(`${S}/machinepolicies/all`)).filter((one) => one.IsDefault);

    test('the default machine policy has the time spans that clients insist on, and so has the template', async () => {
        for (const policy of [(await defaults())[0], await at.api.get(`${S}/machinepolicies/template`)]) {
            for (const member of ['ConnectionConnectTimeout', 'ConnectionRetrySleepInterval', 'ConnectionRetryTimeLimit', 'PollingRequestQueueTimeout',
                'PollingRequestMaximumMessageProcessingTimeout']) {
                assert.match(policy[member], TIMESPAN, member);
            }
            assert.equal(policy.ConnectionRetryCountLimit, 5);
            assert.equal(policy.MachineHealthCheckPolicy.HealthCheckType, 'RunScript');
        }
    });

    test('time spans of a policy are answered as they were sent', async () => {
        const sent = {
            ...(await at.api.get(`${S}/machinepolicies/template`)), Id: undefined, Name: fresh('Policy'), ConnectionConnectTimeout: '01.00:00:10.12345',
            ConnectionRetryTimeLimit: '00:05:00.5', PollingRequestQueueTimeout: '00:02:00',
            MachineHealthCheckPolicy: { HealthCheckType: 'OnlyConnectivity', HealthCheckInterval: '01:00:00.00000', HealthCheckCronTimezone: 'UTC',
                BashHealthCheckPolicy: { RunType: 'Inline', ScriptBody: 'true' }, PowerShellHealthCheckPolicy: { RunType: 'InheritFromDefault', ScriptBody: null } },
            MachineCleanupPolicy: { DeleteMachinesBehavior: 'DeleteUnavailableMachines', DeleteMachinesElapsedTimeSpan: '00:20:00.00001' },
        };
        const made = await at.api.post(`${S}/machinepolicies`, sent);
        for (const member of ['ConnectionConnectTimeout', 'ConnectionRetryTimeLimit', 'PollingRequestQueueTimeout', 'MachineCleanupPolicy']) assert.deepEqual(made[member], sent[member]);
        assert.deepEqual(made.MachineHealthCheckPolicy, { ...sent.MachineHealthCheckPolicy, HealthCheckCron: null });
        assert.deepEqual(await at.api.get(made.Links.Self), made);
        assert.deepEqual(await at.api.put(made.Links.Self, made), made);
        await at.api.delete(made.Links.Self);
    });

    test('a policy is refused when clients could not read it', async () => {
        for (const [more, words] of [[{ ConnectionConnectTimeout: '00:00:01' }, ['ConnectionConnectTimeout', '10 seconds']], [{ ConnectionRetryCountLimit: 1 }, ['ConnectionRetryCountLimit']],
            [{ ConnectionRetryTimeLimit: 'soon' }, ['ConnectionRetryTimeLimit', 'soon']], [{ PollingRequestQueueTimeout: '00:00:00' }, ['PollingRequestQueueTimeout']],
            [{ MachineHealthCheckPolicy: { HealthCheckType: 'Guess' } }, ['HealthCheckType', 'Guess']]]) {
            await assertRefused(at.api, 'POST', `${S}/machinepolicies`, { Name: fresh('Policy'), ...more }, words);
        }
    });

    test('there is exactly one default policy, it can be moved and not deleted', async () => {
        const [before] = await defaults();
        const other = await at.api.post(`${S}/machinepolicies`, { Name: fresh('Policy'), IsDefault: true });
        assert.deepEqual(await defaults(), [other]);
        await assertRefused(at.api, 'DELETE', other.Links.Self, undefined, [other.Name, 'default machine policy']);
        await assertRefused(at.api, 'PUT', other.Links.Self, { ...other, IsDefault: false }, 'IsDefault');
        await at.api.put(before.Links.Self, { ...before, IsDefault: true });
        await at.api.delete(other.Links.Self);
    });

    test('a policy that a worker has is not deleted; its workers and targets are listed by its links', async () => {
        const policy = await at.api.post(`${S}/machinepolicies`, { Name: fresh('Policy') });
        const [pool] = await at.api.get(`${S}/workerpools/all`);
        const made = await at.api.post(`${S}/workers`, worker(pool, endpoints.listening(), { MachinePolicyId: policy.Id }));
        await assertRefused(at.api, 'DELETE', policy.Links.Self, undefined, [made.Name]);
        const listed = (link) => at.api.get(policy.Links[link].replace(/\{.*/, ''));
        assert.deepEqual([names((await listed('Workers')).Items), (await listed('Machines')).Items], [[made.Name], []]);
    });
});
