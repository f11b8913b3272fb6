// One server for all tests of a suite, for tests that do not disturb each other.
//
//     describe('scripts', () => {
//         const server = sharedServer({ taskCap: 8 });
//         test('...', async () => { (await server()).api ... });
import { after, before } from 'node:test';
import { Server } from './server.mjs';

// `options` are those of Server.start, or a function that makes them when the suite begins.
export function sharedServer(options = {}) {
    const ends = [];
    let server;
    before(async () => {
        const made = typeof options === 'function' ? await options() : options;
        server = await Server.start({ after: (end) => ends.unshift(end) }, made);
    });
    after(async () => {
        for (const end of ends) await end();
    });
    return () => server;
}
