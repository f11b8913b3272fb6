// Runs the same tests on SQLite and on PostgreSQL.
import { after, before, describe } from 'node:test';
import { Postgres } from './postgres.mjs';
import { Server } from './server.mjs';

// `body({ start, kind, cluster })` declares tests; `start(t, options)` starts a server on a fresh database of that kind;
// `cluster()` is the PostgreSQL cluster, undefined on SQLite.
export function onBothDatabases(name, body) {
    describe(`${name} on SQLite`, () => body({
        kind: 'sqlite',
        cluster: () => undefined,
        start: (t, options) => Server.start(t, options),
    }));
    describe(`${name} on PostgreSQL`, () => {
        const ends = [];
        let cluster;
        before(async () => {
            cluster = await Postgres.start({ after: (end) => ends.unshift(end) });
        });
        after(async () => {
            for (const end of ends) await end();
        });
        body({
            kind: 'postgresql',
            cluster: () => cluster,
            start: async (t, options) => Server.start(t, { database: await cluster.database(), ...options }),
        });
    });
}
