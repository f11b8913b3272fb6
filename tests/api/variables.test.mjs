// Variable sets: replaced as a whole, secrets sealed, scoped, prompted (rest.md 2.15).
import fs from 'node:fs';
import path from 'node:path';
import { createEnvironment, Project, rawLog, scriptStep } from '../lib/project.mjs';
import { apiSuite, assert, assertRefused, S, test } from './suite.mjs';

apiSuite('variables', (at) => {
    test('a set is replaced as a whole under its version', async () => {
        const project = await Project.create(at.api);
        const self = project.resource.Links.Variables;
        const empty = await at.api.get(self);
        const set = await project.setVariables([{ Name: 'A', Value: '1' }, { Name: 'A', Value: '2', Scope: { Environment: [project.environment.Id] } }]);
        assert.equal(set.Version, empty.Version + 1);
        assert.deepEqual(set.Variables.map((v) => [v.Name, v.Value, v.Type]), [['A', '1', 'String'], ['A', '2', 'String']]);
        assert.equal(new Set(set.Variables.map((v) => v.Id)).size, 2);
        assert.deepEqual(await at.api.get(self), set);
        await assertRefused(at.api, 'PUT', self, { ...empty, Variables: [] }, [set.Id], 409);
        assert.deepEqual((await at.api.put(self, { ...set, Variables: [] })).Variables, []);
    });

    test('the set says what variables can be scoped to', async () => {
        const project = await Project.create(at.api, { steps: [scriptStep('Deploy it', 'true')] });
        const { ScopeValues } = await at.api.get(project.resource.Links.Variables);
        assert.ok(ScopeValues.Environments.some((one) => one.Id === project.environment.Id && one.Name === project.environment.Name));
        assert.deepEqual(ScopeValues.Actions.map((one) => one.Name), ['Deploy it']);
        assert.deepEqual(ScopeValues.Channels.map((one) => one.Name), ['Default']);
        assert.deepEqual(ScopeValues.Roles, []);
        assert.ok(ScopeValues.Processes.length > 0);
    });

    test('saving a secret that is too short to be masked is answered with a warning', async () => {
        const project = await Project.create(at.api);
        const set = await project.setVariables([{ Name: 'Pin', Value: '\u00fc7', IsSensitive: true }, { Name: 'Long', Value: '123', IsSensitive: true }, { Name: 'Open', Value: '1' }]);
        assert.deepEqual(set.Warnings, ['The value of Pin is not masked in logs: it has fewer than 3 characters.']);
        assert.equal((await at.api.get(set.Links.Self)).Warnings, undefined);
        assert.equal((await at.api.put(set.Links.Self, set)).Warnings, undefined, 'its value was not sent again');
    });

    test('a secret is never shown, kept while null is sent, and not in the database as text', async () => {
        const project = await Project.create(at.api, { steps: [scriptStep('say', 'echo "value: $(get_octopusvariable Token)"; test "$(get_octopusvariable Token | rev)" = "hsuh-hsuh"')] });
        const set = await project.setVariables([{ Name: 'Token', Value: 'hush-hush', IsSensitive: true }]);
        assert.deepEqual([set.Variables[0].Value, set.Variables[0].IsSensitive, set.Variables[0].Type], [null, true, 'Sensitive']);
        const again = await at.api.put(set.Links.Self, set);
        assert.equal(again.Variables[0].Value, null);
        const task = await project.deploy();
        assert.equal(task.State, 'Success', await rawLog(at.api, task.Id));
        assert.match(await rawLog(at.api, task.Id), /value: \*{8}/);
        if (at.kind !== 'sqlite') return;
        for (const name of fs.readdirSync(at.server.folder).filter((n) => /\.(db|sqlite|wal)|-wal$/.test(n))) {
            assert.ok(!fs.readFileSync(path.join(at.server.folder, name)).includes('hush-hush'), name);
        }
    });

    test('an environment or channel that is not there is refused with place and value', async () => {
        const project = await Project.create(at.api);
        const self = project.resource.Links.Variables;
        const set = await at.api.get(self);
        for (const [variable, place, value] of [
            [{ Name: 'A', Scope: { Environment: ['Environments-99'] } }, '/Variables/0/Scope/Environment/0', 'Environments-99'],
            [{ Name: 'A', Scope: { Channel: ['Channels-99'] } }, '/Variables/0/Scope/Channel/0', 'Channels-99'],
            [{ Name: 'A', Type: 'WorkerPool', Value: 'WorkerPools-99' }, '/Variables/0/Value', 'WorkerPools-99'],
            [{ Name: ' ' }, '/Variables/0/Name', ''],
            [{ Name: 'A', Type: 'Odd' }, '/Variables/0/Type', 'Odd'],
        ]) {
            await assertRefused(at.api, 'PUT', self, { ...set, Variables: [variable] }, [place, value]);
        }
        assert.deepEqual(await at.api.get(self), set);
    });

    test('what was frozen for a release can be read and not be changed', async () => {
        const project = await Project.create(at.api, { variables: [{ Name: 'A', Value: 'old' }] });
        const version = await project.createRelease();
        await project.setVariables([{ Name: 'A', Value: 'new' }]);
        const release = await at.api.get(`${S}/projects/${project.id}/releases/${version}`);
        const frozen = await at.api.get(`${S}/variables/${release.ProjectVariableSetSnapshotId}`);
        assert.equal(frozen.Variables[0].Value, 'old');
        await assertRefused(at.api, 'PUT', frozen.Links.Self, { ...frozen, Variables: [] }, 'snapshot');
        const updated = await at.api.post(`${S}/releases/${release.Id}/snapshot-variables`);
        assert.equal((await at.api.get(`${S}/variables/${updated.ProjectVariableSetSnapshotId}`)).Variables[0].Value, 'new');
    });

    test('a prompted variable takes its value from who starts, and a required one must have it', async () => {
        const project = await Project.create(at.api, {
            steps: [scriptStep('say', 'echo "who: $(get_octopusvariable Who), word: $(get_octopusvariable Word)"; test "$(get_octopusvariable Word)" = "swordfish"')],
            variables: [{ Name: 'Who', Value: '', Prompt: { Label: 'Who?', Required: true } },
                { Name: 'Word', IsSensitive: true, Prompt: { Label: 'Word?', Required: true } }],
        });
        const releaseVersion = await project.createRelease();
        const command = { spaceId: 'Spaces-1', projectName: project.name, releaseVersion, environmentNames: [project.environment.Name] };
        await assertRefused(at.api, 'POST', `${S}/deployments/create/untenanted/v1`, { ...command, variables: { Who: 'me' } }, ['Word', 'required']);
        assert.equal((await at.api.get(`${S}/deployments?projects=${project.id}`)).TotalResults, 0);
        const task = await project.deploy({ releaseVersion, variables: { who: 'me', Word: 'swordfish' } });
        const raw = await rawLog(at.api, task.Id);
        assert.equal(task.State, 'Success', raw);
        assert.match(raw, /who: me, word: \*{8}/);
        const [deployment] = (await at.api.get(`${S}/deployments?projects=${project.id}`)).Items;
        assert.deepEqual(deployment.FormValues, { Who: 'me' });
        assert.ok(!JSON.stringify(deployment).includes('swordfish'));
    });

    test('only prompted variables take a value from who starts: a mistyped name is refused and not kept', async () => {
        const project = await Project.create(at.api, {
            steps: [scriptStep('say', 'true')],
            variables: [{ Name: 'Word', IsSensitive: true, Prompt: { Label: 'Word?', Required: false } }, { Name: 'Fixed', Value: 'x' },
                { Name: 'Key', Value: 'abc', IsSensitive: true }],
        });
        const command = { projectName: project.name, releaseVersion: await project.createRelease(), environmentNames: [project.environment.Name] };
        const deploy = `${S}/deployments/create/untenanted/v1`;
        await assertRefused(at.api, 'POST', deploy, { ...command, variables: { Wrod: 'swordfish', Fixed: 'y', Key: 'z', Word: 'w' } },
            ["'Wrod'", "'Fixed'", "'Key'"]);
        const runbook = await project.createRunbook([scriptStep('say', 'true')]);
        await assertRefused(at.api, 'POST', `${S}/runbookRuns`, { RunbookId: runbook.Id, EnvironmentId: project.environment.Id, FormValues: { Wrod: 'swordfish' } },
            "'Wrod'");
        assert.equal((await at.api.get(`${S}/deployments?projects=${project.id}`)).TotalResults, 0);
        assert.equal((await project.deploy({ variables: { word: 'w' } })).State, 'Success');
    });

    test('a value for a prompted variable does not replace its namesake where the prompt does not count', async () => {
        const [here, there] = [await createEnvironment(at.api), await createEnvironment(at.api)];
        const project = await Project.create(at.api, {
            environment: here,
            steps: [scriptStep('say', 'echo "level $(get_octopusvariable Level)"')],
            variables: [{ Name: 'Level', Value: 'fixed', Scope: { Environment: [here.Id] } },
                { Name: 'Level', Scope: { Environment: [there.Id] }, Prompt: { Label: 'Level?', Required: true } }],
        });
        const releaseVersion = await project.createRelease();
        for (const [environment, level] of [[here, 'fixed'], [there, 'given']]) {
            const task = await project.deploy({ releaseVersion, environment, variables: { Level: 'given' } });
            assert.match(await rawLog(at.api, task.Id), new RegExp(`level ${level}`));
        }
    });
});
