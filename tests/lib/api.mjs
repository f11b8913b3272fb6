// The REST API as a test sees it: JSON in, JSON out, with a key. Failures are thrown with the server's own message.

import { recordRequest } from './requests.mjs';

export class ApiError extends Error {
    constructor(method, path, status, body) {
        const message = body?.ErrorMessage ?? JSON.stringify(body);
        super(`${method} ${path}: ${status} ${message} ${(body?.Errors ?? []).join('; ')}`.trim());
        Object.assign(this, { status, body, errors: body?.Errors ?? [] });
    }
}

export class Api {
    constructor(url, key) {
        this.url = url;
        this.key = key;
        this.recorded = true; // false: requests that try every route prove nothing of one
    }

    // Sends one request; returns { status, headers, text, body } whatever the status. `body` is sent as JSON unless it is a
    // string or bytes.
    async send(method, path, body, { headers = {}, signal } = {}) {
        const plain = typeof body === 'string' || body instanceof Uint8Array;
        const response = await fetch(this.url + path, {
            method,
            signal,
            headers: {
                ...(this.key ? { 'X-Octopus-ApiKey': this.key } : {}),
                ...(body === undefined ? {} : { 'Content-Type': 'application/json' }),
                ...headers,
            },
            body: body === undefined || plain ? body : JSON.stringify(body),
        });
        const text = await response.text();
        if (this.recorded) recordRequest(headers['X-HTTP-Method-Override'] ?? method, path, response.status, text);
        const json = /json/.test(response.headers.get('content-type') ?? '');
        return { status: response.status, headers: response.headers, text, body: json && text !== '' ? JSON.parse(text) : undefined };
    }

    async #wanted(method, path, body) {
        const answer = await this.send(method, path, body);
        if (answer.status >= 400) throw new ApiError(method, path, answer.status, answer.body ?? answer.text);
        return answer.body ?? answer.text;
    }

    get = (path) => this.#wanted('GET', path);
    post = (path, body = {}) => this.#wanted('POST', path, body);
    put = (path, body) => this.#wanted('PUT', path, body);
    delete = (path) => this.#wanted('DELETE', path);

    // The events of a stream, as { id, event, data }, until the server ends it or the consumer stops.
    async *events(path, { lastEventId } = {}) {
        const stop = new AbortController();
        const response = await fetch(this.url + path, {
            signal: stop.signal,
            headers: { 'X-Octopus-ApiKey': this.key, Accept: 'text/event-stream', ...(lastEventId ? { 'Last-Event-ID': lastEventId } : {}) },
        });
        if (response.status !== 200) throw new ApiError('GET', path, response.status, await response.text());
        recordRequest('GET', path, response.status);
        try {
            yield* parseEvents(response.body);
        } finally {
            stop.abort();
        }
    }
}

async function* parseEvents(chunks) {
    const decoder = new TextDecoder();
    let rest = '';
    for await (const chunk of chunks) {
        rest += decoder.decode(chunk, { stream: true });
        let end;
        while ((end = rest.indexOf('\n\n')) >= 0) {
            const event = parseEvent(rest.slice(0, end));
            rest = rest.slice(end + 2);
            if (event) yield event;
        }
    }
}

// A block of only comments yields nothing.
function parseEvent(block) {
    const event = { event: 'message', data: [] };
    for (const line of block.split('\n')) {
        if (line.startsWith(':')) continue;
        const [, name, value] = /^([^:]*):? ?(.*)$/.exec(line);
        if (name === 'data') event.data.push(value);
        else event[name] = value;
    }
    if (event.data.length === 0 && !event.id) return undefined;
    return { ...event, data: event.data.join('\n') };
}
