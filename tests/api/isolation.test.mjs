// Everything that is in a space stays in it: nothing of one space is read, changed or named by way of another. The routes and
// resources are those of the description of the API, so that none is forgotten.
import { before } from 'node:test';
import { until } from '../lib/processes.mjs';
import { Project, scriptStep } from '../lib/project.mjs';
import { apiSuite, assert, fresh, test } from './suite.mjs';

const isId = (text) => typeof text === 'string' && /^[A-Za-z]+(-[A-Za-z]+)?-\d+$|^feeds-builtin/.test(text);
const kindOf = (id) => id.replace(/-\d+$/, '').replace(/-Spaces$/, '');

apiSuite('isolation', (at) => {
    let operations, here, there;

    // A space with one of everything: { id, lists: Map of path behind the space -> its first item, byKind: Map of kind -> id }.
    async function filled(space) {
        const { api } = at, base = `/api/${space}`;
        const project = await Project.create(api, {
            space, steps: [scriptStep('one', 'echo x > x.txt; new_octopusartifact "$PWD/x.txt"')],
            variables: [{ Name: 'V', Value: '1' }],
        });
        const environments = [project.environment.Id];
        const [pool] = await api.get(`${base}/workerpools/all`);
        const { Items: [own] } = await api.get(`${base}/projects/${project.id}/channels`);
        await project.setSteps([scriptStep('one', 'echo x > x.txt; new_octopusartifact "$PWD/x.txt"', { action: { Environments: environments, Channels: [own.Id] } })]);
        await project.setVariables([{ Name: 'V', Value: '1', Scope: { Environment: environments, Channel: [own.Id] } }]);
        await api.post(`${base}/lifecycles`, { Name: fresh('Lifecycle'), Phases: [{ Name: 'P', OptionalDeploymentTargets: environments }] });
        await project.deploy();
        const runbook = await project.createRunbook([scriptStep('two', 'true', { action: { WorkerPoolId: pool.Id } })]);
        await api.put(`${base}/runbooks/${runbook.Id}`, { ...(await api.get(`${base}/runbooks/${runbook.Id}`)), EnvironmentScope: 'Specified', Environments: environments });
        await project.run(runbook);
        await until('the artifact to be collected', async () => (await api.get(`${base}/artifacts`)).Items[0]?.Length > 0);
        const lists = new Map();
        for (const { method, path, operation } of operations) {
            const paged = operation.responses['200']?.content?.['application/json']?.schema?.properties?.Items;
            if (method !== 'GET' || !paged || !/^\/api\/\{space\}\/[A-Za-z]+$/.test(path)) continue;
            const { Items } = await api.get(path.replace('{space}', space));
            if (Items.length) lists.set(path.replace('/api/{space}/', ''), Items[0]);
        }
        lists.set('deploymentprocesses', await api.get(`${base}/deploymentprocesses/${project.resource.DeploymentProcessId}`));
        lists.set('runbookProcesses', await api.get(`${base}/runbookProcesses/${runbook.RunbookProcessId}`));
        lists.set('variables', await api.get(`${base}/variables/${project.resource.VariableSetId}`));
        const byKind = new Map([...lists.values()].map((item) => [kindOf(item.Id), item.Id]));
        return { id: space, lists, byKind };
    }

    before(async () => {
        at.api.recorded = false; // what is refused everywhere proves nothing of a route
        const { paths } = await at.api.get('/api/openapi.json');
        operations = Object.entries(paths).flatMap(([path, methods]) =>
            Object.entries(methods).map(([method, operation]) => ({ method: method.toUpperCase(), path, operation })));
        here = await filled('Spaces-1');
        there = await filled((await at.api.post('/api/spaces', { Name: fresh('Other') })).Id);
    });

    // The path with ids of `first` for its first parameter and of `last` for the others; undefined when an id is missing.
    function pathWith(path, first, last) {
        let space = first;
        const filled = path.replace(/([A-Za-z]+)\/\{(\w+)\}/g, (whole, noun, name) => {
            if (name === 'space') return whole;
            const key = [...space.lists.keys()].find((one) => one.toLowerCase() === (noun === 'rerun' ? 'tasks' : noun).toLowerCase());
            const id = space.lists.get(key)?.Id;
            space = last;
            return id ? `${noun}/${id}` : whole;
        });
        return /\{(?!space)/.test(filled) ? undefined : filled;
    }

    test('what another space has is not found by any address, to be read, changed, deleted or started', async () => {
        let asked = 0;
        for (const { method, path } of operations) {
            if (!path.startsWith('/api/{space}/') || !/\{(?!space)\w+\}/.test(path)) continue;
            const paths = new Set([pathWith(path, there, there)]);
            if ((path.match(/\{/g) ?? []).length > 2) paths.add(pathWith(path, here, there));
            for (const one of paths) {
                if (one === undefined) continue;
                const scoped = one.replace('/api/{space}', '');
                const forms = [`/api/Spaces-1${scoped}`, `/api/spaces/Spaces-1${scoped}`, `/api/default${scoped}`];
                if (!operations.some((other) => other.path === path.replace('/{space}', ''))) forms.push(`/api${scoped}`);
                for (const address of forms) {
                    const answer = await at.api.send(method, address, method === 'GET' || method === 'DELETE' ? undefined : {});
                    const refused = answer.status === 404 || (method === 'POST' && answer.status === 400); // an empty body may be looked at first
                    assert.ok(refused, `${method} ${address}: ${answer.status} ${answer.text.slice(0, 300)}`);
                    asked++;
                }
            }
        }
        assert.ok(asked > 200, `only ${asked} requests`);
    });

    test('and all of it is still there, as it was', async () => {
        const lasting = ({ LastUpdatedTime, ...rest }) => rest; // a task is cleaned up after its end
        for (const [noun, item] of there.lists) {
            assert.deepEqual(lasting(await at.api.get(`/api/${there.id}/${noun}/${item.Id}`)), lasting(item), noun);
        }
    });

    test('lists of a space have nothing of another', async () => {
        for (const noun of there.lists.keys()) {
            if (['deploymentprocesses', 'runbookProcesses', 'variables'].includes(noun)) continue;
            const { Items } = await at.api.get(`/api/Spaces-1/${noun}?take=1000`);
            for (const one of Items) assert.ok([undefined, null, 'Spaces-1'].includes(one.SpaceId), `${noun}: ${one.Id} is of ${one.SpaceId}`);
            const { Items: asked } = await at.api.get(`/api/Spaces-1/${noun}?ids=${there.lists.get(noun).Id}`);
            assert.deepEqual(asked, [], noun);
        }
    });

    // All places in `value` that hold an id of a kind that the other space has one of.
    function placesOf(value, trail = []) {
        if (isId(value)) return there.byKind.has(kindOf(value)) ? [{ trail, id: there.byKind.get(kindOf(value)) }] : [];
        if (typeof value !== 'object' || value === null) return [];
        return Object.entries(value).filter(([name]) => !(trail.length === 0 && ['Id', 'SpaceId', 'Links', 'ScopeValues'].includes(name)))
            .flatMap(([name, one]) => placesOf(one, [...trail, name]));
    }

    function withPlace(document, trail, id) {
        const copy = structuredClone(document);
        let at = copy;
        for (const name of trail.slice(0, -1)) at = at[name];
        at[trail.at(-1)] = id;
        return copy;
    }

    // Refused by name, or ignored: then it is nowhere in the answer.
    async function assertStays(method, path, body, id, trail) {
        const answer = await at.api.send(method, path, body);
        const where = `${method} ${path} with ${trail.join('/')} = ${id}: ${answer.status} ${answer.text.slice(0, 300)}`;
        assert.ok(answer.status < 500, where);
        if (answer.status >= 400) assert.ok(answer.text.includes(id), where);
        else assert.ok(!answer.text.includes(`"${id}"`), where);
    }

    test('nothing can be made or changed to point into another space', async () => {
        const route = (method, path) => operations.some((one) => one.method === method && one.path === path);
        let tried = 0;
        for (const [noun, item] of here.lists) {
            for (const { trail, id } of placesOf(item)) {
                if (route('PUT', `/api/{space}/${noun}/{id}`)) {
                    await assertStays('PUT', `/api/Spaces-1/${noun}/${item.Id}`, withPlace(await at.api.get(`/api/Spaces-1/${noun}/${item.Id}`), trail, id), id, trail);
                    tried++;
                }
                if (noun === 'tasks' || !route('POST', `/api/{space}/${noun}`)) continue; // a task that is posted is of no space
                const { Id, Slug, Links, ...rest } = withPlace(item, trail, id);
                await assertStays('POST', `/api/Spaces-1/${noun}`, { ...rest, Name: fresh('Name') }, id, trail);
                tried++;
            }
        }
        assert.ok(tried > 20, `only ${tried} places`);
    });

    test('no command names what is in another space', async () => {
        const [project, environment] = ['projects', 'environments'].map((noun) => there.lists.get(noun));
        const mine = here.lists.get('projects'), runbook = there.lists.get('runbooks');
        for (const [path, body, word] of [
            ['releases/create/v1', { projectName: project.Id }, project.Id],
            ['releases/create/v1', { projectName: project.Name }, project.Name],
            ['deployments/create/untenanted/v1', { projectName: mine.Name, releaseVersion: here.lists.get('releases').Version, environmentNames: [environment.Id] }, environment.Id],
            ['runbook-runs/create/v1', { projectName: mine.Name, runbookName: runbook.Name, environmentNames: [here.lists.get('environments').Name] }, runbook.Name],
            ['artifacts', { Filename: 'x', ServerTaskId: there.lists.get('artifacts').ServerTaskId }, there.lists.get('artifacts').ServerTaskId],
        ]) {
            const answer = await at.api.send('POST', `/api/Spaces-1/${path}`, body);
            assert.equal(answer.status, 400, `${path}: ${answer.text}`);
            assert.ok(answer.text.includes(word), `${path}: ${answer.text}`);
        }
    });
});
