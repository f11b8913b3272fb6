// Uploads as clients send them, and as they must not.
import { once } from 'node:events';
import fs from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import { API_KEY } from './server.mjs';

const BOUNDARY = 'bobtail-tests-boundary';
export const FORM = { 'Content-Type': `multipart/form-data; boundary=${BOUNDARY}` };

// A form with a part for each { name?, filename?, disposition?, content }; `end: false` leaves it open.
export function form(parts, { end = true } = {}) {
    const pieces = parts.flatMap(({ name = 'fileToUpload', filename, disposition, content = '' }) => [
        `--${BOUNDARY}\r\nContent-Disposition: ${disposition ?? `form-data; name="${name}"${filename === undefined ? '' : `; filename="${filename}"`}`}\r\n\r\n`,
        content, '\r\n']);
    return Buffer.concat([...pieces, ...(end ? [`--${BOUNDARY}--\r\n`] : [])].map((piece) => Buffer.from(piece)));
}

// Pushes one file; the answer whatever its status.
export function push(api, filename, content, { query = '', space = 'Spaces-1' } = {}) {
    return api.send('POST', `/api/${space}/packages/raw${query}`, form([{ filename, content }]), { headers: FORM });
}

// The head of a push and what is given of its body on a connection of its own, which the caller ends.
export async function openPush(server, length, body, headers = {}) {
    const socket = net.connect(server.port, '127.0.0.1');
    await once(socket, 'connect');
    const lines = Object.entries({ Host: 'x', 'X-Octopus-ApiKey': API_KEY, ...FORM, 'Content-Length': length, ...headers });
    socket.write(`POST /api/Spaces-1/packages/raw HTTP/1.1\r\n${lines.map(([k, v]) => `${k}: ${v}\r\n`).join('')}\r\n`);
    socket.write(body);
    return socket;
}

// Files of the blob store: { blobs, incoming }, as paths below it.
export function blobFiles(server) {
    const folder = path.join(server.folder, 'blobs');
    const names = fs.readdirSync(folder, { recursive: true, withFileTypes: true })
        .filter((entry) => entry.isFile()).map((entry) => path.relative(folder, path.join(entry.path, entry.name)));
    return { blobs: names.filter((name) => !name.startsWith('incoming-') && name !== 'lock'), incoming: names.filter((name) => name.startsWith('incoming-')) };
}
