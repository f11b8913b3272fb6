// A client in TypeScript that is generated from the description of the API: openapi-typescript makes the types, tsc checks a
// program that creates, reads, changes and deletes one of each resource, and node runs it.
import { execFile } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import { describe, test } from 'node:test';
import assert from 'node:assert/strict';
import { Project, scriptStep } from '../lib/project.mjs';
import { API_KEY, root } from '../lib/server.mjs';
import { sharedServer } from '../lib/shared.mjs';

const run = promisify(execFile);
const tool = (name) => path.join(root, 'node_modules/.bin', name);
const pool = "'WorkerPools-1'", thumbprint = '0123456789ABCDEF0123456789ABCDEF01234567';
const tentacle = `Endpoint: { CommunicationStyle: 'TentaclePassive', Uri: 'https://typed:10933/', Thumbprint: '${thumbprint}' }`;
const certificate = fs.readFileSync(path.join(root, 'tests/data/certificates/root.cer')).toString('base64');

// What a resource needs besides a name, and what is changed of it; `at` are the ids of what the test has made.
const resources = (at) => ({
    '/api/users': ["Username: 'typed', DisplayName: 'Typed', Password: 'Correct-Horse-12'", "DisplayName: 'changed'"],
    '/api/userroles': ["Name: 'typed', GrantedSpacePermissions: ['ProjectView']", "Description: 'changed'"],
    '/api/teams': ["Name: 'typed'", "Description: 'changed'"],
    '/api/scopeduserroles': [`TeamId: '${at.team}', UserRoleId: '${at.role}', SpaceId: 'Spaces-1'`, `ProjectIds: ['${at.project}']`],
    '/api/spaces': ["Name: 'typed'", "Description: 'changed', TaskQueueStopped: true"],
    '/api/{space}/artifacts': [`Filename: 'typed.txt', ServerTaskId: '${at.task}'`, "Filename: 'changed.txt'"],
    '/api/{space}/workerpools': ["Name: 'typed', WorkerPoolType: 'StaticWorkerPool'", "Description: 'changed'"],
    '/api/{space}/workers': [`Name: 'typed', WorkerPoolIds: [${pool}], ${tentacle}`, 'IsDisabled: true'],
    '/api/{space}/environments': ["Name: 'typed'", "Description: 'changed'"],
    '/api/{space}/projectgroups': ["Name: 'typed'", "Description: 'changed'"],
    '/api/{space}/lifecycles': ["Name: 'typed'", "Description: 'changed'"],
    '/api/{space}/projects': [`Name: 'typed', ProjectGroupId: '${at.group}', LifecycleId: '${at.lifecycle}'`, "Description: 'changed'"],
    '/api/{space}/channels': [`Name: 'typed', ProjectId: '${at.project}'`, "Description: 'changed'"],
    '/api/{space}/releases': [`Version: '9.9.9', ProjectId: '${at.project}', ChannelId: '${at.channel}'`, "ReleaseNotes: 'changed'"],
    '/api/{space}/runbooks': [`Name: 'typed', ProjectId: '${at.project}'`, "Description: 'changed'"],
    '/api/{space}/runbookSnapshots': [`Name: 'typed', ProjectId: '${at.project}', RunbookId: '${at.runbook}'`, "Notes: 'changed'"],
    '/api/{space}/machines': [`Name: 'typed', EnvironmentIds: ['${at.environment}'], Roles: ['web'], ${tentacle}`, 'IsDisabled: true'],
    '/api/{space}/machinepolicies': ["Name: 'typed'", "Description: 'changed'"],
    '/api/{space}/accounts': ["Name: 'typed', AccountType: 'UsernamePassword', Username: 'u', Password: { HasValue: true, NewValue: 'hidden-word' }", "Description: 'changed'"],
    '/api/{space}/proxies': ["Name: 'typed', Host: 'proxy', Port: 80, ProxyType: 'HTTP'", "Host: 'changed'"],
    '/api/{space}/feeds': ["Name: 'typed', FeedType: 'NuGet', FeedUri: 'https://feed.example/v3/index.json'", "Name: 'changed'"],
    '/api/{space}/libraryvariablesets': ["Name: 'typed', ContentType: 'Variables'", "Description: 'changed'"],
    '/api/{space}/tagsets': ["Name: 'typed'", "Description: 'changed'"],
    '/api/{space}/projecttriggers': [`Name: 'typed', ProjectId: '${at.project}', Filter: { FilterType: 'CronExpressionSchedule', CronExpression: '0 2 1 1 *' },
        Action: { ActionType: 'RunRunbook', RunbookId: '${at.runbook}', EnvironmentIds: ['${at.environment}'] }`, 'IsDisabled: true'],
    '/api/{space}/certificates': [`Name: 'typed', CertificateData: { HasValue: true, NewValue: '${certificate}' }`, "Notes: 'changed'"],
});

