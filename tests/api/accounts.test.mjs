// Accounts, proxies, feeds and deployment targets (rest.md 2.4, 2.5, 2.16, 2.17).
import { endpoints, sshAccount } from '../lib/machines.mjs';
import { createEnvironment, Project, scriptStep } from '../lib/project.mjs';
import { apiSuite, assert, assertRefused, fresh, names, S, test } from './suite.mjs';

const secret = (NewValue) => ({ HasValue: true, NewValue });
const kept = { HasValue: true, NewValue: null, Hint: null };
const GUID = '01234567-89ab-CDEF-0123-456789abcdef';

// One of each type, as clients send them.
const accounts = {
    UsernamePassword: { Username: 'u', Password: secret('p1') },
    SshKeyPair: { Username: 'u', PrivateKeyFile: secret('a2V5'), PrivateKeyPassphrase: secret('p2') },
    AzureSubscription: { SubscriptionNumber: GUID, CertificateBytes: secret('Yg=='), CertificateThumbprint: 'T', AzureEnvironment: 'AzureCloud' },
    AzureServicePrincipal: { SubscriptionNumber: GUID, ClientId: GUID, TenantId: GUID, Password: secret('p3'), ActiveDirectoryEndpointBaseUri: 'https://login.test/' },
    AzureOidc: { SubscriptionNumber: GUID, ClientId: GUID, TenantId: GUID, Audience: 'api://x', DeploymentSubjectKeys: ['space', 'project'], HealthCheckSubjectKeys: ['space'] },
    AmazonWebServicesAccount: { AccessKey: 'AK', SecretKey: secret('sk'), Region: 'eu-west-1' },
    AmazonWebServicesRoleAccount: { RoleArn: 'arn:x' },
    AmazonWebServicesOidcAccount: { RoleArn: 'arn:x', SessionDuration: '3600', AccountTestSubjectKeys: [] },
    GoogleCloudAccount: { JsonKey: secret('e30=') },
    GoogleCloudOidcAccount: { Audience: 'a' },
    GenericOidcAccount: { Audience: 'a', CustomClaims: { team: 'x' } },
    Token: { Token: secret('t0ken') },
    None: {},
};
const plain = (sent) => Object.fromEntries(Object.entries(sent).map(([name, v]) => [name, v?.HasValue ? kept : v]));

