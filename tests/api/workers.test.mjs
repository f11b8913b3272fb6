// Worker pools, workers, machine policies and feeds, as far as they are read here (rest.md 2.1 to 2.3, 2.16).
import { apiSuite, assert, S, test } from './suite.mjs';

apiSuite('workers', (at) => {
    test('a space has one default pool, found by id, name, part of it and slug', async () => {
        const [pool, ...others] = await at.api.get(`${S}/workerpools/all`);
        assert.deepEqual(others, []);
        assert.deepEqual([pool.Name, pool.IsDefault, pool.CanAddWorkers, pool.WorkerPoolType, pool.Slug, pool.Description],
            ['Default Worker Pool', true, true, 'StaticWorkerPool', 'default-worker-pool', '']);
        for (const path of [pool.Id, 'default-worker-pool', 'Default%20Worker%20Pool']) assert.deepEqual(await at.api.get(`${S}/workerpools/${path}`), pool);
        for (const query of [`partialName=Default%20Worker%20Pool&take=1`, `ids=${pool.Id}&take=1`, 'name=default worker pool']) {
            assert.deepEqual((await at.api.get(`${S}/workerpools?${query}`)).Items, [pool]);
        }
    });

    test('the workers of a pool are a page that can be walked from its link alone', async () => {
        const [pool] = await at.api.get(`${S}/workerpools/all`);
        const page = await at.api.get(pool.Links.Workers.replace(/\{.*\}/, ''));
        assert.deepEqual([page.Items, page.TotalResults, page.Links['Page.Next']], [[], 0, undefined]);
        assert.equal((await at.api.send('GET', `${S}/workerpools/WorkerPools-99/workers`)).status, 404);
    });

    test('workers are listed, also without a worker, with all filters of their link', async () => {
        assert.deepEqual(await at.api.get(`${S}/workers/all?thumbprint=ABC`), []);
        const query = 'name=x&isDisabled=false&healthStatuses=Healthy&commStyles=Ssh&workerPoolIds=&thumbprint=A&shellNames=Bash';
        assert.equal((await at.api.get(`${S}/workers?${query}`)).TotalResults, 0);
        assert.equal((await at.api.send('GET', `${S}/workers/My%20worker`)).status, 404);
        assert.deepEqual(await at.api.get(`${S}/workers/operatingsystem/names/all`), []);
        assert.deepEqual(await at.api.get(`${S}/workers/operatingsystem/shells/all`), []);
        assert.deepEqual((await at.api.get(`${S}/workerpools/dynamicworkertypes`)).WorkerTypes, []);
    });

    test('the default machine policy has the time spans that clients insist on', async () => {
        const [policy] = await at.api.get(`${S}/machinepolicies/all`);
        assert.equal(policy.IsDefault, true);
        for (const member of ['ConnectionConnectTimeout', 'ConnectionRetrySleepInterval', 'ConnectionRetryTimeLimit', 'PollingRequestQueueTimeout',
            'PollingRequestMaximumMessageProcessingTimeout']) {
            assert.match(policy[member], /^(\d+\.)?\d\d:\d\d:\d\d(\.\d{1,7})?$/, member);
        }
        assert.equal(policy.ConnectionRetryCountLimit, 5);
        assert.equal(policy.MachineHealthCheckPolicy.HealthCheckType, 'RunScript');
    });

    test('the built-in feed is the first feed', async () => {
        const { Items } = await at.api.get(`${S}/feeds?take=1`);
        assert.deepEqual([Items[0].Id, Items[0].FeedType], ['feeds-builtin', 'BuiltIn']);
        assert.deepEqual(await at.api.get(Items[0].Links.Self), Items[0]);
    });
});
