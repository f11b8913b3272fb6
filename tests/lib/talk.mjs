// A runbook whose scripts do everything that a log must survive: numbered lines, categories, announced masks, secrets cut
// in two, half service messages, an output variable, an artifact. `assertWhole` says whether a run of it has lost,
// repeated, mixed up or shown anything. Beside it: runbooks with parallel steps, with a retry, with a time limit.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { temporaryFolder } from './folder.mjs';
import { Gates } from './gates.mjs';
import { assertEnded, details, getTask, linesOf, Project, rawLog, scriptStep } from './project.mjs';

const SECRET = 'top-secret-of-the-project';
const ANNOUNCED = 'announced-by-the-script';
const TOKEN = 'handed-to-the-next-step';
const MASK = '********';
const base64 = (text) => Buffer.from(text).toString('base64');
const numbered = (from, to) => Array.from({ length: to - from + 1 }, (_, i) => `line ${from + i}`);
// a process per few lines, so that the script lasts long enough to be met in its middle
const print = (from, to) => `for i in $(seq ${from} ${to}); do echo "line $i"; [ $((i % 6)) != 0 ] || /bin/true; done`;

const talk = (folder, gates) => `${gates.shell}
echo "talk" >> '${folder}/#{Octopus.Task.Id}'
${print(1, 150)}
echo "##octopus[stdout-verbose]"
${print(151, 250)}
gate verbose
${print(251, 300)}
echo "##octopus[stdout-default]"
echo "##octopus[mask value='${base64(ANNOUNCED)}']"
echo "known: ${ANNOUNCED}."
printf '%s' 'cut: ${ANNOUNCED.slice(0, 9)}'
gate secret
printf '%s.\\n' '${ANNOUNCED.slice(9)}'
printf '%s' 'variable: ${SECRET.slice(0, 12)}'
gate variable
printf '%s.\\n' '${SECRET.slice(12)}'
printf "##octopus[setVariable name='${base64('Answer')}' val"
gate message
printf "ue='${base64('42')}']\\n"
printf "##octopus[setVariable name='${base64('Token')}' value='${base64(TOKEN).slice(0, 9)}"
gate token
printf "${base64(TOKEN).slice(9)}' sensitive='${base64('True')}']\\n"
echo "token: ${TOKEN}."
echo "kept by #{Octopus.Task.Id}" > report.txt
new_octopusartifact report.txt
${print(301, 400)}
gate end
echo "no newline" | tr -d '\\n'`;

const listen = (folder, gates) => `${gates.shell}
echo "listen" >> '${folder}/#{Octopus.Task.Id}'
gate listen
echo "answer: $(get_octopusvariable 'Octopus.Action[Talk].Output.Answer')"
echo "known: ${ANNOUNCED}."
echo "token: $(get_octopusvariable 'Octopus.Action[Talk].Output.Token')."
${print(401, 430)}
echo "late by #{Octopus.Task.Id}" > late.txt
gate late
printf "##octopus[createArtifact path='$(printf %s "$PWD/late.txt" | base64 -w0)' name='${base64('late.txt')}' length='${base64('9')}']"`;

// tells why it fails, and ends later
const fail = (folder, gates) => `${gates.shell}
echo "talk" >> '${folder}/#{Octopus.Task.Id}'
echo "##octopus[resultMessage message='${base64('the moon is full')}']"
echo "##octopus[stdout-warning]"
echo "beware"
gate failing
exit 3`;

// one of two that run at the same time
const aside = (folder, gates, name) => `${gates.shell}
echo "${name}" >> '${folder}/#{Octopus.Task.Id}'
${print(1, 120)}
gate ${name}
${print(121, 200)}`;

// fails the first time
const retry = (folder) => `echo "try" >> '${folder}/#{Octopus.Task.Id}'
n=$(wc -l < '${folder}/#{Octopus.Task.Id}'); echo "try $n"; [ "$n" = 2 ]`;

// runs until it is told to stop, and takes its time then
const linger = (folder, gates) => `${gates.shell}
trap 'echo stopping; gate stopping; echo stopped; exit 0' TERM
echo "talk" >> '${folder}/#{Octopus.Task.Id}'
echo begun
while :; do sleep 0.05; done`;

