// Sign-in by user name and password, sessions, access tokens, and what keeps strangers out (rest.md 1.2, 2.10, 3.1).
import http from 'node:http';
import { Api } from '../lib/api.mjs';
import { Browser, signedIn } from '../lib/browser.mjs';
import { API_KEY, PASSWORD } from '../lib/server.mjs';
import { apiSuite, assert, fresh, S, test } from './suite.mjs';

apiSuite('sign-in', (at) => {
    const enter = (more) => signedIn(at.server.url, 'admin', PASSWORD, more);
    const installation = async () => (await at.anonymous.get('/api')).InstallationId;
    const create = (browser, options) => browser.send('POST', `${S}/environments`, { Name: fresh('Env') }, options);

    test('a password opens a session: the user, one anti-forgery cookie, one that scripts cannot read', async () => {
        const browser = new Browser(at.server.url);
        const answer = await browser.signIn(' ADMIN ', PASSWORD);
        assert.equal(answer.status, 200, answer.text);
        assert.deepEqual(answer.body, await at.api.get('/api/users/me'));
        const id = await installation();
        const [csrf] = answer.cookies.filter((line) => line.startsWith('Octopus-Csrf-Token'));
        const [token] = answer.cookies.filter((line) => line.startsWith('OctopusIdentificationToken'));
        assert.equal(answer.cookies.length, 2);
        assert.match(csrf, new RegExp(`^Octopus-Csrf-Token_${id}=[0-9a-f]{32}; Path=/; SameSite=Lax$`));
        assert.match(token, new RegExp(`^OctopusIdentificationToken_${id}=[0-9a-f]{64}; Path=/; SameSite=Lax; HttpOnly$`));
        assert.deepEqual((await browser.send('GET', '/api/users/me')).body, answer.body);
    });

    test('a remembered session has cookies that stay, and over HTTPS they are for HTTPS only', async () => {
        const { cookies } = await new Browser(at.server.url)
            .signIn('admin', PASSWORD, { RememberMe: true, State: { UsingSecureConnection: true } });
        for (const line of cookies) assert.match(line, /; Max-Age=31536000; Secure$/);
    });

    test('returnUrl is no place that the answer leads to', async () => {
        const answer = await new Browser(at.server.url).send('POST', '/api/users/login?returnUrl=https%3A%2F%2Felsewhere.test',
            { Username: 'admin', Password: PASSWORD });
        assert.equal(answer.status, 200);
        assert.ok(!answer.headers.has('location') && !answer.text.includes('elsewhere'));
    });

    test('the requests of the .NET client and of Tentacle with user name and password are answered', async () => {
        const browser = new Browser(at.server.url);
        const headers = { Accept: 'application/json', 'User-Agent': 'OctopusClient-dotnet/14.3 (Linux; x64) NoneOrUnknown tentacle' };
        const root = await browser.send('GET', '/api', undefined, { headers });
        assert.ok(root.body.Links.SignIn.startsWith('/api/users/login{?returnUrl'));
        const login = await browser.send('POST', '/api/users/login',
            { Username: 'admin', Password: PASSWORD, RememberMe: false, State: { UsingSecureConnection: false } },
            { headers: { ...headers, 'Content-Type': 'application/json; charset=utf-8' } });
        assert.equal(login.status, 200);
        const me = await browser.send('GET', '/api/users/me', undefined, { headers });
        const [space] = (await browser.send('GET', me.body.Links.Spaces, undefined, { headers })).body;
        assert.equal(space.IsDefault, true);
        assert.equal((await browser.send('GET', space.Links.SpaceHome, undefined, { headers })).status, 200);
        const found = await browser.send('GET', `${S}/workers?name=new`, undefined, { headers });
        assert.equal(found.body.TotalResults, 0);
        const changed = await browser.send('POST', `${S}/environments`, { Name: fresh('Env') }, { headers });
        assert.equal(changed.status, 201, changed.text);
        assert.equal((await browser.send('POST', root.body.Links.SignOut, undefined, { headers })).status, 200);
    });

    test('what changes something needs the anti-forgery header of this very session', async () => {
        const [browser, other] = [await enter(), await enter()];
        assert.equal((await create(browser)).status, 201);
        for (const headers of [{}, { 'X-Octopus-Csrf-Token': '' }, { 'X-Octopus-Csrf-Token': other.csrf }, { 'X-Octopus-Csrf-Token': browser.csrf.slice(1) }]) {
            const answer = await create(browser, { csrf: false, headers });
            assert.equal(answer.status, 403);
            assert.match(answer.body.ErrorMessage, /X-Octopus-Csrf-Token/);
        }
        assert.equal((await browser.send('GET', `${S}/environments`, undefined, { csrf: false })).status, 200);
        assert.equal((await browser.send('POST', '/api/users/logout', undefined, { csrf: false })).status, 403);
        assert.equal((await browser.send('GET', '/api/users/me')).status, 200);
    });

    test('keys and bearers need no anti-forgery header, whatever cookies come along', async () => {
        const browser = await enter();
        const { AccessToken } = (await browser.send('POST', '/api/users/access-token')).body;
        for (const headers of [{ 'X-Octopus-ApiKey': API_KEY }, { Authorization: `Bearer ${AccessToken}` }]) {
            assert.equal((await create(browser, { csrf: false, headers })).status, 201);
        }
    });

    test('signing out ends the session and takes its cookies away', async () => {
        const browser = await enter();
        const kept = new Map(browser.cookies);
        const answer = await browser.send('POST', '/api/users/logout');
        assert.equal(answer.status, 200);
        assert.equal(answer.cookies.length, 2);
        assert.equal(browser.cookies.size, 0);
        browser.cookies = kept;
        assert.equal((await browser.send('GET', '/api/users/me')).status, 401);
    });

    test('an ended session does not lock its owner out of sign-in, nor does a live one without its header', async () => {
        const browser = await enter();
        assert.equal((await browser.send('POST', '/api/users/login', { Username: 'admin', Password: PASSWORD }, { csrf: false })).status, 200);
        const kept = new Map(browser.cookies);
        await browser.send('POST', '/api/users/logout');
        browser.cookies = kept;
        assert.equal((await browser.send('GET', '/api')).status, 200);
        assert.equal((await browser.signIn('admin', PASSWORD)).status, 200);
    });

    test('cookies of other servers on this host are nobody', async () => {
        const answer = await at.anonymous.send('GET', '/api/users/me', undefined,
            { headers: { Cookie: 'OctopusIdentificationToken_other=abc; session=x; OctopusIdentificationToken_=' } });
        assert.equal(answer.status, 401);
        assert.match(answer.body.ErrorMessage, /logged in/);
    });

    test('an unknown name and a wrong password are refused with the same answer', async () => {
        const answers = [];
        for (const [name, password] of [['nobody at all', PASSWORD], ['admin', 'wrong'], ['admin', `${PASSWORD} `]]) {
            const browser = new Browser(at.server.url);
            answers.push(await browser.signIn(name, password));
            assert.equal(browser.cookies.size, 0);
        }
        for (const answer of answers) {
            assert.equal(answer.status, 400);
            assert.deepEqual(answer.body.Errors, ['Invalid username or password.']);
            assert.equal(answer.text, answers[0].text);
        }
        for (const body of [{ Username: 'admin' }, { Password: 'x' }, { Username: 5, Password: 'x' }, {}]) {
            assert.equal((await at.anonymous.send('POST', '/api/users/login', body)).status, 400);
        }
    });

    test('a page of another site signs nobody in', async () => {
        const answer = await new Browser(at.server.url).send('POST', '/api/users/login', { Username: 'admin', Password: PASSWORD },
            { headers: { 'Sec-Fetch-Site': 'cross-site' } });
        assert.equal(answer.status, 403);
        assert.equal(answer.cookies.length, 0);
    });

    test('sign-ins are in the audit, and what was typed as an unknown name is not', async () => {
        if (!at.query) return;
        await enter();
        await new Browser(at.server.url).signIn('admin', 'wrong');
        await new Browser(at.server.url).signIn('Hunter2-in-the-wrong-field', 'wrong');
        const said = (await at.query("select category || ': ' || message from event where category like 'Login%' order by number desc limit 3")).flat();
        assert.match(said[0], /^LoginFailed: Sign-in of an unknown user failed, from 127\.0\.0\.1:\d+$/);
        assert.match(said[1], /^LoginFailed: Sign-in of admin failed, from 127\.0\.0\.1:\d+$/);
        assert.match(said[2], /^LoginSucceeded: admin signed in, from 127\.0\.0\.1:\d+$/);
        assert.deepEqual(await at.query("select 1 from event where message like '%Hunter2%' or details like '%Hunter2%'"), []);
    });

    test('an access token is a bearer for an hour, for everything, and no cookie', async () => {
        const { AccessToken, Expires } = await at.api.post('/api/users/access-token');
        const left = Date.parse(Expires) - Date.now();
        assert.ok(left > 50 * 60000 && left <= 60 * 60000, Expires);
        const bearer = (value) => at.anonymous.send('GET', '/api/users/me', undefined, { headers: { Authorization: `Bearer ${value}` } });
        assert.equal((await bearer(AccessToken)).body.Username, 'admin');
        assert.equal((await bearer(API_KEY)).body.Username, 'admin');
        const browser = await enter();
        for (const wrong of ['nonsense', AccessToken.slice(1), browser.cookie('OctopusIdentificationToken')]) {
            assert.equal((await bearer(wrong)).status, 401);
        }
        const Cookie = `OctopusIdentificationToken_${await installation()}=${AccessToken}`;
        assert.equal((await at.anonymous.send('GET', '/api/users/me', undefined, { headers: { Cookie } })).status, 401);
        const again = await at.anonymous.send('POST', '/api/users/access-token', undefined, { headers: { Authorization: `Bearer ${AccessToken}` } });
        assert.equal(again.body.Expires, Expires, 'a token does not prolong itself');
    });

    test('the public client works with an access token', async () => {
        const { AccessToken } = await at.api.post('/api/users/access-token');
        const client = await (await import('@octopusdeploy/api-client')).default.Client
            .create({ userAgentApp: 'bobtail-tests', instanceURL: at.server.url, accessToken: AccessToken });
        assert.equal((await client.getServerInformation()).version, (await at.api.get('/api')).Version);
    });

    test('revoking the sessions of a user ends all of them and the access tokens, not the keys', async () => {
        const [one, two] = [await enter(), await enter()];
        const { AccessToken } = await at.api.post('/api/users/access-token');
        const me = await at.api.get('/api/users/me');
        assert.equal((await one.send('POST', me.Links.RevokeSessions)).status, 200);
        for (const browser of [one, two]) assert.equal((await browser.send('GET', '/api/users/me')).status, 401);
        assert.equal((await new Api(at.server.url).send('GET', '/api/users/me', undefined, { headers: { Authorization: `Bearer ${AccessToken}` } })).status, 401);
        assert.equal((await at.api.get('/api/users/me')).Id, me.Id);
        assert.equal((await at.api.send('POST', '/api/users/Users-99/revoke-sessions')).status, 404);
    });

    test('a session outlives the server that it was opened at', async () => {
        const browser = await enter();
        await at.server.restart();
        assert.equal((await browser.send('GET', '/api/users/me')).status, 200);
        assert.equal((await create(browser)).status, 201);
    });

    test('a session and an access token hold on every node', async (t) => {
        if (at.kind !== 'postgresql') return; // nodes share PostgreSQL
        const second = await at.server.startBeside(t, {});
        const browser = await enter();
        browser.api = new Api(second.url);
        assert.equal((await create(browser)).status, 201);
        const { AccessToken } = (await browser.send('POST', '/api/users/access-token')).body;
        await browser.send('POST', '/api/users/logout');
        const answer = await at.anonymous.send('GET', '/api/users/me', undefined, { headers: { Authorization: `Bearer ${AccessToken}` } });
        assert.equal(answer.status, 200);
        browser.api = at.anonymous;
        assert.equal((await browser.send('GET', '/api/users/me')).status, 401);
    });

    test('the guest account is refused with its name', async () => {
        const answer = await new Api(at.server.url, 'API-GUEST').send('GET', '/api/users/me');
        assert.equal(answer.status, 401);
        assert.match(answer.body.ErrorMessage, /API-GUEST.*not supported/);
    });

    test('there is no OpenID Connect: its address is a 404 in JSON', async () => {
        const answer = await at.anonymous.send('GET', '/.well-known/openid-configuration');
        assert.equal(answer.status, 404);
        assert.ok(answer.body.ErrorMessage);
    });

    test('the ways to sign in are told', async () => {
        const all = await at.api.get('/api/users/authentication');
        assert.deepEqual(all.AuthenticationProviders.map((p) => [p.Name, p.IdentityType, p.FormsLoginEnabled]), [['Octopus', 'UsernamePassword', true]]);
        const one = await at.api.get(`/api/users/authentication/${(await at.api.get('/api/users/me')).Id}`);
        assert.equal(one.CanCurrentUserEditIdentitiesForUser, true);
        assert.equal((await at.api.send('GET', '/api/users/authentication/Users-99')).status, 404);
        assert.deepEqual(await at.api.get('/api/users/identity-metadata'), { Providers: [] });
    });

    // From another address of this host, so that the other tests are not held up.
    const from = (localAddress, Username, Password) => new Promise((resolve, reject) => {
        const request = http.request(`${at.server.url}/api/users/login`, { method: 'POST', localAddress, headers: { 'Content-Type': 'application/json' } });
        request.on('response', (response) => {
            let text = '';
            response.setEncoding('utf8').on('data', (part) => (text += part));
            response.on('end', () => resolve({ status: response.statusCode, headers: response.headers, body: JSON.parse(text) }));
        });
        request.on('error', reject);
        request.end(JSON.stringify({ Username, Password }));
    });

    test('a name that failed too often waits, and is told for how long, even with the right password', async () => {
        const name = fresh('guessed');
        for (let i = 0; i < 10; i++) assert.equal((await from('127.0.0.7', name, `guess ${i}`)).status, 400);
        const answer = await from('127.0.0.8', name.toUpperCase(), 'guess');
        assert.equal(answer.status, 429);
        assert.ok(Number(answer.headers['retry-after']) >= 1);
        assert.match(answer.body.ErrorMessage, /Too many attempts.*Try again in \d+ s/);
        assert.equal((await from('127.0.0.7', 'admin', PASSWORD)).status, 200);
    });
});
