// Deployments: one task per environment, where a release may go, what is shown before (rest.md 2.13).
import octopus from '@octopusdeploy/api-client';
import { createEnvironment, Project, rawLog, scriptStep, waitForTask } from '../lib/project.mjs';
import { apiSuite, assert, assertRefused, fresh, names, S, test } from './suite.mjs';

const V1 = `${S}/deployments/create/untenanted/v1`;

apiSuite('deployments', (at) => {
    const released = async (options = { steps: [scriptStep('hello', 'echo hello')] }) => {
        const project = await Project.create(at.api, options);
        const releaseVersion = await project.createRelease();
        return { project, releaseVersion, command: { projectName: project.name, releaseVersion, environmentNames: [project.environment.Name] } };
    };
    const count = async (project) => (await at.api.get(`${S}/deployments?projects=${project.id}`)).TotalResults;

    test('one deployment and task per environment, named by id, name or slug', async () => {
        const { project, command } = await released();
        const [second, third] = [await createEnvironment(at.api), await createEnvironment(at.api)];
        const answer = await at.api.send('POST', V1, { ...command, environmentNames: [project.environment.Id, second.Name.toUpperCase(), third.Slug] });
        assert.equal(answer.status, 201, answer.text);
        const tasks = answer.body.DeploymentServerTasks;
        assert.equal(tasks.length, 3);
        for (const { DeploymentId, ServerTaskId } of tasks) {
            const deployment = await at.api.get(`${S}/deployments/${DeploymentId}`);
            assert.equal(deployment.TaskId, ServerTaskId);
            assert.equal(deployment.Links.Task, `/api/tasks/${ServerTaskId}`);
            const task = await waitForTask(at.api, ServerTaskId);
            assert.equal(task.State, 'Success', await rawLog(at.api, ServerTaskId));
            assert.equal(task.Arguments.DeploymentId, DeploymentId);
        }
        const list = await at.api.get(`${S}/deployments?projects=${project.id}&environments=${second.Id},${third.Id}`);
        assert.deepEqual(list.Items.map((d) => d.EnvironmentId), [third.Id, second.Id]);
    });

    test('when one environment is wrong nothing is deployed', async () => {
        const { project, command } = await released();
        await assertRefused(at.api, 'POST', V1, { ...command, environmentNames: [project.environment.Name, 'No such'] }, ['environmentNames', 'No such']);
        await assertRefused(at.api, 'POST', V1, { ...command, environmentNames: [] }, 'EnvironmentNames');
        await assertRefused(at.api, 'POST', V1, { ...command, environmentNames: [null] }, 'EnvironmentNames');
        await assertRefused(at.api, 'POST', V1, { ...command, releaseVersion: '9.9.9' }, ['releaseVersion', '9.9.9']);
        await assertRefused(at.api, 'POST', V1, { ...command, projectName: 'No such' }, ['projectName', 'No such']);
        await assertRefused(at.api, 'POST', V1, { ...command, environmentNames: 'Staging' }, ['EnvironmentNames', 'Staging']);
        await assertRefused(at.api, 'POST', V1, { ...command, specificMachineNames: ['web-1'] }, ['SpecificMachineNames', 'web-1']);
        const { Id } = await at.api.get(`${S}/projects/${project.id}/releases/${command.releaseVersion}`);
        for (const member of ['SpecificMachineIds', 'ExcludedTargetTagIds']) {
            await assertRefused(at.api, 'POST', `${S}/deployments`, { ReleaseId: Id, EnvironmentId: project.environment.Id, [member]: ['', 'No-1'] }, [member, 'No-1']);
        }
        await assertRefused(at.api, 'POST', V1, { ...command, deploymentFreezeNames: ['Easter'] }, ['DeploymentFreezeNames', 'Easter']);
        assert.equal(await count(project), 0);
    });

    test('what was asked for is kept', async () => {
        const { project, command } = await released({ steps: [scriptStep('one', 'echo one-ran'), scriptStep('two', 'echo two-ran')] });
        const asked = { forcePackageDownload: true, useGuidedFailure: null, comments: 'please', skipStepNames: ['two'] };
        const { DeploymentServerTasks: [{ DeploymentId, ServerTaskId }] } = await at.api.post(V1, { ...command, ...asked });
        const deployment = await at.api.get(`${S}/deployments/${DeploymentId}`);
        assert.deepEqual([deployment.ForcePackageDownload, deployment.Comments, deployment.SkipActions], [true, 'please', ['two']]);
        assert.equal(deployment.ReleaseId, (await at.api.get(`${S}/projects/${project.id}/releases/${command.releaseVersion}`)).Id);
        const task = await waitForTask(at.api, ServerTaskId);
        const raw = await rawLog(at.api, ServerTaskId);
        assert.equal(task.State, 'Success', raw);
        assert.match(raw, /one-ran/);
        assert.doesNotMatch(raw, /two-ran/);
    });

    test('a disabled project deploys nothing', async () => {
        const { project, command } = await released();
        await at.api.put(project.resource.Links.Self, { ...project.resource, IsDisabled: true });
        await assertRefused(at.api, 'POST', V1, command, [project.name, 'disabled']);
        assert.equal(await count(project), 0);
    });

    test('a lifecycle lets a release go phase by phase', async () => {
        const [first, second, stranger] = [await createEnvironment(at.api), await createEnvironment(at.api), await createEnvironment(at.api)];
        const lifecycle = await at.api.post(`${S}/lifecycles`, {
            Name: fresh('Lifecycle'),
            Phases: [{ Name: 'Try', OptionalDeploymentTargets: [first.Id] }, { Name: 'Real', OptionalDeploymentTargets: [second.Id] }],
        });
        const { project, releaseVersion, command } = await released();
        await at.api.put(project.resource.Links.Self, { ...project.resource, LifecycleId: lifecycle.Id });
        const release = await at.api.get(`${S}/projects/${project.id}/releases/${releaseVersion}`);
        const targets = async () => names((await at.api.get(release.Links.DeploymentTemplate)).PromoteTo);
        assert.deepEqual(await targets(), [first.Name]);
        await assertRefused(at.api, 'POST', V1, { ...command, environmentNames: [stranger.Id] }, [stranger.Name, lifecycle.Name]);
        await assertRefused(at.api, 'POST', V1, { ...command, environmentNames: [second.Id] }, [second.Name, 'Try']);
        const task = await project.deploy({ releaseVersion, environment: first });
        assert.equal(task.State, 'Success');
        assert.deepEqual((await targets()).sort(), [first.Name, second.Name].sort());
        assert.equal((await project.deploy({ releaseVersion, environment: second })).State, 'Success');
    });

    test('the release takes the variables as they are now when it is asked to', async () => {
        const project = await Project.create(at.api, { steps: [scriptStep('say', 'echo "word: $(get_octopusvariable Word)"')], variables: [{ Name: 'Word', Value: 'old' }] });
        const releaseVersion = await project.createRelease();
        await project.setVariables([{ Name: 'Word', Value: 'new' }]);
        const before = await project.deploy({ releaseVersion });
        assert.match(await rawLog(at.api, before.Id), /word: old/);
        const after = await project.deploy({ releaseVersion, updateVariableSnapshot: true });
        assert.match(await rawLog(at.api, after.Id), /word: new/);
        const later = await project.deploy({ releaseVersion });
        assert.match(await rawLog(at.api, later.Id), /word: new/);
    });

    test('a preview asks only for what counts in its environment, and knows who is asked when a step fails', async () => {
        const { project, command } = await released({ variables: [] });
        const other = await createEnvironment(at.api);
        const Prompt = { Label: 'x', Required: false, DisplaySettings: {} };
        await project.setVariables([{ Name: 'Here', Value: '', Prompt, Scope: { Environment: [project.environment.Id] } }, { Name: 'There', Value: '', Prompt, Scope: { Environment: [other.Id] } }]);
        const { Id } = await at.api.get(`${S}/projects/${project.id}/releases/${command.releaseVersion}`);
        await at.api.post(`${S}/releases/${Id}/snapshot-variables`);
        const look = (environment) => at.api.get(`${S}/releases/${Id}/deployments/preview/${environment.Id}`);
        assert.deepEqual((await look(project.environment)).Form.Elements.map((one) => one.Control.Name), ['Here']);
        assert.deepEqual((await look(other)).Form.Elements.map((one) => one.Control.Name), ['There']);
        const modes = async (mode, environment) => {
            await at.api.put(project.resource.Links.Self, { ...(await at.api.get(project.resource.Links.Self)), DefaultGuidedFailureMode: mode });
            return (await look(environment)).UseGuidedFailureModeByDefault;
        };
        await at.api.put(other.Links.Self, { ...other, UseGuidedFailure: true });
        assert.deepEqual([await modes('EnvironmentDefault', other), await modes('Off', other), await modes('On', project.environment), await modes('EnvironmentDefault', project.environment)],
            [true, false, true, false]);
    });

    test('a preview shows the steps that would run and the values to ask for', async () => {
        const { project, releaseVersion } = await released({
            steps: [scriptStep('one', 'true'), scriptStep('off', 'true', { action: { IsDisabled: true } })],
            variables: [{ Name: 'Who', Value: 'you', Prompt: { Label: 'Who?', Required: true } }],
        });
        const release = await at.api.get(`${S}/projects/${project.id}/releases/${releaseVersion}`);
        const { PromoteTo } = await at.api.get(release.Links.DeploymentTemplate);
        const link = PromoteTo.find((one) => one.Id === project.environment.Id).Links.Preview;
        const preview = await at.api.get(link.replace('{?includeDisabledSteps}', ''));
        assert.deepEqual(preview.StepsToExecute.map((step) => step.ActionName), ['one']);
        const [element] = preview.Form.Elements;
        assert.deepEqual([element.Control.Name, element.Control.Label, preview.Form.Values[element.Name]], ['Who', 'Who?', 'you']);
        const both = await at.api.post(`${S}/releases/${release.Id}/deployments/previews`,
            { DeploymentPreviews: [{ EnvironmentId: project.environment.Id }], IncludeDisabledSteps: true });
        assert.deepEqual(both[0].StepsToExecute.map((step) => step.IsDisabled), [false, true]);
        const values = { [element.Name]: 'somebody' };
        const deployment = await at.api.post(`${S}/deployments`, { ReleaseId: release.Id, EnvironmentId: project.environment.Id, FormValues: values });
        assert.deepEqual(deployment.FormValues, { Who: 'somebody' });
        await waitForTask(at.api, deployment.TaskId);
    });

    test('the classic form takes a document, and answers with one', async () => {
        const { project, releaseVersion } = await released();
        const release = await at.api.get(`${S}/projects/${project.id}/releases/${releaseVersion}`);
        const deployment = await at.api.post(`${S}/deployments`, { ReleaseId: release.Id, EnvironmentId: project.environment.Id, Comments: 'classic' });
        assert.deepEqual(await at.api.get(deployment.Links.Self), deployment);
        assert.equal(deployment.Comments, 'classic');
        assert.equal((await waitForTask(at.api, deployment.TaskId)).State, 'Success');
        assert.deepEqual((await at.api.get(`${S}/releases/${release.Id}/deployments`)).Items.map((d) => d.Id), [deployment.Id]);
        await assertRefused(at.api, 'POST', `${S}/deployments`, { ReleaseId: 'Releases-999', EnvironmentId: project.environment.Id }, ['ReleaseId', 'Releases-999']);
        await assertRefused(at.api, 'POST', `${S}/deployments`, { ReleaseId: release.Id }, 'EnvironmentId');
    });

    test('many at once, of one release with fresh variables, are all queued', async () => {
        const { command } = await released();
        const answers = await Promise.all(Array.from({ length: 12 }, () => at.api.send('POST', V1, { ...command, updateVariableSnapshot: true })));
        assert.deepEqual(answers.map((a) => a.status), Array(12).fill(201), answers.find((a) => a.status !== 201)?.text);
        for (const answer of answers) await waitForTask(at.api, answer.body.DeploymentServerTasks[0].ServerTaskId);
    });

    test('the public client deploys and finds the deployment', async () => {
        const { project, releaseVersion } = await released();
        const client = await at.server.client();
        const deployments = new octopus.DeploymentRepository(client, 'Default');
        const { DeploymentServerTasks: [one] } = await deployments.create({
            spaceName: 'Default', ProjectName: project.name, ReleaseVersion: releaseVersion, EnvironmentNames: [project.environment.Name],
        });
        assert.deepEqual((await deployments.list({ ids: [one.DeploymentId], take: 1 })).Items.map((d) => d.TaskId), [one.ServerTaskId]);
        await waitForTask(at.api, one.ServerTaskId);
    });
});
