// Who may do what: permissions, user roles, teams and the roles that teams have.
import { createEnvironment } from '../lib/project.mjs';
import { apiSuite, assert, assertRefused, fresh, names, S, test } from './suite.mjs';

const ROLES = ['Build Server', 'Certificate Manager', 'Deployment Creator', 'Environment Manager', 'Environment Viewer', 'Insights Report Manager',
    'Package Publisher', 'Project Contributor', 'Project Deployer', 'Project Initiator', 'Project Lead', 'Project Viewer', 'Release Creator',
    'Runbook Consumer', 'Runbook Producer', 'Space Manager', 'System Administrator', 'System Manager', 'Tenant Manager'];

apiSuite('access', (at) => {
    const role = (name) => at.api.get(`/api/userroles/${encodeURIComponent(name)}`);
    const createRole = (space, system = []) => at.api.post('/api/userroles', { Name: fresh('Role'), GrantedSpacePermissions: space, GrantedSystemPermissions: system });
    const createTeam = (more = {}) => at.api.post('/api/teams', { Name: fresh('Team'), MemberUserIds: [], ...more });
    const give = (team, { Id }, more = {}) => at.api.post('/api/scopeduserroles', { TeamId: team.Id, UserRoleId: Id, SpaceId: 'Spaces-1', ...more });

    test('the catalogue says of each permission where it can be granted and restricted to what', async () => {
        const all = await at.api.get('/api/permissions/all');
        assert.deepEqual(all.DeploymentCreate, {
            CanApplyAtSpaceLevel: true, CanApplyAtSystemLevel: false, Description: 'create deployments',
            SupportedRestrictions: ['Environments', 'ProjectGroups', 'Projects', 'Tenants'],
        });
        assert.equal(all.AdministerSystem.CanApplyAtSpaceLevel, false);
        assert.ok(all.TaskView.CanApplyAtSpaceLevel && all.TaskView.CanApplyAtSystemLevel);
        assert.deepEqual(all.WorkerEdit.SupportedRestrictions, []);
        const { paths } = await at.anonymous.get('/api/openapi.json');
        for (const operation of Object.values(paths).flatMap(Object.values)) {
            const permission = operation['x-permission'];
            assert.ok(['anonymous', 'authenticated'].includes(permission) || all[permission], permission);
        }
    });

    test('the built-in user roles are there, and are neither changed nor deleted', async () => {
        const all = await at.api.get('/api/userroles/all');
        assert.deepEqual(ROLES.filter((name) => !names(all).includes(name)), []);
        const viewer = await role('Environment Viewer');
        assert.equal(viewer.Id, 'userroles-environmentviewer');
        assert.equal(viewer.CanBeDeleted, false);
        assert.ok(viewer.GrantedSpacePermissions.includes('WorkerView') && !viewer.GrantedSpacePermissions.includes('WorkerEdit'));
        assert.ok((await role('Space Manager')).GrantedSpacePermissions.includes('WorkerEdit'));
        await assertRefused(at.api, 'PUT', `/api/userroles/${viewer.Id}`, { ...viewer, Description: 'mine' }, ['Environment Viewer', 'built in']);
        await assertRefused(at.api, 'DELETE', `/api/userroles/${viewer.Id}`, undefined, ['Environment Viewer', 'built in']);
        assert.deepEqual(await role('Environment Viewer'), viewer);
    });

    test('a user role of one\'s own is created, read, changed and deleted', async () => {
        const made = await createRole(['ProjectView', 'DeploymentView'], ['UserView']);
        assert.deepEqual(made.SupportedRestrictions, ['Environments', 'ProjectGroups', 'Projects', 'Tenants']);
        assert.deepEqual(made.SpacePermissionDescriptions, ['view projects', 'view deployments']);
        assert.deepEqual(made.SystemPermissionDescriptions, ['view users']);
        assert.equal(made.CanBeDeleted, true);
        const changed = await at.api.put(made.Links.Self, { ...made, GrantedSpacePermissions: ['FeedView'] });
        assert.deepEqual(changed.SupportedRestrictions, []);
        assert.deepEqual((await at.api.get(`/api/userroles?partialName=${encodeURIComponent(made.Name)}`)).Items, [changed]);
        assert.deepEqual(await at.api.delete(made.Links.Self), {});
        assert.equal((await at.api.send('GET', made.Links.Self)).status, 404);
    });

    test('a user role is refused that names what is no permission', async () => {
        await assertRefused(at.api, 'POST', '/api/userroles', { Name: fresh('Role'), GrantedSpacePermissions: ['ProjectView', 'Nonsense'] }, 'Nonsense');
        await assertRefused(at.api, 'POST', '/api/userroles', { Name: fresh('Role'), GrantedSpacePermissions: ['UserEdit'] }, 'UserEdit can be granted for the whole server only');
    });

    test('a user role that a team has cannot be deleted', async () => {
        const made = await createRole(['ProjectView']);
        const scoped = await give(await createTeam(), made);
        await assertRefused(at.api, 'DELETE', made.Links.Self, undefined, scoped.Id);
        await at.api.delete(scoped.Links.Self);
        await at.api.delete(made.Links.Self);
    });

    test('the built-in teams are there: Everyone, the administrators, and the hidden managers of a space', async () => {
        const all = await at.api.get('/api/teams/all');
        const everyone = all.find((team) => team.Id === 'teams-everyone'), admins = all.find((team) => team.Id === 'teams-administrators');
        assert.deepEqual([everyone.Name, everyone.CanBeDeleted, everyone.CanChangeMembers, everyone.CanChangeRoles], ['Everyone', false, false, true]);
        assert.deepEqual([admins.Name, admins.CanBeDeleted, admins.CanChangeMembers, admins.CanChangeRoles], ['Octopus Administrators', false, true, false]);
        assert.deepEqual(admins.MemberUserIds, [(await at.api.get('/api/users/me')).Id]);
        assert.ok(!all.some((team) => team.Id.startsWith('teams-spacemanagers-')));
        const managers = await at.api.get('/api/teams/teams-spacemanagers-Spaces-1');
        assert.deepEqual([managers.Name, managers.SpaceId, managers.CanBeDeleted, managers.CanChangeMembers], ['Space Managers', 'Spaces-1', false, true]);
        const { Items } = await at.api.get(`/api/teams/${managers.Id}/scopeduserroles`);
        assert.deepEqual(Items.map((one) => [one.UserRoleId, one.SpaceId]), [['userroles-spacemanager', 'Spaces-1']]);
    });

    test('what cannot be changed of a built-in team is refused', async () => {
        const everyone = await at.api.get('/api/teams/teams-everyone'), admins = await at.api.get('/api/teams/teams-administrators');
        await assertRefused(at.api, 'PUT', everyone.Links.Self, { ...everyone, MemberUserIds: admins.MemberUserIds }, ['members', 'Everyone']);
        await assertRefused(at.api, 'PUT', admins.Links.Self, { ...admins, Name: 'Kings' }, ['name', 'Octopus Administrators']);
        await assertRefused(at.api, 'PUT', admins.Links.Self, { ...admins, MemberUserIds: [] }, ['Octopus Administrators', 'needs one member']);
        for (const team of [everyone, admins]) await assertRefused(at.api, 'DELETE', team.Links.Self, undefined, ['cannot be deleted', team.Name]);
        await assertRefused(at.api, 'POST', '/api/scopeduserroles', { TeamId: admins.Id, UserRoleId: 'userroles-projectviewer', SpaceId: 'Spaces-1' },
            ['user roles', 'Octopus Administrators']);
        await assertRefused(at.api, 'DELETE', '/api/scopeduserroles/scopeduserroles-teams-administrators', undefined, 'Octopus Administrators');
    });

    test('a team is created, read, changed and deleted with the roles it has', async () => {
        const { Id: me } = await at.api.get('/api/users/me');
        const made = await createTeam({ SpaceId: 'Spaces-1', MemberUserIds: [me] });
        assert.deepEqual([made.SpaceId, made.MemberUserIds, made.CanBeDeleted, made.CanBeRenamed], ['Spaces-1', [me], true, true]);
        const scoped = await give(made, await role('Project Viewer'));
        assert.deepEqual((await at.api.get(made.Links.ScopedUserRoles.replace(/\{.*/, ''))).Items, [scoped]);
        const changed = await at.api.put(made.Links.Self, { ...made, Name: fresh('Team'), MemberUserIds: [] });
        assert.deepEqual(await at.api.get(made.Links.Self), changed);
        await at.api.delete(made.Links.Self);
        assert.equal((await at.api.send('GET', scoped.Links.Self)).status, 404);
    });

    test('teams and their roles are listed by space', async () => {
        const inSpace = await createTeam({ SpaceId: 'Spaces-1' }), ofServer = await createTeam();
        const ids = async (query) => (await at.api.get(`/api/teams/all${query}`)).map((team) => team.Id);
        const both = [inSpace.Id, ofServer.Id];
        const found = async (query) => (await ids(query)).filter((id) => both.includes(id)).sort();
        assert.deepEqual(await found(''), both);
        assert.deepEqual(await found('?spaces=all'), both);
        assert.deepEqual(await found('?spaces=Spaces-1'), [inSpace.Id]);
        assert.deepEqual(await found('?spaces=Spaces-1&includeSystem=true'), both);
        assert.deepEqual(await found('?spaces=Spaces-99'), []);
        const scoped = await give(ofServer, await role('Project Viewer'));
        assert.ok((await at.api.get('/api/scopeduserroles/all?spaces=Spaces-1')).some((one) => one.Id === scoped.Id));
        for (const list of ['/api/teams', '/api/scopeduserroles']) {
            const page = await at.api.get(`${list}?take=1`);
            assert.ok(page.TotalResults > 1 && page.Items.length === 1, list);
        }
    });

    test('a member, a role, a space and a restriction that are not there are refused by name', async () => {
        const team = await createTeam();
        await assertRefused(at.api, 'POST', '/api/teams', { Name: fresh('Team'), MemberUserIds: ['Users-999'] }, 'Users-999');
        await assertRefused(at.api, 'POST', '/api/teams', { Name: fresh('Team'), SpaceId: 'Spaces-999' }, 'Spaces-999');
        const post = (more) => ['POST', '/api/scopeduserroles', { TeamId: team.Id, UserRoleId: 'userroles-projectviewer', SpaceId: 'Spaces-1', ...more }];
        await assertRefused(at.api, ...post({ TeamId: 'Teams-999' }), 'Teams-999');
        await assertRefused(at.api, ...post({ UserRoleId: 'UserRoles-999' }), 'UserRoles-999');
        await assertRefused(at.api, ...post({ SpaceId: 'Spaces-999' }), 'Spaces-999');
        await assertRefused(at.api, ...post({ ProjectIds: ['Projects-999'] }), 'Projects-999');
        await assertRefused(at.api, ...post({ EnvironmentIds: ['Environments-999'], TenantIds: ['Tenants-1'] }), ['Environments-999', 'Tenants-1']);
    });

    test('a role is given where it grants something', async () => {
        const team = await createTeam();
        const post = (more) => ['POST', '/api/scopeduserroles', { TeamId: team.Id, ...more }];
        await assertRefused(at.api, ...post({ UserRoleId: 'userroles-systemmanager', SpaceId: 'Spaces-1' }), ['System Manager', 'nothing in a space']);
        await assertRefused(at.api, ...post({ UserRoleId: 'userroles-buildserver' }), ['Build Server', 'nothing without a space']);
        const own = await createTeam({ SpaceId: 'Spaces-1' });
        await assertRefused(at.api, 'POST', '/api/scopeduserroles', { TeamId: own.Id, UserRoleId: 'userroles-systemmanager' }, 'in its own space only');
        assert.equal((await at.api.post('/api/scopeduserroles', { TeamId: team.Id, UserRoleId: 'userroles-systemmanager' })).SpaceId, null);
    });

    test('a space and its hidden team say the same about who manages it, and both go together', async () => {
        const { Id: me } = await at.api.get('/api/users/me');
        const team = await createTeam();
        const space = await at.api.post('/api/spaces', { Name: fresh('Space'), SpaceManagersTeams: [team.Id], SpaceManagersTeamMembers: [me] });
        const path = `/api/teams/teams-spacemanagers-${space.Id}`;
        const managers = await at.api.get(path);
        assert.deepEqual([managers.MemberUserIds, managers.SpaceId], [[me], space.Id]);
        await at.api.put(path, { ...managers, MemberUserIds: [] });
        assert.deepEqual((await at.api.get(space.Links.Self)).SpaceManagersTeamMembers, []);
        await at.api.put(space.Links.Self, { ...space, SpaceManagersTeamMembers: [me], TaskQueueStopped: true });
        assert.deepEqual((await at.api.get(path)).MemberUserIds, [me]);
        await assertRefused(at.api, 'PUT', space.Links.Self, { ...space, SpaceManagersTeams: ['Teams-999'] }, 'Teams-999');
        const own = await createTeam({ SpaceId: space.Id });
        const scoped = await give(team, await role('Project Viewer'), { SpaceId: space.Id });
        await at.api.delete(space.Links.Self);
        for (const gone of [path, own.Links.Self, scoped.Links.Self]) assert.equal((await at.api.send('GET', gone)).status, 404, gone);
        assert.equal((await at.api.get(team.Links.Self)).Id, team.Id);
    });

    test('a restriction is kept when what it names is deleted: it widens nothing', async () => {
        const environment = await createEnvironment(at.api), other = await createEnvironment(at.api);
        const scoped = await give(await createTeam(), await role('Project Deployer'), { EnvironmentIds: [environment.Id] });
        await at.api.delete(`${S}/environments/${environment.Id}`);
        assert.deepEqual((await at.api.get(scoped.Links.Self)).EnvironmentIds, [environment.Id]);
        const changed = await at.api.put(scoped.Links.Self, { ...scoped, EnvironmentIds: [environment.Id, other.Id] });
        assert.deepEqual(changed.EnvironmentIds, [environment.Id, other.Id]);
    });

    test('what a user may do is told with its restrictions, and with those that have no effect on demand', async () => {
        const me = await at.api.get('/api/users/me');
        const environment = await createEnvironment(at.api);
        const team = await createTeam({ MemberUserIds: [me.Id] });
        await give(team, await createRole(['FeedView', 'EnvironmentView'], ['UserInvite']), { EnvironmentIds: [environment.Id] });
        const mine = await at.api.get(me.Links.Permissions);
        assert.deepEqual([mine.Id, mine.IsPermissionsComplete, mine.IsTeamsComplete], [me.Id, true, true]);
        const none = { RestrictedToProjectIds: [], RestrictedToProjectGroupIds: [], RestrictedToTenantIds: [], SpaceId: 'Spaces-1' };
        assert.deepEqual(mine.SpacePermissions.FeedView, [{ ...none, RestrictedToEnvironmentIds: [] }]);
        assert.deepEqual(mine.SpacePermissions.EnvironmentView, [{ ...none, RestrictedToEnvironmentIds: [environment.Id] }]);
        assert.ok(mine.SystemPermissions.includes('AdministerSystem') && mine.SystemPermissions.includes('UserInvite'));
        const configured = await at.api.get(me.Links.PermissionsConfiguration);
        assert.deepEqual(configured.SpacePermissions.FeedView, [{ ...none, RestrictedToEnvironmentIds: [environment.Id] }]);
        const ids = ['teams-administrators', 'teams-everyone', team.Id];
        for (const list of [mine.Teams, await at.api.get(me.Links.Teams), await at.api.get(`/api/teammembership?userId=${me.Id}`), await at.api.get('/api/teammembership')]) {
            assert.deepEqual(ids.filter((id) => !list.some((one) => one.Id === id)), []);
        }
        assert.deepEqual(await at.api.get(`/api/teammembership?userId=${me.Id}&spaces=Spaces-99`), []);
        assert.deepEqual(names(await at.api.get(me.Links.Spaces)), ['Default']);
        assert.equal((await at.api.send('GET', '/api/users/Users-999/permissions')).status, 404);
    });
});
