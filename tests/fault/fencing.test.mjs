// Two nodes on one PostgreSQL: node A is stopped (SIGSTOP) at every kind of step, node B takes its task over and ends it, A
// goes on (SIGCONT): no script starts a second time, A writes nothing about that task any more, and is well.
//
// B has a task cap of 0: it takes over what dead nodes left, and claims nothing itself. A lease lasts 1.5 s here.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { Postgres } from '../lib/postgres.mjs';
import { killQuietly, launchersOf, until } from '../lib/processes.mjs';
import { cancelTask, getTask, waitForLine, waitForTask } from '../lib/project.mjs';
import { Server } from '../lib/server.mjs';
import { Talk } from '../lib/talk.mjs';

const TIMES = { BOBTAIL_FAULT_LEASE_MS: '1500', BOBTAIL_FAULT_IDLE_MS: '500' };
const TABLES = ['task where id', 'journal where task_id', 'log_chunk where task_id', 'log_cursor where task_id',
    'output_variable where task_id', 'artifact where task_id'];

function isStopped(pid) {
    const stat = fs.readFileSync(`/proc/${pid}/stat`, 'latin1');
    return stat[stat.lastIndexOf(')') + 2] === 'T';
}

async function runningTasks(server) {
    const { text } = await server.api.send('GET', '/metrics');
    return Number(/^bobtail_tasks_running (\d+)/m.exec(text)?.[1]);
}

class Pair {
    static async start(t, cluster) {
        const pair = new Pair();
        pair.cluster = cluster;
        pair.database = await cluster.database();
        pair.a = await Server.start(t, { database: pair.database, env: TIMES, args: ['--node-name', 'A'] });
        pair.talk = await Talk.create(t, pair.a.api);
        t.after(() => killQuietly(pair.a.process.pid, 'SIGCONT'));
        return pair;
    }

    // A from now on stops when it comes to this point.
    async arm(point) {
        await this.a.stop();
        this.a.options.env = { ...TIMES, BOBTAIL_FAULT: `${point}:stop` };
        await this.a.resume();
    }

    async startB(t) {
        this.b = await this.a.startBeside(t, { env: TIMES, taskCap: 0, args: ['--node-name', 'B'] });
    }

    stopA() {
        killQuietly(this.a.process.pid, 'SIGSTOP');
        return this.stopped();
    }

    stopped() {
        return until('A to stop', () => isStopped(this.a.process.pid));
    }

    rowsOf(taskId) {
        const name = new URL(this.database).pathname.slice(1);
        return Promise.all(TABLES.map((table) => this.cluster.query(`select x::text from (select * from ${table} = '${taskId}') x order by 1`, name)));
    }

    // B has ended the task: A goes on, and must neither start nor write anything of it.
    async continueA(taskId) {
        await until('B to clean up', async () => (await this.rowsOf(taskId))[0][0].join().includes(taskId) && !this.jobs().length);
        const [rows, begun] = [await this.rowsOf(taskId), this.talk.begun(taskId)];
        killQuietly(this.a.process.pid, 'SIGCONT');
        await until('A to drop the task', async () => (await runningTasks(this.a)) === 0);
        const other = await this.talk.start();
        await waitForTask(this.a.api, other, 30000).catch((e) => {
            throw new Error(`${e.message}\nA: ${this.a.output}\nB: ${this.b.output}`);
        });
        await this.talk.assertWhole(this.a.api, other);
        assert.deepEqual(await this.rowsOf(taskId), rows, 'A has written about a task that it had lost');
        assert.deepEqual(this.talk.begun(taskId), begun, 'A has started a script of a task that it had lost');
        await until('the folders of all scripts to be removed', () => !this.jobs().length);
        assert.equal(this.a.exited, false);
    }

    nodeOf(server) {
        return fs.readFileSync(path.join(server.folder, 'node-id'), 'utf8');
    }

    jobs() {
        return fs.readdirSync(path.join(this.a.folder, 'builtin/jobs')).filter((name) => !name.startsWith('spare-'));
    }
}

