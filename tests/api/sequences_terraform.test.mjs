// What the Terraform provider sends for pools, workers, policies, proxies and accounts (rest.md 3.4), request by request. What it
// has written it must read back unchanged, or it plans the same change for ever.
import { GoClient, assertEchoed } from '../lib/go_client.mjs';
import { apiSuite, assert, fresh, S, test } from './suite.mjs';

const encoded = encodeURIComponent;
const secret = (NewValue) => ({ HasValue: true, NewValue });
const shown = (body) => Object.fromEntries(Object.entries(body).map(([name, v]) => [name, v?.NewValue ? { HasValue: true, NewValue: null, Hint: null } : v]));

apiSuite('Terraform', (at) => {
    // Both halves of the provider start, with and without a space.
    async function start() {
        const half = new GoClient(at.server.url, at.api.key, 'TerraformProvider');
        const other = new GoClient(at.server.url, at.api.key, 'TerraformProvider');
        other.headers.Accept = 'application/json,text/*;q=0.99'; // its newer requests
        for (const client of [half, other]) {
            const root = await client.get('/api/');
            assert.match(root.Version, /^\d+\.\d+\.\d+$/); // a suffix would count as the oldest version
            assert.ok((await client.pages('/api/spaces')).some((space) => space.IsDefault));
            assert.equal((await client.get('/api/spaces/Spaces-1')).Id, 'Spaces-1');
            await client.get('/api/');
            await client.get('/api/Spaces-1');
        }
        await other.get('/api');
        assert.deepEqual(await other.get('/api/configuration/feature-toggles'), { FeatureToggles: [] });
        return { half, other };
    }

    // Create, refresh, change, refresh, destroy, refresh. `change` are members of the second plan.
    async function lifecycle(path, sent, change, expected = {}) {
        const { half, other } = await start();
        const made = await other.post(path, sent);
        assertEchoed(made, { ...shown(sent), ...expected });
        const self = `${path}/${made.Id}`;
        assert.deepEqual(await half.get(self), made);
        assert.deepEqual(await other.get(self), made);
        const changed = await half.put(self, { ...sent, ...change, Id: made.Id, SpaceId: 'Spaces-1' });
        assertEchoed(changed, { ...shown({ ...sent, ...change }), ...expected, Id: made.Id });
        assert.deepEqual(changed.Links, made.Links);
        assert.deepEqual(await half.get(self), changed);
        assert.deepEqual((await half.get(`${path}?ids=${made.Id}&take=1`)).Items, [changed]);
        assert.deepEqual((await half.get(`${path}?partialName=${encoded(changed.Name)}&skip=0&take=1`)).Items, [changed]);
        assert.deepEqual(await half.delete(self), {});
        await half.missing(self);
        return made;
    }

    const pool = (more) => ({ CanAddWorkers: true, IsDefault: false, Name: fresh('TF pool'), SpaceId: 'Spaces-1', SortOrder: 73, WorkerPoolType: 'StaticWorkerPool', ...more });
    const worker = (poolId, Endpoint, more) => ({
        SpaceId: 'Spaces-1', WorkerPoolIds: [poolId], Endpoint, HasLatestCalamari: false, IsDisabled: false, IsInProcess: false, Name: fresh('TF worker'),
        OperatingSystem: 'Unknown', ShellName: 'Unknown', ShellVersion: 'Unknown', ...more,
    });
    const createPool = () => at.api.post(`${S}/workerpools`, pool());
    const createPolicy = () => at.api.post(`${S}/machinepolicies`, { Name: fresh('TF policy') });

    test('octopusdeploy_static_worker_pool', async () => {
        const made = await lifecycle(`${S}/workerpools`, pool({ Description: 'first' }), { Description: 'second', SortOrder: 51 });
        assert.equal(made.Links.Workers.split('{')[0], `${S}/workerpools/${made.Id}/workers`);
        assert.equal((await lifecycle(`${S}/workerpools`, pool(), { SortOrder: 99 })).Description, ''); // as good as missing
    });

    test('octopusdeploy_dynamic_worker_pool', async () => {
        await lifecycle(`${S}/workerpools`, pool({ WorkerPoolType: 'DynamicWorkerPool', WorkerType: 'UbuntuDefault', CanAddWorkers: false }), { WorkerType: 'Ubuntu2204' });
    });

    test('octopusdeploy_listening_tentacle_worker, with a thumbprint that no certificate has', async () => {
        const [one, two, policy] = [await createPool(), await createPool(), await createPolicy()];
        const proxy = await at.api.post(`${S}/proxies`, { Name: fresh('TF proxy'), Host: 'proxy.test' });
        const endpoint = { Thumbprint: '3f', Uri: 'https://listening.test/', CommunicationStyle: 'TentaclePassive' };
        const made = await lifecycle(`${S}/workers`, worker(one.Id, endpoint, { MachinePolicyId: policy.Id }),
            { WorkerPoolIds: [two.Id, one.Id], IsDisabled: true, Endpoint: { ...endpoint, ProxyId: proxy.Id, Thumbprint: '2aF' } });
        assert.deepEqual(Object.keys(made.Endpoint).sort(), Object.keys(endpoint).sort()); // no ProxyId comes from nowhere
    });

    test('octopusdeploy_ssh_connection_worker', async () => {
        const { Id } = await createPool();
        const account = await at.api.post(`${S}/accounts`, { Name: fresh('TF key'), AccountType: 'SshKeyPair', Username: 'u', PrivateKeyFile: secret('a2V5') });
        const endpoint = { AccountId: account.Id, CommunicationStyle: 'Ssh', DotNetCorePlatform: 'linux-x64', Fingerprint: 'SHA256: 12345abcdef', Host: 'hostname', Port: 22, Uri: 'ssh://hostname:22/' };
        await lifecycle(`${S}/workers`, worker(Id, endpoint), { Endpoint: { ...endpoint, Port: 2222, Uri: 'ssh://hostname:2222/', DotNetCorePlatform: 'linux-arm64' } });
    });

    test('octopusdeploy_kubernetes_agent_worker', async () => {
        const { Id } = await createPool();
        const endpoint = { TentacleEndpointConfiguration: { CommunicationMode: 'Polling', Thumbprint: '96203ED84246201C26A2F4360D7CBC36AC1D232D', Uri: 'poll://kcxzcv2fpsxkn6tk9u6d/' },
            UpgradeLocked: false, CommunicationStyle: 'KubernetesTentacle' };
        const made = await lifecycle(`${S}/workers`, worker(Id, endpoint), { Endpoint: { ...endpoint, UpgradeLocked: true } });
        assert.equal(made.Thumbprint, endpoint.TentacleEndpointConfiguration.Thumbprint);
    });

    test('octopusdeploy_machine_policy, with every time span written back as it was sent', async () => {
        const policy = {
            ConnectionConnectTimeout: '00:01:00', ConnectionRetryCountLimit: 5, ConnectionRetrySleepInterval: '00:00:01', ConnectionRetryTimeLimit: '00:05:00', IsDefault: false,
            MachineCleanupPolicy: { DeleteMachinesBehavior: 'DoNotDelete', DeleteMachinesElapsedTimeSpan: '01:00:00' },
            MachineConnectivityPolicy: { MachineConnectivityBehavior: 'ExpectedToBeOnline' },
            MachineHealthCheckPolicy: { BashHealthCheckPolicy: { RunType: 'InheritFromDefault', ScriptBody: null }, HealthCheckCron: null, HealthCheckCronTimezone: 'UTC',
                HealthCheckInterval: '01.00:00:00', HealthCheckType: 'RunScript', PowerShellHealthCheckPolicy: { RunType: 'InheritFromDefault', ScriptBody: null } },
            MachineUpdatePolicy: { CalamariUpdateBehavior: 'UpdateOnDeployment', KubernetesAgentUpdateBehavior: 'Update', TentacleUpdateAccountId: null, TentacleUpdateBehavior: 'NeverUpdate' },
            MachinePackageCacheRetentionPolicy: { Strategy: 'Quantities', QuantityOfPackagesToKeep: 3, PackageUnit: 'Items', QuantityOfVersionsToKeep: 2, VersionUnit: 'Items' },
            Name: fresh('TF policy'), PollingRequestMaximumMessageProcessingTimeout: '00:10:00', PollingRequestQueueTimeout: '00:02:00', SpaceId: 'Spaces-1',
        };
        await lifecycle(`${S}/machinepolicies`, policy, {
            Description: 'd', ConnectionConnectTimeout: '00:00:10.50000', PollingRequestQueueTimeout: '02.03:04:05.60000',
            MachineCleanupPolicy: { DeleteMachinesBehavior: 'DeleteUnavailableMachines', DeleteMachinesElapsedTimeSpan: '10.00:00:00' },
        });
    });

    test('octopusdeploy_machine_proxy', async () => {
        await lifecycle(`${S}/proxies`, { Name: fresh('TF proxy'), SpaceId: 'Spaces-1', Host: 'localhost', Port: 80, Username: 'admin', Password: secret('safepass'), ProxyType: 'HTTP' },
            { Host: 'other.test', Port: 8888 });
    });

    test('octopusdeploy_ssh_key_account and octopusdeploy_username_password_account', async () => {
        const account = { EnvironmentIds: [], SpaceId: 'Spaces-1', TenantedDeploymentParticipation: 'Untenanted', TenantIds: [], TenantTags: [] };
        const made = await lifecycle(`${S}/accounts`, { ...account, AccountType: 'SshKeyPair', Name: fresh('TF key'), Username: 'u', PrivateKeyFile: secret('a2V5'), PrivateKeyPassphrase: secret('pass') },
            { Description: 'd', Username: 'v' });
        assert.ok(made.Slug && made.Links.Usages);
        await lifecycle(`${S}/accounts`, { ...account, AccountType: 'UsernamePassword', Name: fresh('TF user'), Username: 'u', Password: secret('pass') }, { TenantedDeploymentParticipation: 'Tenanted' });
    });

    test('data octopusdeploy_worker_pools and octopusdeploy_workers', async () => {
        const { half } = await start();
        const first = await createPool(), { Id } = first;
        const one = await at.api.post(`${S}/workers`, worker(Id, { Thumbprint: 'F0', Uri: 'https://x.test/', CommunicationStyle: 'TentaclePassive' }, { IsDisabled: true }));
        assert.deepEqual((await half.get(`${S}/workerpools?skip=0&take=1&partialName=${encoded(first.Name)}`)).Items, [first]);
        assert.deepEqual((await half.get(`${S}/workerpools?ids=${Id}`)).Items, [first]);
        const of = async (query) => (await half.get(`${S}/workers?${query}`)).Items.map((item) => item.Id);
        assert.deepEqual(await of(`ids=${one.Id}&isDisabled=true&commStyles=TentaclePassive&healthStatuses=Unknown&shellNames=Unknown`), [one.Id]);
        assert.deepEqual(await of(`skip=0&take=5&name=${encoded(one.Name)}&partialName=${encoded(one.Name)}`), [one.Id]);
        assert.deepEqual(await of(`ids=${one.Id}&isDisabled=false`), []);
    });

    test('a resource without a space goes to the default one, and a missing one reads as gone', async () => {
        const { other } = await start();
        const made = await other.post('/api/workerpools', pool({ SpaceId: undefined }));
        assert.equal(made.SpaceId, 'Spaces-1');
        assert.deepEqual(await other.get(`/api/spaces/Spaces-1/workerpools/${made.Id}`), made);
        for (const noun of ['workerpools/WorkerPools', 'workers/Workers', 'machinepolicies/MachinePolicies', 'proxies/Proxies', 'accounts/Accounts']) await other.missing(`${S}/${noun}-99999`);
    });
});
