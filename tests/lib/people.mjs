// People with just the permissions that a test gives them.
import { Api } from './api.mjs';

let count = 0;

// A user with an API key: { id, team, api }. Each of `roles` is the id of a user role, or { role, SpaceId, ProjectIds, ... }; in
// Spaces-1 unless it says otherwise, for the whole server with SpaceId: null.
export async function createPerson(admin, roles = [], { expires } = {}) {
    const name = `person-${process.pid}-${++count}`;
    const user = await admin.post('/api/users', { Username: name, DisplayName: name, IsService: true });
    const key = await admin.post(`/api/users/${user.Id}/apikeys`, { Purpose: 'a test', ...(expires ? { Expires: expires } : {}) });
    const team = await admin.post('/api/teams', { Name: `Team of ${name}`, MemberUserIds: [user.Id] });
    for (const one of roles) await giveRole(admin, team, one);
    return { id: user.Id, name, team, user, api: new Api(admin.url, key.ApiKey) };
}

export function giveRole(admin, team, one) {
    const { role, ...scope } = typeof one === 'string' ? { role: one } : one;
    return admin.post('/api/scopeduserroles', { TeamId: team.Id, UserRoleId: role, SpaceId: 'Spaces-1', ...scope });
}

// A user role of these permissions in a space; its id.
export async function createRole(admin, space, system = []) {
    const role = await admin.post('/api/userroles', { Name: `Role ${process.pid}-${++count}`, GrantedSpacePermissions: space, GrantedSystemPermissions: system });
    return role.Id;
}
