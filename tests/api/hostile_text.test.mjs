// Whatever stands in a text is only a text: it comes back as it was sent, is found by its name, and never becomes SQL, a header,
// a line of the log, HTML or a template. Resources and lists are those of the description of the API.
import { before, after } from 'node:test';
import { Project, scriptStep } from '../lib/project.mjs';
import { apiSuite, assert, fresh, S, test } from './suite.mjs';

// One character of every class of Unicode, and what people and programs have trouble with.
const CLASSES = {
    'letters of every case': 'Aaǅʰªא', marks: 'e\u0301 \u0903 \u20DD', numbers: '1Ⅷ½', punctuation: '_-()«»!', symbols: '+$^©', 'separators': 'a\u00A0b\u2028c\u2029d',
    controls: 'a\u0001\u001B[31m\u007F\u0085b', format: '\u200B\u200E\u200F\u202Ex\u202C\u2066y\u2069\uFEFF', private: '\uE000\u{F0000}', unassigned: '\u0378\u{EFFFF}',
    noncharacters: '\uFFFE\uFFFF', emoji: '👩‍👩‍👧‍👦🏳️‍🌈🇩🇪1️⃣', 'right to left': 'مرحبا שלום', wide: '日本語ｆｕｌｌ', ligatures: 'ﬀ İ ı ß ſ', 'long marks': `x${'\u0316'.repeat(60)}`,
};
const INJECTIONS = {
    sql: `x'; drop table document; --`, 'sql or': `' or '1'='1`, like: '%_!\\%', quotes: `"'\`\\`, header: 'x\r\nSet-Cookie: stolen=1', 'log line': 'x\n2026-01-01T00:00:00.000+00:00 error forged: FORGED',
    'bare carriage return': 'x\rFORGED', html: '<img src=x onerror=alert(1)>&amp;', template: '#{Octopus.Environment.Name}#{unless x}${jndi:ldap://x}{{7*7}}', format: '%s%n%x%1$s',
    path: '../../etc/passwd', 'path segment': 'a/b%2Fc?d#e', json: '{"a":[1,"\\u0041"]}', shell: '$(touch /tmp/FORGED)`id`;|&', formula: '=cmd|\'/c calc\'!A1', none: 'undefined', 'space around': '  x  ',
};
const TEXTS = { ...CLASSES, ...INJECTIONS };

