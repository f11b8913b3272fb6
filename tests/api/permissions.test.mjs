// Every route x {no key, an expired key, another space, each built-in role}: made from the description of the API, so that none is
// forgotten. What is named does not exist, and no body says anything, so that nothing is changed.
import http from 'node:http';
import { before } from 'node:test';
import { createPerson } from '../lib/people.mjs';
import { until } from '../lib/processes.mjs';
import { apiSuite, assert, fresh, test } from './suite.mjs';

const FOR_THE_SERVER = ['userroles-systemadministrator', 'userroles-systemmanager'];
const SOME = ['userroles-environmentviewer', 'userroles-projectdeployer', 'userroles-spacemanager', 'userroles-systemmanager']; // on PostgreSQL

const WITHOUT_DATABASE = ['/api/serverstatus/health', '/healthz', '/metrics']; // nobody is asked for a key there

// Everybody may ask about oneself; these are about another.
const ofUser = /^\/api\/users\/(authentication\/)?\{id\}/;
const toUser = (method) => (method === 'GET' ? 'UserView' : 'UserEdit');

apiSuite('permissions', (at) => {
    let routes, other;
    const agent = new http.Agent({ keepAlive: true, maxSockets: 8 });
    before(async () => {
        const { paths } = await at.anonymous.get('/api/openapi.json');
        routes = Object.entries(paths).flatMap(([path, methods]) => Object.entries(methods).map(([method, operation]) =>
            ({ method: method.toUpperCase(), path, permission: operation['x-permission'], scoped: /^\/api\/\{space\}(\/|$)/.test(path) })));
        assert.ok(routes.length > 200);
        other = await at.api.post('/api/spaces', { Name: fresh('Space') });
    });

    // The status of one request; a stream is left when its head is there.
    function ask(key, { method, path }) {
        const { hostname, port } = new URL(at.server.url);
        const body = ['POST', 'PUT', 'PATCH'].includes(method) ? '{}' : undefined;
        const headers = { ...(key ? { 'X-Octopus-ApiKey': key } : {}), ...(body ? { 'Content-Type': 'application/json', 'Content-Length': body.length } : {}) };
        return new Promise((resolve, reject) => {
            const request = http.request({ agent, hostname, port, method, headers, path: path.replace('{space}', 'Spaces-1').replace(/\{\w+\}/g, 'Nothing-1') }, (answer) => {
                if (/event-stream/.test(answer.headers['content-type'] ?? '')) answer.destroy();
                else answer.resume();
                answer.once('close', () => resolve(answer.statusCode));
            });
            request.once('error', reject);
            request.end(body);
        });
    }

    // Asks every route and compares; `wanted(route)` is a status, or undefined: neither 401 nor 403, and no failure.
    async function walk(key, wanted) {
        const wrong = [];
        const one = async (route) => {
            const status = await ask(key, route), right = wanted(route);
            if (right === undefined ? status === 401 || status === 403 || status >= 500 : status !== right) {
                wrong.push(`${route.method} ${route.path} (${route.permission}): ${status} instead of ${right ?? 'what is allowed'}`);
            }
        };
        for (let i = 0; i < routes.length; i += 8) await Promise.all(routes.slice(i, i + 8).map(one));
        assert.deepEqual(wrong, []);
    }

    // What a user with one role may do; `space`: the one in which it was given, null for the server.
    async function expectations(id, space) {
        const role = await at.api.get(`/api/userroles/${id}`);
        const system = new Set(role.GrantedSystemPermissions), inSpace = new Set(space ? role.GrantedSpacePermissions : []);
        const all = system.has('AdministerSystem'), workers = system.has('ConfigureServer');
        const here = (permission) => (space === 'Spaces-1' && inSpace.has(permission)) || (workers && /^Worker/.test(permission));
        const enters = all || workers || space === 'Spaces-1';
        return ({ method, path, permission, scoped }) => {
            if (permission === 'anonymous') return undefined;
            if (scoped && !enters) return 404;
            if (permission === 'authenticated') return all || !ofUser.test(path) || system.has(toUser(method)) ? undefined : 403;
            if (all || here(permission) || (!scoped && (system.has(permission) || inSpace.has(permission)))) return undefined;
            return 403;
        };
    }

    async function walkAs(id, space) {
        const person = await createPerson(at.api, [{ role: id, SpaceId: space }]);
        await walk(person.api.key, await expectations(id, space));
    }

    test('without a key only what is open to everybody answers', () =>
        walk(undefined, ({ permission }) => (permission === 'anonymous' ? undefined : 401)));

    test('an expired key opens nothing, an unknown one neither', async () => {
        const { api } = await createPerson(at.api, FOR_THE_SERVER.slice(0, 1).map((role) => ({ role, SpaceId: null })), { expires: new Date(Date.now() + 2000).toISOString() });
        await until('the key to expire', async () => (await api.send('GET', '/api/users/me')).status === 401);
        for (const key of [api.key, 'API-NOBODYHASTHISKEY0123456789ABCDEF']) await walk(key, ({ path }) => (WITHOUT_DATABASE.includes(path) ? 200 : 401));
    });

    test('who manages another space finds nothing of this one', () => walkAs('userroles-spacemanager', other.Id));

    test('who is in no team may ask about itself only', async () => {
        const person = await createPerson(at.api);
        await walk(person.api.key, ({ path, permission, scoped }) => {
            if (permission === 'anonymous') return undefined;
            if (scoped) return 404;
            return permission === 'authenticated' && !ofUser.test(path) ? undefined : 403;
        });
    });

    test('each built-in role may do what its permissions say, and nothing else', async () => {
        const roles = (await at.api.get('/api/userroles/all')).filter((role) => !role.CanBeDeleted).map((role) => role.Id);
        assert.ok(roles.length >= 19);
        for (const id of at.kind === 'sqlite' ? roles : SOME) await walkAs(id, FOR_THE_SERVER.includes(id) ? null : 'Spaces-1');
    });
});