// One resource, from its making to its end.
function steps(route, schema, [made, changed]) {
    const scoped = route.includes('{space}') ? ["space: 'Spaces-1'"] : [];
    const options = (more, rest = {}) => {
        const path = [...scoped, ...more].join(', ');
        const params = [...(path ? [`path: { ${path} }`] : []), ...(rest.query ? [`query: { ${rest.query} }`] : [])].join(', ');
        return `{ ${[...(params ? [`params: { ${params} }`] : []), ...(rest.body ? [`body: ${rest.body}`] : [])].join(', ')} }`;
    };
    const type = `components['schemas']['${schema}']`;
    return `
    {
        const made = value('POST ${route}', await client.POST('${route}', ${options([], { body: `{ ${made} } as ${type}` })}));
        const one = value('GET ${route}', await client.GET('${route}/{id}', ${options(['id: made.Id'])}));
        same('${route}', one, made);
        const change = { ${changed} };
        const changed = value('PUT ${route}', await client.PUT('${route}/{id}', ${options(['id: one.Id'], { body: `{ ...one, ...change } as ${type}` })}));
        same('${route}', pick(changed, change), change);
        const list = value('list ${route}', await client.GET('${route}', ${options([], { query: 'ids: [one.Id]' })}));
        same('${route}', (list.Items ?? []).map((item) => item.Id), [one.Id]);
        value('DELETE ${route}', await client.DELETE('${route}/{id}', ${options(['id: one.Id'])}));
        same('${route}', (await client.GET('${route}/{id}', ${options(['id: one.Id'])})).response.status, 404);
        count++;
    }`;
}

const program = (parts) => `
import assert from 'node:assert/strict';
import createClient from 'openapi-fetch';
import type { components, paths } from './api.js';

const client = createClient<paths>({ baseUrl: process.env.API_URL!, headers: { 'X-Octopus-ApiKey': process.env.API_KEY! } });
function value<A extends { data?: unknown; error?: unknown; response: Response }>(what: string, answer: A): NonNullable<A['data']> {
    assert.ok(answer.data !== undefined, \`\${what}: \${answer.response.status} \${JSON.stringify(answer.error)}\`);
    return answer.data as NonNullable<A['data']>;
}
const same = (what: string, got: unknown, wanted: unknown) => assert.deepEqual(got, wanted, what);
const pick = (all: object, like: object) => Object.fromEntries(Object.keys(like).map((name) => [name, (all as Record<string, unknown>)[name]]));

async function main() {
    let count = 0;
${parts}
    console.log(\`\${count} resources\`);
}
await main();
`;

describe('a typed client', () => {
    const server = sharedServer();

    test('is generated from the description, and creates, reads, changes and deletes each resource', async (t) => {
        const { api, url } = await server();
        const document = await api.get('/api/openapi.json');
        const project = await Project.create(api, { steps: [scriptStep('one', 'true')] });
        const runbook = await project.createRunbook([scriptStep('one', 'true')]);
        const task = await project.deploy();
        const [channel] = (await api.get(`/api/Spaces-1/projects/${project.id}/channels`)).Items;
        const at = { project: project.id, environment: project.environment.Id, runbook: runbook.Id, task: task.Id, channel: channel.Id,
            group: project.resource.ProjectGroupId, lifecycle: project.resource.LifecycleId,
            team: (await api.post('/api/teams', { Name: 'for roles' })).Id,
            role: (await api.get('/api/userroles/all')).find((one) => one.Name === 'Project Viewer').Id };
        const table = resources(at);
        const kept = Object.entries(document.paths).filter(([route, methods]) => {
            const one = document.paths[`${route}/{id}`];
            return methods.post && one?.get && one.put && one.delete && !route.includes('{project}');
        });
        assert.deepEqual(kept.map(([route]) => route).sort(), Object.keys(table).sort());

        const folder = path.join(root, process.env.BUILD ?? 'build', `typed-client-${process.pid}`);
        fs.mkdirSync(folder, { recursive: true });
        t.after(() => fs.rmSync(folder, { recursive: true, force: true }));
        const write = (name, text) => fs.writeFileSync(path.join(folder, name), text);
        write('openapi.json', JSON.stringify(document));
        write('package.json', '{"type":"module"}');
        write('node.d.ts', "declare module 'node:assert/strict'; declare const process: { env: Record<string, string | undefined> };");
        const schemaOf = ({ post }) => post.requestBody.content['application/json'].schema.$ref.split('/').pop();
        write('client.ts', program(kept.map(([route, methods]) => steps(route, schemaOf(methods), table[route])).join('\n')));
        await run(tool('openapi-typescript'), ['openapi.json', '-o', 'api.d.ts'], { cwd: folder });
        write('tsconfig.json', JSON.stringify({ files: ['node.d.ts', 'client.ts'], compilerOptions: {
            strict: true, target: 'es2022', module: 'nodenext', lib: ['es2022', 'dom', 'dom.iterable'], skipLibCheck: true, types: [] } }));
        await run(tool('tsc'), ['-p', '.'],
            { cwd: folder }).catch((e) => assert.fail(e.stdout));

        const { stdout } = await run(process.execPath, ['client.js'], { cwd: folder, env: { ...process.env, API_URL: url, API_KEY } });

        assert.equal(stdout.trim(), `${kept.length} resources`);
    });
});
