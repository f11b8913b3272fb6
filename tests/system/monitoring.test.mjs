// What an operator asks: is it well, how is it going, why does it wait. Also while the database stands still.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import http from 'node:http';
import os from 'node:os';
import path from 'node:path';
import { describe, test } from 'node:test';
import { Api } from '../lib/api.mjs';
import { temporaryFolder } from '../lib/folder.mjs';
import { Gates } from '../lib/gates.mjs';
import { Postgres } from '../lib/postgres.mjs';
import { killQuietly, processesOf, until } from '../lib/processes.mjs';
import { Project, scriptStep, waitForTask } from '../lib/project.mjs';
import { API_KEY, root, Server } from '../lib/server.mjs';

// The figures of /metrics by name and labels.
async function figures(server) {
    const { status, text } = await new Api(server.url).send('GET', '/metrics');
    assert.equal(status, 200, text);
    return Object.fromEntries(text.split('\n').filter((line) => line && !line.startsWith('#')).map((line) => {
        const at = line.lastIndexOf(' ');
        return [line.slice(0, at), Number(line.slice(at + 1))];
    }));
}

const nameOf = (row) => row.replace(/\{.*/, '');

describe('/metrics', { concurrency: 3 }, () => {
    test('tells how the queue stands and why', async (t) => {
        const server = await Server.start(t, { taskCap: 1 });
        const gates = new Gates(temporaryFolder(t));
        t.after(() => gates.close());
        gates.make('go');
        const held = await Project.create(server.api, { steps: [scriptStep('One', `${gates.shell}; gate go`)] });
        const first = await held.startDeployment();
        await gates.reached('go');
        await held.startDeployment({ releaseVersion: '0.0.1' });
        await (await Project.create(server.api, { steps: [scriptStep('Two', 'true')] })).startDeployment();

        const now = await figures(server);

        assert.equal(now.bobtail_tasks_queued, 2);
        assert.equal(now['bobtail_queue_tasks{reason="tag"}'], 1, 'behind the one that runs');
        assert.equal(now['bobtail_queue_tasks{reason="room"}'], 1, 'the node is full');
        assert.equal(now['bobtail_queue_tasks{reason="stopped"}'], 0);
        assert.equal(now['bobtail_queue_tasks{reason="planned"}'], 0);
        assert.ok(now['bobtail_queue_oldest_seconds{reason="tag"}'] >= 0);
        assert.equal(now.bobtail_tasks_running, 1);
        assert.equal(now.bobtail_tasks_cap, 1);
        assert.equal(now[`bobtail_node_up{node="${os.hostname()}"}`], 1);
        gates.open('go');
        await waitForTask(server.api, first);
    });

    test('counts results, durations, requests, commits and the bytes of logs', async (t) => {
        const server = await Server.start(t);
        const before = await figures(server);
        const project = await Project.create(server.api, { steps: [scriptStep('Talk', 'echo hello; exit 1')] });
        assert.equal((await project.deploy()).State, 'Failed');
        await server.api.send('GET', '/nothing-here');

        const after = await figures(server);
        const grown = (name) => after[name] - before[name];

        assert.equal(grown('bobtail_task_duration_seconds_count{result="Failed"}'), 1);
        assert.equal(grown('bobtail_task_duration_seconds_count{result="Success"}'), 0);
        assert.equal(grown('bobtail_task_duration_seconds_bucket{result="Failed",le="+Inf"}'), 1);
        assert.ok(grown('bobtail_task_log_bytes_total') >= 5);
        assert.ok(grown('bobtail_database_write_seconds_count') > 5);
        assert.ok(after['bobtail_request_duration_seconds_count{route="write",status="2xx"}'] >= 4);
        assert.ok(after['bobtail_request_duration_seconds_count{route="unknown",status="4xx"}'] >= 1);
        assert.ok(after.bobtail_blobs_disk_free_bytes > 0);
        assert.equal(after.bobtail_database_up, 1);
    });

    test('keeps to the conventions of Prometheus', async (t) => {
        const server = await Server.start(t);
        const { text, headers } = await new Api(server.url).send('GET', '/metrics');
        assert.equal(headers.get('content-type'), 'text/plain; version=0.0.4; charset=utf-8');
        const types = new Map([...text.matchAll(/^# TYPE (\S+) (counter|gauge|histogram)$/gm)].map((match) => [match[1], match[2]]));
        const seen = [];
        for (const line of text.trim().split('\n').filter((one) => !one.startsWith('#'))) {
            const [, name] = line.match(/^([a-z_]+)(?:\{[a-z]+="[^"\n]*"(?:,[a-z]+="[^"\n]*")*\})? -?[0-9.]+$/) ?? assert.fail(line);
            const family = types.has(name) ? name : name.replace(/_(bucket|sum|count)$/, '');
            assert.ok(types.has(family), `${name} has a type`);
            assert.match(text, new RegExp(`^# HELP ${family} \\S`, 'm'));
            if (types.get(family) === 'counter') assert.match(name, /_total$/);
            if (seen.at(-1) !== family) {
                assert.ok(!seen.includes(family), `the rows of ${family} stand together`);
                seen.push(family);
            }
        }
    });

    test('has every figure that the dashboard for Grafana shows', async (t) => {
        const server = await Server.start(t);
        const { text } = await new Api(server.url).send('GET', '/metrics');
        const names = new Set(text.split('\n').filter((line) => line && !line.startsWith('#')).map(nameOf).map((name) => name.split(' ')[0]));
        // what only a shared database or a key that expires brings
        for (const name of ['bobtail_node_lease_seconds', 'bobtail_api_key_expiry_seconds']) names.add(name);
        const dashboard = JSON.parse(fs.readFileSync(path.join(root, 'packaging/grafana/bobtail.json'), 'utf8'));
        const shown = dashboard.panels.flatMap((panel) => panel.targets).flatMap((target) => target.expr.match(/bobtail_[a-z_]+/g));
        assert.ok(shown.length > 20);
        assert.deepEqual([...new Set(shown)].filter((name) => !names.has(name)), []);
    });

    test('is open on the machine itself, and elsewhere to who has the token', async (t) => {
        const server = await Server.start(t, { env: { BOBTAIL_METRICS_TOKEN: 'the-token-of-the-figures' } });
        const ask = (headers) => new Api(server.url).send('GET', '/metrics', undefined, { headers });
        const away = { 'X-Forwarded-For': '203.0.113.7' };
        assert.equal((await ask({})).status, 200);
        assert.equal((await ask(away)).status, 401, 'a proxy on this machine speaks for others');
        assert.equal((await ask({ ...away, Authorization: 'Bearer another' })).status, 401);
        assert.equal((await ask({ ...away, Authorization: 'Bearer the-token-of-the-figures' })).status, 200);
        const closed = await Server.start(t);
        const refused = await new Api(closed.url).send('GET', '/metrics', undefined, { headers: away });
        assert.equal(refused.status, 403);
        assert.match(refused.text, /metrics-token/);
    });
});

// The answer and after how many milliseconds it came.
async function timed(url, name) {
    const begun = Date.now();
    const response = await fetch(url + name);
    return { status: response.status, text: await response.text(), ms: Date.now() - begun };
}

describe('while the database stands still', { concurrency: 2 }, () => {
    test('/healthz and /metrics answer, however many requests wait for it', async (t) => {
        const cluster = await Postgres.start(t);
        const server = await Server.start(t, { database: await cluster.database() });
        const stuck = processesOf(cluster.folder).filter((pid) => pid !== server.process.pid);
        for (const pid of stuck) killQuietly(pid, 'SIGSTOP');
        const agent = new http.Agent();
        try {
            for (let i = 0; i < 20; i++) {
                http.get(`${server.url}/api/Spaces-1/projects`, { agent, headers: { 'X-Octopus-ApiKey': API_KEY } }).on('error', () => {});
            }
            await until('the server to notice', async () => (await timed(server.url, '/healthz')).status === 503);
            const health = await timed(server.url, '/healthz');
            assert.match(health.text, /the database does not answer/);
            const metrics = await timed(server.url, '/metrics');
            assert.equal(metrics.status, 200);
            assert.match(metrics.text, /^bobtail_database_up 0$/m);
            assert.match(metrics.text, /^bobtail_uptime_seconds \d+$/m);
            assert.doesNotMatch(metrics.text, /bobtail_queue_tasks/);
            const status = await timed(server.url, '/api/serverstatus/health');
            assert.equal(JSON.parse(status.text).IsOperatingNormally, false);
            t.diagnostic(`healthz ${health.ms} ms, metrics ${metrics.ms} ms, health ${status.ms} ms`);
        } finally {
            for (const pid of stuck) killQuietly(pid, 'SIGCONT');
            agent.destroy();
        }
        await until('the server to be well', async () => (await timed(server.url, '/healthz')).status === 200);
    });
});