const info = (texts) => texts.map((text) => `Info ${text}`);
const WANTED = {
    Talk: [...info(numbered(1, 150)), ...numbered(151, 300).map((text) => `Verbose ${text}`),
        ...info([`known: ${MASK}.`, `cut: ${MASK}.`, `variable: ${MASK}.`, `token: ${MASK}.`]), ...info(numbered(301, 400)), 'Info no newline'],
    Listen: info(['answer: 42', `known: ${MASK}.`, `token: ${MASK}.`, ...numbered(401, 430)]),
    Last: info(['the end']),
};
// what the engine and bobtail-step say beside the script
const ASIDE = /^(Built-in worker of |Bash environment information:|  [A-Z][a-z ]+: |Collecting report\.txt as an artifact|Artifact report\.txt will be collected|The task was canceled by )/;

// The first difference tells more than all lines.
function assertSame(seen, wanted, what) {
    const at = Array.from({ length: Math.max(seen.length, wanted.length) }, (_, i) => i).find((i) => seen[i] !== wanted[i]);
    if (at === undefined) return;
    const around = (lines) => lines.slice(Math.max(0, at - 2), at + 6).join('\n    ');
    assert.fail(`${what} differs at line ${at} (${seen.length} lines, wanted ${wanted.length})\n  is\n    ${around(seen)}\n  wanted\n    ${around(wanted)}`);
}

export class Talk {
    static async create(t, api, { options = {} } = {}) {
        const talker = new Talk();
        talker.folder = temporaryFolder(t, 'talk');
        fs.chmodSync(talker.folder, 0o755);
        talker.gates = new Gates(talker.folder);
        t.after(() => talker.gates.close());
        talker.project = await Project.create(api, {
            variables: [{ Name: 'Secret', Value: SECRET, IsSensitive: true },
                { Name: 'Octopus.Task.ConcurrencyTag', Value: options.oneByOne ? 'talk' : '#{Octopus.Task.Id}' }],
        });
        talker.runbook = await talker.project.createRunbook([
            scriptStep('Talk', talk(talker.folder, talker.gates)),
            scriptStep('Listen', listen(talker.folder, talker.gates)),
            scriptStep('Last', `echo last >> '${talker.folder}/#{Octopus.Task.Id}'; echo "the end"`),
        ]);
        talker.failing = await talker.project.createRunbook([scriptStep('Talk', fail(talker.folder, talker.gates))]);
        talker.endless = await talker.project.createRunbook([
            scriptStep('Talk', `echo talk >> '${talker.folder}/#{Octopus.Task.Id}'; echo begun; sleep 600`),
            scriptStep('Never', `echo never >> '${talker.folder}/#{Octopus.Task.Id}'`),
        ]);
        talker.parallel = await talker.project.createRunbook([
            scriptStep('Left', aside(talker.folder, talker.gates, 'left')),
            scriptStep('Right', aside(talker.folder, talker.gates, 'right'), { StartTrigger: 'StartWithPrevious' }),
            scriptStep('Join', `echo join >> '${talker.folder}/#{Octopus.Task.Id}'`),
        ]);
        talker.retried = await talker.project.createRunbook([scriptStep('Talk', retry(talker.folder),
            { properties: { 'Octopus.Action.AutoRetry.MaximumCount': '1', 'Octopus.Action.AutoRetry.MinimumBackoff': '2' } })]);
        talker.limited = await talker.project.createRunbook([scriptStep('Talk', linger(talker.folder, talker.gates),
            { properties: { 'Octopus.Action.ExecutionTimeout.Minutes': '1', 'Octopus.Action.CancelGraceSeconds': '600' } })]);
        return talker;
    }

    start(runbook = this.runbook) {
        return this.project.startRun(runbook);
    }

    // The names of the scripts that have begun, in order.
    begun(taskId) {
        const file = path.join(this.folder, taskId);
        return fs.existsSync(file) ? fs.readFileSync(file, 'utf8').split('\n').filter(Boolean) : [];
    }

    // Everything about an ended run of the runbook.
    async assertWhole(api, taskId) {
        await assertEnded(api, await getTask(api, taskId), 'Success');
        assert.deepEqual(this.begun(taskId), ['talk', 'listen', 'last'], `${taskId}: each script runs once`);
        const lines = await this.#lines(api, taskId);
        for (const [node, wanted] of Object.entries(WANTED)) {
            const own = lines.filter((line) => line.node === node && !ASIDE.test(line.MessageText));
            assertSame(own.map((line) => `${line.Category} ${line.MessageText}`), wanted, `${taskId}: the log of ${node}`);
        }
        const raw = await rawLog(api, taskId);
        assert.ok([SECRET, ANNOUNCED, TOKEN].every((secret) => !raw.includes(secret)), `${taskId}: a secret is in the raw log`);
        await this.#assertArtifacts(api, taskId);
    }