apiSuite('accounts and proxies', (at) => {
    for (const [AccountType, members] of Object.entries(accounts)) {
        test(`an account of the type ${AccountType} is answered as it was sent, without its secrets`, async () => {
            const sent = { Name: fresh('Account'), Description: 'd', AccountType, TenantedDeploymentParticipation: 'Untenanted', ...members };
            const { body: made, text } = await at.api.send('POST', `${S}/accounts`, sent);
            for (const [name, value] of Object.entries(plain(sent))) assert.deepEqual(made[name], value, name);
            for (const value of Object.values(members)) if (value.HasValue) assert.ok(!text.includes(`"${value.NewValue}"`));
            assert.deepEqual(await at.api.get(made.Links.Self), made);
            assert.deepEqual((await at.api.get(`${S}/accounts?ids=${made.Id}`)).Items, [made]);
            assert.deepEqual(await at.api.put(made.Links.Self, { ...made, AccountType: undefined }), made); // keeps secrets and type
            assert.deepEqual(await at.api.get(made.Links.Usages), {
                DeploymentProcesses: [], RunbookProcesses: [], ProjectVariableSets: [], LibraryVariableSets: [], Releases: [], RunbookSnapshots: [], Targets: [],
                Links: { Self: made.Links.Usages },
            });
            await at.api.delete(made.Links.Self);
        });
    }

    test('accounts are found by their type, several too, in any case', async () => {
        const text = fresh('Typed');
        for (const AccountType of ['Token', 'UsernamePassword', 'None']) await at.api.post(`${S}/accounts`, { Name: `${text} ${AccountType}`, AccountType, ...accounts[AccountType] });
        const of = async (query) => names((await at.api.get(`${S}/accounts?partialName=${encodeURIComponent(text)}&${query}`)).Items).map((name) => name.split(' ').pop());
        assert.deepEqual(await of('accountType=token'), ['Token']);
        assert.deepEqual(await of('accountType=Token,none'), ['None', 'Token']);
        assert.deepEqual(await of('accountType=SshKeyPair'), []);
        assert.deepEqual(await of('accountType='), ['None', 'Token', 'UsernamePassword']);
        assert.ok((await at.api.get(`${S}/accounts/all?accountType=Token`)).every((one) => one.AccountType === 'Token'));
    });

    test('an account is refused without what its type needs', async () => {
        const refuse = (body, words) => assertRefused(at.api, 'POST', `${S}/accounts`, { Name: fresh('Account'), ...body }, words);
        await refuse({}, 'AccountType');
        await refuse({ AccountType: 'Magic' }, ['AccountType', 'Magic', 'SshKeyPair']);
        await refuse({ AccountType: 'SshKeyPair', Username: 'u' }, 'PrivateKeyFile');
        await refuse({ AccountType: 'Token' }, 'Token');
        await refuse({ ...accounts.AzureOidc, AccountType: 'AzureOidc', ClientId: 'me' }, ['ClientId', 'me']);
        await refuse({ ...accounts.Token, AccountType: 'Token', EnvironmentIds: ['Environments-999'] }, 'Environments-999');
    });

    test('a proxy is answered as it was sent, without its password', async () => {
        const sent = { Name: fresh('Proxy'), Host: 'proxy.test', Port: 3128, ProxyType: 'HTTP', Username: 'u', Password: secret('pw') };
        const made = await at.api.post(`${S}/proxies`, sent);
        for (const [name, value] of Object.entries(plain(sent))) assert.deepEqual(made[name], value, name);
        assert.deepEqual(await at.api.get(made.Links.Self), made);
        assert.deepEqual((await at.api.get(`${S}/proxies/all`)).filter((one) => one.Id === made.Id), [made]);
        assert.deepEqual((await at.api.get(`${S}/proxies?partialName=${encodeURIComponent(sent.Name)}`)).Items, [made]);
        assert.deepEqual(await at.api.put(made.Links.Self, made), made);
        await at.api.delete(made.Links.Self);
        for (const [more, word] of [[{ Host: '' }, 'Host'], [{ Port: 70000 }, 'Port'], [{ ProxyType: 'SOCKS' }, 'SOCKS']]) {
            await assertRefused(at.api, 'POST', `${S}/proxies`, { ...sent, Name: fresh('Proxy'), ...more }, word);
        }
    });
});

