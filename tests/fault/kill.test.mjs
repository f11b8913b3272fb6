// `kill -9` at any moment loses nothing (F2): runs end as they should, each script has run once, every line is in the log
// once, in order, masked, of the right category; the output variable and the artifact are there.
//
// $BOBTAIL_FAULT_ROUNDS is the number of rounds per database; $BOBTAIL_FAULT_SEED repeats the random choices of a run.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import { test } from 'node:test';
import { onBothDatabases } from '../lib/databases.mjs';
import { isRunning, killQuietly, launchersOf, nameOf, pause, processesOf, until } from '../lib/processes.mjs';
import { cancelTask, getTask, waitForLine, waitForTask } from '../lib/project.mjs';
import { Talk, randomOf } from '../lib/talk.mjs';

const ROUNDS = Number(process.env.BOBTAIL_FAULT_ROUNDS ?? 9);
const SEED = Number(process.env.BOBTAIL_FAULT_SEED ?? Date.now() % 1000000);
const GATES = ['verbose', 'secret', 'variable', 'message', 'end', 'listen', 'late'];
const POINTS = { 'engine.claimed': 1, 'engine.before-commit': 14, 'engine.in-commit': 14, 'engine.after-commit': 14, 'engine.before-start': 3,
    'engine.after-start': 3, 'engine.artifacts-fetched': 1, 'engine.before-clean': 3 };

// A server with its runbook, what was acknowledged, and dice.
class Stage {
    static async set(t, start, { seed, ...options }) {
        const stage = new Stage();
        stage.random = randomOf(seed);
        stage.server = await start(t, options);
        stage.talk = await Talk.create(t, stage.server.api);
        stage.acknowledged = new Map(); // task id -> 'whole' or 'canceled'
        stage.kills = 0;
        return stage;
    }

    upTo(n) {
        return Math.floor(this.random() * (n + 1));
    }

    get api() {
        return this.server.api;
    }

    // Starts a run; undefined when the server died before it could answer.
    async begin(runbook, wanted = 'whole') {
        const id = await this.talk.start(runbook).catch((e) => {
            if (e.status) throw e;
        });
        if (id) this.acknowledged.set(id, wanted);
        return id;
    }

    async kill(env) {
        await this.server.kill();
        this.kills++;
        this.server.options.env = env;
    }

    async killAndResume(env) {
        await this.kill(env);
        await this.server.resume();
    }

    leftovers() {
        const of = (name) => fs.readdirSync(`${this.server.folder}/builtin/${name}`);
        return [...of('jobs').filter((name) => !name.startsWith('spare-')), ...of('work')];
    }

    // Waits for the end of all runs and looks at everything that they left.
    async settle() {
        const path = `/api/Spaces-1/tasks?project=${this.talk.project.id}&take=1000`;
        const tasks = await until('all runs to end', async () => {
            const { Items } = await this.api.get(path);
            return Items.every((task) => task.IsCompleted) && Items;
        }, 60000).catch(async (e) => {
            throw new Error(`${e.message}\n${JSON.stringify((await this.api.get(path)).Items.filter((x) => !x.IsCompleted))}\n${this.server.output}`);
        });
        const there = new Set(tasks.map((task) => task.Id));
        for (const id of this.acknowledged.keys()) assert.ok(there.has(id), `${id} was acknowledged and is gone`);
        for (const id of there) {
            if (this.acknowledged.get(id) === 'failed') await this.talk.assertFailed(this.api, id);
            else if (this.acknowledged.get(id) === 'canceled') await this.talk.assertCanceled(this.api, id);
            else await this.talk.assertWhole(this.api, id);
        }
        await until('the folders of all scripts to be removed', () => this.leftovers().length === 0).catch((e) => {
            throw new Error(`${e.message}: ${this.leftovers()}`);
        });
        assert.deepEqual(this.server.problems(), []);
        return tasks.length;
    }
}

