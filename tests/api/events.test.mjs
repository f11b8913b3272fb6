// The audit: who changed what, found by every filter, as JSON and as CSV (rest.md 1.6, 2.17).
import { Project, scriptStep } from '../lib/project.mjs';
import { Api } from '../lib/api.mjs';
import { apiSuite, assert, assertRefused, fresh, S, test } from './suite.mjs';

apiSuite('events', (at) => {
    const list = async (query, base = '/api') => (await at.api.get(`${base}/events?${query}`)).Items;
    const categories = (events) => events.map((one) => one.Category);

    test('each change is an event that says who did what, with what and from where', async () => {
        const one = await at.api.post(`${S}/environments`, { Name: 'Prüf 😀 <b>' });
        await at.api.put(`${S}/environments/${one.Id}`, { ...one, Description: 'new' });
        await at.api.send('DELETE', `${S}/environments/${one.Id}`, undefined, { headers: { 'User-Agent': 'go-octopusdeploy/2 (linux)' } });
        const [deleted, modified, created] = await list(`regarding=${one.Id}`);
        assert.deepEqual(categories([deleted, modified, created]), ['Deleted', 'Modified', 'Created']);
        const me = await at.api.get('/api/users/me');
        assert.deepEqual([created.UserId, created.Username, created.SpaceId, created.IsService], [me.Id, 'admin', 'Spaces-1', false]);
        assert.match(created.IdentityEstablishedWith, /API key/);
        assert.equal(created.IpAddress, '127.0.0.1');
        assert.equal(deleted.UserAgent, 'go-octopusdeploy/2 (linux)');
        assert.equal(created.Message, 'Environment Prüf 😀 <b> was created');
        const [{ ReferencedDocumentId, StartIndex, Length }] = created.MessageReferences;
        assert.equal(ReferencedDocumentId, one.Id);
        assert.equal(created.Message.slice(StartIndex, StartIndex + Length), 'Prüf 😀 <b>');
        assert.equal(created.MessageHtml, `Environment <a href="/app#/Spaces-1/environments/${one.Id}">Prüf 😀 &lt;b&gt;</a> was created`);
        assert.deepEqual(modified.ChangeDetails.Differences, [{ op: 'replace', path: '/Description', value: 'new' }]);
        assert.equal(modified.ChangeDetails.DocumentContext.Description, '');
        assert.equal(deleted.ChangeDetails.DocumentContext.Name, one.Name);
        assert.deepEqual(await at.api.get(created.Links.Self), created);
        assert.deepEqual(await at.api.get(`${S}/events/${created.Id}`), created);
        assert.equal((await list(`regarding=${one.Id}&excludeDifference=true`))[1].ChangeDetails, null);
    });

    test('a secret is in no difference, and that it changed is', async () => {
        const project = await Project.create(at.api, { variables: [{ Name: 'Pass', Value: 'TOPSECRET-1', IsSensitive: true }] });
        await project.setVariables([{ Name: 'Pass', Value: 'TOPSECRET-2', IsSensitive: true }]);
        const events = await list(`regarding=${project.resource.VariableSetId}`);
        assert.deepEqual(categories(events), ['Modified', 'Modified', 'Created']);
        assert.ok(!JSON.stringify(events).includes('TOPSECRET'));
        assert.ok(events[0].ChangeDetails.Differences.length > 0);
    });

    test('every filter narrows the list, and together they do', async () => {
        const { Id: group } = await at.api.post(`${S}/projectgroups`, { Name: fresh('Group') });
        const project = await Project.create(at.api, { steps: [scriptStep('one', 'true')] });
        await at.api.put(`${S}/projects/${project.id}`, { ...project.resource, ProjectGroupId: group });
        await project.deploy();
        const me = (await at.api.get('/api/users/me')).Id;
        const all = await list('take=1000');
        const total = async (query) => (await at.api.get(`/api/events?${query}&take=0`)).TotalResults;
        const wanted = async (query, keep) => {
            const expected = all.filter(keep).map((one) => one.Id);
            assert.ok(expected.length > 0 && expected.length < all.length, `${query} selects ${expected.length} of ${all.length}`);
            assert.deepEqual((await list(`${query}&take=1000`)).map((one) => one.Id), expected, query);
            assert.equal(await total(query), expected.length, query);
        };
        const about = (...ids) => (one) => ids.some((id) => one.RelatedDocumentIds.includes(id));
        const environment = project.environment.Id;
        await wanted(`projects=${project.id}`, about(project.id));
        await wanted(`environments=${environment}`, about(environment));
        await wanted(`regardingAny=${project.id},${environment}`, about(project.id, environment));
        await wanted(`regarding=${project.id},${environment}`, (one) => about(project.id)(one) && about(environment)(one));
        await wanted(`projectGroups=${group}`, about(group, project.id));
        await wanted('eventCategories=Modified', (one) => one.Category === 'Modified');
        await wanted('eventCategories=Modified,Deleted', (one) => ['Modified', 'Deleted'].includes(one.Category));
        await wanted(`documentTypes=Projects,Releases`, (one) => /^(Project|Release)s-/.test(one.MessageReferences[0]?.ReferencedDocumentId));
        await wanted(`documentTypes=Projects&eventCategories=Created`, (one) => one.Category === 'Created' && /^Projects-/.test(one.MessageReferences[0].ReferencedDocumentId));
        await wanted(`fromAutoId=${all[10].Id.slice(7)}`, (_) => all.indexOf(_) <= 10);
        await wanted(`toAutoId=${all[10].Id.slice(7)}`, (_) => all.indexOf(_) >= 10);
        await wanted(`ids=${all[3].Id},${all[1].Id},Events-1,nonsense`, (_) => [1, 3].includes(all.indexOf(_)));
        await wanted(`users=users-system`, (one) => one.UserId === 'users-system');
        await wanted(`user=${me}`, (one) => one.UserId === me);
        await wanted('eventAgents=Server', (one) => one.UserId === 'users-system');
        const time = all[5].Occurred;
        await wanted(`from=${encodeURIComponent(time)}`, (one) => one.Occurred >= time);
        await wanted(`to=${encodeURIComponent(time)}`, (one) => one.Occurred <= time);
        assert.equal(await total(`from=${time}`), await total(`from=${encodeURIComponent(time)}`)); // a plus sign that was not encoded
        assert.equal(await total('to=2020-01-01'), 0);
        assert.equal(await total('eventGroups=Document'), all.filter((one) => ['Created', 'Modified', 'Deleted'].includes(one.Category)).length);
        assert.equal(await total('eventGroups=Nothing'), 0);
        for (const none of ['tenants=Tenants-1', 'tags=Tag-1', 'regarding=Projects-999', 'users=Users-999', 'documentTypes=Nothing', 'eventAgents=Nothing']) {
            assert.equal(await total(none), 0, none);
        }
        for (const bad of ['from=yesterday', 'to=12:00', 'fromAutoId=x', 'asCsv=perhaps', 'includeSystem=2', 'take=-1']) {
            await assertRefused(at.api, 'GET', `/api/events?${bad}`, undefined, bad.split('='));
        }
        const second = await at.api.get('/api/events?skip=2&take=2&eventCategories=Created');
        assert.deepEqual(second.Items.map((one) => one.Id), (await list('take=4&eventCategories=Created')).slice(2).map((one) => one.Id));
        assert.match(second.Links['Page.Next'], /skip=4&take=2&eventCategories=Created/);
    });

    test('the events of a space are its own, and those of the server are in no space', async () => {
        const space = await at.api.post('/api/spaces', { Name: fresh('Space') });
        const [made] = await list(`regarding=${space.Id}`);
        assert.equal(made.SpaceId, null);
        assert.equal((await at.api.send('GET', `${S}/events/${made.Id}`)).status, 404);
        const inside = await list('take=100', `/api/${space.Id}`);
        assert.ok(inside.length >= 5 && inside.every((one) => one.SpaceId === space.Id));
        assert.deepEqual(await list(`take=100&spaces=${space.Id}&includeSystem=false`), inside);
        const withSystem = await list(`take=100&spaces=${space.Id}`);
        assert.deepEqual(withSystem.filter((one) => one.SpaceId !== null), inside);
        assert.ok(withSystem.some((one) => one.Id === made.Id));
        assert.ok((await list('take=1000&includeSystem=false')).every((one) => one.SpaceId !== null));
        assert.equal((await list('regarding=Spaces-1', `/api/spaces/${space.Id}`)).length, 0);
    });

    test('CSV has a line for each event, and no cell that a spreadsheet would run', async () => {
        const { Id } = await at.api.post(`${S}/projectgroups`, { Name: '=HYPERLINK("http://x")' });
        const answer = await at.api.send('GET', `/api/events?asCsv=true&regarding=${Id}`, undefined, { headers: { 'User-Agent': '@SUM(A1)"' } });
        assert.match(answer.headers.get('content-type'), /^text\/csv/);
        const lines = answer.text.trim().split('\r\n');
        assert.equal(lines.length, 2);
        assert.match(lines[0], /^"Id","Occurred","Category"/);
        assert.ok(lines[1].includes('"Project group =HYPERLINK(""http://x"") was created"'), lines[1]);
        await at.api.send('PUT', `${S}/projectgroups/${Id}`, { Name: 'x' }, { headers: { 'User-Agent': '=1+1' } });
        const [, line] = (await at.api.send('GET', `/api/events?asCsv=true&take=1&regarding=${Id}`)).text.split('\r\n');
        assert.ok(line.includes(`"'=1+1"`), line);
    });

    test('the words that filters take can be asked for', async () => {
        for (const base of ['/api', S]) {
            for (const [words, one] of [['categories', 'Modified'], ['groups', 'Document'], ['documenttypes', 'Projects'], ['agents', 'Server']]) {
                const all = await at.api.get(`${base}/events/${words}`);
                assert.ok(all.some((word) => word.Id === one && word.Name), words);
            }
        }
        const document = (await at.api.get('/api/events/groups')).find((group) => group.Id === 'Document');
        assert.deepEqual(document.EventCategories, ['Created', 'Modified', 'Deleted']);
    });

    test('what a program did says so', async () => {
        const robot = await at.api.post('/api/users', { Username: fresh('robot'), DisplayName: 'Robot', IsService: true });
        const { ApiKey } = await at.api.post(`/api/users/${robot.Id}/apikeys`, { Purpose: 'events' });
        const [team] = (await at.api.get('/api/teams?partialName=Octopus%20Administrators')).Items;
        await at.api.put(team.Links.Self, { ...team, MemberUserIds: [...team.MemberUserIds, robot.Id] });
        const one = await new Api(at.server.url, ApiKey).post(`${S}/environments`, { Name: fresh('Environment') });
        const [event] = await list(`regarding=${one.Id}`);
        assert.deepEqual([event.UserId, event.IsService], [robot.Id, true]);
        await at.api.put(team.Links.Self, await at.api.get(team.Links.Self).then((now) => ({ ...now, MemberUserIds: team.MemberUserIds })));
    });

    test('how deployments and runs end is told', async () => {
        const project = await Project.create(at.api, { steps: [scriptStep('one', 'true')] });
        const good = await project.deploy();
        await project.setSteps([scriptStep('one', 'exit 3')]);
        const bad = await project.deploy();
        const runbook = await project.createRunbook([scriptStep('one', 'true')]);
        await project.run(runbook);
        const ends = async (query) => (await list(`${query}&eventGroups=Deployment,RunbookRun`)).map((one) => one.Category);
        assert.deepEqual(await ends(`projects=${project.id}`), ['RunbookRunSucceeded', 'DeploymentFailed', 'DeploymentSucceeded']);
        assert.deepEqual(await ends(`regarding=${good.Id}`), ['DeploymentSucceeded']);
        assert.deepEqual(await ends(`regarding=${bad.Arguments.DeploymentId}`), ['DeploymentFailed']);
        const [event] = await list(`regarding=${good.Id}&eventCategories=DeploymentSucceeded`);
        assert.match(event.Message, /^Deploy .* release .* to .*: succeeded$/);
    });
});