describe('a stopped node', { timeout: 600000 }, () => {
    const ends = [];
    let cluster;
    before(async () => (cluster = await Postgres.start({ after: (end) => ends.unshift(end) })));
    after(async () => {
        for (const end of ends) await end();
    });

    const points = {
        'right after it has claimed the task': 'engine.claimed:1',
        'before it commits the plan': 'engine.before-commit:1',
        'within the transaction of the plan': 'engine.in-commit:1',
        'between intent and start': 'engine.after-commit:1',
        'before the start, with the lease checked': 'engine.before-start:1',
        'right after the start': 'engine.after-start:1',
        'within a transaction while the script runs': 'engine.in-commit:3',
        'within the transaction of an outcome': 'engine.outcome-written:1',
        'within the transaction of the end': 'engine.end-written:1',
        'with artifacts pulled and not recorded': 'engine.artifacts-fetched:1',
        'before the second script starts': 'engine.before-start:2',
        'before it cleans up': 'engine.before-clean:1',
    };
    for (const [when, point] of Object.entries(points)) {
        test(`${when} is replaced and does no harm later`, { timeout: 90000 }, async (t) => {
            const pair = await Pair.start(t, cluster);
            await pair.arm(point);
            const id = await pair.talk.start().catch(() => undefined);
            await pair.stopped();
            await pair.startB(t);
            const taskId = id ?? (await pair.b.api.get('/api/tasks?take=1')).Items[0].Id;
            await waitForTask(pair.b.api, taskId);
            await pair.talk.assertWhole(pair.b.api, taskId);
            await pair.continueA(taskId);
        });
    }

    test('that waits for a retry is replaced and does not try again', { timeout: 90000 }, async (t) => {
        const pair = await Pair.start(t, cluster);
        await pair.startB(t);
        const id = await pair.talk.start(pair.talk.retried);
        await waitForLine(pair.a.api, id, 'exit code 1');
        await pair.stopA();
        assert.deepEqual(pair.talk.begun(id), ['try']);
        await waitForTask(pair.b.api, id);
        await pair.talk.assertRetried(pair.b.api, id);
        await pair.continueA(id);
    });

    test('in the middle of a script is replaced and does no harm later', { timeout: 90000 }, async (t) => {
        const pair = await Pair.start(t, cluster);
        await pair.startB(t);
        pair.talk.gates.make('secret');
        const id = await pair.talk.start();
        await pair.talk.gates.reached('secret');
        await pair.stopA();
        await until('B to take over', async () => (await pair.rowsOf(id))[0][0].join().includes(pair.nodeOf(pair.b)));
        pair.talk.gates.clear();
        await waitForTask(pair.b.api, id);
        await pair.talk.assertWhole(pair.b.api, id);
        await pair.continueA(id);
    });

    test('whose script runs on is cancelled by the other', { timeout: 90000 }, async (t) => {
        const pair = await Pair.start(t, cluster);
        await pair.startB(t);
        const id = await pair.talk.start(pair.talk.endless);
        await until('the script to run', () => pair.talk.begun(id).length);
        await pair.stopA();
        await cancelTask(pair.b.api, id);
        await waitForTask(pair.b.api, id);
        await pair.talk.assertCanceled(pair.b.api, id);
        await pair.continueA(id);
    });

    test('in the middle of a cancel is replaced and the cancel done', { timeout: 90000 }, async (t) => {
        const pair = await Pair.start(t, cluster);
        await pair.arm('engine.before-stop:1');
        await pair.startB(t);
        const id = await pair.talk.start(pair.talk.endless);
        await until('the script to run', () => pair.talk.begun(id).length);
        await cancelTask(pair.b.api, id);
        await pair.stopped();
        await waitForTask(pair.b.api, id);
        await pair.talk.assertCanceled(pair.b.api, id);
        assert.equal((await getTask(pair.b.api, id)).State, 'Canceled');
        await pair.continueA(id);
    });
});

describe('a node whose launcher hangs', { timeout: 600000 }, () => {
    const ends = [];
    let cluster;
    before(async () => (cluster = await Postgres.start({ after: (end) => ends.unshift(end) })));
    after(async () => {
        for (const end of ends) await end();
    });

    // Node A with a start that its launcher does not answer.
    async function hang(t, args) {
        const pair = await Pair.start(t, cluster);
        pair.a.options.args.push(...args);
        await pair.a.restart();
        await pair.startB(t);
        const launchers = launchersOf(pair.a.folder);
        for (const pid of launchers) killQuietly(pid, 'SIGSTOP');
        pair.letGo = () => launchers.forEach((pid) => killQuietly(pid, 'SIGCONT'));
        t.after(pair.letGo);
        const id = await pair.talk.start();
        await until('the start to be intended', async () => (await pair.rowsOf(id))[1].join().includes('start-intended'));
        return { pair, id };
    }

    const number = async (pair, sql) => Number((await pair.cluster.query(sql, new URL(pair.database).pathname.slice(1)))[0][0]);

    test('keeps its lease, also when all of its work threads wait', { timeout: 90000 }, async (t) => {
        const { pair, id } = await hang(t, ['--work-threads', '1']);
        const lease = () => number(pair, `select lease_until from node where id = '${pair.nodeOf(pair.a)}'`);
        const first = await lease();

        await until('the lease to be renewed many times', async () => (await lease()) > first + 5000);

        assert.ok((await pair.rowsOf(id))[0][0].join().includes(pair.nodeOf(pair.a)), 'the task is still with A');
        pair.letGo();
        await waitForTask(pair.a.api, id);
        await pair.talk.assertWhole(pair.a.api, id);
    });

    test('goes on when a task comes back to it whose old run is still in a turn', { timeout: 90000 }, async (t) => {
        const { pair, id } = await hang(t, []);
        const isWith = async (server) => (await pair.rowsOf(id))[0][0].join().includes(pair.nodeOf(server));
        pair.talk.gates.make('secret');
        await pair.stopA();
        await until('B to take over', () => isWith(pair.b));
        await pair.talk.gates.reached('secret');
        await pair.b.kill();
        killQuietly(pair.a.process.pid, 'SIGCONT');
        await until('A to look for tasks of B', async () => await number(pair,
            `select case when lease_until + 4500 < extract(epoch from clock_timestamp()) * 1000 then 1 else 0 end from node where id = '${pair.nodeOf(pair.b)}'`) === 1);
        assert.equal(pair.a.exited, false, pair.a.output);

        pair.letGo();

        await until('A to take the task up again', () => isWith(pair.a));
        pair.talk.gates.clear();
        await waitForTask(pair.a.api, id);
        await pair.talk.assertWhole(pair.a.api, id);
        assert.equal(pair.a.exited, false, pair.a.output);
    });
});
