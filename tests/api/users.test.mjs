// People and service accounts: made, changed, put out of action, deleted (rest.md 2.10).
import { Api } from '../lib/api.mjs';
import { Browser, signedIn } from '../lib/browser.mjs';
import { PASSWORD } from '../lib/server.mjs';
import { apiSuite, assert, assertRefused, fresh, test } from './suite.mjs';

const SECRET = 'Battery-Staple-7';

apiSuite('users', (at) => {
    const person = (more = {}) => at.api.post('/api/users', { Username: fresh('person'), DisplayName: 'A Person', EmailAddress: 'a@b.test', Password: SECRET, ...more });
    const program = (more = {}) => at.api.post('/api/users', { Username: fresh('program'), DisplayName: 'A Program', IsService: true, ...more });
    const enter = (user, password = SECRET) => signedIn(at.server.url, user.Username, password);
    const events = async (user) => (await at.query?.(`select category || ': ' || message from event join event_related r using (number) where r.related_id = '${user.Id}' order by number`))?.flat();

    test('a person is made, read, listed, changed and deleted', async () => {
        const made = await person();
        assert.match(made.Id, /^Users-\d+$/);
        assert.deepEqual([made.IsActive, made.IsService, made.IsRequestor, made.CanPasswordBeEdited], [true, false, false, true]);
        assert.ok(!JSON.stringify(made).includes(SECRET) && !('Password' in made) && !('CurrentPassword' in made));
        assert.deepEqual(await at.api.get(made.Links.Self), made);
        assert.ok((await at.api.get('/api/users/all')).some((u) => u.Id === made.Id));
        assert.deepEqual((await at.api.get(`/api/users?filter=${encodeURIComponent(made.Username.toUpperCase())}`)).Items, [made]);
        const changed = await at.api.put(made.Links.Self, { ...made, DisplayName: 'Ünïcode 🐙', EmailAddress: 'c@d.test' });
        assert.deepEqual(changed, { ...made, DisplayName: 'Ünïcode 🐙', EmailAddress: 'c@d.test' });
        assert.equal((await at.api.send('DELETE', made.Links.Self)).status, 200);
        assert.equal((await at.api.send('GET', made.Links.Self)).status, 404);
        assert.equal((await at.api.send('DELETE', made.Links.Self)).status, 404);
        const said = await events(made);
        if (said) {
            assert.deepEqual(said, ['created', 'changed', 'deleted'].map((verb) => `${{ created: 'Created', changed: 'Modified', deleted: 'Deleted' }[verb]}: User ${made.Username} was ${verb}`));
        }
    });

    test('what other systems call a user is kept as it was sent', async () => {
        const Identities = [{ IdentityProviderName: 'Active Directory', Claims: { upn: { Value: 'a@b', IsIdentifyingClaim: true } } }];
        const made = await person({ Identities });
        assert.deepEqual(made.Identities, Identities);
        assert.deepEqual((await at.api.get(made.Links.Self)).Identities, Identities);
    });

    test('a user name is given once, whatever its case, and must be one', async () => {
        const made = await person();
        await assertRefused(at.api, 'POST', '/api/users', { Username: made.Username.toUpperCase(), Password: SECRET }, ['username', 'taken', made.Username.toUpperCase()]);
        await assertRefused(at.api, 'POST', '/api/users', { Username: ' ', Password: SECRET }, 'Username');
        await assertRefused(at.api, 'POST', '/api/users', { Password: SECRET }, 'Username');
        await assertRefused(at.api, 'POST', '/api/users', { Username: 'x'.repeat(201), Password: SECRET }, ['Username', '201', '200']);
        const other = await person();
        await assertRefused(at.api, 'PUT', other.Links.Self, { ...other, Username: made.Username }, 'taken');
    });

    test('a password that is too short, too long or the user name is refused, and never shown', async () => {
        for (const [Password, word] of [['short', '8'], ['y'.repeat(1025), '1024'], ['the same name', 'user name']]) {
            const answer = await at.api.send('POST', '/api/users', { Username: 'The Same Name', Password });
            assert.equal(answer.status, 400);
            assert.ok(answer.body.Errors.join().includes(word), answer.text);
            assert.ok(word === 'user name' || !answer.text.includes(Password), answer.text);
        }
    });

    test('a service account has no password and no session, only keys', async () => {
        const made = await program();
        assert.deepEqual([made.IsService, made.CanPasswordBeEdited], [true, false]);
        await assertRefused(at.api, 'POST', '/api/users', { Username: fresh('program'), IsService: true, Password: SECRET }, ['Password', 'service account']);
        await assertRefused(at.api, 'PUT', made.Links.Self, { ...made, Password: SECRET }, 'service account');
        assert.equal((await new Browser(at.server.url).signIn(made.Username, 'anything')).status, 400);
        const { ApiKey } = await at.api.post(`/api/users/${made.Id}/apikeys`, { Purpose: 'ci' });
        assert.equal((await new Api(at.server.url, ApiKey).get('/api/users/me')).Id, made.Id);
    });

    test('a person stays a person', async () => {
        const made = await person();
        await assertRefused(at.api, 'PUT', made.Links.Self, { ...made, IsService: true }, 'IsService');
        const { IsService, ...rest } = await program();
        assert.equal((await at.api.put(rest.Links.Self, rest)).IsService, true);
    });

    test('who is not active has no session, no key and no sign-in, and gets them back by signing in anew', async () => {
        const made = await person();
        const browser = await enter(made);
        const { ApiKey } = (await browser.send('POST', `/api/users/${made.Id}/apikeys`, { Purpose: 'mine' })).body;
        const key = new Api(at.server.url, ApiKey);
        assert.equal((await key.send('GET', '/api/users/me')).status, 200);
        await at.api.put(made.Links.Self, { ...made, IsActive: false });
        assert.equal((await browser.send('GET', '/api/users/me')).status, 401);
        assert.equal((await key.send('GET', '/api/users/me')).status, 401);
        const refused = await new Browser(at.server.url).signIn(made.Username, SECRET);
        assert.deepEqual([refused.status, refused.body.Errors], [400, ['Invalid username or password.']]);
        await at.api.put(made.Links.Self, { ...made, IsActive: true });
        assert.equal((await browser.send('GET', '/api/users/me')).status, 401);
        assert.equal((await key.send('GET', '/api/users/me')).status, 200);
        await enter(made);
    });

    test('the last active administrator can neither be deleted nor put out of action', async () => {
        const me = await at.api.get('/api/users/me');
        await assertRefused(at.api, 'DELETE', me.Links.Self, undefined, 'itself');
        await assertRefused(at.api, 'PUT', me.Links.Self, { ...me, IsActive: false }, 'administrator');
        assert.equal((await at.api.get('/api/users/me')).IsActive, true);
    });

    test('a deleted user is nobody', async () => {
        const made = await person();
        const browser = await enter(made);
        const { ApiKey } = (await browser.send('POST', `/api/users/${made.Id}/apikeys`, {})).body;
        await at.api.delete(made.Links.Self);
        assert.equal((await browser.send('GET', '/api/users/me')).status, 401);
        assert.equal((await new Api(at.server.url, ApiKey).send('GET', '/api/users/me')).status, 401);
    });

    test('an own new password needs the present one, and ends the other sessions only', async () => {
        const made = await person();
        const [browser, other] = [await enter(made), await enter(made)];
        const change = (more) => browser.send('PUT', made.Links.Self, { ...made, Password: 'Another-Word-8', ...more });
        for (const more of [{}, { CurrentPassword: 'wrong' }]) {
            const answer = await change(more);
            assert.equal(answer.status, 400);
            assert.match(answer.body.Errors.join(), /CurrentPassword/);
        }
        const answer = await change({ CurrentPassword: SECRET });
        assert.equal(answer.status, 200, answer.text);
        assert.ok(!answer.text.includes('Another-Word-8') && !answer.text.includes(SECRET));
        assert.equal((await browser.send('GET', '/api/users/me')).status, 200);
        assert.equal((await other.send('GET', '/api/users/me')).status, 401);
        await enter(made, 'Another-Word-8');
        assert.equal((await new Browser(at.server.url).signIn(made.Username, SECRET)).status, 400);
    });

    test('an administrator sets the password of others without knowing it', async () => {
        const made = await person();
        const browser = await enter(made);
        await at.api.put(made.Links.Self, { ...made, Password: 'Set-By-Admin-1' });
        assert.equal((await browser.send('GET', '/api/users/me')).status, 401);
        await enter(made, 'Set-By-Admin-1');
        const me = await at.api.get('/api/users/me');
        await assertRefused(at.api, 'PUT', me.Links.Self, { ...me, Password: 'Set-By-Admin-1' }, 'CurrentPassword');
        assert.equal((await new Browser(at.server.url).signIn('admin', PASSWORD)).status, 200);
    });

    test('somebody may change the own shown name and address, and nothing else of anybody', async () => {
        const [made, other] = [await person(), await person()];
        const browser = await enter(made);
        const send = async (method, path, body) => (await browser.send(method, path, body)).status;
        const own = await browser.send('PUT', made.Links.Self, { ...made, DisplayName: 'Me', EmailAddress: '' });
        assert.deepEqual([own.status, own.body.DisplayName, own.body.EmailAddress], [200, 'Me', '']);
        for (const more of [{ Username: fresh('person') }, { IsActive: false }, { Identities: [{ a: 1 }] }]) {
            assert.equal(await send('PUT', made.Links.Self, { ...made, ...more }), 403, JSON.stringify(more));
        }
        assert.equal(await send('PUT', other.Links.Self, other), 403);
        assert.equal(await send('GET', other.Links.Self), 403);
        assert.equal(await send('GET', made.Links.Self), 200);
        for (const path of ['/api/users', '/api/users/all']) assert.equal(await send('GET', path), 403);
        assert.equal(await send('POST', '/api/users', { Username: 'x', Password: SECRET }), 403);
        assert.equal(await send('DELETE', other.Links.Self), 403);
        assert.equal(await send('POST', other.Links.RevokeSessions), 403);
        assert.equal(await send('POST', `/api/users/${other.Id}/apikeys`, {}), 403);
        assert.equal(await send('GET', `/api/users/${other.Id}/apikeys`), 403);
        assert.equal(await send('GET', `/api/users/authentication/${other.Id}`), 403);
        assert.equal((await browser.send('GET', `/api/users/authentication/${made.Id}`)).body.CanCurrentUserEditIdentitiesForUser, false);
    });

    const invite = (body = {}) => at.api.post('/api/users/invitations', body);
    const register = (InvitationCode, more = {}) => at.anonymous.send('POST', '/api/users/register',
        { InvitationCode, Username: fresh('invited'), Password: SECRET, DisplayName: 'Invited', EmailAddress: 'i@j.test', ...more });

    test('who is invited makes a user of himself, once', async () => {
        const invitation = await invite({ AddToTeamIds: [], SpaceId: 'Spaces-1' });
        assert.match(invitation.InvitationCode, /^[0-9a-f]{64}$/);
        assert.ok(Math.abs(Date.parse(invitation.Expires) - Date.now() - 7 * 24 * 3600 * 1000) < 60000);
        const answer = await register(invitation.InvitationCode);
        assert.equal(answer.status, 201, answer.text);
        assert.deepEqual([answer.body.IsActive, answer.body.IsService, answer.body.DisplayName], [true, false, 'Invited']);
        await enter(answer.body);
        const again = await register(invitation.InvitationCode);
        assert.equal(again.status, 400);
        assert.match(again.body.Errors.join(), /InvitationCode.*was used/);
    });

    test('nobody registers without an invitation, and a mistake does not use one up', async () => {
        for (const code of ['guess', '0'.repeat(64)]) assert.equal((await register(code)).status, 400);
        const { InvitationCode } = await invite();
        for (const [more, word] of [[{ Username: 'admin' }, 'taken'], [{ Password: 'short' }, 'Password'], [{ Username: '' }, 'Username']]) {
            const answer = await register(InvitationCode, more);
            assert.equal(answer.status, 400);
            assert.ok(answer.text.includes(word), answer.text);
        }
        assert.equal((await register(InvitationCode, { IsService: true, Id: 'Users-1' })).body.IsService, false);
    });

    const team = (more) => at.api.post('/api/teams', { Name: fresh('Team'), MemberUserIds: [], ...more });
    const members = async (of) => (await at.api.get(of.Links.Self)).MemberUserIds;

    test('who registers comes into the teams of the invitation, into each once', async () => {
        const one = await team();
        const { InvitationCode, AddToTeamIds } = await invite({ AddToTeamIds: [one.Id, one.Id] });
        assert.deepEqual(AddToTeamIds, [one.Id, one.Id]);
        const { body } = await register(InvitationCode);
        assert.deepEqual(await members(one), [body.Id]);
    });

    test('nobody invites into a team that has more than he has, nor into one that takes no members', async () => {
        const inviter = await person();
        const inviters = await team({ MemberUserIds: [inviter.Id] });
        const { Id: UserRoleId } = await at.api.post('/api/userroles', { Name: fresh('Inviter'), GrantedSystemPermissions: ['UserInvite', 'TeamEdit'] });
        await at.api.post('/api/scopeduserroles', { TeamId: inviters.Id, UserRoleId });
        const browser = await enter(inviter);
        const post = async (AddToTeamIds) => browser.send('POST', '/api/users/invitations', { AddToTeamIds });
        assert.equal((await post([inviters.Id])).status, 201);
        const denied = await post(['teams-administrators']);
        assert.equal(denied.status, 403);
        assert.match(denied.body.ErrorMessage, /AdministerSystem is missing/);
        await assertRefused(at.api, 'POST', '/api/users/invitations', { AddToTeamIds: ['teams-everyone'] }, ['members', 'Everyone']);
    });

    test('who may edit users comes by no more through the accounts of others', async () => {
        const editor = await person(), service = await program();
        const editors = await team({ MemberUserIds: [editor.Id] });
        const { Id: UserRoleId } = await at.api.post('/api/userroles', { Name: fresh('Editor'), GrantedSystemPermissions: ['UserEdit', 'UserView', 'TeamView'] });
        await at.api.post('/api/scopeduserroles', { TeamId: editors.Id, UserRoleId });
        const browser = await enter(editor);
        const me = await at.api.get('/api/users/me');
        const send = async (method, path, body) => (await browser.send(method, path, body)).status;
        assert.equal(await send('PUT', me.Links.Self, { ...me, Password: 'Taken-Over-1' }), 403);
        assert.equal(await send('PUT', me.Links.Self, { ...me, DisplayName: 'x' }), 403);
        assert.equal(await send('DELETE', me.Links.Self), 403);
        assert.equal(await send('POST', `/api/users/${service.Id}/apikeys`, {}), 201);
        const deployers = await team({ MemberUserIds: [service.Id] });
        await at.api.post('/api/scopeduserroles', { TeamId: deployers.Id, UserRoleId: 'userroles-projectdeployer', SpaceId: 'Spaces-1' });
        assert.equal(await send('POST', `/api/users/${service.Id}/apikeys`, {}), 403);
        const other = await person();
        assert.equal(await send('PUT', other.Links.Self, { ...other, Password: 'Set-By-Editor-1' }), 200);
        assert.equal(await send('DELETE', other.Links.Self), 200);
    });

    test('an administrator that is not the last one may go', async () => {
        const admins = await at.api.get('/api/teams/teams-administrators');
        const second = await person();
        await at.api.put(admins.Links.Self, { ...admins, MemberUserIds: [...admins.MemberUserIds, second.Id] });
        const browser = await enter(second);
        assert.equal((await browser.send('GET', '/api/users')).status, 200);
        const me = await at.api.get('/api/users/me');
        assert.equal((await browser.send('PUT', me.Links.Self, { ...me, IsActive: false })).status, 200);
        const last = await browser.send('PUT', second.Links.Self, { ...second, IsActive: false });
        assert.equal(last.status, 400, last.text);
        assert.equal((await browser.send('PUT', me.Links.Self, me)).status, 200);
        await at.api.delete(second.Links.Self);
        assert.deepEqual(await members(admins), admins.MemberUserIds);
    });

    test('an invitation ends, and only who may invite makes one', async () => {
        await assertRefused(at.api, 'POST', '/api/users/invitations', { Expires: '2020-01-01T00:00:00Z' }, ['Expires', 'past']);
        await assertRefused(at.api, 'POST', '/api/users/invitations', { Expires: '2099-01-01T00:00:00Z' }, ['Expires', '180']);
        await assertRefused(at.api, 'POST', '/api/users/invitations', { AddToTeamIds: ['Teams-99'] }, ['AddToTeamIds', 'Teams-99']);
        const browser = await enter(await person());
        assert.equal((await browser.send('POST', '/api/users/invitations', {})).status, 403);
        if (!at.query) return; // time is moved in the database
        const { InvitationCode, Id } = await invite();
        await at.query(`update invitation set expires_at = ${Date.now() - 1} where id = '${Id}'`);
        assert.match((await register(InvitationCode)).body.Errors.join(), /expired/);
    });
});
