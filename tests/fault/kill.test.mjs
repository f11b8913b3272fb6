// `kill -9` at any moment loses nothing (F2): runs end as they should, each script has run once, every line is in the log
// once, in order, masked, of the right category; the output variable and the artifact are there.
//
// $BOBTAIL_FAULT_ROUNDS is the least number of rounds per database (without it every scenario is played once);
// $BOBTAIL_FAULT_SEED repeats the random choices of a run.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import { test } from 'node:test';
import { onBothDatabases } from '../lib/databases.mjs';
import { isRunning, killQuietly, launchersOf, nameOf, pause, processesOf, until } from '../lib/processes.mjs';
import { cancelTask, waitForLine, waitForTask } from '../lib/project.mjs';
import { Talk, randomOf } from '../lib/talk.mjs';

const ROUNDS = Number(process.env.BOBTAIL_FAULT_ROUNDS ?? 1);
const SEED = Number(process.env.BOBTAIL_FAULT_SEED ?? Date.now() % 1000000);
const GATES = ['verbose', 'secret', 'variable', 'message', 'token', 'end', 'listen', 'late'];
// Places in the engine, and how often every run of the runbook comes there at least.
const PLACES = { 'engine.claimed': 1, 'engine.before-commit': 6, 'engine.in-commit': 6, 'engine.after-commit': 6, 'engine.before-start': 3,
    'engine.after-start': 3, 'engine.outcome-written': 3, 'engine.end-written': 1, 'engine.artifacts-fetched': 2, 'engine.before-clean': 3 };
// 1 = the intent to start the first script is committed, and nothing is sent
const SURELY = ['engine.after-commit:1', 'engine.before-start:1'];
const SHORT_MINUTE = { BOBTAIL_FAULT_MINUTE_MS: '500' };

// A server with its runbook, what was acknowledged, and dice.
class Stage {
    static async set(t, start, { seed, kind, ...options }) {
        const stage = new Stage();
        stage.kind = kind;
        stage.random = randomOf(seed);
        stage.server = await start(t, options);
        stage.talk = await Talk.create(t, stage.server.api);
        stage.acknowledged = new Map(); // task id -> the assertion of Talk that holds at its end
        stage.kills = 0;
        return stage;
    }

    upTo(n) {
        return Math.floor(this.random() * (n + 1));
    }

    // The places of this round: the surest ones, and every second of the others, so that two rounds have all.
    places() {
        const at = Object.keys(PLACES).filter((_, i) => i % 2 === (this.round + (this.kind === 'sqlite')) % 2);
        return [...SURELY, ...at.map((name) => `${name}:${1 + this.upTo(PLACES[name] - 1)}`)];
    }

    get api() {
        return this.server.api;
    }

    // Starts a run; undefined when the server died before it could answer.
    async begin(runbook, wanted = 'assertWhole') {
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

    // From now on the server dies when it comes to this place. All runs have been settled: none of them comes there any more.
    async arm(place, env) {
        await this.server.stop();
        this.place = place;
        this.server.options.env = { ...env, BOBTAIL_FAULT: place };
        await this.server.resume();
    }

    // The server comes to the armed place and dies; its successor has these variables.
    async diesAndResumes(env) {
        await until(`the server to die at ${this.place}`, () => this.server.exited);
        assert.equal((await this.server.exit).signal, 'SIGKILL', this.server.output);
        await this.killAndResume(env);
        this.place = '';
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
        for (const id of there) await this.talk[this.acknowledged.get(id) ?? 'assertWhole'](this.api, id);
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
        if (gates.length === 0) gates.push(GATES[stage.upTo(GATES.length - 1)]);
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
        const id = await stage.begin(stage.talk.failing, 'assertFailed');
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
        const id = await stage.begin(stage.talk.endless, 'assertCanceled');
        if (stage.random() < 0.7) await until('the script to run', () => stage.talk.begun(id).length);
        else await pause(stage.upTo(60));
        const answer = cancelTask(stage.api, id).then(() => true, () => false);
        await pause(stage.upTo(40));
        await stage.killAndResume();
        if (!(await answer)) await cancelTask(stage.api, id).catch((e) => assert.match(e.message, /ended as Canceled/));
        await waitForTask(stage.api, id);
    },
    'between the wish to cancel and the stop': async (stage) => {
        await stage.arm('engine.before-stop:1');
        const id = await stage.begin(stage.talk.endless, 'assertCanceled');
        await until('the script to run', () => stage.talk.begun(id).length);
        await cancelTask(stage.api, id).catch(() => {}); // it may die before it has answered
        await stage.diesAndResumes();
    },
    'while steps run in parallel': async (stage) => {
        stage.talk.gates.make('left', 'right');
        const id = await stage.begin(stage.talk.parallel, 'assertParallel');
        await Promise.all(['left', 'right'].map((gate) => stage.talk.gates.reached(gate)));
        await stage.killAndResume();
        stage.talk.gates.open(stage.random() < 0.5 ? 'left' : 'right');
        await pause(stage.upTo(100));
        await stage.killAndResume();
        assert.ok(!stage.talk.begun(id).includes('join'), 'a step began before those before it had ended');
    },
    'while a retry waits': async (stage) => {
        const id = await stage.begin(stage.talk.retried, 'assertRetried');
        await waitForLine(stage.api, id, 'exit code 1');
        await stage.killAndResume();
        assert.deepEqual(stage.talk.begun(id), ['try'], 'the retry came before its time, or the kill after it');
        await pause(stage.upTo(2500)); // until the retry is due, and later
        await stage.killAndResume();
    },
    'while a script is stopped for its time limit': async (stage) => {
        stage.talk.gates.make('stopping');
        await stage.arm('engine.before-stop:1', SHORT_MINUTE);
        await stage.begin(stage.talk.limited, 'assertTimedOut');
        await stage.diesAndResumes(SHORT_MINUTE);
        await stage.talk.gates.reached('stopping');
        await stage.killAndResume();
        stage.talk.gates.open('stopping');
        await pause(stage.upTo(40));
        await stage.killAndResume();
    },
    'at chosen places in the engine': async (stage) => {
        for (const place of stage.places()) {
            await stage.arm(place);
            await stage.begin();
            await stage.diesAndResumes();
            await stage.settle();
        }
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
    const each = Math.ceil(ROUNDS / Object.keys(scenarios).length);
    Object.entries(scenarios).forEach(([name, play], number) => {
        test(`${name} loses nothing`, { timeout: 60000 + each * 60000 }, async (t) => {
            const seed = SEED * 100 + number * 2 + (kind === 'sqlite' ? 0 : 1);
            const stage = await Stage.set(t, start, { seed, kind });
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