apiSuite('feeds', (at) => {
    test('the built-in feed is the first feed, can be edited and stays', async () => {
        await at.api.post(`${S}/feeds`, { Name: fresh('A feed'), FeedType: 'NuGet', FeedUri: 'https://nuget.test/' });
        const { Items: [feed] } = await at.api.get(`${S}/feeds?take=1`);
        assert.deepEqual([feed.Id, feed.FeedType], ['feeds-builtin', 'BuiltIn']);
        assert.equal((await at.api.get(`${S}/feeds/all`))[0].Id, feed.Id);
        assert.deepEqual((await at.api.get(`${S}/feeds?feedType=builtin`)).Items, [feed]);
        const changed = await at.api.put(feed.Links.Self, { ...feed, DeleteUnreleasedPackagesAfterDays: 30 });
        assert.deepEqual(changed, { ...feed, DeleteUnreleasedPackagesAfterDays: 30 });
        assert.equal((await at.api.get(`${S}/feeds?take=1`)).Items[0].Id, feed.Id);
        await assertRefused(at.api, 'DELETE', feed.Links.Self, undefined, [feed.Name, 'built-in']);
        await assertRefused(at.api, 'POST', `${S}/feeds`, { Name: fresh('Feed'), FeedType: 'BuiltIn' }, 'BuiltIn');
    });

    const feeds = {
        NuGet: { FeedUri: 'https://nuget.test/v3/index.json', EnhancedMode: true, Username: 'u', Password: secret('pw1') },
        Docker: { FeedUri: 'https://docker.test', ApiVersion: 'v2', RegistryPath: 'team' },
        AwsElasticContainerRegistry: { AccessKey: 'AK', SecretKey: secret('pw2'), Region: 'eu-west-1' },
        S3: { AccessKey: 'AK', SecretKey: secret('pw3'), UseMachineCredentials: false },
        GcsStorage: { UseServiceAccountKey: true, ServiceAccountJsonKey: secret('pw4'), Project: 'p' },
        ArtifactoryGeneric: { FeedUri: 'https://art.test', Repository: 'r', LayoutRegex: '.*' },
        GitHub: { FeedUri: 'https://api.github.test', DownloadAttempts: 3, DownloadRetryBackoffSeconds: 20 },
        OciRegistry: { FeedUri: 'oci://x', OidcAuthentication: { SessionDuration: '3600', RoleArn: 'a', ClientId: '', TenantId: '', Audience: 'aud', SubjectKeys: ['space'] } },
    };
    for (const [FeedType, members] of Object.entries(feeds)) {
        test(`a feed of the type ${FeedType} is answered as it was sent, without its secrets`, async () => {
            const sent = { Name: fresh('Feed'), FeedType, PackageAcquisitionLocationOptions: ['Server'], ...members };
            const made = await at.api.post(`${S}/feeds`, sent);
            for (const [name, value] of Object.entries(plain(sent))) assert.deepEqual(made[name], value, name);
            assert.deepEqual(await at.api.get(made.Links.Self), made);
            assert.deepEqual(await at.api.put(made.Links.Self, made), made);
            assert.ok((await at.api.get(`${S}/feeds?feedType=${FeedType}`)).Items.some((one) => one.Id === made.Id));
            assert.equal((await at.api.get(`${S}/feeds?ids=${made.Id}&ids=feeds-builtin&take=2`)).TotalResults, 2);
            await at.api.delete(made.Links.Self);
        });
    }
});

apiSuite('feeds in use', (at) => {
    test('a feed that a step takes a package, a container or a script from is not deleted', async () => {
        const feed = await at.api.post(`${S}/feeds`, { Name: fresh('Feed'), FeedType: 'Docker', FeedUri: 'https://docker.test' });
        const project = await Project.create(at.api);
        const uses = [{ Packages: [{ Id: '', Name: 'p', PackageId: 'x', FeedId: feed.Id }] }, { Container: { Image: 'x', FeedId: feed.Id } }];
        for (const action of uses) {
            await project.setSteps([scriptStep('one', 'true', { action })]);
            await assertRefused(at.api, 'DELETE', feed.Links.Self, undefined, [feed.Name, project.resource.DeploymentProcessId]);
        }
        await project.setSteps([scriptStep('one', 'true', { properties: { 'Octopus.Action.Package.FeedId': feed.Id } })]);
        await assertRefused(at.api, 'DELETE', feed.Links.Self, undefined, feed.Name);
        const path = `${S}/deploymentprocesses/${project.resource.DeploymentProcessId}`;
        await assertRefused(at.api, 'PUT', path, { ...(await at.api.get(path)), Steps: [scriptStep('one', 'true', { action: { Container: { FeedId: 'Feeds-9999' } } })] }, ['Feeds-9999', 'feed']);
        await project.setSteps([scriptStep('one', 'true', { action: { Container: { Image: 'x', FeedId: '#{Feed}' } } })]);
        assert.deepEqual(await at.api.delete(feed.Links.Self), {});
    });
});

