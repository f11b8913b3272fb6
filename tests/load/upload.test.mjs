// A large package takes no more memory than a small one. $BOBTAIL_UPLOAD_BYTES is its size; 256 MiB unless given.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import fs from 'node:fs';
import http from 'node:http';
import path from 'node:path';
import { test } from 'node:test';
import { temporaryFolder } from '../lib/folder.mjs';
import { API_KEY, Server } from '../lib/server.mjs';
import { form, FORM } from '../lib/upload.mjs';

const MiB = 1024 * 1024;
const BYTES = Number(process.env.BOBTAIL_UPLOAD_BYTES ?? 256 * MiB);

// The most memory that the server has held so far, in bytes.
const peak = (server) => Number(/VmHWM:\s+(\d+)/.exec(fs.readFileSync(`/proc/${server.process.pid}/status`, 'utf8'))[1]) * 1024;

// Pushes a sparse file of this size as a form, piece by piece; the answer as JSON.
async function pushFile(server, folder, filename, bytes) {
    const file = path.join(folder, filename);
    fs.writeFileSync(file, '');
    fs.truncateSync(file, bytes);
    const [head, tail] = String(form([{ filename, content: '\0' }])).split('\0');
    const request = http.request({ port: server.port, method: 'POST', path: '/api/Spaces-1/packages/raw',
        headers: { ...FORM, 'X-Octopus-ApiKey': API_KEY, 'Content-Length': head.length + bytes + tail.length } });
    request.write(head);
    for await (const piece of fs.createReadStream(file, { highWaterMark: MiB })) {
        if (!request.write(piece)) await once(request, 'drain');
    }
    request.end(tail);
    const [response] = await once(request, 'response');
    let text = '';
    for await (const piece of response.setEncoding('utf8')) text += piece;
    fs.rmSync(file);
    assert.equal(response.statusCode, 201, text);
    return JSON.parse(text);
}

test(`a package of ${BYTES / MiB} MiB takes no more memory than one of 8 MiB`, { timeout: 600000 }, async (t) => {
    const server = await Server.start(t);
    const folder = temporaryFolder(t, 'upload');
    await pushFile(server, folder, 'Small.1.0.zip', 8 * MiB);
    const before = peak(server);
    const large = await pushFile(server, folder, 'Large.1.0.zip', BYTES);
    assert.equal(large.PackageSizeBytes, BYTES);
    assert.ok(peak(server) - before < 16 * MiB, `${before} bytes at most before, ${peak(server)} after`);
});
