// Lifecycles at work: what goes by itself, what a defect stops, and how far releases are (rest.md 2.11, 2.13).
import fs from 'node:fs';
import { temporaryFolder } from '../lib/folder.mjs';
import { createEnvironment, Project, scriptStep, waitForTask } from '../lib/project.mjs';
import { until } from '../lib/processes.mjs';
import { apiSuite, assert, assertRefused, fresh, names, S, test } from './suite.mjs';

apiSuite('promotion', (at) => {
    // A project under a lifecycle whose phases are given by functions of its three environments.
    async function projectUnder(phases, options) {
        const environments = [];
        for (let i = 0; i < 3; i++) environments.push(await createEnvironment(at.api));
        const lifecycle = await at.api.post(`${S}/lifecycles`, { Name: fresh('Lifecycle'), Phases: phases(environments.map((one) => one.Id)) });
        const project = await Project.create(at.api, { environment: environments[0], steps: [scriptStep('one', 'true')], ...options });
        await at.api.put(project.resource.Links.Self, { ...project.resource, LifecycleId: lifecycle.Id });
        return { project, lifecycle, environments };
    }
    const release = async (project) => at.api.get(`${S}/projects/${project.id}/releases/${await project.createRelease()}`);
    const deploymentsOf = async (one) => (await at.api.get(one.Links.Deployments.replace(/\{.*/, ''))).Items;
    const ended = (one, n) => until(`${n} deployments of ${one.Id} that have ended`, async () => {
        const items = await deploymentsOf(one);
        for (const item of items) await waitForTask(at.api, item.TaskId);
        return items.length >= n && items;
    });
    const progression = (one) => at.api.get(one.Links.Progression);

    test('a release goes by itself to the automatic environments of each phase that it reaches, once', async () => {
        const { project, environments: [first, second, third] } = await projectUnder(([a, b, c]) => [
            { Name: 'Try', AutomaticDeploymentTargets: [a, b] }, { Name: 'Real', AutomaticDeploymentTargets: [c] }]);
        const answer = await at.api.post(`${S}/releases/create/v1`, { projectName: project.name });
        assert.equal(answer.AutomaticallyDeployedEnvironments, `${first.Name}, ${second.Name}`);
        const made = await at.api.get(`${S}/releases/${answer.ReleaseId}`);
        const items = await ended(made, 3);
        assert.deepEqual(items.map((one) => one.EnvironmentId).sort(), [first.Id, second.Id, third.Id].sort());
        assert.equal(items[0].EnvironmentId, third.Id);
        assert.deepEqual([items[0].DeployedBy, items[0].DeployedById, items[0].ChannelId], ['system', 'users-system', made.ChannelId]);
        await project.deploy({ releaseVersion: made.Version, environment: first });
        assert.equal((await deploymentsOf(made)).length, 4);
        assert.deepEqual((await progression(made)).Phases.map((one) => one.Progress), ['Complete', 'Complete']);
    });

    test('what a lifecycle has to do is not forgotten when the server is killed, and not done twice', async (t) => {
        const folder = temporaryFolder(t);
        const steps = [scriptStep('hold', `: > '${folder}/runs'; until [ -e '${folder}/go' ]; do sleep 0.05; done`)];
        const { project, environments } = await projectUnder(([a, b, c]) => [{ Name: 'Try', AutomaticDeploymentTargets: [a] }, { Name: 'Real', AutomaticDeploymentTargets: [b, c] }], { steps });
        const made = await release(project);
        await until('the first one to run', () => fs.existsSync(`${folder}/runs`));
        await at.server.kill();
        fs.writeFileSync(`${folder}/go`, '');
        await at.server.resume();
        await ended(made, 2);
        await at.server.kill();
        await at.server.resume();
        const items = await ended(made, 3);
        assert.deepEqual(items.map((one) => one.EnvironmentId).sort(), environments.map((one) => one.Id).sort());
    });

    test('an automatic deployment that cannot be made is noted in the audit and stops nothing else', async () => {
        const { project, environments } = await projectUnder(([a, b]) => [{ Name: 'Try', AutomaticDeploymentTargets: [a, b] }]);
        await project.setVariables([{ Name: 'Ask', Value: '', Prompt: { Label: 'Ask', Required: true, DisplaySettings: {} }, Scope: { Environment: [environments[0].Id] } }]);
        const made = await release(project);
        const [only] = await ended(made, 1);
        assert.equal(only.EnvironmentId, environments[1].Id);
        if (!at.query) return; // the audit is read on PostgreSQL only
        const noted = await at.query(`select message from event where category = 'DeploymentFailed' and message like '%${made.Id} to ${environments[0].Id}%'`);
        assert.match(JSON.stringify(noted), /Ask/);
    });

    test('a defect keeps a release out of the next phase until it is resolved, and then it goes on', async () => {
        const { project, environments: [first, second] } = await projectUnder(([a, b]) => [
            { Name: 'Try', OptionalDeploymentTargets: [a] }, { Name: 'Real', AutomaticDeploymentTargets: [b] }]);
        const made = await release(project);
        await assertRefused(at.api, 'POST', made.Links.ResolveDefect, undefined, made.Id);
        await assertRefused(at.api, 'POST', made.Links.ReportDefect, {}, 'Description');
        const defect = await at.api.post(made.Links.ReportDefect, { Description: 'It burns' });
        assert.deepEqual([defect.Description, defect.Status, defect.ReleaseId], ['It burns', 'Unresolved', made.Id]);
        await assertRefused(at.api, 'POST', made.Links.ReportDefect, { Description: 'Again' }, 'It burns');
        await project.deploy({ releaseVersion: made.Version, environment: first });
        const path = `${S}/deployments/create/untenanted/v1`;
        await assertRefused(at.api, 'POST', path, { projectName: project.name, releaseVersion: made.Version, environmentNames: [second.Name] }, [second.Name, 'defect', 'Real']);
        const { Releases: [state] } = await at.api.get(`${S}/projects/${project.id}/progression`);
        assert.deepEqual([state.HasUnresolvedDefect, state.NextDeployments], [true, []]);
        assert.equal((await deploymentsOf(made)).length, 1);
        assert.equal((await at.api.post(made.Links.ResolveDefect)).Status, 'Resolved');
        assert.equal((await ended(made, 2))[0].EnvironmentId, second.Id);
        const defects = await at.api.get(made.Links.Defects);
        assert.deepEqual(defects.Items.map((one) => one.Status), ['Resolved']);
        assert.deepEqual(await at.api.get(defect.Links.Self), defects.Items[0]);
    });

    test('the progression of a release says for each phase how far it is', async () => {
        const { project, environments: [first, second, third] } = await projectUnder(([a, b, c]) => [
            { Name: 'Try', OptionalDeploymentTargets: [a, b], MinimumEnvironmentsBeforePromotion: 1 },
            { Name: 'Maybe', OptionalDeploymentTargets: [c], IsOptionalPhase: true, IsPriorityPhase: true }, { Name: 'Rest' }]);
        const made = await release(project);
        const before = await progression(made);
        assert.deepEqual(before.Phases.map((one) => [one.Name, one.Progress, one.Blocked]), [['Try', 'Current', false], ['Maybe', 'Pending', true], ['Rest', 'Pending', true]]);
        assert.deepEqual([before.NextDeployments, before.NextDeploymentsMinimumRequired], [[first.Id, second.Id], 1]);
        const task = await project.deploy({ releaseVersion: made.Version, environment: second });
        const after = await progression(made);
        assert.deepEqual(after.Phases.map((one) => [one.Progress, one.Blocked]), [['Complete', false], ['Current', false], ['Current', false]]);
        assert.ok(after.NextDeployments.includes(third.Id) && !after.NextDeployments.includes(second.Id));
        const [{ Task, Deployment }] = after.Phases[0].Deployments;
        assert.deepEqual([Task.Id, Task.State, Deployment.ReleaseId], [task.Id, 'Success', made.Id]);
        assert.deepEqual([after.Phases[1].IsOptionalPhase, after.Phases[1].IsPriorityPhase, after.Phases[1].OptionalDeploymentTargets], [true, true, [third.Id]]);
    });

    test('the preview of a lifecycle shows which environments each phase really has', async () => {
        const { lifecycle, environments: [first, second] } = await projectUnder(([a]) => [{ Name: 'Try', AutomaticDeploymentTargets: [a] }, { Name: 'Rest' }]);
        const { Phases: [named, open] } = await at.api.get(lifecycle.Links.Preview);
        assert.deepEqual([named.AutomaticDeploymentTargets, named.OptionalDeploymentTargets], [[first.Id], []]);
        assert.ok(open.OptionalDeploymentTargets.includes(second.Id) && !open.OptionalDeploymentTargets.includes(first.Id));
        const whole = await at.api.get(`${S}/lifecycles/${(await at.api.post(`${S}/lifecycles`, { Name: fresh('Lifecycle') })).Id}/preview`);
        assert.deepEqual([whole.Phases.length, whole.Phases[0].OptionalDeploymentTargets.includes(first.Id)], [1, true]);
    });

    test('the progression of a project shows its newest releases, where they are and where they may go', async () => {
        const { project, environments: [first, second] } = await projectUnder(([a, b]) => [
            { Name: 'Try', OptionalDeploymentTargets: [a] }, { Name: 'Real', OptionalDeploymentTargets: [b] }]);
        const old = await release(project);
        const task = await project.deploy({ releaseVersion: old.Version, environment: first });
        const made = await release(project);
        const all = await at.api.get(project.resource.Links.Progression.replace(/\{.*/, ''));
        assert.deepEqual(names(all.Environments), [first.Name, second.Name]);
        assert.deepEqual(all.ChannelEnvironments, { [made.ChannelId]: [{ Id: first.Id, Name: first.Name }, { Id: second.Id, Name: second.Name }] });
        assert.deepEqual(all.Releases.map((one) => [one.Release.Version, one.NextDeployments]), [[made.Version, [first.Id]], [old.Version, [second.Id]]]);
        assert.deepEqual([all.Releases[0].Channel.Id, all.Releases[0].HasUnresolvedDefect, all.Releases[0].Deployments], [made.ChannelId, false, {}]);
        const [item] = all.Releases[1].Deployments[first.Id];
        assert.deepEqual([item.TaskId, item.State, item.ReleaseVersion, item.IsCurrent, item.IsCompleted, item.ProjectId], [task.Id, 'Success', old.Version, true, true, project.id]);
        assert.ok(item.CompletedTime && item.Duration && item.DeploymentId);
        assert.equal((await at.api.get(`${S}/projects/${project.id}/progression?releaseHistoryCount=1`)).Releases.length, 1);
        await assertRefused(at.api, 'GET', `${S}/projects/${project.id}/progression?releaseHistoryCount=0`, undefined, 'releaseHistoryCount');
    });
});
