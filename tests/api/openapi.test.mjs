// The description of the API is complete and true: it is walked here, and answers are held against it.
import { before } from 'node:test';
import { Project, scriptStep } from '../lib/project.mjs';
import { apiSuite, assert, S, test } from './suite.mjs';

// The operations of the document: { method, path, operation }.
function operationsOf(document) {
    return Object.entries(document.paths).flatMap(([path, methods]) =>
        Object.entries(methods).map(([method, operation]) => ({ method: method.toUpperCase(), path, operation })));
}

const isOpen = (operation) => Array.isArray(operation.security) && operation.security.length === 0;
const filled = (path) => path.replace('{space}', 'Spaces-1').replace(/\{\w+\}/g, 'Nothing-1');

function resolve(document, schema) {
    return schema.$ref ? document.components.schemas[schema.$ref.split('/').pop()] : schema;
}

function typeFits(type, value) {
    if (type === 'array') return Array.isArray(value);
    if (type === 'integer') return Number.isInteger(value);
    if (type === 'object') return typeof value === 'object' && !Array.isArray(value) && value !== null;
    return typeof value === type;
}

// Where `value` differs from its schema: a list of sentences.
function differences(document, schema, value, at = '') {
    schema = resolve(document, schema);
    if (schema.oneOf) return schema.oneOf.some((one) => differences(document, one, value, at).length === 0) ? [] : [`${at}: fits no form`];
    if (value === null) return schema.nullable || schema.type === undefined ? [] : [`${at}: is null`];
    if (schema.type && !typeFits(schema.type, value)) return [`${at}: ${JSON.stringify(value)?.slice(0, 80)} is no ${schema.type}`];
    if (schema.enum && !schema.enum.includes(value)) return [`${at}: ${value} is none of ${schema.enum}`];
    if (schema.type === 'array') return value.flatMap((one, i) => differences(document, schema.items, one, `${at}/${i}`));
    if (schema.type !== 'object') return [];
    const missing = (schema.required ?? []).filter((name) => !(name in value)).map((name) => `${at}: has no ${name}`);
    return missing.concat(Object.entries(value).flatMap(([name, one]) => {
        const known = schema.properties?.[name] ?? schema.additionalProperties;
        if (known) return differences(document, known, one, `${at}/${name}`);
        return schema.properties ? [`${at}: ${name} is not described`] : [];
    }));
}

// Answers that have no table: this document, refusals that never succeed, and lists that are always empty.
const WITHOUT_SCHEMA = ['/api/{space}/packages/{packageId}/{version}/delta-signature', '/api/openapi.json', '/api/permissions/all', '/api/users/logout',
    '/api/users/{id}/revoke-sessions', '/api/{space}/actiontemplates'];

// What is refused in words when it is asked with nothing in particular: it cannot be done yet, or needs to know a project.
const REFUSED = ['/api/{space}/workers/discover', '/api/{space}/machines/discover', '/api/{space}/variables/preview'];

// Links that clients look up by name and that answer 404 until what they lead to exists.
const LATER = {
    // The root documents name everything: clients are built for all of it and read the names when they start.
    Root: ['ScheduledProjectTriggers'],
};

// A link without what clients fill in, and whether a row of the document is meant by it.
const plain = (link) => link.replace(/\{[?/][^}]*\}/g, '').replace(/\?.*$/, '');
function pathOf(document, link) {
    return pathLike(document, plain(link)) ?? pathLike(document, plain(link).replace(/^\/api\/spaces\/([^/]+)\/(?=.)/, '/api/$1/'));
}

function pathLike(document, address) {
    const parts = address.split('/');
    const isId = (part) => /^(feeds-builtin|certificate-global|(userroles|teams|scopeduserroles)-.+|\{\w+\}|.*[A-Z]\w*-.+)$/.test(part);
    const fits = (template) => template.split('/').length === parts.length &&
        template.split('/').every((part, i) => part.startsWith('{') ? isId(parts[i]) : part.toLowerCase() === parts[i].toLowerCase());
    return Object.keys(document.paths).find((path) => !path.startsWith('/api/{space}/{') && fits(path));
}

