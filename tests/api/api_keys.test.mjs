// API keys: shown once, ending, told of before they end; and what they cost (rest.md 2.10, features.md 15).
import fs from 'node:fs';
import path from 'node:path';
import { Api } from '../lib/api.mjs';
import { signedIn } from '../lib/browser.mjs';
import { PASSWORD } from '../lib/server.mjs';
import { until } from '../lib/processes.mjs';
import { apiSuite, assert, assertRefused, fresh, test } from './suite.mjs';

const DAY = 24 * 3600 * 1000;
const inDays = (days) => new Date(Date.now() + days * DAY).toISOString();
const expiry = { BOBTAIL_FAULT_EXPIRY_FIRST_MS: '100', BOBTAIL_FAULT_EXPIRY_EVERY_MS: '200' };

apiSuite('API keys', (at) => {
    const program = () => at.api.post('/api/users', { Username: fresh('program'), IsService: true });
    const keysOf = (user) => `/api/users/${user.Id}/apikeys`;
    const key = async (user, more = {}, api = at.api) => api.post(keysOf(user), { Purpose: 'ci', ...more });

    test('a key is shown once, in capitals and digits, and listed by its first characters', async () => {
        const user = await program();
        const made = await key(user, { Purpose: 'build server', ApiKey: null, UserId: user.Id });
        assert.match(made.ApiKey, /^API-[A-Z0-9]{32}$/);
        assert.deepEqual([made.Purpose, made.UserId], ['build server', user.Id]);
        const read = await at.api.get(made.Links.Self);
        assert.deepEqual(read.ApiKey, { HasValue: true, NewValue: null, Hint: `${made.ApiKey.slice(0, 8)}...` });
        assert.deepEqual({ ...read, ApiKey: 0 }, { ...made, ApiKey: 0 });
        const list = await at.api.get(keysOf(user));
        assert.deepEqual([list.TotalResults, list.ItemType, list.Items], [1, 'ApiKey', [read]]);
        assert.ok(!JSON.stringify(list).includes(made.ApiKey.slice(8)));
        assert.equal(user.Links.ApiKeys, `${keysOf(user)}{/id}{?skip,take}`);
        assert.equal((await at.api.send('GET', `${keysOf(user)}/apikeys-none`)).status, 404);
        assert.equal((await at.api.send('GET', '/api/users/Users-99/apikeys')).status, 404);
        assert.equal((await at.api.send('POST', '/api/users/Users-99/apikeys', {})).status, 404);
    });

    test('keys are listed page by page, the newest first', async () => {
        const user = await program();
        const ids = [];
        for (let i = 0; i < 3; i++) ids.unshift((await key(user)).Id);
        const page = await at.api.get(`${keysOf(user)}?skip=1&take=1`);
        assert.equal(page.TotalResults, 3);
        assert.equal(page.Items.length, 1);
        const all = (await at.api.get(keysOf(user))).Items.map((k) => k.Id);
        assert.deepEqual([...all].sort(), [...ids].sort());
    });

    test('a deleted key is refused at once', async () => {
        const user = await program();
        const made = await key(user);
        const api = new Api(at.server.url, made.ApiKey);
        assert.equal((await api.get('/api/users/me')).Id, user.Id);
        assert.equal((await at.api.send('DELETE', made.Links.Self)).status, 200);
        assert.equal((await api.send('GET', '/api/users/me')).status, 401);
        assert.equal((await at.api.send('DELETE', made.Links.Self)).status, 404);
    });

    test('a key ends in 180 days unless said otherwise, and never in the past', async () => {
        const user = await program();
        const days = (k) => (Date.parse(k.Expires) - Date.now()) / DAY;
        for (const Expires of [undefined, null, '']) assert.ok(Math.abs(days(await key(user, { Expires })) - 180) < 0.01);
        assert.ok(Math.abs(days(await key(user, { Expires: inDays(400) })) - 400) < 0.01);
        await assertRefused(at.api, 'POST', keysOf(user), { Expires: '2020-01-01T00:00:00Z' }, ['Expires', '2020-01-01', 'past']);
        await assertRefused(at.api, 'POST', keysOf(user), { Expires: 'tomorrow' }, ['Expires', 'tomorrow']);
        await assertRefused(at.api, 'POST', keysOf(user), { Purpose: 'x'.repeat(201) }, ['Purpose', '200']);
    });

    test('a key makes no key that outlives it, nor does an access token of it', async () => {
        const user = await program();
        const short = await key(user, { Expires: inDays(5) });
        const api = new Api(at.server.url, short.ApiKey);
        assert.equal((await key(user, {}, api)).Expires, short.Expires);
        await assertRefused(api, 'POST', keysOf(user), { Expires: inDays(6) }, ['Expires', 'after the end']);
        assert.ok((await key(user, { Expires: inDays(4) }, api)).ApiKey);
        const { AccessToken } = await api.post('/api/users/access-token');
        const answer = await at.anonymous.send('POST', keysOf(user), { Purpose: 'longer' }, { headers: { Authorization: `Bearer ${AccessToken}` } });
        assert.equal(answer.body.Expires, short.Expires);
    });

    test('nobody makes a key of another person', async () => {
        const person = await at.api.post('/api/users', { Username: fresh('person'), Password: PASSWORD });
        await assertRefused(at.api, 'POST', keysOf(person), {}, ['person', person.Username], 403);
        const browser = await signedIn(at.server.url, person.Username, PASSWORD);
        const own = await browser.send('POST', keysOf(person), { Purpose: 'mine' });
        assert.equal(own.status, 201);
        assert.equal((await at.api.send('DELETE', own.body.Links.Self)).status, 200, 'an administrator may take it away');
    });

    test('where people may have no keys, service accounts still get them', async () => {
        const settings = await at.api.get('/api/configuration/api-keys/values');
        assert.equal(settings.UsersMayHaveKeys, true);
        const me = await at.api.get('/api/users/me');
        assert.equal((await at.api.put(settings.Links.Self, { ...settings, UsersMayHaveKeys: false })).UsersMayHaveKeys, false);
        try {
            await assertRefused(at.api, 'POST', keysOf(me), {}, 'service accounts only', 403);
            assert.ok((await key(await program())).ApiKey);
            assert.equal((await at.api.get(settings.Links.Self)).UsersMayHaveKeys, false);
        } finally {
            await at.api.put(settings.Links.Self, settings);
        }
        assert.ok((await key(me)).ApiKey);
    });

    test('a request with a key writes nothing', async () => {
        if (at.kind !== 'sqlite') return; // seen by its log of writes; the code is the same
        const written = () => fs.statSync(path.join(at.server.folder, 'bobtail.db-wal')).mtimeMs;
        const user = await program();
        const api = new Api(at.server.url, (await key(user)).ApiKey);
        await api.get('/api/users/me');
        const before = written();
        for (let i = 0; i < 50; i++) await api.get('/api/users/me');
        assert.equal(written(), before);
    });
});