    // All lines, which are counted without gap.
    async #lines(api, taskId) {
        const lines = linesOf(await details(api, taskId));
        const numbers = lines.map((line) => line.Number).sort((a, b) => a - b);
        assert.deepEqual(numbers, numbers.map((_, i) => i + 1), `${taskId}: lines are counted without gap`);
        return lines;
    }

    async #assertArtifacts(api, taskId) {
        const artifacts = (await api.get(`/api/Spaces-1/artifacts?regarding=${taskId}`)).Items;
        const contents = await Promise.all(artifacts.map(async (a) => `${a.Filename}: ${await api.get(`/api/Spaces-1/artifacts/${a.Id}/content`)}`));
        assert.deepEqual(contents.sort(), [`late.txt: late by ${taskId}\n`, `report.txt: kept by ${taskId}\n`], `${taskId}: its artifacts`);
    }

    // What scripts printed themselves, by node; `own` tells which texts those are.
    async #printed(api, taskId, own) {
        return (await this.#lines(api, taskId)).filter((line) => own.test(line.MessageText)).map((line) => `${line.node}: ${line.MessageText}`);
    }

    async assertParallel(api, taskId) {
        await assertEnded(api, await getTask(api, taskId), 'Success');
        const begun = this.begun(taskId);
        assert.deepEqual([...begun].sort(), ['join', 'left', 'right'], `${taskId}: each script runs once`);
        assert.equal(begun.at(-1), 'join', `${taskId}: the next step waits for both`);
        const printed = await this.#printed(api, taskId, /^line /);
        for (const node of ['Left', 'Right']) {
            assertSame(printed.filter((line) => line.startsWith(`${node}: `)), numbered(1, 200).map((text) => `${node}: ${text}`), `${taskId}: the log of ${node}`);
        }
    }

    async assertRetried(api, taskId) {
        await assertEnded(api, await getTask(api, taskId), 'Success');
        assert.deepEqual(this.begun(taskId), ['try', 'try'], `${taskId}: one retry`);
        assert.deepEqual((await this.#printed(api, taskId, /^try /)).map((line) => line.replace(/^.*: /, '')), ['try 1', 'try 2']);
    }

    async assertTimedOut(api, taskId) {
        const task = await getTask(api, taskId);
        await assertEnded(api, task, 'Failed');
        assert.match(task.ErrorMessage, /time limit/);
        assert.deepEqual(this.begun(taskId), ['talk'], `${taskId}: the script runs once`);
        assert.deepEqual(await this.#printed(api, taskId, /^(begun|stopping|stopped)$/), ['Talk: begun', 'Talk: stopping', 'Talk: stopped']);
    }

    async assertFailed(api, taskId) {
        const task = await getTask(api, taskId);
        await assertEnded(api, task, 'Failed');
        assert.deepEqual(this.begun(taskId), ['talk']);
        assert.match(task.ErrorMessage, /the moon is full/);
        assert.equal(task.HasWarningsOrErrors, true);
        const lines = linesOf(await details(api, taskId)).filter((line) => line.MessageText === 'beware');
        assert.deepEqual(lines.map((line) => line.Category), ['Warning']);
    }

    async assertCanceled(api, taskId) {
        await assertEnded(api, await getTask(api, taskId), 'Canceled');
        const begun = this.begun(taskId);
        assert.ok(begun.length <= 1 && begun.every((name) => name === 'talk'), `${taskId}: ${begun} ran`);
        const lines = linesOf(await details(api, taskId)).filter((line) => line.MessageText === 'begun');
        assert.ok(lines.length <= 1, `${taskId}: ${lines.length} times the same line`);
    }
}

// Numbers in [0, 1) that are the same for the same seed.
export function randomOf(seed) {
    let state = seed >>> 0;
    return () => {
        state = (state + 0x6d2b79f5) >>> 0;
        let x = Math.imul(state ^ (state >>> 15), 1 | state);
        x = (x + Math.imul(x ^ (x >>> 7), 61 | x)) ^ x;
        return ((x ^ (x >>> 14)) >>> 0) / 2 ** 32;
    };
}
