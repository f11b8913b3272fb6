// Retention: releases by their lifecycle, runs by their runbook, with tasks, logs and artifacts; what stands somewhere stays.
import { assertEnded, createEnvironment, details, linesOf, Project, scriptStep, waitForTask } from '../lib/project.mjs';
import { push } from '../lib/upload.mjs';
import { apiSuite, assert, assertRefused, fresh, S, test } from './suite.mjs';

const keepOne = { Strategy: 'Count', Unit: 'Items', QuantityToKeep: 1 };

apiSuite('retention', (at) => {
    async function retain() {
        const task = await waitForTask(at.api, (await at.api.post('/api/tasks', { Name: 'Retention' })).Id);
        await assertEnded(at.api, task, 'Success');
        return linesOf(await details(at.api, task.Id, 'verbose=true')).map((line) => line.MessageText).join('\n');
    }
    const exists = async (path) => (await at.api.send('GET', path)).status === 200;

    test('releases that their lifecycle does not keep go with deployments, tasks and logs', async () => {
        const environment = await createEnvironment(at.api);
        const lifecycle = await at.api.post(`${S}/lifecycles`, { Name: fresh('Lifecycle'), ReleaseRetentionPolicy: keepOne });
        const project = await Project.create(at.api, { environment, steps: [scriptStep('one', 'echo hello')] });
        await at.api.put(project.resource.Links.Self, { ...project.resource, LifecycleId: lifecycle.Id });
        const versions = [], tasks = [];
        for (let i = 0; i < 4; i++) {
            versions.push(await project.createRelease());
            tasks.push(await project.deploy({ releaseVersion: versions.at(-1) }));
        }
        const releases = [];
        for (const version of versions) releases.push(await at.api.get(`${S}/projects/${project.id}/releases/${version}`));

        const said = await retain();

        for (const [i, release] of releases.entries()) {
            assert.equal(await exists(release.Links.Self), i >= 2, `${release.Version}: ${said}`); // the last, and the one before
            assert.equal(await exists(`/api/tasks/${tasks[i].Id}`), i >= 2, tasks[i].Id);
            assert.equal(await exists(`${S}/deployments/${tasks[i].Arguments.DeploymentId}`), i >= 2);
        }
        assert.ok(said.includes(`Removed ${releases[0].Id}`), said);
    });

    test('runs that their runbook does not keep go, and those of another environment stay', async () => {
        const project = await Project.create(at.api);
        const other = await createEnvironment(at.api);
        const runbook = await project.createRunbook([scriptStep('one', 'true')]);
        await at.api.put(runbook.Links.Self, { ...await at.api.get(runbook.Links.Self), RunRetentionPolicy: keepOne });
        const ids = [];
        for (const environment of [other, project.environment, project.environment, project.environment]) {
            for (const id of await project.startRuns(runbook, [environment])) {
                await waitForTask(at.api, id);
                ids.push(id);
            }
        }

        await retain();

        const there = [];
        for (const id of ids) there.push(await exists(`/api/tasks/${id}`));
        assert.deepEqual(there, [true, false, false, true]);
        assert.equal((await at.api.get(`${S}/runbooks/${runbook.Id}/runbookRuns`)).TotalResults, 2);
    });

    test('a run that has not ended is not touched', async () => {
        const project = await Project.create(at.api);
        const runbook = await project.createRunbook([scriptStep('waits', 'sleep 600')]);
        await at.api.put(runbook.Links.Self, { ...await at.api.get(runbook.Links.Self), RunRetentionPolicy: { ...keepOne, QuantityToKeep: 0 } });
        const [id] = await project.startRuns(runbook, [project.environment]);

        await retain();

        assert.equal(await exists(`/api/tasks/${id}`), true);
        await at.api.post(`/api/tasks/${id}/cancel`);
        await waitForTask(at.api, id);
        await retain();
        assert.equal(await exists(`/api/tasks/${id}`), false);
    });

    test('what a space keeps by default can be read and changed, and counts where a policy says Default', async () => {
        const path = `${S}/retentionpolicies`;
        const releases = await at.api.get(`${path}?RetentionType=LifecycleRelease`);
        assert.deepEqual([releases.RetentionType, releases.Strategy, releases.QuantityToKeep], ['LifecycleRelease', 'Forever', 0]);
        const runs = await at.api.get(`${path}?RetentionType=RunbookRetention`);
        assert.deepEqual([runs.Strategy, runs.Unit, runs.QuantityToKeep], ['Count', 'Items', 100]);
        assert.deepEqual(await at.api.get(runs.Links.Self), runs);
        await assertRefused(at.api, 'GET', `${path}?RetentionType=Nothing`, undefined, ['RetentionType', 'Nothing']);
        await assertRefused(at.api, 'PUT', runs.Links.Self, { ...runs, QuantityToKeep: 0 }, ['QuantityToKeep']);
        const changed = await at.api.put(runs.Links.Self, { ...runs, QuantityToKeep: 1 });
        assert.deepEqual(changed, { ...runs, QuantityToKeep: 1 });
        const project = await Project.create(at.api);
        const runbook = await project.createRunbook([scriptStep('one', 'true')]);
        await at.api.put(runbook.Links.Self, { ...await at.api.get(runbook.Links.Self), RunRetentionPolicy: { Strategy: 'Default' } });
        for (let i = 0; i < 3; i++) for (const id of await project.startRuns(runbook, [project.environment])) await waitForTask(at.api, id);
        await retain();
        assert.equal((await at.api.get(`${S}/runbooks/${runbook.Id}/runbookRuns`)).TotalResults, 1);
        await at.api.put(runs.Links.Self, runs);
    });

    test('old packages go when no release has their version, and the highest of each stays', async () => {
        if (!at.query) return; // packages are made old in the database, on PostgreSQL only
        const feed = await at.api.get(`${S}/feeds/feeds-builtin`);
        const step = scriptStep('one', 'true', { action: { Packages: [{ Name: '', PackageId: 'Kept', FeedId: feed.Id, AcquisitionLocation: 'NotAcquired' }] } });
        const ids = {};
        for (const name of ['Kept.1.0.0', 'Kept.2.0.0', 'Kept.3.0.0', 'Kept.4.0.0', 'Other.7.0.0']) ids[name] = (await push(at.api, `${name}.zip`, name)).body.Id;
        const project = await Project.create(at.api, { steps: [step] });
        await project.createRelease({ packageVersion: '2.0.0' });
        const old = ['Kept.1.0.0', 'Kept.2.0.0', 'Kept.4.0.0', 'Other.7.0.0'].map((name) => `'${ids[name]}'`);
        await at.query(`update package set published_at = 1 where id in (${old})`);
        await retain();
        assert.equal((await at.api.get(`${S}/packages?nuGetPackageId=Kept`)).TotalResults, 4, 'the feed keeps all unless it says otherwise');
        await at.api.put(feed.Links.Self, { ...feed, DeleteUnreleasedPackagesAfterDays: 30 });
        await retain();
        const there = Object.fromEntries(await Promise.all(Object.entries(ids).map(async ([name, id]) => [name, await exists(`${S}/packages/${id}`)])));
        assert.deepEqual(there, { 'Kept.1.0.0': false, 'Kept.2.0.0': true, 'Kept.3.0.0': true, 'Kept.4.0.0': true, 'Other.7.0.0': true });
        await at.api.put(feed.Links.Self, feed);
    });
});
