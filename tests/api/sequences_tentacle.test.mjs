// What an agent of the original asks when it registers as a worker and when it leaves (rest.md 3.1): the requests of the .NET
// client, links expanded as it does it, in its order, with its headers and bodies, each answer looked at member by member.
import http from 'node:http';
import { once } from 'node:events';
import { API_KEY, PASSWORD } from '../lib/server.mjs';
import { recordRequest } from '../lib/requests.mjs';
import { apiSuite, assert, fresh, S, test } from './suite.mjs';

const AGENT = 'OctopusClient-dotnet/22.3.2857 (Linux; x64) NoneOrUnknown tentacle';
const THUMBPRINT = '1B9A6F3C5D7E8F9A0B1C2D3E4F5A6B7C8D9E0F1A';
const PAGE = ['ItemType', 'IsStale', 'TotalResults', 'ItemsPerPage', 'NumberOfPages', 'LastPageNumber', 'Items', 'Links'];
const WORKER = ['Id', 'SpaceId', 'Name', 'IsDisabled', 'MachinePolicyId', 'WorkerPoolIds', 'HealthStatus', 'Status', 'StatusSummary', 'HasLatestCalamari', 'IsInProcess',
    'OperatingSystem', 'ShellName', 'ShellVersion', 'SkipInitialHealthCheck', 'Endpoint', 'Links'];
const has = (answer, members) => assert.deepEqual(members.filter((member) => !(member in answer)), []);

// A link as the .NET client expands it: what the template does not name is never sent.
function expand(template, values = {}) {
    return template.replace(/\{([?/]?)([^}]+)\}/g, (_, kind, names) => {
        const given = names.split(',').filter((name) => values[name] !== undefined);
        const parts = given.map((name) => (kind === '?' ? `${name}=` : '') + encodeURIComponent(values[name]));
        return parts.length ? (kind || '') + parts.join('&') : '';
    });
}

// One client of the .NET library: it sends PUT and DELETE as POST, reads again what it wrote, and keeps cookies.
class NetClient {
    constructor(url, key) {
        this.url = url;
        this.key = key;
        this.lines = []; // of what was sent
        this.cookies = new Map();
        this.agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
    }

    async send(method, path, body) {
        const content = body === undefined ? (method === 'GET' ? undefined : '') : JSON.stringify(body);
        const headers = ['Accept', 'application/json', 'User-Agent', AGENT];
        if (this.key) headers.unshift('X-Octopus-ApiKey', this.key);
        if (this.cookies.size) headers.push('Cookie', [...this.cookies].map(([name, value]) => `${name}=${value}`).join('; '));
        const csrf = [...this.cookies].find(([name]) => name.startsWith('Octopus-Csrf-Token'));
        if (csrf && method !== 'GET') headers.push('X-Octopus-Csrf-Token', csrf[1]);
        if (method === 'PUT' || method === 'DELETE') headers.push('X-HTTP-Method-Override', method);
        if (content !== undefined) headers.push('Content-Type', 'application/json; charset=utf-8', 'Content-Length', Buffer.byteLength(content));
        const request = http.request(this.url + path, { method: method === 'GET' ? 'GET' : 'POST', headers: ['Host', new URL(this.url).host, ...headers], agent: this.agent });
        request.end(content);
        const [answer] = await once(request, 'response');
        let text = '';
        for await (const piece of answer.setEncoding('utf8')) text += piece;
        for (const line of answer.headers['set-cookie'] ?? []) {
            const [, name, value] = /^([^=]+)=([^;]*)/.exec(line);
            this.cookies.set(name, value);
        }
        this.lines.push(`${method} ${path}`);
        recordRequest(method, path, answer.statusCode, text);
        assert.match(answer.headers['content-type'], /^application\/json/, `${method} ${path}`);
        assert.ok(answer.headers['content-length'] > 0, `${method} ${path} has a length`);
        return { status: answer.statusCode, body: JSON.parse(text), headers: answer.headers };
    }

    async get(path) {
        const { status, body } = await this.send('GET', path);
        assert.equal(status, 200, `GET ${path}: ${JSON.stringify(body)}`);
        return body;
    }

