// What the CLI asks for its commands about releases, deployments and runbooks (rest.md 3.2): the requests as its library sends
// them - headers, camelCase bodies, the same questions again and again - and the members of the answers that it reads.
import { Project, scriptStep } from '../lib/project.mjs';
import { until } from '../lib/processes.mjs';
import { API_KEY } from '../lib/server.mjs';
import { apiSuite, assert, S, test } from './suite.mjs';

apiSuite('the CLI', (at) => {
    // One command: its requests carry its name.
    const cli = (command) => {
        const headers = {
            Accept: 'application/json',
            'Accept-Encoding': 'gzip',
            'User-Agent': `go-octopusdeploy/2.111.0 (linux; amd64) go/1.24.2 octopus/2.19.1 (${command})`,
            'X-Octopus-ApiKey': API_KEY,
        };
        const ask = async (method, path, body, status) => {
            const answer = await at.api.send(method, path, body === undefined ? undefined : JSON.stringify(body), { headers: { ...headers, ...(body === undefined ? {} : { 'Content-Type': 'application/json' }) } });
            assert.equal(answer.status, status, `${method} ${path}: ${answer.text}`);
            assert.match(answer.headers.get('content-type'), /^application\/json/);
            assert.ok(Number(answer.headers.get('content-length')) > 0);
            return answer.body;
        };
        return {
            get: (path, status = 200) => ask('GET', path, undefined, status),
            post: (path, body, status = 201) => ask('POST', path, body, status),
            put: (path, body) => ask('PUT', path, body, 200),
            // What every command begins with.
            async begin() {
                const root = await this.get('/api/');
                for (const member of ['Application', 'Version', 'ApiVersion', 'InstallationId']) assert.match(root[member], /./, member);
                const page = await this.get('/api/spaces');
                const [space] = page.Items.filter((one) => one.IsDefault);
                assert.ok((await this.get('/api/spaces/all')).some((one) => one.Id === space.Id));
                await this.get('/api/');
                const home = await this.get(`/api/${space.Id}`);
                assert.ok(!('Version' in home) && home.Links.Projects);
            },
            // Projects are looked up by what the user typed.
            project(typed) {
                return this.get(`${S}/projects/${encodeURIComponent(typed)}`);
            },
        };
    };
    const made = (options) => Project.create(at.api, { steps: [scriptStep('hello', 'echo hello')], ...options });
    const both = { spaceId: 'Spaces-1', spaceIdOrName: 'Spaces-1' };
    const execution = { ...both, forcePackageDownload: false, useGuidedFailure: null };

    test('login', async () => {
        const c = cli('login');
        await c.get('/api/');
        await c.get('/api/spaces');
        const me = await c.get('/api/users/me');
        assert.deepEqual([typeof me.Username, me.IsActive, typeof me.Links.Spaces], ['string', true, 'string']);
    });

    test('release create: the release and its channel are read afterwards', async () => {
        const project = await made(), c = cli('release;create');
        await c.begin();
        const found = await c.project(project.name.toUpperCase());
        assert.deepEqual([found.Id, found.PersistenceSettings.Type], [project.id, 'Database']);
        const answer = await c.post(`${S}/releases/create/v1`, { ...both, projectName: found.Name, releaseVersion: '1.0.0', releaseNotes: 'notes', ignoreIfAlreadyExists: true });
        assert.equal(answer.ReleaseVersion, '1.0.0');
        const release = await c.get(`${S}/releases/${answer.ReleaseId}`);
        assert.deepEqual([release.Version, release.ReleaseNotes, release.ProjectId], ['1.0.0', 'notes', project.id]);
        assert.equal((await c.get(`${S}/channels/${release.ChannelId}`)).Type, 'Lifecycle');
        const inChannel = await c.post(`${S}/releases/create/v1`, { ...both, projectName: found.Name, channelIdOrName: 'Default' });
        assert.equal(inChannel.ReleaseVersion, '1.0.1');
        await c.post(`${S}/releases/create/v1`, { ...both, projectName: found.Name, channelIdOrName: 'No such' }, 400);
        await c.project('No such project').then(() => assert.fail(), () => {});
        assert.deepEqual((await c.get(`${S}/projects?partialName=No+such+project`)).Items, []);
    });

    test('release create, asking: the template of the process says what to ask for', async () => {
        const project = await made(), c = cli('release;create');
        const [channel] = (await c.get(`${S}/projects/${project.id}/channels`)).Items;
        const process = await c.get(`${S}/projects/${project.id}/deploymentprocesses`);
        const template = await c.get(process.Links.Template.replace('{?channel,releaseId}', `?channel=${channel.Id}`).replace('{?channel}', `?channel=${channel.Id}`));
        assert.deepEqual([template.DeploymentProcessId, template.NextVersionIncrement, template.Packages, template.GitResources], [process.Id, '0.0.1', [], []]);
        const settings = await c.get(`${S}/projects/${project.id}/deploymentsettings`);
        assert.ok(settings.VersioningStrategy.Template);
    });

    test('release deploy --no-prompt, and task wait with its progress', async () => {
        const project = await made(), c = cli('release;deploy'), releaseVersion = await project.createRelease();
        await c.begin();
        await c.project(project.name);
        const { DeploymentServerTasks: [one] } = await c.post(`${S}/deployments/create/untenanted/v1`,
            { ...execution, projectName: project.name, releaseVersion, environmentNames: [project.environment.Name], forcePackageRedeployment: false, updateVariableSnapshot: false });
        assert.deepEqual(Object.keys(one), ['DeploymentId', 'ServerTaskId']);
        assert.equal((await c.get(`${S}/projects/${project.id}/releases/${releaseVersion}`)).Version, releaseVersion);

        const wait = cli('task;wait');
        await wait.begin();
        const task = await until('the task to end', async () => {
            const page = await wait.get(`/api/tasks?ids=${one.ServerTaskId}`);
            assert.deepEqual([page.TotalResults, page.Links['Page.Next']], [1, undefined]);
            return page.Items[0].IsCompleted && page.Items[0];
        });
        assert.deepEqual([task.FinishedSuccessfully, task.State, task.Arguments.DeploymentId], [true, 'Success', one.DeploymentId]);
        const details = await wait.get(`/api/tasks/${one.ServerTaskId}/details?verbose=true`);
        assert.ok(details.Progress.ProgressPercentage === 100 && details.ActivityLogs[0].Children.length > 0);
    });

    test('task wait: a page of several, and a cancel at the time limit', async () => {
        const project = await made({ steps: [scriptStep('long', 'sleep 600')] }), c = cli('task;wait');
        const ids = [await project.startDeployment(), await project.startDeployment()];
        const page = await c.get(`/api/tasks?ids=${ids.join('%2C')}`);
        assert.deepEqual(page.Items.map((one) => one.Id).sort(), [...ids].sort());
        for (const id of ids) assert.equal((await c.post(`/api/spaces/Spaces-1/tasks/${id}/cancel`, undefined, 200)).Id, id);
        await until('both to end', async () => (await c.get(`/api/tasks?ids=${ids.join('%2C')}`)).Items.every((one) => one.IsCompleted));
    });

    test('release deploy, asking: phases, previews with prompted variables, steps and targets', async () => {
        const project = await made(), c = cli('release;deploy');
        await project.setVariables([{ Name: 'Word', Value: 'kiwi', Prompt: { Label: 'A word', Description: 'any', Required: true, DisplaySettings: { 'Octopus.ControlType': 'SingleLineText' } } },
            { Name: 'Secret', IsSensitive: true, Value: 'hidden', Prompt: { Label: 'A secret', Required: false, DisplaySettings: { 'Octopus.ControlType': 'Sensitive' } } }]);
        const version = await project.createRelease(), environment = project.environment.Id;
        const release = await c.get(`${S}/projects/${project.id}/releases/${version}`);
        assert.equal((await c.get(`${S}/channels/${release.ChannelId}`)).Type, 'Lifecycle');
        assert.deepEqual(await c.get('/api/configuration/feature-toggles?Name=indicate-missing-packages-for-release'), { FeatureToggles: [] });
        assert.deepEqual(await c.get(`${S}/releases/${release.Id}/missingpackages`), { Packages: [] });
        const { Phases, NextDeployments } = await c.get(`${S}/releases/${release.Id}/progression`);
        assert.deepEqual([Phases[0].Progress, NextDeployments.includes(environment)], ['Current', true]);
        assert.equal((await c.get(`${S}/environments?ids=${environment}`)).Items[0].Name, project.environment.Name);
        assert.equal((await c.get(`${S}/environments/v2?type=Ephemeral&skip=0&take=2147483647`)).TotalResults, 0);
        const set = await c.get(`${S}/variables/${release.ProjectVariableSetSnapshotId}`);
        assert.deepEqual(set.Variables.map((one) => [one.Name, one.IsSensitive, one.Value]), [['Word', false, 'kiwi'], ['Secret', true, null]]);
        const [preview] = await c.post(`${S}/releases/${release.Id}/deployments/previews`, { DeploymentPreviews: [{ EnvironmentId: environment, TenantId: '' }], IncludeDisabledSteps: true, ReleaseId: release.Id, SpaceId: 'Spaces-1' }, 200);
        const [word, secret] = preview.Form.Elements;
        assert.deepEqual([word.Control.Type, word.Control.Name, word.Control.Label, word.Control.Required, word.IsValueRequired, word.Control.DisplaySettings], ['VariableValue', 'Word', 'A word', true, true, { 'Octopus.ControlType': 'SingleLineText' }]);
        assert.deepEqual([secret.Control.Name, preview.Form.Values[word.Name], preview.Form.Values[secret.Name]], ['Secret', 'kiwi', '']);
        assert.deepEqual(preview.StepsToExecute.map((one) => [one.ActionName, one.ActionNumber, one.MachineNames, one.CanBeSkipped]), [['hello', '1', [], true]]);
        assert.equal((await c.get(`${S}/deploymentprocesses/${release.ProjectDeploymentProcessSnapshotId}`)).Steps[0].Name, 'hello');
        const one = await c.get(`${S}/releases/${release.Id}/deployments/preview/${environment}?includeDisabledSteps=true`);
        assert.deepEqual(one, preview);
        const { PromoteTo } = await c.get(`${S}/releases/${release.Id}/deployments/template`);
        assert.ok(PromoteTo.some((target) => target.Id === environment));
        const { DeploymentServerTasks: [started] } = await c.post(`${S}/deployments/create/untenanted/v1`, { ...execution, projectName: project.name, releaseVersion: version, environmentNames: [project.environment.Name],
            skipStepNames: ['hello'], variables: { Word: 'plum' }, useGuidedFailure: true, forcePackageRedeployment: false, updateVariableSnapshot: true });
        const deployment = await c.get(`${S}/deployments/${started.DeploymentId}`);
        assert.deepEqual([deployment.FormValues, deployment.SkipActions, deployment.UseGuidedFailure], [{ Word: 'plum' }, ['hello'], true]);
    });

    test('release list and delete, progression prevent and allow, snapshot-variables', async () => {
        const project = await made(), c = cli('release;list');
        await c.project(project.name);
        const version = await project.createRelease();
        const { Items: [release] } = await c.get(`${S}/projects/${project.id}/releases`);
        assert.equal((await c.get(`${S}/channels?ids=${release.ChannelId}`)).Items[0].Id, release.ChannelId);
        const defects = `${S}/releases/${release.Id}/defects`;
        assert.equal((await c.get(`${S}/projects/${project.id}/releases/${version}`)).Id, release.Id);
        assert.deepEqual((await c.get(defects)).Items, []);
        assert.equal((await c.post(defects, { ReleaseId: release.Id, Description: 'broken' })).Status, 'Unresolved');
        assert.equal((await c.post(`${defects}/resolve`, { ReleaseId: release.Id }, 200)).Status, 'Resolved');
        assert.equal((await c.get(defects)).Items[0].Status, 'Resolved');
        assert.equal((await c.post(`${S}/releases/${release.Id}/snapshot-variables`, undefined, 200)).Id, release.Id);
        assert.deepEqual(await at.api.delete(`${S}/releases/${release.Id}`), {});
    });

    test('runbook list, snapshot create, publish and list, run and delete', async () => {
        const project = await made(), c = cli('runbook;snapshot');
        const runbook = await project.createRunbook([scriptStep('hi', 'echo hi')]);
        await c.project(project.name);
        const { Items: [found] } = await c.get(`${S}/projects/${project.id}/runbooks?partialName=${encodeURIComponent(runbook.Name)}`);
        for (const member of ['MultiTenancyMode', 'EnvironmentScope', 'DefaultGuidedFailureMode']) assert.match(found[member], /./, member);
        const template = await c.get(found.Links.RunbookSnapshotTemplate);
        assert.deepEqual([template.RunbookId, template.NextNameIncrement, template.Packages], [found.Id, 'Snapshot 2', []]);
        const body = { ProjectId: project.id, RunbookId: found.Id, Name: template.NextNameIncrement, Notes: 'made by hand', SelectedPackages: [], SelectedGitResources: [] };
        const snapshot = await c.post(`${S}/runbookSnapshots`, body);
        assert.deepEqual([snapshot.Name, snapshot.Notes], ['Snapshot 2', 'made by hand']);
        assert.equal((await c.get(`${S}/projects/${project.id}/runbookSnapshots/${encodeURIComponent('Snapshot 2')}`)).Id, snapshot.Id);
        assert.notEqual(found.PublishedRunbookSnapshotId, snapshot.Id);
        const { Links, ...rest } = await c.get(`${S}/runbooks/${found.Id}`);
        assert.equal((await c.put(`${S}/runbooks/${found.Id}`, { ...rest, Links, PublishedRunbookSnapshotId: snapshot.Id })).PublishedRunbookSnapshotId, snapshot.Id);
        const published = await c.post(`${S}/runbookSnapshots?publish=true`, { ...body, Name: 'Snapshot 3' });
        assert.equal((await c.get(`${S}/runbooks/${found.Id}`)).PublishedRunbookSnapshotId, published.Id);
        const list = await c.get(`${S}/projects/${project.id}/runbooks/${found.Id}/runbookSnapshots?take=30`);
        assert.deepEqual(list.Items.map((one) => one.Name).slice(0, 2), ['Snapshot 3', 'Snapshot 2']);

        const run = cli('runbook;run');
        await run.begin();
        const { RunbookRunServerTasks: [one] } = await run.post(`${S}/runbook-runs/create/v1`, { ...execution, projectName: project.name, runbookName: runbook.Name, environmentNames: [project.environment.Name], snapshot: 'Snapshot 2' });
        const kept = await run.get(`${S}/runbookRuns/${one.RunbookRunId}`);
        assert.deepEqual([kept.RunbookSnapshotId, kept.TaskId, kept.Links.Task], [snapshot.Id, one.ServerTaskId, `/api/tasks/${one.ServerTaskId}`]);
        await until('the run to end', async () => (await run.get(`/api/tasks?ids=${one.ServerTaskId}`)).Items[0].IsCompleted);
        const targets = await run.get(found.Links.RunbookRunTemplate);
        const target = targets.PromoteTo.find((x) => x.Id === project.environment.Id);
        assert.equal((await run.get(target.Links.RunbookRunPreview.replace(/\{.*/, '?includeDisabledSteps=true'))).StepsToExecute[0].ActionName, 'hi');
        assert.deepEqual(await at.api.delete(`${S}/runbooks/${found.Id}`), {});
        await run.get(`${S}/runbooks/${found.Id}`, 404);
    });
});