apiSuite('the end of API keys', (at) => {
    test('the audit tells of it 20 and 10 days before and when it has happened, each once', async () => {
        if (!at.query) return; // the test moves time in the database, which is open to it on PostgreSQL only
        const user = await at.api.post('/api/users', { Username: fresh('program'), IsService: true });
        const made = await at.api.post(`/api/users/${user.Id}/apikeys`, { Purpose: 'ending' });
        const said = async () => (await at.query(`select category from event join event_related r using (number) where r.related_id = '${made.Id}' order by number`)).flat();
        const endsIn = (ms) => at.query(`update api_key set expires_at = ${Date.now() + ms} where id = '${made.Id}'`);
        const expected = ['Created'];
        for (const [days, category] of [[19, 'ApiKeyExpiry20Days'], [9, 'ApiKeyExpiry10Days'], [-1, 'ApiKeyExpired']]) {
            await endsIn(days * DAY);
            expected.push(category);
            await until(category, async () => (await said()).length >= expected.length);
            assert.deepEqual(await said(), expected);
        }
        const round = await at.query("select count(*) from session where hash = 'old'");
        assert.deepEqual(round, [['0']]);
        await at.query("insert into session (hash, user_id, idle, created_at, expires_at, keys_until) values ('old', 'Users-1', 0, 1, 2, 0)");
        await until('another round', async () => (await at.query("select count(*) from session where hash = 'old'")).flat()[0] === '0');
        assert.deepEqual(await said(), expected);
        assert.equal((await new Api(at.server.url, made.ApiKey).send('GET', '/api/users/me')).status, 401);
    });
}, { env: expiry });