apiSuite('openapi', (at) => {
    const read = () => at.anonymous.get('/api/openapi.json');
    before(async () => {
        await read(); // the only one that counts as a test of its route
        at.api.recorded = at.anonymous.recorded = false;
    });

    test('it is an OpenAPI 3.0 document that needs no key and is the same each time', async () => {
        const document = await read();
        assert.match(document.openapi, /^3\.0\.\d$/);
        assert.equal(document.info.version, (await at.api.get('/api')).Version);
        assert.deepEqual(await read(), document);
        assert.ok(operationsOf(document).length > 150);
    });

    test('every operation has an id of its own, a summary, a permission, its path parameters and answers', async () => {
        const document = await read();
        const ids = new Set();
        for (const { method, path, operation } of operationsOf(document)) {
            const where = `${method} ${path}`;
            assert.match(operation.operationId, /^[a-z][A-Za-z0-9]+$/, where);
            assert.ok(!ids.has(operation.operationId), `${where}: ${operation.operationId} is there twice`);
            ids.add(operation.operationId);
            assert.ok(operation.summary && operation['x-permission'], where);
            const inPath = operation.parameters.filter((p) => p.in === 'path').map((p) => p.name);
            assert.deepEqual(inPath, [...path.matchAll(/\{(\w+)\}/g)].map((m) => m[1]), where);
            assert.equal(new Set(operation.parameters.map((p) => p.in + p.name)).size, operation.parameters.length, where);
            assert.ok(Object.keys(operation.responses).some((status) => /^2\d\d$/.test(status)), where);
        }
    });

    test('no two paths are the same but for the names of their parameters', async () => {
        const seen = new Map();
        for (const path of Object.keys((await read()).paths)) {
            const key = path.replace(/\{\w+\}/g, '{}').toLowerCase();
            assert.ok(!seen.has(key), `${path} and ${seen.get(key)}`);
            seen.set(key, path);
        }
    });

    test('every reference leads to a schema, and bodies and answers of resources have one', async () => {
        const document = await read();
        for (const [, name] of JSON.stringify(document).matchAll(/"#\/components\/schemas\/([^"]+)"/g)) {
            assert.ok(document.components.schemas[name], name);
        }
        for (const name of ['Project', 'Environment', 'Lifecycle', 'Channel', 'Release', 'Deployment', 'Runbook', 'RunbookSnapshot', 'RunbookRun', 'DeploymentProcess',
            'RunbookProcess', 'VariableSet', 'Task', 'Artifact', 'WorkerPool', 'Worker', 'MachinePolicy', 'Feed', 'Space', 'User', 'ProjectGroup', 'Problem',
            'CreateReleaseCommandV1', 'CreateDeploymentUntenantedCommandV1', 'RunRunbookCommandV1']) {
            assert.ok(Object.keys(document.components.schemas[name]?.properties ?? {}).length > 1, name);
        }
        for (const { method, path, operation } of operationsOf(document)) {
            const schema = operation.responses[Object.keys(operation.responses).find((status) => status < '300')].content['application/json']?.schema;
            const one = schema && resolve(document, schema.properties?.Items?.items ?? schema.items ?? schema);
            if (one === undefined || method === 'DELETE' || WITHOUT_SCHEMA.includes(path)) continue;
            assert.ok(one.properties || one.type !== 'object', `${method} ${path}: its answer is not described`);
        }
        const post = document.paths['/api/{space}/projects'].post;
        assert.deepEqual(post.requestBody.content['application/json'].schema, { $ref: '#/components/schemas/Project' });
    });

    test('without a key every operation answers 401 with JSON, but for those that say so', async () => {
        const open = [];
        for (const { method, path, operation } of operationsOf(await read())) {
            const answer = await at.anonymous.send(method, filled(path), method === 'GET' || method === 'DELETE' ? undefined : {});
            if (isOpen(operation)) open.push(path);
            else assert.equal(answer.status, 401, `${method} ${path}: ${answer.text}`);
            if (!isOpen(operation)) assert.equal(typeof answer.body.ErrorMessage, 'string');
        }
        assert.deepEqual(open.sort(), ['/api', '/api/openapi.json', '/api/serverstatus/health', '/api/users/login', '/api/users/register', '/healthz', '/metrics']);
    });

    test('it offers the credentials that are taken, and no others', async () => {
        const document = await at.api.get('/api/openapi.json');
        assert.deepEqual(document.security, [{ ApiKey: [] }, { Bearer: [] }]);
        assert.deepEqual(document.components.securitySchemes,
            { ApiKey: { type: 'apiKey', in: 'header', name: 'X-Octopus-ApiKey' }, Bearer: { type: 'http', scheme: 'bearer' } });
    });

    test('every operation that names something is 404 with its name when it is not there, and never fails', async () => {
        for (const { method, path } of operationsOf(await read())) {
            if (!/\{(?!space)\w+\}/.test(path)) continue;
            const answer = await at.api.send(method, filled(path), method === 'GET' || method === 'DELETE' ? undefined : {});
            assert.ok(answer.status === 404 || (answer.status === 400 && method !== 'GET'), `${method} ${path}: ${answer.status} ${answer.text}`);
            if (answer.status === 404) assert.match(answer.body.ErrorMessage, /Nothing-1/, `${method} ${path}`);
        }
    });

    test('no body, whatever its shape, makes an operation fail on what is there', async () => {
        const project = await Project.create(at.api, { steps: [scriptStep('one', 'true')] });
        const task = await project.deploy();
        const runbook = await project.createRunbook([scriptStep('hi', 'true')]);
        await project.run(runbook);
        const first = async (list) => (await at.api.get(`${S}/${list}?take=1`)).Items[0].Id;
        const ids = {
            projects: project.id, runbooks: runbook.Id, tasks: task.Id, rerun: task.Id, environments: project.environment.Id, preview: project.environment.Id,
            deploymentprocesses: project.resource.DeploymentProcessId, variables: project.resource.VariableSetId, runbookProcesses: runbook.RunbookProcessId,
        };
        for (const list of ['releases', 'deployments', 'channels', 'runbookSnapshots', 'runbookRuns', 'lifecycles', 'projectgroups', 'workerpools', 'machinepolicies', 'feeds']) {
            ids[list] = await first(list);
        }
        const bodies = [undefined, '[]', '[1]', '[null]', '"x"', '5', '{}', '{"Name":[],"Version":"x","Steps":5,"Variables":[5,null,{}]}',
            '{"Steps":[null,5,{"Actions":[null,5,{"Properties":[]}]}],"FormValues":[],"DeploymentPreviews":[5,{"EnvironmentId":5}],"Phases":[{}]}'];
        for (const { method, path } of operationsOf(await read())) {
            if (!['POST', 'PUT'].includes(method)) continue;
            const real = path.replace('{space}', 'Spaces-1').replace(/([A-Za-z]+)\/\{\w+\}/g, (_, noun) => `${noun}/${ids[noun] ?? 'Nothing-1'}`);
            for (const body of bodies) {
                const answer = await at.api.send(method, real, body);
                assert.ok(answer.status < 500 && answer.body, `${method} ${real} ${body}: ${answer.status} ${answer.text}`);
            }
        }
    });

    test('what is read is as it is described', async () => {
        const project = await Project.create(at.api, {
            steps: [scriptStep('keep', 'echo x > x.txt; new_octopusartifact "$PWD/x.txt"', { properties: { Secret: { HasValue: true, NewValue: 'abc' } } })],
            variables: [{ Name: 'A', Value: '1' }, { Name: 'B', Value: 'secret', IsSensitive: true }],
        });
        const task = await project.deploy();
        const runbook = await project.createRunbook([scriptStep('hi', 'echo hi')]);
        await project.run(runbook);
        const document = await read();
        const lists = new Map();
        for (const { method, path, operation } of operationsOf(document)) {
            const schema = operation.responses['200']?.content?.['application/json']?.schema;
            if (method !== 'GET' || !schema || /\{(?!space)\w+\}/.test(path) || REFUSED.includes(path)) continue;
            const body = await at.api.get(path.replace('{space}', 'Spaces-1'));
            assert.deepEqual(differences(document, schema, body), [], path);
            if (body.Items?.length) lists.set(path, body.Items[0].Id);
        }
        for (const { method, path, operation } of operationsOf(document)) {
            const schema = operation.responses['200']?.content?.['application/json']?.schema;
            const list = path.replace(/\/\{\w+\}$/, '');
            if (method !== 'GET' || !schema || list === path || !lists.has(list)) continue;
            const body = await at.api.get(`${list.replace('{space}', 'Spaces-1')}/${lists.get(list)}`);
            assert.deepEqual(differences(document, schema, body), [], path);
        }
        const process = await at.api.get(`${S}/projects/${project.id}/deploymentprocesses`);
        assert.deepEqual(differences(document, { $ref: '#/components/schemas/DeploymentProcess' }, process), []);
        const set = await at.api.get(project.resource.Links.Variables);
        assert.deepEqual(differences(document, { $ref: '#/components/schemas/VariableSet' }, set), []);
        const details = document.paths['/api/tasks/{id}/details'].get.responses['200'].content['application/json'].schema;
        assert.deepEqual(differences(document, details, await at.api.get(`/api/tasks/${task.Id}/details?verbose=true`)), []);
        assert.ok(lists.size > 12);
    });

    test('every link leads to a route, and what can be read by one is there', async () => {
        const project = await Project.create(at.api, { steps: [scriptStep('keep', 'echo x > x.txt; new_octopusartifact "$PWD/x.txt"')] });
        await project.deploy();
        const runbook = await project.createRunbook([scriptStep('hi', 'echo hi')]);
        await project.run(runbook);
        const document = await read();
        const documents = [['Root', await at.api.get('/api')], ['Root', await at.api.get(S)], ['User', await at.api.get('/api/users/me')],
            ['ServerStatus', await at.api.get('/api/serverstatus')], ['VariableSet', await at.api.get(project.resource.Links.Variables)]];
        for (const { method, path, operation } of operationsOf(document)) {
            const schema = operation.responses['200']?.content?.['application/json']?.schema;
            if (method !== 'GET' || !schema?.properties?.Items || /\{(?!space)\w+\}/.test(path)) continue;
            const { ItemType, Items: [one] } = await at.api.get(path.replace('{space}', 'Spaces-1'));
            if (one) documents.push([ItemType, one]);
        }
        assert.ok(documents.length > 20);
        const unused = new Set(Object.entries(LATER).flatMap(([type, names]) => names.map((name) => `${type} ${name}`)));
        for (const [type, { Links }] of documents) {
            for (const [name, link] of Object.entries(Links)) {
                const what = `${name} of ${type}: ${link}`;
                if (link.startsWith('/app')) continue; // a page of the portal
                const path = pathOf(document, link);
                const later = LATER[type]?.includes(name);
                assert.equal(path === undefined, later ?? false, what);
                unused.delete(`${type} ${name}`);
                if (later || REFUSED.includes(path) || !document.paths[path].get || /\{\w+\}/.test(plain(link))) continue;
                const answer = await at.api.send('GET', link.replace(/\{[?/][^}]*\}/g, ''));
                assert.equal(answer.status, 200, `${what}: ${answer.text}`);
            }
        }
        assert.deepEqual([...unused], []);
    });
});
