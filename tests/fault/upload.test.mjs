// An upload that is broken at any moment - the server killed, the disk full - leaves no row without its file, no half-written
// file after the next start, and no blob that nothing names after the next sweep.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { onBothDatabases } from '../lib/databases.mjs';
import { until } from '../lib/processes.mjs';
import { blobFiles, form, openPush, push } from '../lib/upload.mjs';

const S = '/api/Spaces-1';
const CONTENT = Buffer.alloc(3 * 1024 * 1024, 'x');
const count = async ({ api }) => (await api.get(`${S}/packages?take=0`)).TotalResults;

// Starts the killed server with these variables and returns what is in its blob store.
async function resume(server, env = {}) {
    server.options.env = env;
    await server.resume();
    return blobFiles(server);
}

onBothDatabases('uploads', ({ start }) => {
    test('a server that is killed in the middle of an upload leaves nothing of it', async (t) => {
        const server = await start(t);
        const socket = await openPush(server, 50 * 1024 * 1024, form([{ filename: 'Half.1.0.zip', content: CONTENT }], { end: false }));
        socket.on('error', () => {}); // the server dies under it
        await until('the upload to be under way', () => blobFiles(server).incoming.length > 0);
        await server.kill();
        assert.equal(blobFiles(server).incoming.length, 1);
        assert.deepEqual(await resume(server), { blobs: [], incoming: [] });
        assert.equal(await count(server), 0);
        assert.equal((await push(server.api, 'Half.1.0.zip', CONTENT)).status, 201);
    });

    for (const [place, blobs] of [['blob.written', 0], ['blob.named', 1]]) {
        test(`a server that is killed at ${place} leaves no row`, async (t) => {
            const server = await start(t, { env: { BOBTAIL_FAULT: `${place}:1` } });
            await assert.rejects(push(server.api, 'Killed.1.0.zip', CONTENT));
            await server.exit;
            const after = await resume(server);
            assert.deepEqual([after.blobs.length, after.incoming.length], [blobs, 0]);
            assert.equal(await count(server), 0);
            await server.kill();
            await resume(server, { BOBTAIL_BLOB_AGE_MS: '0' }); // what is swept need not be a day old
            await until('the blob without a row to be swept', () => blobFiles(server).blobs.length === 0);
            assert.equal((await push(server.api, 'Killed.1.0.zip', CONTENT)).status, 201);
        });
    }

    test('a full disk is told to the client, and has its room back', async (t) => {
        const server = await start(t, { env: { BOBTAIL_BLOB_ROOM: '1000000' } });
        const answer = await push(server.api, 'Full.1.0.zip', CONTENT);
        assert.equal(answer.status, 507, answer.text);
        assert.match(answer.body.ErrorMessage, /No space left on device/);
        assert.deepEqual(blobFiles(server), { blobs: [], incoming: [] });
        assert.equal(await count(server), 0);
        const artifact = await server.api.post(`${S}/artifacts`, { Filename: 'full.bin' });
        assert.equal((await server.api.send('PUT', artifact.Links.Content, CONTENT)).status, 507);
        assert.equal((await push(server.api, 'Fits.1.0.zip', 'small')).status, 201);
    });

    test('what packages and artifacts name stays, what is deleted goes with the sweep', async (t) => {
        const server = await start(t);
        const { body: kept } = await push(server.api, 'Kept.1.0.zip', 'shared');
        const { body: twin } = await push(server.api, 'Twin.1.0.zip', 'shared');
        const { body: gone } = await push(server.api, 'Gone.1.0.zip', 'gone');
        const artifact = await server.api.post(`${S}/artifacts`, { Filename: 'a.bin' });
        await server.api.send('PUT', artifact.Links.Content, 'artifact');
        assert.equal(blobFiles(server).blobs.length, 3);
        await server.api.delete(twin.Links.Self);
        await server.api.delete(gone.Links.Self);
        await server.kill();
        await resume(server, { BOBTAIL_BLOB_AGE_MS: '0' });
        await until('the blob to be swept', () => blobFiles(server).blobs.length === 2);
        assert.equal((await server.api.send('GET', kept.Links.Raw)).text, 'shared');
        assert.equal((await server.api.send('GET', artifact.Links.Content)).text, 'artifact');
    });
});
