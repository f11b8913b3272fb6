// A power cut at any moment loses nothing that was acknowledged (F3): server, launcher, supervisors and SQLite run under the
// recorder, the folder is rebuilt as of random moments with everything dropped that was not synced, and a fresh server on
// it must know whatever a client had been told before.
//
// $BOBTAIL_FAULT_ROUNDS is the number of rebuilds.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import { test } from 'node:test';
import { until } from '../lib/processes.mjs';
import { Project, createEnvironment, details, getTask, linesOf, rawLog, scriptStep, waitForLine, waitForTask } from '../lib/project.mjs';
import { Recording } from '../lib/recording.mjs';
import { Server } from '../lib/server.mjs';

const rounds = Number(process.env.BOBTAIL_FAULT_ROUNDS ?? 12);
const S = '/api/Spaces-1';
let lost = 0;

// lasts long enough to be met in its middle by many cuts
const scriptOf = (proof) => `echo #{Octopus.Task.Id} >> '${proof}'
echo begin
for i in $(seq 1 40); do echo "line $i"; /bin/true; done
set_octopusvariable Answer 42
echo kept > report.txt; new_octopusartifact "$PWD/report.txt"
echo end`;

// The lines that the scripts printed, in order.
async function printed(api, taskId) {
    return linesOf(await details(api, taskId)).map((line) => line.MessageText).filter((text) => /^(begin|end|line \d+)$/.test(text));
}

// A client that writes down what it was told, with the position that the record had reached by then.
class Witness {
    constructor(recording) {
        this.recording = recording;
        this.proof = `${recording.home}/proof`; // each script that begins adds a line; no power cut takes it away
        this.facts = [];
        this.forget();
    }

    forget() {
        fs.writeFileSync(this.proof, '');
    }

    begun(taskId) {
        return fs.readFileSync(this.proof, 'utf8').split('\n').filter((line) => line === taskId).length;
    }

    // Once begun, never begun again: whoever rebuilds forgets what was begun before.
    async knowsBegun(taskId) {
        await until(`the script of ${taskId} to begin`, () => this.begun(taskId));
        this.knows(`the script of ${taskId} has begun`, async () => assert.equal(this.begun(taskId), 0, 'it was started again'));
    }

    knows(what, check) {
        this.facts.push({ position: this.recording.position, what, check });
    }

    // How many positions there are to cut at, from the first fact on.
    get first() {
        return this.facts[0].position;
    }
}

async function knowEnvironments(witness, api) {
    for (let i = 1; i <= 5; i++) {
        const { Id, Name } = await createEnvironment(api);
        witness.knows(`environment ${Name}`, async (later) => assert.equal((await later.get(`${S}/environments/${Id}`)).Name, Name));
    }
}

async function knowRun(witness, api, project, runbook) {
    const id = await project.startRun(runbook);
    witness.knows(`${id} is queued`, (later) => getTask(later, id));
    await witness.knowsBegun(id);
    await waitForLine(api, id, 'begin');
    const seen = await printed(api, id);
    witness.knows(`${id} has printed ${seen.length} lines`, async (later) => {
        const lines = await printed(later, id);
        assert.deepEqual(lines.slice(0, seen.length), seen);
        assert.equal(lines.filter((line) => line === 'begin').length, 1, 'the script was started again');
    });
    const task = await waitForTask(api, id);
    assert.equal(task.State, 'Success', task.ErrorMessage);
    const all = await printed(api, id);
    assert.equal(all.length, 42);
    witness.knows(`${id} succeeded`, async (later) => {
        assert.equal((await getTask(later, id)).State, 'Success');
        assert.deepEqual(await printed(later, id), all);
        const artifacts = (await later.get(`${S}/artifacts?regarding=${id}`)).Items;
        assert.equal(artifacts.length, 1);
        assert.equal(await later.get(`${S}/artifacts/${artifacts[0].Id}/content`), 'kept\n');
    });
}

async function knowCancel(witness, api, project, runbook) {
    const id = await project.startRun(runbook);
    await witness.knowsBegun(id);
    await waitForLine(api, id, 'begin');
    await api.post(`/api/tasks/${id}/cancel`);
    await waitForTask(api, id);
    witness.knows(`${id} was cancelled`, async (later) => assert.equal((await getTask(later, id)).State, 'Canceled'));
}

async function live(witness, api) {
    await knowEnvironments(witness, api);
    const project = await Project.create(api, { variables: [{ Name: 'Secret', Value: 'tell-nobody', IsSensitive: true }] });
    witness.knows('a project', async (later) => assert.equal((await later.get(`${S}/projects/${project.id}`)).Name, project.name));
    const runbook = await project.createRunbook([scriptStep('Print', scriptOf(witness.proof))]);
    const slow = await project.createRunbook([scriptStep('Wait', `echo #{Octopus.Task.Id} >> '${witness.proof}'; echo begin; sleep 4`)]);
    witness.knows('a runbook', async (later) => assert.ok((await later.get(`${S}/projects/${project.id}/runbooks/${runbook.Id}`)).PublishedRunbookSnapshotId));
    await Promise.all([1, 2, 3].map(() => knowRun(witness, api, project, runbook)));
    await knowCancel(witness, api, project, slow);
    await knowRun(witness, api, project, runbook);
}

// Every task must come to its end by itself.
async function settle(api) {
    let active;
    await until('all tasks to end', async () => {
        active = (await api.get('/api/tasks?active=true&take=100')).Items;
        return active.length === 0;
    }).catch((e) => {
        throw new Error(`${e.message}: ${JSON.stringify(active)}`);
    });
}

// A run that did not succeed says why; none ends as if its script had never started.
async function assertEndings(api) {
    for (const task of (await api.get('/api/tasks?take=100')).Items) {
        if (task.State === 'Success' || task.State === 'Canceled') continue;
        assert.equal(task.State, 'Failed');
        assert.match(`${task.ErrorMessage}\n${await rawLog(api, task.Id)}`, /the machine was restarted: the script is lost/);
        lost++;
    }
}

async function afterThePowerCut(t, witness, position, seed) {
    const folder = await witness.recording.rebuild(position, seed);
    witness.forget();
    const server = await Server.start(t, witness.recording.rebooted(folder));
    try {
        const facts = witness.facts.filter((fact) => fact.position <= position);
        await settle(server.api);
        await assertEndings(server.api);
        for (const fact of facts) {
            await fact.check(server.api).catch((e) => {
                throw new Error(`lost: ${fact.what}: ${e.message}`);
            });
        }
        return facts.length;
    } catch (e) {
        throw new Error(`power cut at ${position}, seed ${seed ?? 'none'}: ${e.message}\n${server.output}`);
    } finally {
        await server.end();
    }
}

test('what was acknowledged survives a power cut at any moment', { timeout: 600000 }, async (t) => {
    const recording = new Recording(t);
    const witness = new Witness(recording);
    const server = await Server.start(t, recording.recorded);
    await live(witness, server.api);
    await server.stop(); // so that the record has what is written after the last answer, too
    const end = recording.position;
    await server.end();

    let checked = 0;
    for (let round = 0; round < rounds; round++) {
        const position = witness.first + Math.floor(Math.random() * (end - witness.first + 1));
        checked += await afterThePowerCut(t, witness, position, round % 2 ? round : undefined);
    }
    checked += await afterThePowerCut(t, witness, end);
    assert.ok(checked >= witness.facts.length);
    t.diagnostic(`${rounds + 1} rebuilds of a record of ${end} bytes, ${checked} facts checked, ${lost} runs lost with the machine`);
});