apiSuite('deployment targets', (at) => {
    const create = (more) => at.api.post(`${S}/machines`, { Name: fresh('Target'), Roles: [], ...more });

    test('a target of any kind is stored and answered as it was sent, its secrets sealed', async () => {
        const account = await at.api.post(`${S}/accounts`, sshAccount());
        const { Id: environment } = await createEnvironment(at.api);
        const drop = { CommunicationStyle: 'OfflineDrop', ApplicationsDirectory: '/a', Destination: { DestinationType: 'FileSystem', DropFolderPath: '/d' } };
        const kinds = [...['listening', 'polling', 'ssh', 'kubernetes'].map((kind) => endpoints[kind](account.Id)), { CommunicationStyle: 'None' },
            { CommunicationStyle: 'Kubernetes', ClusterUrl: 'https://k.test', SkipTlsVerification: true, Authentication: { AuthenticationType: 'KubernetesStandard', AccountId: account.Id } },
            { CommunicationStyle: 'AzureWebApp', WebAppName: 'w', ResourceGroupName: 'g', AccountId: account.Id }, drop];
        for (const Endpoint of kinds) {
            const made = await create({ Endpoint, EnvironmentIds: [environment], Roles: ['web', 'Db'], TenantTags: ['t/x'] });
            assert.deepEqual([made.Endpoint, made.Roles, made.EnvironmentIds, made.TenantTags], [Endpoint, ['web', 'Db'], [environment], ['t/x']]);
            assert.deepEqual(await at.api.get(made.Links.Self), made);
            assert.deepEqual(await at.api.put(made.Links.Self, made), made);
            assert.equal((await at.api.get(made.Links.Connection)).MachineId, made.Id);
            assert.equal((await at.api.get(made.Links.TasksTemplate.replace(/\{.*/, ''))).TotalResults, 0);
            await at.api.delete(made.Links.Self);
        }
        const sealed = await create({ Endpoint: { ...drop, SensitiveVariablesEncryptionPassword: secret('hush') } });
        assert.deepEqual(sealed.Endpoint.SensitiveVariablesEncryptionPassword, kept);
    });

    test('targets are found by their filters and roles are told as they are written', async () => {
        const { Id: environment, Links } = await createEnvironment(at.api), { Id: other } = await createEnvironment(at.api);
        const Endpoint = { CommunicationStyle: 'None' };
        const a = await create({ Endpoint, EnvironmentIds: [environment], Roles: ['Web-Server'], TenantIds: ['Tenants-1'] });
        const b = await create({ Endpoint, EnvironmentIds: [other], Roles: ['DB', 'web-server'], TenantTags: ['Tag/One'], IsDisabled: true });
        const of = async (query) => names((await at.api.get(`${S}/machines?environmentIds=${environment},${other}&${query}`)).Items);
        for (const [query, wanted] of [['', [a, b]], ['roles=db', [b]], ['roles=WEB-SERVER', [a, b]], ['tenantIds=Tenants-1', [a]], ['tenantTags=tag%2Fone', [b]],
            ['isDisabled=true', [b]], ['commStyles=none', [a, b]], ['healthStatuses=Unhealthy', []]]) {
            assert.deepEqual(await of(query), names(wanted), query);
        }
        assert.deepEqual(names((await at.api.get(Links.Machines.replace(/\{.*/, ''))).Items), [a.Name]);
        assert.deepEqual(await at.api.get(`${S}/machineroles/all`), ['DB', 'Web-Server']);
        const summary = await at.api.get(`${S}/environments/summary?ids=${environment},${other}`);
        assert.deepEqual([summary.TotalMachines, summary.TotalDisabledMachines, summary.EnvironmentSummaries.map((one) => one.TotalMachines)], [2, 1, [1, 1]]);
        await assertRefused(at.api, 'DELETE', `${S}/environments/${other}`, undefined, [b.Name]);
        await assertRefused(at.api, 'GET', `${S}/machines/discover?host=h.test`, undefined, 'h.test');
        assert.deepEqual(names(await at.api.get(`${S}/machines/all?roles=DB`)), [b.Name]);
    });
});
