// Requests as go-octopusdeploy sends them, for tests that replay what the command line and Terraform do. Each answer is held
// against what that client insists on: JSON of a known length, 200 or 201, an error that can be read.
import assert from 'node:assert/strict';

// rest.md 1.2: `tool` is what stands last in the User-Agent.
export class GoClient {
    constructor(url, key, tool) {
        this.url = url;
        this.headers = { 'User-Agent': `go-octopusdeploy/2.111.0 (linux; amd64) go/go1.24.1 none ${tool}`, 'X-Octopus-ApiKey': key, Accept: 'application/json' };
    }

    async send(method, path, body) {
        const answer = await fetch(`${this.url}${path}`, {
            method, headers: { ...this.headers, ...(body === undefined ? {} : { 'Content-Type': 'application/json' }) }, body: body && JSON.stringify(body),
        });
        const text = await answer.text();
        assert.match(answer.headers.get('content-type'), /^application\/json/, `${method} ${path}`);
        assert.equal(Number(answer.headers.get('content-length')), Buffer.byteLength(text), `${method} ${path}`);
        return { status: answer.status, body: JSON.parse(text) };
    }

    async #wanted(method, path, body, statuses) {
        const answer = await this.send(method, path, body);
        assert.ok(statuses.includes(answer.status), `${method} ${path}: ${answer.status} ${JSON.stringify(answer.body)}`);
        return answer.body;
    }

    get(path) {
        return this.#wanted('GET', path, undefined, [200]);
    }

    post(path, body) {
        return this.#wanted('POST', path, body, [200, 201]);
    }

    put(path, body) {
        return this.#wanted('PUT', path, body, [200, 201]);
    }

    delete(path) {
        return this.#wanted('DELETE', path, undefined, [200]); // the older service knows no 204
    }

    // What a missing resource must look like, or the client takes it for another failure.
    async missing(path) {
        const { status, body } = await this.send('GET', path);
        assert.equal(status, 404, path);
        assert.deepEqual(body.Errors, [], path);
        assert.ok(body.ErrorMessage);
    }

    // All items of a list, from a path that may be a template that is expanded with nothing.
    async pages(template) {
        const items = [];
        for (let path = template.replace(/\{.*?\}/g, ''); path;) {
            const page = await this.get(path);
            items.push(...page.Items);
            path = page.Links['Page.Next'];
        }
        return items;
    }
}

// Fails unless `answer` has every member of what was sent, unchanged. Links are the server's.
export function assertEchoed(answer, sent) {
    for (const [name, value] of Object.entries(sent)) if (name !== 'Links') assert.deepEqual(answer[name], value, name);
}
