// What a restricted grant shows and allows: projects, groups, environments and spaces; and that nobody grants more than it has.
import { createEnvironment, Project, scriptStep } from '../lib/project.mjs';
import { Api } from '../lib/api.mjs';
import { createPerson, createRole, giveRole } from '../lib/people.mjs';
import { apiSuite, assert, assertRefused, fresh, names, S, test } from './suite.mjs';

const PROJECT_VIEWER = 'userroles-projectviewer', DEPLOYER = 'userroles-projectdeployer';

apiSuite('restrictions', (at) => {
    const status = async (api, method, path, body) => (await api.send(method, path, body)).status;
    const ids = (list) => list.map((one) => one.Id);

    // Two projects, each with a release, a runbook and a deployment to its own environment.
    let made;
    const setting = () => (made ??= (async () => {
        const one = async () => {
            const project = await Project.create(at.api, { steps: [scriptStep('say', 'echo hi; echo x > x.txt; new_octopusartifact "$PWD/x.txt"')], variables: [{ Name: 'A', Value: '1' }] });
            const runbook = await project.createRunbook([scriptStep('hi', 'true')]);
            const task = await project.deploy();
            const release = (await at.api.get(`${S}/projects/${project.id}/releases`)).Items[0];
            const deployment = (await at.api.get(`${S}/releases/${release.Id}/deployments`)).Items[0];
            return { project, runbook, task, release, deployment, environment: project.environment };
        };
        return [await one(), await one()];
    })());

    test('a change of a team, a role or a membership counts for the next request', async () => {
        const [mine] = await setting();
        const role = await createRole(at.api, ['ProjectView']);
        const someone = await createPerson(at.api);
        const path = `${S}/projects/${mine.project.id}`;
        assert.equal(await status(someone.api, 'GET', path), 404); // may not enter the space
        const scoped = await giveRole(at.api, someone.team, role);
        assert.equal(await status(someone.api, 'GET', path), 200);
        const document = await at.api.get(`/api/userroles/${role}`);
        await at.api.put(document.Links.Self, { ...document, GrantedSpacePermissions: ['FeedView'] });
        assert.equal(await status(someone.api, 'GET', path), 403);
        await at.api.put(document.Links.Self, document);
        assert.equal(await status(someone.api, 'GET', path), 200);
        await at.api.put(someone.team.Links.Self, { ...someone.team, MemberUserIds: [] });
        assert.equal(await status(someone.api, 'GET', path), 404);
        await at.api.put(someone.team.Links.Self, someone.team);
        await at.api.delete(scoped.Links.Self);
        assert.equal(await status(someone.api, 'GET', path), 404);
    });

    if (at.kind === 'postgresql') test('a change counts on every node of a database at once', async (t) => {
        const beside = await at.server.startBeside(t);
        const someone = await createPerson(at.api, ['userroles-environmentviewer']);
        const there = new Api(beside.url, someone.api.key);
        assert.equal(await status(there, 'GET', `${S}/environments`), 200);
        await at.api.put(someone.team.Links.Self, { ...someone.team, MemberUserIds: [] });
        assert.equal(await status(there, 'GET', `${S}/environments`), 404);
        await at.api.put(someone.team.Links.Self, someone.team);
        assert.equal(await status(there, 'GET', `${S}/environments`), 200);
    });

    test('who may view one project sees nothing of another, by no list and by no id', async () => {
        const [mine, other] = await setting();
        const { api } = await createPerson(at.api, [{ role: PROJECT_VIEWER, ProjectIds: [mine.project.id] }]);
        const lists = [
            [`${S}/projects`, mine.project.id], [`${S}/releases`, mine.release.Id], [`${S}/deployments`, mine.deployment.Id], [`${S}/runbooks`, mine.runbook.Id],
            [`${S}/deploymentprocesses`, mine.project.resource.DeploymentProcessId], [`${S}/tasks`, mine.task.Id], ['/api/tasks', mine.task.Id],
        ];
        for (const [path, wanted] of lists) {
            const page = await api.get(`${path}?take=1000`);
            assert.ok(ids(page.Items).includes(wanted), path);
            assert.equal(page.TotalResults, page.Items.length, path);
            assert.ok(page.Items.every((one) => (one.ProjectId ?? one.Id) === mine.project.id), `${path}: ${JSON.stringify(page.Items.map((one) => [one.Id, one.ProjectId]))}`);
            const first = await api.get(`${path}?take=1`);
            assert.equal(first.TotalResults, page.TotalResults, `${path}: counted in the database`);
        }
        for (const path of [`${S}/projects/all`, `${S}/runbooks/all`, `${S}/channels/all`]) {
            for (const one of await api.get(path)) assert.equal(one.ProjectId ?? one.Id, mine.project.id, path);
        }
        const byId = (x) => [`${S}/projects/${x.project.id}`, `${S}/projects/${x.project.resource.Slug}`, `${S}/releases/${x.release.Id}`, `${S}/deployments/${x.deployment.Id}`,
            `${S}/runbooks/${x.runbook.Id}`, `${S}/deploymentprocesses/${x.project.resource.DeploymentProcessId}`, `${S}/projects/${x.project.id}/releases`,
            `${S}/projects/${x.project.id}/runbooks`, `${S}/projects/${x.project.id}/deploymentprocesses`, `/api/tasks/${x.task.Id}`, `${S}/tasks/${x.task.Id}/details`,
            `${S}/tasks/${x.task.Id}/raw`, `/api/tasks/${x.task.Id}/log/stream`, `${S}/releases/${x.release.Id}/progression`, `${S}/releases/${x.release.Id}/deployments/template`];
        for (const path of byId(mine)) assert.equal(await status(api, 'GET', path), 200, path);
        for (const path of byId(other)) assert.equal(await status(api, 'GET', path), 404, path);
    });

    test('artifacts, counts of tasks, search and the dashboard show only what may be seen', async () => {
        const [mine, other] = await setting();
        const { api } = await createPerson(at.api, [{ role: PROJECT_VIEWER, ProjectIds: [mine.project.id] }]);
        const artifact = async (x) => (await at.api.get(`${S}/artifacts?regarding=${x.task.Id}`)).Items[0];
        const visible = await artifact(mine), hidden = await artifact(other);
        assert.ok((await api.get(`${S}/artifacts?take=1000`)).Items.every((one) => one.ServerTaskId === mine.task.Id));
        assert.equal(await status(api, 'GET', visible.Links.Self), 200);
        assert.equal(await status(api, 'GET', visible.Links.Content), 200);
        assert.equal(await status(api, 'GET', hidden.Links.Self), 404);
        assert.equal(await status(api, 'GET', hidden.Links.Content), 404);
        const counts = (await api.get('/api/tasks?take=1')).TotalCounts;
        assert.equal(Object.values(counts).reduce((a, b) => a + b), (await api.get('/api/tasks?take=1')).TotalResults);
        const found = async (x) => ids(await api.get(`${S}/search?keyword=${encodeURIComponent(x.project.name)}`));
        assert.ok((await found(mine)).includes(mine.project.id));
        assert.ok(!(await found(other)).includes(other.project.id));
        const { Projects, Items } = await api.get(`${S}/dashboard`);
        assert.deepEqual(ids(Projects), [mine.project.id]);
        assert.deepEqual([...new Set(Items.map((one) => one.ProjectId))], [mine.project.id]);
    });

    test('the stream of task changes tells only of tasks that may be seen', async () => {
        const [mine, other] = await setting();
        const { api } = await createPerson(at.api, [{ role: PROJECT_VIEWER, ProjectIds: [mine.project.id] }]);
        const events = api.events(`${S}/tasks/events/stream`);
        const first = events.next();
        const hidden = await other.project.startDeployment({ releaseVersion: other.release.Version });
        const shown = await mine.project.startDeployment({ releaseVersion: mine.release.Version });
        const seen = [];
        for (let next = await first; !next.done; next = await events.next()) {
            const { Id, State } = JSON.parse(next.value.data);
            seen.push(Id);
            if (Id === shown && State === 'Success') break;
        }
        await events.return();
        assert.ok(!seen.includes(hidden));
    });

    test('a project of a group is covered by the group, and not when it leaves it', async () => {
        const [mine] = await setting();
        const group = await at.api.post(`${S}/projectgroups`, { Name: fresh('Group') });
        const { api } = await createPerson(at.api, [{ role: PROJECT_VIEWER, ProjectGroupIds: [group.Id] }]);
        const path = `${S}/projects/${mine.project.id}`;
        const before = await at.api.get(path);
        assert.equal(await status(api, 'GET', path), 404);
        assert.deepEqual((await api.get(`${S}/projects`)).Items, []);
        await at.api.put(path, { ...before, ProjectGroupId: group.Id });
        assert.equal(await status(api, 'GET', path), 200);
        assert.equal(await status(api, 'GET', `${S}/releases/${mine.release.Id}`), 200);
        assert.deepEqual(ids((await api.get(`${S}/projects`)).Items), [mine.project.id]);
        assert.deepEqual(ids((await api.get(`${S}/releases`)).Items), [mine.release.Id]);
        assert.deepEqual(ids(await api.get(`${S}/projectgroups/all`)), [group.Id]);
        await at.api.put(path, { ...(await at.api.get(path)), ProjectGroupId: before.ProjectGroupId });
        assert.equal(await status(api, 'GET', path), 404);
    });

    test('an environment restricts what is deployed and run there, by every command', async () => {
        const [{ project, release, runbook, environment }] = await setting();
        const other = await createEnvironment(at.api);
        const { api } = await createPerson(at.api, [{ role: DEPLOYER, ProjectIds: [project.id], EnvironmentIds: [environment.Id] }]);
        const deploy = (to) => ['POST', `${S}/deployments/create/untenanted/v1`, { spaceId: 'Spaces-1', projectName: project.name, releaseVersion: release.Version, environmentNames: [to.Name] }];
        const classic = (to) => ['POST', `${S}/deployments`, { ReleaseId: release.Id, EnvironmentId: to.Id }];
        const run = (to) => ['POST', `${S}/runbook-runs/create/v1`, { spaceId: 'Spaces-1', projectName: project.name, runbookName: runbook.Name, environmentNames: [to.Name] }];
        const runClassic = (to) => ['POST', `${S}/runbookRuns`, { RunbookId: runbook.Id, EnvironmentId: to.Id }];
        for (const command of [deploy, classic, run, runClassic]) {
            assert.ok((await status(api, ...command(environment))) < 300, `${command(environment)[1]}: ${JSON.stringify((await api.send(...command(environment))).body)}`);
            const refused = await status(api, ...command(other));
            assert.ok([400, 403, 404].includes(refused), `${command(other)[1]}: ${refused}`);
        }
        assert.deepEqual(ids((await api.get(`${S}/environments/all`))), [environment.Id]);
        assert.equal(await status(api, 'GET', `${S}/environments/${other.Id}`), 404);
        const task = await project.deploy({ releaseVersion: release.Version, environment: other });
        const here = (list) => assert.deepEqual(list, [environment.Id]);
        const template = await api.get(`${S}/releases/${release.Id}/deployments/template`);
        here(ids(template.PromoteTo));
        here(ids((await api.get(`${S}/projects/${project.id}/runbooks/${runbook.Id}/environments`))));
        here(ids((await api.get(`${S}/runbooks/${runbook.Id}/runbookRunTemplate`)).PromoteTo));
        here(ids((await api.get(`${S}/variables/${project.resource.VariableSetId}`)).ScopeValues.Environments));
        const { Phases } = await api.get(`${S}/releases/${release.Id}/progression`);
        assert.deepEqual([...new Set(Phases.flatMap((phase) => phase.Deployments.map((one) => one.Deployment.EnvironmentId)))], [environment.Id]);
        const { Releases } = await api.get(`${S}/projects/${project.id}/progression`);
        here(Object.keys(Releases.find((one) => one.Release.Id === release.Id).Deployments));
        here([...new Set((await api.get(`${S}/dashboard`)).Items.map((one) => one.EnvironmentId))]);
        assert.equal(await status(api, 'GET', `/api/tasks/${task.Id}`), 404);
        assert.equal(await status(api, 'POST', `/api/tasks/rerun/${task.Id}`), 404);
        assert.ok((await api.get(`${S}/tasks?take=1000`)).Items.every((one) => one.Id !== task.Id));
        assert.ok((await api.get(`${S}/deployments?take=1000`)).Items.every((one) => one.EnvironmentId === environment.Id));
    });

    test('who may run a task again must be allowed to deploy there', async () => {
        const [{ task, project }] = await setting();
        const { api } = await createPerson(at.api, [{ role: 'userroles-projectcontributor', ProjectIds: [project.id] }]);
        await assertRefused(api, 'POST', `/api/tasks/rerun/${task.Id}`, {}, 'DeploymentCreate', 403);
    });

    test('what may be viewed and not changed is refused as forbidden, what may not be viewed as not there', async () => {
        const [mine, other] = await setting();
        const { api } = await createPerson(at.api, [PROJECT_VIEWER, { role: 'userroles-projectlead', ProjectIds: [mine.project.id] }]);
        const view = await at.api.get(`${S}/projects/${other.project.id}`);
        await assertRefused(api, 'PUT', `${S}/projects/${other.project.id}`, view, ['ProjectEdit', 'missing'], 403);
        const { api: narrow } = await createPerson(at.api, [{ role: 'userroles-projectlead', ProjectIds: [mine.project.id] }]);
        assert.equal(await status(narrow, 'PUT', `${S}/projects/${other.project.id}`, view), 404);
        assert.equal(await status(narrow, 'DELETE', `${S}/projects/${other.project.id}`), 403); // not even its own: the role has no ProjectDelete
        assert.equal(await status(narrow, 'POST', `${S}/runbooks`, { Name: fresh('Runbook'), ProjectId: other.project.id }), 403);
        const release = ['POST', `${S}/releases/create/v1`, { spaceId: 'Spaces-1', projectName: other.project.name }];
        assert.ok([400, 404].includes(await status(narrow, ...release)));
        const process = `${S}/projects/${other.project.id}/deploymentprocesses`;
        assert.equal(await status(narrow, 'PUT', process, await at.api.get(process)), 404);
    });

    test('a variable for an environment is seen by who may view it there; who is restricted changes none', async () => {
        const [{ project }] = await setting();
        const dev = await createEnvironment(at.api), live = await createEnvironment(at.api);
        const own = await Project.create(at.api, {
            variables: [{ Name: 'all', Value: '1' }, { Name: 'dev', Value: '2', Scope: { Environment: [dev.Id] } }, { Name: 'live', Value: '3', Scope: { Environment: [live.Id] } },
                { Name: 'both', Value: '4', Scope: { Environment: [dev.Id, live.Id] } }],
        });
        const path = `${S}/variables/${own.resource.VariableSetId}`;
        const viewer = await createRole(at.api, ['VariableView', 'VariableEdit']), unscoped = await createRole(at.api, ['VariableViewUnscoped']);
        const person = await createPerson(at.api, [{ role: viewer, ProjectIds: [own.id], EnvironmentIds: [dev.Id] }]);
        const seen = async () => names((await person.api.get(path)).Variables).sort();
        assert.deepEqual(await seen(), ['both', 'dev']);
        assert.deepEqual((await person.api.get(`${S}/variables`)).map((set) => set.OwnerId), [own.id]);
        await giveRole(at.api, person.team, { role: unscoped, ProjectIds: [own.id] });
        assert.deepEqual(await seen(), ['all', 'both', 'dev']);
        assert.equal(await status(person.api, 'GET', `${S}/variables/${project.resource.VariableSetId}`), 404);
        await assertRefused(person.api, 'PUT', path, await person.api.get(path), 'VariableEdit', 403);
        assert.equal((await at.api.get(path)).Variables.length, 4);
    });

    test('a space that may not be entered is in no list and not there', async () => {
        const space = await at.api.post('/api/spaces', { Name: fresh('Space') });
        const inside = await createPerson(at.api, [PROJECT_VIEWER]), outside = await createPerson(at.api, [{ role: PROJECT_VIEWER, SpaceId: space.Id }]), nobody = await createPerson(at.api);
        for (const [person, wanted] of [[inside, ['Spaces-1']], [outside, [space.Id]], [nobody, []]]) {
            assert.deepEqual(ids((await person.api.get('/api/spaces')).Items), wanted);
            assert.deepEqual(ids(await person.api.get('/api/spaces/all')), wanted);
            assert.deepEqual(ids(await person.api.get(`/api/users/${person.id}/spaces`)), wanted);
            for (const id of ['Spaces-1', space.Id]) {
                const answer = wanted.includes(id) ? 200 : 404;
                for (const path of [`/api/spaces/${id}`, `/api/${id}`, `/api/${id}/projects`, `/api/spaces/${id}/projects`]) assert.equal(await status(person.api, 'GET', path), answer, path);
            }
        }
        assert.equal(await status(outside.api, 'GET', '/api/projects'), 404); // the default space is not theirs
        const manager = await createPerson(at.api, [{ role: 'userroles-systemmanager', SpaceId: null }]);
        assert.ok(ids(await manager.api.get('/api/spaces/all')).includes(space.Id));
    });

    test('ConfigureServer shows and changes workers, and nothing else of a space', async () => {
        const { api } = await createPerson(at.api, [{ role: await createRole(at.api, [], ['ConfigureServer']), SpaceId: null }]);
        assert.equal(await status(api, 'GET', `${S}/workers`), 200);
        assert.equal(await status(api, 'GET', `${S}/workerpools`), 200);
        assert.equal(await status(api, 'GET', `${S}/projects`), 403);
    });

    // ---- nobody grants more than it has ----

    test('a space manager gives what it has in its space, and nothing for the server or another space', async () => {
        const space = await at.api.post('/api/spaces', { Name: fresh('Space') });
        const manager = await createPerson(at.api, ['userroles-spacemanager']);
        const { api } = manager;
        const team = await api.post('/api/teams', { Name: fresh('Team'), SpaceId: 'Spaces-1', MemberUserIds: [manager.id] });
        await giveRole(api, team, DEPLOYER);
        await assertRefused(api, 'POST', '/api/teams', { Name: fresh('Team') }, 'TeamCreate', 403);
        await assertRefused(api, 'POST', '/api/teams', { Name: fresh('Team'), SpaceId: space.Id }, 'TeamCreate', 403);
        const give = (more) => ['POST', '/api/scopeduserroles', { TeamId: manager.team.Id, UserRoleId: PROJECT_VIEWER, SpaceId: 'Spaces-1', ...more }];
        assert.equal(await status(api, ...give({})), 201);
        await assertRefused(api, ...give({ SpaceId: space.Id }), 'missing', 403);
        await assertRefused(api, ...give({ UserRoleId: 'userroles-systemadministrator', SpaceId: null }), 'AdministerSystem', 403);
        await assertRefused(api, ...give({ UserRoleId: 'userroles-systemmanager', SpaceId: null }), 'System Manager', 403);
        const admins = await at.api.get('/api/teams/teams-administrators');
        await assertRefused(api, 'PUT', admins.Links.Self, { ...admins, MemberUserIds: [...admins.MemberUserIds, manager.id] }, 'TeamEdit', 403);
    });

    test('a system manager makes neither itself nor others administrator, and removes none', async () => {
        const manager = await createPerson(at.api, [{ role: 'userroles-systemmanager', SpaceId: null }]);
        const { api } = manager;
        const admins = await api.get('/api/teams/teams-administrators');
        await assertRefused(api, 'PUT', admins.Links.Self, { ...admins, MemberUserIds: [...admins.MemberUserIds, manager.id] }, 'AdministerSystem', 403);
        await assertRefused(api, 'PUT', admins.Links.Self, { ...admins, MemberUserIds: [manager.id] }, 'AdministerSystem', 403);
        await assertRefused(api, 'POST', '/api/scopeduserroles', { TeamId: manager.team.Id, UserRoleId: 'userroles-systemadministrator' }, 'AdministerSystem', 403);
        const role = await api.post('/api/userroles', { Name: fresh('Role'), GrantedSystemPermissions: ['UserView'] });
        await giveRole(api, manager.team, { role: role.Id, SpaceId: null });
        await assertRefused(api, 'PUT', role.Links.Self, { ...role, GrantedSystemPermissions: ['UserView', 'AdministerSystem'] }, 'AdministerSystem', 403);
        assert.equal((await at.api.get(role.Links.Self)).GrantedSystemPermissions.length, 1);
    });

    test('who manages teams of a space with less than all gives only that', async () => {
        const [mine, other] = await setting();
        const role = await createRole(at.api, ['TeamView', 'TeamEdit', 'TeamCreate']), viewer = await createRole(at.api, ['ProjectView', 'ReleaseView']);
        const person = await createPerson(at.api, [role, { role: viewer, ProjectIds: [mine.project.id] }]);
        const team = await person.api.post('/api/teams', { Name: fresh('Team'), SpaceId: 'Spaces-1' });
        const give = (more) => ['POST', '/api/scopeduserroles', { TeamId: team.Id, UserRoleId: viewer, SpaceId: 'Spaces-1', ...more }];
        assert.equal(await status(person.api, ...give({ ProjectIds: [mine.project.id] })), 201);
        await assertRefused(person.api, ...give({}), 'ProjectView', 403);
        await assertRefused(person.api, ...give({ ProjectIds: [mine.project.id, other.project.id] }), 'ProjectView', 403);
        await assertRefused(person.api, ...give({ UserRoleId: DEPLOYER, ProjectIds: [mine.project.id] }), 'missing', 403);
        const strong = await at.api.post('/api/teams', { Name: fresh('Team'), SpaceId: 'Spaces-1' });
        await giveRole(at.api, strong, 'userroles-spacemanager');
        await assertRefused(person.api, 'PUT', strong.Links.Self, { ...strong, MemberUserIds: [person.id] }, 'missing', 403);
        const full = await at.api.get('/api/teams/teams-spacemanagers-Spaces-1');
        await assertRefused(person.api, 'PUT', full.Links.Self, { ...full, MemberUserIds: [person.id] }, 'missing', 403);
        // also what a team has because a space names it
        const named = await at.api.post('/api/teams', { Name: fresh('Team'), SpaceId: 'Spaces-1' });
        const space = await at.api.get('/api/spaces/Spaces-1');
        await at.api.put(space.Links.Self, { ...space, SpaceManagersTeams: [named.Id] });
        await assertRefused(person.api, 'PUT', named.Links.Self, { ...named, MemberUserIds: [person.id] }, 'missing', 403);
        await at.api.put(named.Links.Self, { ...named, MemberUserIds: [person.id] });
        assert.equal(await status(person.api, 'GET', `${S}/feeds`), 200);
        await at.api.put(space.Links.Self, space);
        assert.equal(await status(person.api, 'GET', `${S}/feeds`), 403);
    });

    test('who may edit users changes nobody who may do more, not even by a password or a key', async () => {
        const manager = await createPerson(at.api, [{ role: 'userroles-systemmanager', SpaceId: null }]), lead = await createPerson(at.api, [DEPLOYER]);
        const weak = await createPerson(at.api);
        const me = await at.api.get('/api/users/me');
        for (const strong of [me, lead.user]) {
            await assertRefused(manager.api, 'PUT', `/api/users/${strong.Id}`, { ...strong, DisplayName: 'mine' }, 'missing', 403);
            await assertRefused(manager.api, 'DELETE', `/api/users/${strong.Id}`, undefined, 'missing', 403);
            await assertRefused(manager.api, 'POST', `/api/users/${strong.Id}/apikeys`, { Purpose: 'mine' }, 'missing', 403);
        }
        assert.equal(await status(manager.api, 'PUT', `/api/users/${weak.id}`, { ...weak.user, DisplayName: 'yours' }), 200);
        assert.equal(await status(manager.api, 'DELETE', `/api/users/${weak.id}`), 200);
        assert.ok(!(await at.api.get(weak.team.Links.Self)).MemberUserIds.includes(weak.id));
    });

    test('an invitation brings into teams that who made it may fill, then and when it is used', async () => {
        const manager = await createPerson(at.api, ['userroles-spacemanager', { role: 'userroles-systemmanager', SpaceId: null }]);
        const team = await at.api.post('/api/teams', { Name: fresh('Team'), SpaceId: 'Spaces-1' }), strong = await at.api.post('/api/teams', { Name: fresh('Team') });
        await giveRole(at.api, team, DEPLOYER);
        await giveRole(at.api, strong, { role: 'userroles-systemadministrator', SpaceId: null });
        const invite = (id) => ['POST', '/api/users/invitations', { AddToTeamIds: [id] }];
        await assertRefused(manager.api, ...invite(strong.Id), 'AdministerSystem', 403);
        await assertRefused(manager.api, ...invite('teams-administrators'), 'AdministerSystem', 403);
        await assertRefused(manager.api, ...invite('teams-everyone'), 'Everyone');
        const codes = [];
        for (let i = 0; i < 2; i++) codes.push((await manager.api.post(...invite(team.Id).slice(1))).InvitationCode);
        const enroll = (code) => ['POST', '/api/users/register', { Username: fresh('guest'), Password: 'Correct-Horse-9', InvitationCode: code }];
        const guest = (await at.anonymous.send(...enroll(codes[0]))).body;
        assert.deepEqual((await at.api.get(team.Links.Self)).MemberUserIds, [guest.Id]);
        await at.api.put(manager.team.Links.Self, { ...manager.team, MemberUserIds: [] });
        assert.equal(await status(at.anonymous, ...enroll(codes[1])), 403);
        assert.deepEqual((await at.api.get(team.Links.Self)).MemberUserIds, [guest.Id]);
    });

    test('permissions of others are told to who may view users', async () => {
        const person = await createPerson(at.api, [PROJECT_VIEWER]), other = await createPerson(at.api), nobody = await createPerson(at.api);
        assert.equal((await person.api.get(`/api/users/${other.id}/permissions`)).Id, other.id); // the role has UserView
        await assertRefused(nobody.api, 'GET', `/api/users/${other.id}/permissions`, undefined, 'UserView', 403);
        assert.deepEqual((await nobody.api.get(`/api/users/${nobody.id}/permissions`)).SystemPermissions, []);
    });
});
