// Artifacts: what scripts keep, and what clients add (rest.md 2.17).
import { Project, rawLog, scriptStep } from '../lib/project.mjs';
import { apiSuite, assert, assertRefused, S, test } from './suite.mjs';

apiSuite('artifacts', (at) => {
    const content = async (artifact) => at.api.send('GET', artifact.Links.Content);

    test('a file that a script keeps is listed with its task and can be read', async () => {
        const project = await Project.create(at.api, { steps: [scriptStep('keep', 'printf "a\\0b" > report.bin; new_octopusartifact "$PWD/report.bin" "Re\\"port.bin"')] });
        const task = await project.deploy();
        assert.equal(task.State, 'Success', await rawLog(at.api, task.Id));
        const { Items: [artifact], TotalResults } = await at.api.get(task.Links.Artifacts);
        assert.equal(TotalResults, 1);
        assert.deepEqual([artifact.Filename, artifact.ServerTaskId, artifact.Length], ['Re"port.bin', task.Id, 3]);
        assert.deepEqual(await at.api.get(artifact.Links.Self), artifact);
        const answer = await content(artifact);
        assert.equal(answer.text, 'a\0b');
        assert.equal(answer.headers.get('content-type'), 'application/octet-stream');
        assert.equal(answer.headers.get('content-disposition'), 'attachment; filename="Re_port.bin"');
        const [deployment] = (await at.api.get(`${S}/deployments?projects=${project.id}`)).Items;
        assert.deepEqual((await at.api.get(`${S}/artifacts?regarding=${deployment.Id}`)).Items, [artifact]);
        const release = await at.api.get(deployment.Links.Release);
        assert.deepEqual((await at.api.get(release.Links.Artifacts)).Items, [artifact]);
        const run = await project.run(await project.createRunbook([scriptStep('keep', 'echo x > y.txt; new_octopusartifact "$PWD/y.txt"')]));
        const [{ RunbookSnapshotId }] = (await at.api.get(`${S}/runbookRuns?projects=${project.id}`)).Items;
        const snapshot = await at.api.get(`${S}/runbookSnapshots/${RunbookSnapshotId}`);
        assert.deepEqual((await at.api.get(snapshot.Links.Artifacts)).Items.map((a) => [a.Filename, a.ServerTaskId]), [['y.txt', run.Id]]);
        assert.equal((await at.api.get(`${S}/artifacts/all?regarding=${project.id}`)).length, 2);
    });

    test('a client adds the document first and then the content', async () => {
        const artifact = await at.api.post(`${S}/artifacts`, { Filename: 'notes.txt', Source: 'by hand' });
        assert.deepEqual([artifact.Filename, artifact.Source, artifact.ServerTaskId], ['notes.txt', 'by hand', null]);
        assert.equal((await content(artifact)).status, 404);
        const put = await at.api.send('PUT', artifact.Links.Content, 'some notes', { headers: { 'Content-Type': 'application/octet-stream' } });
        assert.equal(put.status, 200, put.text);
        assert.equal((await content(artifact)).text, 'some notes');
        assert.deepEqual((await at.api.get(`${S}/artifacts?partialName=NOTE`)).Items.map((a) => a.Id), [artifact.Id]);
        assert.deepEqual((await at.api.get(`${S}/artifacts?ids=${artifact.Id}`)).Items.map((a) => a.Id), [artifact.Id]);
        const renamed = await at.api.put(artifact.Links.Self, { ...artifact, Filename: 'Notes 2.txt', Source: 'ignored' });
        assert.deepEqual(renamed, { ...artifact, Filename: 'Notes 2.txt', Length: 10 });
        await assertRefused(at.api, 'PUT', artifact.Links.Self, { ...artifact, Filename: '' }, 'Filename');
        assert.deepEqual(await at.api.get(artifact.Links.Self), renamed);
        assert.deepEqual(await at.api.delete(artifact.Links.Self), {});
        const events = await at.query?.(`select e.category from event e join event_related r using (number) where r.related_id = '${artifact.Id}' order by number`);
        if (events) assert.deepEqual(events.flat(), ['Created', 'Modified', 'Modified', 'Deleted']);
        assert.equal((await content(artifact)).status, 404);
    });

    test('what is wrong is said, and what is not there is 404', async () => {
        await assertRefused(at.api, 'POST', `${S}/artifacts`, {}, 'Filename');
        await assertRefused(at.api, 'POST', `${S}/artifacts`, { Filename: 'a', ServerTaskId: 'ServerTasks-999' }, ['ServerTaskId', 'ServerTasks-999']);
        for (const path of [`${S}/artifacts/Artifacts-999`, `${S}/artifacts/Artifacts-999/content`]) {
            const answer = await at.api.send('GET', path);
            assert.equal(answer.status, 404);
            assert.equal(answer.body.ErrorMessage, "The resource 'Artifacts-999' was not found.");
        }
        assert.deepEqual((await at.api.get(`${S}/artifacts?regarding=ServerTasks-999`)).Items, []);
        assert.deepEqual((await at.api.get(`${S}/artifacts?regarding=Deployments-999`)).Items, []);
    });
});