    // All items of a list, page after page.
    async pages(path) {
        const items = [];
        for (let next = path; next; ) {
            const page = await this.get(next);
            has(page, PAGE);
            items.push(...page.Items);
            next = page.Links['Page.Next'];
        }
        return items;
    }

    close() {
        this.agent.destroy();
    }
}

// Steps 1 to 4 of register-worker and deregister-worker; returns the space, its root and the server's thumbprint.
async function enter(client, spaceName) {
    const root = await client.get('/api');
    has(root, ['Application', 'Version', 'ApiVersion', 'InstallationId', 'Links']);
    assert.match(root.ApiVersion, /^3\.0\.\d+$/);
    assert.ok(Number(root.Version.split('.')[0]) >= 3);
    // the unscoped repository finds the default space
    assert.ok('Spaces' in root.Links);
    let me = await client.get(root.Links.CurrentUser);
    has(me, ['Id', 'Username', 'DisplayName', 'IsActive', 'IsService', 'Links']);
    const pick = (spaces) => spaces.find((one) => (spaceName ? one.Name.trim().toLowerCase() === spaceName.trim().toLowerCase() : one.IsDefault));
    await client.pages(expand(root.Links.Spaces));
    const home = pick(await client.get(me.Links.Spaces));
    has(home, ['Id', 'Name', 'IsDefault', 'TaskQueueStopped', 'Links']);
    has(await client.get(expand(home.Links.SpaceHome, { spaceId: home.Id })), ['Id', 'Links']);
    // the system repository
    await client.get('/api');
    me = await client.get(root.Links.CurrentUser);
    const space = pick(await client.get(me.Links.Spaces));
    assert.ok(space, 'a default space');
    await client.get('/api');
    const certificate = await client.get(expand(root.Links.CertificateConfiguration, { id: 'certificate-global' }));
    assert.deepEqual([certificate.Id, typeof certificate.Name, certificate.SignatureAlgorithm], ['certificate-global', 'string', 'sha256RSA']);
    assert.match(certificate.Thumbprint, /^[0-9A-F]{40}$/);
    // the space's repository
    await client.get('/api');
    const scoped = await client.get(expand(home.Links.SpaceHome, { spaceId: space.Id }));
    return { root: scoped, space, thumbprint: certificate.Thumbprint };
}

// register-worker; `pools` and `policy`, `proxy` are names.
async function register(client, { name, pools, policy, proxy, force, endpoint, space }) {
    const { root, space: home } = await enter(client, space);
    const existing = (await client.pages(expand(root.Links.Workers, { name }))).find((one) => one.Name.toLowerCase() === name.toLowerCase());
    if (existing && !force) return { existing };
    const proxyId = proxy && (await client.pages(expand(root.Links.Proxies))).find((one) => one.Name === proxy).Id;
    const policyId = policy && (await client.pages(expand(root.Links.MachinePolicies))).find((one) => one.Name === policy).Id;
    const listed = await client.pages(expand(root.Links.WorkerPools));
    let ids = pools.map((wanted) => listed.find((one) => one.Name.trim().toLowerCase() === wanted.trim().toLowerCase())?.Id ?? wanted);
    const bySlug = ids.some((id) => !listed.some((one) => one.Id === id)) ? await client.pages(expand(root.Links.WorkerPools)) : [];
    ids = ids.map((id) => bySlug.find((one) => one.Slug === id)?.Id ?? id);
    const body = {
        ...(existing ?? { Id: null, Status: 'Online', HealthStatus: 'Healthy', StatusSummary: null, HasLatestCalamari: false, IsInProcess: false, IsDisabled: false,
            SkipInitialHealthCheck: false, OperatingSystem: null, ShellName: null, ShellVersion: null, Architecture: null, Links: {} }),
        Name: name, MachinePolicyId: policyId ?? existing?.MachinePolicyId ?? null, WorkerPoolIds: ids, SpaceId: home.Id,
        Endpoint: { ...endpoint, ...(endpoint.CommunicationStyle === 'TentaclePassive' ? { ProxyId: proxyId ?? null } : {}), TentacleVersionDetails: null, Id: null, LastModifiedOn: null, LastModifiedBy: null, Links: {} },
    };
    const written = existing ? await client.send('PUT', existing.Links.Self, body) : await client.send('POST', expand(root.Links.Workers), body);
    assert.equal(written.status, existing ? 200 : 201, JSON.stringify(written.body));
    const worker = await client.get(written.body.Links.Self);
    assert.deepEqual(worker, written.body);
    has(worker, WORKER);
    return { worker };
}