apiSuite('hostile text', (at) => {
    let document, project, needed, hostile;
    const created = [];

    before(async () => {
        document = await at.api.get('/api/openapi.json');
        project = await Project.create(at.api, { steps: [scriptStep('one', 'echo x > x.txt; new_octopusartifact "$PWD/x.txt"')] });
        await project.deploy();
        const { ProjectGroupId, LifecycleId } = project.resource;
        // What a resource needs besides its texts; one that needs nothing is not here.
        needed = { projects: { ProjectGroupId, LifecycleId }, channels: { ProjectId: project.id }, runbooks: { ProjectId: project.id } };
    });
    after(async () => {
        // no line of the server's log was forged, and no file made
        const lines = at.server.output.split('\n').filter((line) => /FORGED|stolen/.test(line));
        for (const line of lines) assert.match(line, /^\d{4}-\d\d-\d\dT[\d:.]+\+00:00 (error|warn|info|debug) /, line);
        assert.ok(lines.every((line) => !/^\S+ error forged/.test(line)), lines.join('\n'));
        assert.ok(!/[\u0001-\u0009\u000B-\u001F\u007F]/.test(at.server.output), 'a control character in the log');
    });

    const resolve = (schema) => (schema?.$ref ? document.components.schemas[schema.$ref.split('/').pop()] : schema);
    // Resources that are made of texts alone: their list, and the schema of what is sent.
    function* simple() {
        for (const [path, { post, get }] of Object.entries(document.paths)) {
            const noun = /^\/api\/(?:\{space\}\/)?([A-Za-z]+)$/.exec(path)?.[1];
            const schema = resolve(post?.requestBody?.content?.['application/json']?.schema);
            if (!noun || noun === 'tasks' || !get || !schema?.properties?.Name) continue; // the name of a task is a kind
            const { Name, ...required } = Object.fromEntries((schema.required ?? []).map((name) => [name, true]));
            const rest = Object.keys(required).filter((name) => !schema.properties[name].readOnly && !(name in (needed[noun] ?? {})));
            if (rest.length === 0) yield { path: path.replace('{space}', 'Spaces-1'), noun, schema };
        }
    }
    const isText = (property) => property.type === 'string' && !property.enum && !property.format && !property.readOnly;
    const textsOf = (schema) => Object.entries(schema.properties).filter(([name, p]) => isText(p) && !/Id$|^Slug$|Uri|Url|Color|Timezone|Cron/.test(name)).map(([name]) => name);
    const shortened = (text, max) => [...text].slice(0, max).join('');

    test('every text of every simple resource comes back as it was sent, and the name finds it', async () => {
        let resources = 0;
        for (const { path, noun, schema } of simple()) {
            resources++;
            for (const [what, text] of Object.entries(TEXTS)) {
                const max = schema.properties.Name.maxLength ?? 200;
                const name = shortened(`${text} ${fresh('n')}`, max);
                const body = { ...needed[noun] };
                for (const member of textsOf(schema)) body[member] = shortened(text, schema.properties[member].maxLength ?? 200);
                const Name = name;
                const answer = await at.api.send('POST', path, { ...body, Name });
                const where = `${noun}, ${what}: ${answer.status} ${answer.text.slice(0, 300)}`;
                assert.ok(answer.status < 500, where);
                if (answer.status >= 400) { // a rule of one of the other texts: then the name alone
                    assert.equal(answer.status, 400, where);
                    assert.ok(answer.body.Errors.length > 0, where);
                }
                const made = answer.status < 400 ? answer.body : await at.api.post(path, { ...needed[noun], Name });
                if (answer.status < 400) for (const member of textsOf(schema)) if (member in made && typeof made[member] === 'string') assert.equal(made[member], { ...body, Name }[member], `${where}: ${member}`);
                assert.equal(made.Name, Name, where);
                assert.deepEqual(await at.api.get(`${path}/${made.Id}`), made, where);
                const found = async (query) => (await at.api.get(`${path}?${query}&take=1000`)).Items.map((one) => one.Id);
                assert.deepEqual(await found(`name=${encodeURIComponent(Name)}`), [made.Id], `${where}: by name`);
                assert.ok((await found(`partialName=${encodeURIComponent(Name)}`)).includes(made.Id), `${where}: by a part`);
                created.push([path, made.Id]);
            }
        }
        assert.ok(resources >= 6, `only ${resources} resources`);
    });

    test('NUL and broken UTF-8 are refused wherever they stand', async () => {
        for (const { path, noun } of simple()) {
            for (const body of [`{"Name":"a\\u0000b"}`, `{"Name":"x","Description":"\\u0000"}`, Buffer.from([...Buffer.from('{"Name":"'), 0xed, 0xa0, 0x80, ...Buffer.from('"}')]), `{"Name":"\\ud800"}`]) {
                const answer = await at.api.send('POST', path, body);
                assert.equal(answer.status, 400, `${noun} ${body}: ${answer.text}`);
            }
        }
        for (const path of [`${S}/projects/%00`, `${S}/projects?name=%00`, `${S}/projects?name=%ff`, `${S}/projects/%c0%af`]) {
            assert.equal((await at.api.send('GET', path)).status, 400, path);
        }
    });

    test('a name has 200 characters at most, 50 for a space, and they are counted as people do', async () => {
        for (const { path, noun, schema } of simple()) {
            const max = noun === 'spaces' ? 50 : 200;
            assert.equal(schema.properties.Name.maxLength, max, noun);
            const tag = fresh('😀');
            const fits = tag + '😀'.repeat(max - [...tag].length);
            const made = await at.api.post(path, { ...needed[noun], Name: fits });
            assert.equal(made.Name, fits);
            created.push([path, made.Id]);
            const answer = await at.api.send('POST', path, { ...needed[noun], Name: `${fits}x` });
            assert.equal(answer.status, 400, noun);
            assert.match(answer.text, new RegExp(`${max + 1}`));
        }
    });

    test('no value of a filter or of a path does more than to find nothing', async () => {
        const before = (await at.api.get(`${S}/environments?take=0`)).TotalResults;
        let asked = 0;
        for (const [path, { get }] of Object.entries(document.paths)) {
            if (!get || !path.startsWith('/api/')) continue;
            for (const what of ['sql', 'like', 'template', 'header']) {
                const text = INJECTIONS[what];
                const address = path.replace('{space}', 'Spaces-1').replace(/\{\w+\}/g, encodeURIComponent(text));
                const query = /\{(?!space)/.test(path) ? [''] : get.parameters.filter((p) => p.in === 'query').map((p) => `?${p.name}=${encodeURIComponent(text)}`);
                for (const one of query) {
                    const answer = await at.api.send('GET', address + one);
                    assert.ok([200, 400, 404].includes(answer.status), `${address}${one}: ${answer.status} ${answer.text.slice(0, 200)}`);
                    assert.equal(answer.headers.get('set-cookie'), null, address);
                    asked++;
                }
                if (query.length > 1) await at.api.send('GET', `${address}?${get.parameters.map((p) => `${p.name}=${encodeURIComponent(text)}`).join('&')}`);
            }
        }
        assert.ok(asked > 500);
        assert.equal((await at.api.get(`${S}/environments?take=0`)).TotalResults, before);
    });

    test('a header that a client sends stays a value, in the audit too', async () => {
        const { Id } = await at.api.post(`${S}/environments`, { Name: fresh('Environment') });
        const agent = `x' or 1=1; <script>#{a}" ${'y'.repeat(300)}`;
        await at.api.send('PUT', `${S}/environments/${Id}`, { Name: fresh('Environment') }, { headers: { 'User-Agent': agent, 'X-Octopus-UserId': 'Users-2' } });
        const [event] = (await at.api.get(`/api/events?regarding=${Id}`)).Items;
        assert.equal(event.UserAgent, agent.slice(0, 200));
        assert.equal(event.Username, 'admin');
        for (const [name, value] of [['X-Octopus-ApiKey', `' or '1'='1`], ['X-HTTP-Method-Override', `DELETE'`], ['Authorization', `Bearer ' or 1=1`], ['Cookie', `OctopusIdentificationToken='`]]) {
            const answer = await at.anonymous.send('GET', `${S}/environments`, undefined, { headers: { [name]: value } });
            assert.equal(answer.status, 401, `${name}: ${answer.text}`);
        }
    });

    test('the name of a file goes into a header without breaking it', async () => {
        const artifact = (await at.api.get(`${S}/artifacts`)).Items[0];
        for (const text of Object.values(TEXTS)) {
            const answer = await at.api.send('PUT', `${S}/artifacts/${artifact.Id}`, { ...artifact, Filename: shortened(text, 200) });
            assert.ok([200, 400].includes(answer.status), answer.text);
            const content = await at.api.send('GET', `${S}/artifacts/${artifact.Id}/content`);
            assert.equal(content.text, 'x\n');
            assert.equal(content.headers.get('set-cookie'), null);
            assert.ok(!/[\r\n"]["\r\n]/.test(content.headers.get('content-disposition') ?? ''));
        }
    });

    test('a deployment of hostile names runs, and its log says them as they are', async () => {
        const name = shortened(`'; drop table task; -- #{Octopus.Nothing} \u202E😀 <b> ${fresh('n')}`, 200);
        hostile = await Project.create(at.api, { name, environment: await at.api.post(`${S}/environments`, { Name: `${name} e` }), steps: [scriptStep(name, 'echo ok')] });
        const task = await hostile.deploy();
        assert.equal(task.State, 'Success', task.ErrorMessage);
        assert.ok(task.Description.includes(name));
        const audit = await at.api.get(`/api/events?projects=${hostile.id}`);
        assert.ok(audit.Items.every((one) => !one.MessageHtml.includes('<b>')));
    });

    test('a sentence that cuts a long name cuts no character in two', async () => {
        for (const start of ['', 'x', 'xy', 'xyz']) {
            const Name = (text) => shortened(`${start}${text}${'😀'.repeat(200)}`, 200);
            const group = await at.api.post(`${S}/projectgroups`, { Name: Name(fresh('g')) });
            const user = await at.api.post(`${S}/projects`, { ...needed.projects, Name: Name(fresh('p')), ProjectGroupId: group.Id });
            const answer = await at.api.send('DELETE', `${S}/projectgroups/${group.Id}`);
            assert.equal(answer.status, 400);
            assert.match(answer.text, /is used by/);
            assert.ok(!answer.text.includes('\uFFFD'), answer.text);
            await at.api.delete(`${S}/projects/${user.Id}`);
            created.push([`${S}/projectgroups`, group.Id]);
        }
    });

    test('and all of it can be deleted again', async () => {
        await at.api.delete(`${S}/projects/${hostile.id}`);
        for (const [path, id] of created) {
            if (path === '/api/spaces') await at.api.put(`${path}/${id}`, { ...(await at.api.get(`${path}/${id}`)), TaskQueueStopped: true });
            assert.deepEqual(await at.api.delete(`${path}/${id}`), {}, `${path}/${id}`);
        }
    });
});
