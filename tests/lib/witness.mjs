// A witness between a client and the server: passes every request on and keeps what was said, so that a test can hold a real
// client's requests against what is written down of them, and send them again itself.
import http from 'node:http';
import { recordRequest } from './requests.mjs';

export class Witness {
    // Ends with t.after.
    static async before(t, server) {
        const witness = new Witness();
        Object.assign(witness, { server, seen: [] });
        witness.listener = http.createServer((request, response) => witness.#pass(request, response).catch((e) => response.destroy(e)));
        await new Promise((resolve) => witness.listener.listen(0, '127.0.0.1', resolve));
        witness.url = `http://127.0.0.1:${witness.listener.address().port}`;
        t.after(() => new Promise((resolve) => {
            witness.listener.close(resolve);
            witness.listener.closeAllConnections();
        }));
        return witness;
    }

    async #pass(request, response) {
        const chunks = [];
        for await (const chunk of request) chunks.push(chunk);
        const said = { method: request.method, path: request.url, headers: { ...request.headers }, body: Buffer.concat(chunks).toString() };
        const answer = await this.send(said);
        this.seen.push({ ...said, status: answer.status, answer: answer.body });
        response.writeHead(answer.status, { 'Content-Type': answer.type, 'Content-Length': Buffer.byteLength(answer.text) });
        response.end(answer.text);
    }

    // Sends a request as it was said, or another with headers of its own, to the server itself.
    async send({ method, path, headers, body }) {
        const kept = Object.fromEntries(Object.entries(headers).filter(([name]) => !/^(host|connection|content-length|transfer-encoding|accept-encoding)$/i.test(name)));
        const response = await fetch(this.server.url + path, { method, headers: kept, body: body === '' ? undefined : body });
        const text = await response.text();
        recordRequest(method, path, response.status, text);
        const type = response.headers.get('content-type') ?? '';
        return { status: response.status, type, text, body: /json/.test(type) && text ? JSON.parse(text) : undefined };
    }

    // What was said since the last look: "METHOD path" each, repeated questions once.
    lines() {
        const lines = this.seen.map(({ method, path }) => `${method} ${decodeURIComponent(path)}`);
        return lines.filter((line, i) => line !== lines[i - 1]);
    }

    take() {
        return this.seen.splice(0);
    }
}
