// Lists: the paging envelope, `all`, ids in every spelling, filters, names (rest.md 1.1, 1.7, 1.8).
import { before } from 'node:test';
import { apiSuite, assert, names, S, test } from './suite.mjs';

apiSuite('lists', (at) => {
    const made = [];
    before(async () => {
        for (let i = 0; i < 35; i++) {
            made.push(await at.api.post(`${S}/environments`, { Name: `Env ${String(i).padStart(2, '0')}`, SortOrder: i }));
        }
    });

    test('a page has thirty items unless asked otherwise, and says how many there are', async () => {
        const page = await at.api.get(`${S}/environments`);
        assert.equal(page.ItemType, 'Environment');
        assert.equal(page.IsStale, false);
        assert.equal(page.TotalResults, 35);
        assert.equal(page.ItemsPerPage, 30);
        assert.equal(page.NumberOfPages, 2);
        assert.equal(page.LastPageNumber, 1);
        assert.equal(page.Items.length, 30);
        assert.match(page.Links['Page.All'], /take=2147483647/);
        assert.match(page.Links.Template, /\{\?skip,take,ids,name,partialName\}$/);
    });

    test('Page.Next is a ready path that keeps the filters, and is absent on the last page', async () => {
        const seen = [];
        for (let path = `${S}/environments?take=10&partialName=env`; path; ) {
            const page = await at.api.get(path);
            seen.push(...page.Items.map((one) => one.Id));
            path = page.Links['Page.Next'];
            if (path) assert.match(path, /partialName=env/);
        }
        assert.deepEqual(seen, made.map((one) => one.Id));
    });

    test('take 0 counts, a large take and skip is cut to what there is', async () => {
        const none = await at.api.get(`${S}/environments?take=0`);
        assert.deepEqual(none.Items, []);
        assert.equal(none.TotalResults, 35);
        assert.equal((await at.api.get(`${S}/environments?take=2147483647`)).Items.length, 35);
        assert.deepEqual((await at.api.get(`${S}/environments?skip=100`)).Items, []);
    });

    test('a skip or take that is no number is refused with its name', async () => {
        for (const query of ['take=x', 'skip=-1']) {
            const answer = await at.api.send('GET', `${S}/environments?${query}`);
            assert.equal(answer.status, 400);
            assert.ok(answer.body.Errors[0].includes(query.split('=')[0]), answer.text);
        }
    });

    test('all is a bare array and takes the filters too', async () => {
        assert.equal((await at.api.get(`${S}/environments/all`)).length, 35);
        assert.deepEqual(names(await at.api.get(`${S}/environments/all?partialName=v 0`)), names(made.slice(0, 10)));
    });

    test('ids may be separated by commas, escaped commas, or be repeated; unknown ones are left out', async () => {
        const [a, b] = [made[3].Id, made[4].Id];
        for (const query of [`ids=${a},${b}`, `ids=${a}%2C${b}`, `ids=${a}&ids=${b}`, `Ids=${a},${b},Environments-9999`]) {
            const page = await at.api.get(`${S}/environments?${query}`);
            assert.deepEqual(page.Items.map((one) => one.Id), [a, b], query);
        }
        assert.equal((await at.api.get(`${S}/environments?ids=Environments-9999`)).TotalResults, 0);
    });

    test('an empty parameter is no filter, an unknown one is ignored', async () => {
        assert.equal((await at.api.get(`${S}/environments?ids=&partialName=&name=`)).TotalResults, 35);
        assert.equal((await at.api.get(`${S}/environments?colour=red&tenants=T-1`)).TotalResults, 35);
        assert.equal((await at.api.get(`${S}/environments?projects=Projects-1&workerPoolIds=WorkerPools-1`)).TotalResults, 35); // environments point to none
    });

    test('name is exact in any case, partialName is any part, and no letter of them is special', async () => {
        assert.deepEqual(names((await at.api.get(`${S}/environments?name=ENV%2007`)).Items), ['Env 07']);
        assert.equal((await at.api.get(`${S}/environments?name=Env`)).TotalResults, 0);
        assert.equal((await at.api.get(`${S}/environments?partialName=%25`)).TotalResults, 0);
        assert.equal((await at.api.get(`${S}/environments?partialName=_`)).TotalResults, 0);
    });

    test('one is read by id, name in any case, or slug; what is not there is 404 with its name', async () => {
        for (const key of [made[5].Id, 'env 05', 'Env%2005', made[5].Slug]) {
            assert.equal((await at.api.get(`${S}/environments/${key}`)).Id, made[5].Id);
        }
        const answer = await at.api.send('GET', `${S}/environments/Fire%20Project`);
        assert.equal(answer.status, 404);
        assert.equal(answer.body.ErrorMessage, "The resource 'Fire Project' was not found.");
        assert.deepEqual(answer.body.Errors, []);
    });

    test('items and links are the same in create, get and list', async () => {
        const created = made[0];
        assert.deepEqual(await at.api.get(created.Links.Self), created);
        assert.deepEqual((await at.api.get(`${S}/environments?take=1&partialName=Env`)).Items[0], created);
        assert.deepEqual((await at.api.get(`/api/environments/all`))[0], created);
    });

    test('the sort order can be set for all at once', async () => {
        const ids = made.map((one) => one.Id).reverse();
        const sorted = await at.api.put(`${S}/environments/sortorder`, ids);
        assert.deepEqual(sorted.map((one) => one.Id), ids);
        await at.api.put(`${S}/environments/sortorder`, ids.reverse());
    });

    test('environments v2 knows kinds: all are Static', async () => {
        assert.equal((await at.api.get(`${S}/environments/v2?type=Ephemeral&skip=0&take=2147483647`)).TotalResults, 0);
        assert.equal((await at.api.get(`${S}/environments/v2?type=Static`)).TotalResults, 35);
        assert.equal((await at.api.get(`${S}/environments/v2`)).TotalResults, 35);
    });
});