apiSuite('the agent of the original', (at) => {
    const connect = (t, key = API_KEY) => {
        const client = new NetClient(at.server.url, key);
        t.after(() => client.close());
        return client;
    };
    const listening = (host) => ({ CommunicationStyle: 'TentaclePassive', Uri: `https://${host}:10933/`, Thumbprint: THUMBPRINT });
    const polling = { CommunicationStyle: 'TentacleActive', Uri: 'poll://abcdefghjkmn23456789/', Thumbprint: THUMBPRINT.replace(/^1/, '2') };
    const first = ['GET /api', 'GET /api/users/me', 'GET /api/spaces', 'GET /api/users/Users-1/spaces', `GET ${S}`,
        'GET /api', 'GET /api/users/me', 'GET /api/users/Users-1/spaces', 'GET /api', 'GET /api/configuration/certificates/certificate-global', 'GET /api', `GET ${S}`];

    test('a listening worker is registered with an API key, refused a second time, and forced', async (t) => {
        const client = connect(t);
        const name = fresh('listening');
        const { worker } = await register(client, { name, pools: ['default worker pool'], endpoint: listening('build-1') });
        const encoded = encodeURIComponent(name);
        assert.deepEqual(client.lines, [...first, `GET ${S}/workers?name=${encoded}`, `GET ${S}/workerpools`, `POST ${S}/workers`, `GET ${worker.Links.Self}`]);
        const [pool] = await at.api.get(`${S}/workerpools/all`);
        assert.deepEqual([worker.Name, worker.SpaceId, worker.WorkerPoolIds, worker.IsDisabled], [name, 'Spaces-1', [pool.Id], false]);
        // what the client says of health is not believed
        assert.deepEqual([worker.Status, worker.HealthStatus, worker.IsInProcess], ['Unknown', 'Unknown', false]);
        assert.deepEqual([worker.Endpoint.CommunicationStyle, worker.Endpoint.Uri, worker.Endpoint.Thumbprint, worker.Endpoint.ProxyId], ['TentaclePassive', 'https://build-1:10933/', THUMBPRINT, null]);
        const policy = (await at.api.get(`${S}/machinepolicies/all`)).find((one) => one.IsDefault);
        assert.equal(worker.MachinePolicyId, policy.Id);

        const again = connect(t);
        const { existing } = await register(again, { name: name.toUpperCase(), pools: ['Default Worker Pool'], endpoint: listening('build-2') });
        assert.deepEqual(existing, worker, 'the agent reads that the name is taken and stops');

        const forced = connect(t);
        const { worker: replaced } = await register(forced, { name, pools: ['Default Worker Pool'], force: true, endpoint: polling });
        assert.equal(forced.lines.at(-2), `PUT ${worker.Links.Self}`);
        assert.equal(replaced.Id, worker.Id);
        assert.deepEqual([replaced.Endpoint.CommunicationStyle, replaced.Endpoint.Uri, replaced.Endpoint.Thumbprint], ['TentacleActive', polling.Uri, polling.Thumbprint]);
    });

    test('pools are found by name and slug, policy and proxy by name', async (t) => {
        const other = await at.api.post(`${S}/workerpools`, { Name: fresh('Sluggish Pool'), WorkerPoolType: 'StaticWorkerPool' });
        const policy = await at.api.post(`${S}/machinepolicies`, { ...(await at.api.get(`${S}/machinepolicies/template`)), Name: fresh('Policy') });
        const proxy = await at.api.post(`${S}/proxies`, { Name: fresh('Proxy'), Host: 'proxy.test', Port: 8080, ProxyType: 'HTTP' });
        const client = connect(t);
        const { worker } = await register(client, { name: fresh('named'), pools: ['Default Worker Pool', other.Slug], policy: policy.Name, proxy: proxy.Name, endpoint: listening('build-3') });
        assert.ok(worker.WorkerPoolIds.includes(other.Id) && worker.WorkerPoolIds.length === 2);
        assert.equal(worker.MachinePolicyId, policy.Id);
        assert.equal(worker.Endpoint.ProxyId, proxy.Id);
        const tail = client.lines.slice(first.length + 1);
        assert.deepEqual(tail.map((line) => line.replace(/\?.*/, '')).filter((line, i, all) => line !== all[i - 1]),
            [`GET ${S}/proxies`, `GET ${S}/machinepolicies`, `GET ${S}/workerpools`, `POST ${S}/workers`, `GET ${worker.Links.Self}`]);
        const byIds = await client.get(`${S}/workerpools?ids=${other.Id}`);
        assert.deepEqual(byIds.Items.map((one) => one.Id), [other.Id]);
    });

    test('a user name and a password do as well as a key', async (t) => {
        const client = connect(t, null);
        const { Links } = await client.get('/api');
        const login = await client.send('POST', expand(Links.SignIn), { Username: 'admin', Password: PASSWORD, RememberMe: false, State: { UsingSecureConnection: false } });
        assert.equal(login.status, 200, JSON.stringify(login.body));
        assert.equal([...client.cookies.keys()].filter((name) => name.startsWith('Octopus-Csrf-Token')).length, 1);
        const name = fresh('by password');
        const { worker } = await register(client, { name, pools: ['Default Worker Pool'], endpoint: listening('build-4'), space: ' default ' });
        assert.equal(worker.Name, name);
        const { worker: changed } = await register(client, { name, pools: ['Default Worker Pool'], force: true, endpoint: listening('build-5') });
        assert.equal(changed.Endpoint.Uri, 'https://build-5:10933/');
    });

    test('deregister-worker finds workers by thumbprint in any case and removes no others', async (t) => {
        const mine = '9'.repeat(38) + 'AF';
        const keep = await at.api.get(`${S}/workers/all`);
        const client = connect(t);
        for (const host of ['gone-1', 'gone-2']) await register(client, { name: fresh(host), pools: ['Default Worker Pool'], endpoint: { ...listening(host), Thumbprint: mine } });
        client.lines.length = 0;
        const { root } = await enter(client);
        const found = await client.get(`${expand(root.Links.Workers, { id: 'all', thumbprint: mine.toLowerCase() })}`);
        assert.deepEqual(found.map((one) => one.Endpoint.Thumbprint), [mine, mine]);
        for (const one of found) {
            const answer = await client.send('DELETE', one.Links.Self);
            assert.equal(answer.status, 200, JSON.stringify(answer.body));
        }
        const certificate = await client.get('/api/configuration/certificates/certificate-global');
        assert.match(certificate.Thumbprint, /^[0-9A-F]{40}$/);
        assert.deepEqual(client.lines.slice(first.length), [`GET ${S}/workers/all?thumbprint=${mine.toLowerCase()}`, ...found.map((one) => `DELETE ${one.Links.Self}`),
            'GET /api/configuration/certificates/certificate-global']);
        assert.deepEqual((await at.api.get(`${S}/workers/all`)).map((one) => one.Id).sort(), keep.map((one) => one.Id).sort());
        assert.deepEqual(await client.get(`${S}/workers/all?thumbprint=${mine}`), []);
    });

    test('a key that is wrong or a method that cannot be meant is refused as the agent expects it', async (t) => {
        const client = connect(t, 'API-WRONGWRONGWRONGWRONGWRONG');
        assert.equal((await client.send('GET', '/api/users/me')).status, 401);
        const right = connect(t);
        const missing = await right.send('DELETE', `${S}/workers/Workers-99999`);
        assert.equal(missing.status, 404);
        assert.deepEqual(missing.body.Errors, []);
        const bad = await right.send('POST', `${S}/workers`, { Name: '', WorkerPoolIds: [], Endpoint: { CommunicationStyle: 'TentaclePassive' } });
        assert.equal(bad.status, 400);
        has(bad.body, ['ErrorMessage', 'Errors']);
        assert.ok(bad.body.Errors.length > 0);
    });
});
