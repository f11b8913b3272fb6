// Library variable sets, script modules, tag sets, and which variables count where (rest.md 1.6, 2.15).
import fs from 'node:fs';
import { createEnvironment, Project, scriptStep } from '../lib/project.mjs';
import { apiSuite, assert, assertRefused, fresh, names, S, test } from './suite.mjs';

apiSuite('library', (at) => {
    async function createSet(variables = [], more = {}) {
        const set = await at.api.post(`${S}/libraryvariablesets`, { Name: fresh('Library'), ...more });
        await setVariables(set, variables);
        return set;
    }
    async function setVariables(set, variables) {
        const before = await at.api.get(set.Links.Variables);
        return at.api.put(set.Links.Variables, { ...before, Variables: variables });
    }
    // A project that includes sets; `body` is a script that says what it sees.
    async function projectWith(sets, variables, body, options = {}) {
        const project = await Project.create(at.api, { steps: [scriptStep('say', body)], variables, ...options });
        project.resource = await at.api.put(`${S}/projects/${project.id}`, { ...project.resource, IncludedLibraryVariableSetIds: sets.map((one) => one.Id) });
        return project;
    }
    const releaseOf = async (project) => at.api.get(`${S}/projects/${project.id}/releases/${await project.createRelease()}`);
    const said = async (task) => (await at.api.send('GET', `/api/tasks/${task.Id}/raw`)).text;

    test('a set has variables of its own, is found by what is in it, and templates keep their ids', async () => {
        const sent = { Name: fresh('Library'), Description: 'd', Templates: [{ Name: 'Colour', Label: 'Which?', DefaultValue: 'red', DisplaySettings: { 'Octopus.ControlType': 'SingleLineText' } },
            { Name: 'Pass', DefaultValue: { HasValue: true, NewValue: 'hush' } }] };
        const made = await at.api.post(`${S}/libraryvariablesets`, sent);
        assert.deepEqual([made.ContentType, made.VariableSetId, made.Description], ['Variables', `variableset-${made.Id}`, 'd']);
        assert.deepEqual(made.Templates.map((one) => [one.Name, one.DefaultValue]), [['Colour', 'red'], ['Pass', { HasValue: true, NewValue: null, Hint: null }]]);
        assert.ok(made.Templates.every((one) => one.Id));
        assert.deepEqual(await at.api.get(made.Links.Self), made);
        assert.deepEqual(await at.api.put(made.Links.Self, made), made);
        const module = await createSet([], { ContentType: 'ScriptModule' });
        const of = async (query) => names((await at.api.get(`${S}/libraryvariablesets?ids=${made.Id},${module.Id}&${query}`)).Items);
        assert.deepEqual([await of('contentType=variables'), await of('contentType=ScriptModule')], [[made.Name], [module.Name]]);
        assert.ok((await at.api.get(`${S}/libraryvariablesets/all`)).some((one) => one.Id === made.Id));
        const set = await at.api.get(made.Links.Variables);
        assert.deepEqual([set.OwnerId, set.Version, set.Variables, set.ScopeValues.Processes], [made.Id, 0, [], []]);
        await assertRefused(at.api, 'POST', `${S}/libraryvariablesets`, { Name: fresh('Library'), ContentType: 'Recipes' }, ['ContentType', 'Recipes']);
        assert.deepEqual(await at.api.delete(made.Links.Self), {});
        assert.equal((await at.api.send('GET', made.Links.Variables)).status, 404);
    });

    test('a deployment sees the variables of included sets; the own ones win unless those are more specific', async () => {
        const environment = await createEnvironment(at.api);
        const first = await createSet([{ Name: 'Both', Value: 'library' }, { Name: 'Specific', Value: 'library here', Scope: { Environment: [environment.Id] } }, { Name: 'Only', Value: 'first' },
            { Name: 'Hidden', Value: 'l1brary-secret', IsSensitive: true }]);
        const second = await createSet([{ Name: 'Only', Value: 'second' }, { Name: 'Last', Value: '#{Both}' }]);
        const project = await projectWith([first, second], [{ Name: 'Both', Value: 'project' }, { Name: 'Specific', Value: 'project' }],
            'for name in Both Specific Only Last Hidden; do echo "[$name=$(get_octopusvariable $name)]"; done', { environment });
        const log = await said(await project.deploy());
        for (const line of ['[Both=project]', '[Specific=library here]', '[Only=first]', '[Last=project]', '[Hidden=********]']) assert.ok(log.includes(line), `${line}: ${log}`);
    });

    test('a release keeps the variables of its sets as they were, until it takes new ones', async () => {
        const set = await createSet([{ Name: 'Word', Value: 'before' }]);
        const project = await projectWith([set], [], 'echo "[$(get_octopusvariable Word)]"');
        const release = await releaseOf(project);
        const { LibraryVariableSetSnapshotIds: [frozen, ...others], Links } = release;
        assert.deepEqual([frozen, others], [`${set.VariableSetId}-s-1`, []]);
        assert.deepEqual(names((await at.api.get(`${S}/variables/${frozen}`)).Variables), ['Word']);
        const template = () => at.api.get(`${S}/releases/${release.Id}/deployments/template`);
        assert.equal((await template()).IsLibraryVariableSetModified, false);
        await setVariables(set, [{ Name: 'Word', Value: 'after' }]);
        assert.equal((await template()).IsLibraryVariableSetModified, true);
        const deploy = () => project.deploy({ releaseVersion: release.Version });
        assert.ok((await said(await deploy())).includes('[before]'));
        const updated = await at.api.post(`${S}/releases/${release.Id}/snapshot-variables`);
        assert.deepEqual([updated.LibraryVariableSetSnapshotIds, updated.Links], [[`${set.VariableSetId}-s-2`], Links]);
        assert.ok((await said(await deploy())).includes('[after]'));
    });

    test('runbooks see them too, and their snapshots keep them', async () => {
        const set = await createSet([{ Name: 'Word', Value: 'runbook' }]);
        const project = await projectWith([set], [], 'true');
        const runbook = await project.createRunbook([scriptStep('say', 'echo "[$(get_octopusvariable Word)]"')]);
        const [snapshot] = (await at.api.get(`${S}/projects/${project.id}/runbookSnapshots`)).Items;
        assert.deepEqual(snapshot.LibraryVariableSetSnapshotIds, [`${set.VariableSetId}-s-1`]);
        assert.ok((await said(await project.run(runbook))).includes('[runbook]'));
    });

    test('a step may take its pool from a variable of an included set', async () => {
        const [pool] = await at.api.get(`${S}/workerpools/all`);
        const set = await createSet([{ Name: 'Pool', Type: 'WorkerPool', Value: pool.Slug }]);
        const project = await projectWith([set], [], 'true');
        await project.setSteps([scriptStep('say', 'echo "[$(get_octopusvariable Octopus.WorkerPool.Name)]"', { action: { WorkerPoolVariable: 'Pool' } })]);
        assert.ok((await said(await project.deploy())).includes(`[${pool.Name}]`));
    });

    test('a script module is there for scripts of its language', async () => {
        const name = 'Greeter';
        const module = await createSet([{ Name: `Octopus.Script.Module[${name}]`, Value: 'greet() { echo "[hello $1]"; }' }, { Name: `Octopus.Script.Module.Language[${name}]`, Value: 'Bash' }],
            { ContentType: 'ScriptModule' });
        const project = await projectWith([module], [], `source ${name}.sh; greet world`);
        assert.ok((await said(await project.deploy())).includes('[hello world]'));
    });

    test('a set that a project includes or a release has frozen is not deleted, and says who uses it', async () => {
        const set = await createSet([{ Name: 'A', Value: '1' }]);
        const project = await projectWith([set], [], 'true');
        await assertRefused(at.api, 'DELETE', set.Links.Self, undefined, [set.Name, project.name]);
        const release = await releaseOf(project);
        await at.api.put(`${S}/projects/${project.id}`, { ...project.resource, IncludedLibraryVariableSetIds: [] });
        await assertRefused(at.api, 'DELETE', set.Links.Self, undefined, [release.Id]);
        assert.deepEqual((await at.api.get(set.Links.Usages)).Projects, [{
            ProjectId: project.id, ProjectName: project.name, ProjectSlug: project.resource.Slug, IsCurrentlyBeingUsedInProject: false,
            Releases: [{ ReleaseId: release.Id, ReleaseVersion: release.Version }], RunbookSnapshots: [],
        }]);
        await at.api.delete(`${S}/releases/${release.Id}`);
        assert.deepEqual(await at.api.delete(set.Links.Self), {});
        await assertRefused(at.api, 'PUT', `${S}/projects/${project.id}`, { ...project.resource, IncludedLibraryVariableSetIds: ['LibraryVariableSets-999'] }, 'LibraryVariableSets-999');
    });

    test('names of variables are told once each, with those of included sets', async () => {
        const set = await createSet([{ Name: 'Shared', Value: '1' }, { Name: 'OWN', Value: '2' }]);
        const project = await projectWith([set], [{ Name: 'Own', Value: '3' }, { Name: 'Own', Value: '4' }], 'true');
        assert.deepEqual(await at.api.get(`${S}/variables/names?project=${project.id}&runbook=&projectEnvironmentsFilter=`), ['Own', 'Shared']);
        const all = await at.api.get(`${S}/variables/names`);
        assert.ok(all.includes('Shared') && all.includes('Own'));
        assert.equal((await at.api.send('GET', `${S}/variables/names?project=Projects-999`)).status, 404);
    });

    test('all variables of a project are its own set and those of the library that it includes', async () => {
        const set = await createSet([{ Name: 'Shared', Value: '1' }]);
        const project = await projectWith([set], [{ Name: 'Own', Value: '2' }], 'true');
        const all = await at.api.get(`${S}/projects/${project.id}/variables/all`);
        assert.deepEqual(all, [await at.api.get(project.resource.Links.Variables), await at.api.get(set.Links.Variables)]);
        const ids = (await at.api.get(`${S}/variables/all`)).map((one) => one.Id);
        for (const one of all) assert.ok(ids.includes(one.Id));
    });

    test('a preview has the one variable of each name that counts there', async () => {
        const here = await createEnvironment(at.api), there = await createEnvironment(at.api);
        const set = await createSet([{ Name: 'A', Value: 'library' }, { Name: 'B', Value: 'library' }]);
        const project = await projectWith([set], [{ Name: 'A', Value: 'everywhere' }, { Name: 'A', Value: 'here', Scope: { Environment: [here.Id] } },
            { Name: 'A', Value: 'web', Scope: { Environment: [here.Id], Role: ['web'] } }, { Name: 'S', Value: 'secret!', IsSensitive: true }], 'true');
        const of = async (query) => Object.fromEntries((await at.api.get(`${S}/variables/preview?project=${project.id}&${query}`)).Variables.map((v) => [v.Name, v.Value]));
        assert.deepEqual(await of(`environment=${here.Id}`), { A: 'here', S: null, B: 'library' });
        assert.deepEqual(await of(`environment=${encodeURIComponent(there.Name)}&channel=&tenant=&action=&machine=`), { A: 'everywhere', S: null, B: 'library' });
        assert.deepEqual(await of(`environment=${here.Id}&role=web`), { A: 'web', S: null, B: 'library' });
        await assertRefused(at.api, 'GET', `${S}/variables/preview`, undefined, 'project');
        assert.equal((await at.api.send('GET', `${S}/variables/preview?project=${project.id}&environment=Environments-999`)).status, 404);
    });

    test('the values that variables can be scoped to are all told', async () => {
        const project = await projectWith([], [], 'true');
        const runbook = await project.createRunbook([scriptStep('in the runbook', 'true')]);
        const tags = await at.api.post(`${S}/tagsets`, { Name: fresh('Tags'), Tags: [{ Name: 'One' }] });
        const target = await at.api.post(`${S}/machines`, { Name: fresh('Target'), Roles: ['scoped-role'], EnvironmentIds: [project.environment.Id], Endpoint: { CommunicationStyle: 'None' } });
        const { ScopeValues: values } = await at.api.get(project.resource.Links.Variables);
        assert.deepEqual(Object.keys(values), ['Environments', 'Machines', 'Actions', 'Roles', 'Channels', 'TenantTags', 'Processes']);
        assert.deepEqual(names(values.Actions), ['say', 'in the runbook']);
        assert.deepEqual(values.Processes, [{ Id: project.id, Name: 'Deployment process', ProcessType: 'Deployment' }, { Id: runbook.Id, Name: runbook.Name, ProcessType: 'Runbook' }]);
        assert.ok(values.Machines.some((one) => one.Id === target.Id && one.Name === target.Name));
        assert.ok(values.Roles.some((one) => one.Id === 'scoped-role'));
        assert.ok(values.TenantTags.some((one) => one.Id === `${tags.Name}/One`));
        assert.ok(values.Environments.some((one) => one.Id === project.environment.Id) && values.Channels.length === 1);
    });

    test('variables that name accounts must name those that are there, and keep them', async () => {
        const account = await at.api.post(`${S}/accounts`, { Name: fresh('Account'), AccountType: 'UsernamePassword', Username: 'u' });
        const project = await projectWith([], [{ Name: 'A', Type: 'UsernamePasswordAccount', Value: account.Id }], 'true');
        await assertRefused(at.api, 'DELETE', account.Links.Self, undefined, [account.Name, project.resource.VariableSetId]);
        assert.deepEqual((await at.api.get(account.Links.Usages)).ProjectVariableSets.map((one) => one.ProjectId), [project.id]);
        const set = await at.api.get(project.resource.Links.Variables);
        await assertRefused(at.api, 'PUT', project.resource.Links.Variables, { ...set, Variables: [{ Name: 'A', Type: 'AzureAccount', Value: 'Accounts-999' }] }, ['/Variables/0/Value', 'Accounts-999']);
    });

    test('scripts see what is in an account or certificate that a variable names, its secrets masked', async () => {
        const account = await at.api.post(`${S}/accounts`, { Name: fresh('Account'), AccountType: 'UsernamePassword', Username: 'deployer', Password: { HasValue: true, NewValue: 'acc0unt-pass' } });
        const data = fs.readFileSync(new URL('../data/certificates/leaf.pfx', import.meta.url)).toString('base64');
        const certificate = await at.api.post(`${S}/certificates`, { Name: fresh('Certificate'), CertificateData: { HasValue: true, NewValue: data }, Password: { HasValue: true, NewValue: 'pw' } });
        const project = await projectWith([], [{ Name: 'Acc', Type: 'UsernamePasswordAccount', Value: account.Id }, { Name: 'Cert', Type: 'Certificate', Value: certificate.Id }],
            'for name in Acc Acc.Username Acc.Password Cert.Thumbprint Cert.SubjectCommonName Cert.HasPrivateKey; do echo "[$name=$(get_octopusvariable $name)]"; done; ' +
            'get_octopusvariable Cert.CertificatePem | head -1; echo "[key=$(get_octopusvariable Cert.PrivateKeyPem | sed -n 2p)]"; echo "[length=$(get_octopusvariable Acc.Password | wc -c)]"');
        const log = await said(await project.deploy());
        for (const line of [`[Acc=${account.Id}]`, '[Acc.Username=deployer]', '[Acc.Password=********]', `[Cert.Thumbprint=${certificate.Thumbprint}]`, '[Cert.SubjectCommonName=www.example.test]',
            '[Cert.HasPrivateKey=True]', '-----BEGIN CERTIFICATE-----', '[key=********]', '[length=12]']) assert.ok(log.includes(line), `${line}: ${log}`);
    });

    test('tag sets are kept, in the order that they are given', async () => {
        const sent = { Name: fresh('Tags'), Description: 'd', Tags: [{ Name: 'Red', Color: '#FF0000', Description: 'r', SortOrder: 1 }, { Name: 'Blue' }] };
        const made = await at.api.post(`${S}/tagsets`, sent), other = await at.api.post(`${S}/tagsets`, { Name: fresh('Tags') });
        assert.deepEqual(made.Tags.map((tag) => [tag.Name, tag.CanonicalTagName, tag.Color]), [['Red', `${sent.Name}/Red`, '#FF0000'], ['Blue', `${sent.Name}/Blue`, '#333333']]);
        assert.deepEqual(await at.api.get(made.Links.Self), made);
        const renamed = await at.api.put(made.Links.Self, { ...made, Name: `${made.Name} x` });
        assert.deepEqual(renamed.Tags.map((tag) => [tag.Id, tag.CanonicalTagName]), made.Tags.map((tag) => [tag.Id, `${made.Name} x/${tag.Name}`]));
        const sorted = (await at.api.put(`${S}/tagsets/sortorder`, [other.Id, made.Id])).map((one) => one.Id);
        assert.ok(sorted.indexOf(other.Id) < sorted.indexOf(made.Id));
        assert.ok((await at.api.get(`${S}/tagsets`)).Items.length >= 2 && (await at.api.get(`${S}/tagsets/all`)).length >= 2);
        await assertRefused(at.api, 'POST', `${S}/tagsets`, { Name: fresh('Tags'), Tags: [{ Name: 'A' }, { Name: 'a' }] }, ['/Tags/1/Name', 'twice']);
        await at.api.delete(made.Links.Self);
        assert.deepEqual([(await at.api.get(`${S}/actiontemplates`)).Items, await at.api.get(`${S}/actiontemplates/all`)], [[], []]);
    });
});