const scenarios = {
    'while runs are queued': async (stage) => {
        stage.server.options.taskCap = 1;
        await stage.killAndResume();
        for (let i = stage.upTo(2); i >= 0; i--) await stage.begin();
        const posts = [1, 2, 3].map(() => stage.begin());
        await pause(stage.upTo(150));
        await stage.killAndResume();
        await Promise.all(posts);
        await pause(stage.upTo(400));
        await stage.killAndResume();
    },
    'in the middle of a script': async (stage) => {
        const gates = GATES.filter(() => stage.random() < 0.5);
        stage.talk.gates.make(...gates);
        await stage.begin();
        for (const gate of gates) {
            await stage.talk.gates.reached(gate);
            await pause(stage.upTo(80));
            const early = stage.random() < 0.5;
            await stage.kill();
            if (early) stage.talk.gates.open(gate);
            await stage.server.resume();
            if (!early) stage.talk.gates.open(gate);
        }
    },
    'between the reason of a failure and its end': async (stage) => {
        stage.talk.gates.make('failing');
        const id = await stage.begin(stage.talk.failing, 'failed');
        await stage.talk.gates.reached('failing');
        await waitForLine(stage.api, id, 'beware');
        await stage.killAndResume();
        stage.talk.gates.open('failing');
    },
    'between two steps': async (stage) => {
        stage.talk.gates.make('end');
        await stage.begin();
        await stage.talk.gates.reached('end');
        stage.talk.gates.open('end');
        await pause(stage.upTo(100));
        await stage.killAndResume();
    },
    'at random moments, again and again': async (stage) => {
        await Promise.all([stage.begin(), stage.begin()]);
        for (let i = 0; i < 4; i++) {
            await pause(stage.upTo(500));
            await stage.killAndResume();
        }
    },
    'during a cancel': async (stage) => {
        const id = await stage.begin(stage.talk.endless, 'canceled');
        if (stage.random() < 0.7) await until('the script to run', () => stage.talk.begun(id).length);
        else await pause(stage.upTo(60));
        const answer = cancelTask(stage.api, id).then(() => true, () => false);
        await pause(stage.upTo(40));
        await stage.killAndResume();
        if (!(await answer) && (await getTask(stage.api, id)).State === 'Executing') await cancelTask(stage.api, id);
        await waitForTask(stage.api, id);
    },
    'at a chosen place in the engine': async (stage) => {
        const names = Object.keys(POINTS);
        const name = names[(SEED + stage.round) % names.length];
        await stage.killAndResume({ BOBTAIL_FAULT: `${name}:${1 + stage.upTo(POINTS[name] - 1)}` });
        stage.place = stage.server.options.env.BOBTAIL_FAULT;
        await stage.begin();
        await Promise.race([stage.server.exit, pause(4000)]);
        await stage.killAndResume();
    },
    'of the launcher, with and without the server': async (stage) => {
        stage.talk.gates.make('verbose', 'listen');
        await stage.begin();
        for (const gate of ['verbose', 'listen']) {
            await stage.talk.gates.reached(gate);
            for (const pid of launchersOf(stage.server.folder)) killQuietly(pid, 'SIGKILL');
            if (stage.random() < 0.5) await stage.killAndResume();
            stage.talk.gates.open(gate);
        }
    },
    'of server, launcher and all but supervisors and scripts': async (stage) => {
        await Promise.all([stage.begin(), stage.begin()]);
        await pause(stage.upTo(700));
        for (const pid of [...launchersOf(stage.server.folder), stage.server.process.pid]) killQuietly(pid, 'SIGKILL');
        await stage.killAndResume();
    },
};

onBothDatabases('kill -9', ({ start, kind }) => {
    const each = Math.max(1, Math.round(ROUNDS / Object.keys(scenarios).length));
    Object.entries(scenarios).forEach(([name, play], number) => {
        test(`${name} loses nothing`, { timeout: 60000 + each * 60000 }, async (t) => {
            const seed = SEED * 100 + number * 2 + (kind === 'sqlite' ? 0 : 1);
            const stage = await Stage.set(t, start, { seed });
            for (let round = 1; round <= each; round++) {
                Object.assign(stage, { round, place: '' });
                try {
                    await play(stage);
                    stage.talk.gates.clear();
                    await stage.settle();
                } catch (e) {
                    e.message = `BOBTAIL_FAULT_SEED=${SEED}, round ${round}${stage.place && ` at ${stage.place}`}: ${e.message}`;
                    throw e;
                }
            }
            const scripts = processesOf(stage.server.folder).filter((pid) => isRunning(pid) && nameOf(pid) === 'bobtail-job');
            assert.deepEqual(scripts, [], 'a supervisor is left');
            t.diagnostic(`${each} rounds, ${stage.kills} kills, ${stage.acknowledged.size} runs, seed ${SEED}`);
        });
    });
});
