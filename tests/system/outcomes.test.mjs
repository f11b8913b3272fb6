// What is said of how a run ended: its sentence is short, without secrets, and true.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { describe, test } from 'node:test';
import { onBothDatabases } from '../lib/databases.mjs';
import { temporaryFolder } from '../lib/folder.mjs';
import { Gates } from '../lib/gates.mjs';
import { isRunning, killQuietly, until } from '../lib/processes.mjs';
import { details, linesOf, Project, rawLog, scriptStep, waitForLine, waitForTask } from '../lib/project.mjs';
import { Server } from '../lib/server.mjs';
import { sharedServer } from '../lib/shared.mjs';

const SECRET = 'correct-horse-battery';
const sensitive = (Name) => ({ Name, Value: SECRET, IsSensitive: true });

async function run({ api }, steps, variables = []) {
    const project = await Project.create(api, { steps, variables });
    const task = await waitForTask(api, await project.startDeployment());
    return { task, texts: linesOf(await details(api, task.Id)).map((line) => line.MessageText) };
}

// Everything that the database of a server says about a task, as text.
const stored = ({ folder }, id) => execFileSync('python3', ['-c', `
import sqlite3, sys
c = sqlite3.connect("file:" + sys.argv[1] + "?mode=ro", uri=True)
for table, key in (("task", "id"), ("journal", "task_id")):
    for row in c.execute(f"select * from {table} where {key} = ?", (sys.argv[2],)): print(row)`, path.join(folder, 'bobtail.db'), id], { encoding: 'utf8' });

describe('the sentence of a failed run', { concurrency: 3 }, () => {
    const server = sharedServer({ taskCap: 8 });

    test('masks secrets that a script puts into its message, also in the journal', async () => {
        const { task, texts } = await run(server(), [scriptStep('Tell', 'fail_step "login with $(get_octopusvariable Password) failed"')], [sensitive('Password')]);

        assert.equal(task.State, 'Failed');
        assert.match(task.ErrorMessage, /login with \*{8} failed/);
        assert.match(texts.join('\n'), /login with \*{8} failed/);
        assert.ok(!stored(server(), task.Id).includes(SECRET));
    });

    test('masks secrets that make the plan impossible', async () => {
        const { task } = await run(server(), [scriptStep('Never', 'echo never')], [sensitive('Octopus.Action.MaxParallelism')]);

        assert.equal(task.State, 'Failed');
        assert.match(task.ErrorMessage, /MaxParallelism.*\*{8}/);
        assert.ok(!stored(server(), task.Id).includes(SECRET));
    });

    test('is cut when it is long, and said in the log all the same', async () => {
        const { task, texts } = await run(server(), [scriptStep('Long', `fail_step "$(printf 'é%.0s' {1..50000})"`)]);

        assert.equal(task.State, 'Failed');
        assert.ok(Buffer.byteLength(task.ErrorMessage) <= 4096, `${task.ErrorMessage.length}`);
        assert.match(task.ErrorMessage, /The step "Long" failed: é+ \.\.\.$/);
        assert.ok(texts.some((line) => /^é{1000,} \.\.\.$/.test(line)));
    });
});

describe('the details of a task with a long log', () => {
    const server = sharedServer();

    test('hold the newest lines of each step and say how many are left out and where they are', async () => {
        const { api } = server();
        const { task } = await run(server(), [scriptStep('Count', 'seq -f "line %.0f" 25000'), scriptStep('After', 'echo after')]);
        const linesWith = async (query) => linesOf(await details(api, task.Id, query)).filter((line) => line.node === 'Count');

        for (const query of ['verbose=true', 'verbose=false', 'verbose=true&tail=999999999']) {
            const [notice, ...lines] = await linesWith(query);
            const left = Number(/^([0-9]+) earlier lines are left out here.*\/api\/tasks\/ServerTasks-[0-9]+\/raw$/.exec(notice.MessageText)?.[1]);
            assert.equal(lines.length, 10000, query);
            assert.ok(left >= 15000 && left < 15100, notice.MessageText);
            assert.ok(lines.every((line, i) => i === 0 || line.Number > lines[i - 1].Number));
            assert.ok(lines.some((line) => line.MessageText === 'line 25000'));
        }
        assert.deepEqual((await linesWith('verbose=false&tail=2')).map((line) => line.MessageText), ['line 24999', 'line 25000'], 'a tail that was asked for leaves nothing out');
    });
});

onBothDatabases('output variables', (database) => {
    test('of more than 200 characters in their name are refused with a warning, and the run goes on', async (t) => {
        const server = await database.start(t);
        const name = (n) => `$(printf 'é%.0s' {1..${n}})`;
        const { task, texts } = await run(server, [scriptStep('Set', `set_octopusvariable "${name(200)}" fits; set_octopusvariable "${name(3000)}" much`), scriptStep('After', 'echo after')]);

        assert.equal(task.State, 'Success', task.ErrorMessage);
        assert.equal(task.HasWarningsOrErrors, true);
        assert.equal(texts.filter((line) => /its name has 3000 characters, 200 are allowed/.test(line)).length, 1);
        assert.ok(texts.includes('after'));
    });
});

describe('what a script leaves behind', { concurrency: 2 }, () => {
    test('output that is missing from its log is said to be missing', async (t) => {
        const server = await Server.start(t);
        const folder = temporaryFolder(t);
        const gates = new Gates(folder);
        t.after(() => gates.close());
        gates.make('cut');
        const project = await Project.create(server.api, { steps: [scriptStep('Cut', `${gates.shell}
            log="$PWD/../../jobs/$(basename "$PWD")/log"
            echo first; gate cut
            size="$(stat -c %s "$log")"; echo second
            until [ "$(stat -c %s "$log")" -gt "$size" ]; do sleep 0.02; done
            truncate -s "$size" "$log"; : > '${folder}/done'`, { properties: { OctopusUseRawScript: 'True' } })] });
        const id = await project.startDeployment();
        await waitForLine(server.api, id, 'first');
        killQuietly(server.process.pid, 'SIGSTOP');
        gates.open('cut');
        await until('the script to cut its log', () => fs.existsSync(`${folder}/done`));
        killQuietly(server.process.pid, 'SIGCONT');

        const task = await waitForTask(server.api, id);

        assert.equal(task.State, 'Success', task.ErrorMessage);
        assert.equal(task.HasWarningsOrErrors, true);
        const texts = linesOf(await details(server.api, id)).map((line) => line.MessageText);
        assert.ok(texts.includes('1 fragments of the output are missing'), texts.join('\n'));
    });

    test('a script that is lost with its supervisor is tried again when the step says so', async (t) => {
        const server = await Server.start(t);
        const folder = temporaryFolder(t);
        const gates = new Gates(folder);
        t.after(() => gates.close());
        gates.make('first');
        const body = `${gates.shell}; echo try >> '${folder}/tries'; if [ ! -e '${folder}/pids' ]; then echo "$$ $PPID" > '${folder}/pids'; gate first; fi; echo second try`;
        const project = await Project.create(server.api, { steps: [scriptStep('Lost', body, { properties: { OctopusUseRawScript: 'True', 'Octopus.Action.AutoRetry.MaximumCount': '1' } })] });
        const id = await project.startDeployment();
        await gates.reached('first');
        const [script, supervisor] = fs.readFileSync(`${folder}/pids`, 'utf8').trim().split(' ').map(Number);

        killQuietly(supervisor, 'SIGKILL');

        const task = await waitForTask(server.api, id);
        assert.equal(task.State, 'Success', task.ErrorMessage);
        assert.equal(fs.readFileSync(`${folder}/tries`, 'utf8'), 'try\ntry\n');
        await until('the first script to be gone', () => !isRunning(script));
    });

    test('the working folder is kept when the step says so, and is removed otherwise', async (t) => {
        const server = await Server.start(t);
        const body = 'echo kept > file';
        const { task, texts } = await run(server, [scriptStep('Keep', body, { properties: { OctopusKeepWorkingDirectory: 'True' } }), scriptStep('Not', body)]);
        const left = (folder) => fs.readdirSync(path.join(server.folder, 'builtin', folder)).filter((name) => /^[a-zA-Z0-9]+$/.test(name));

        assert.equal(task.State, 'Success', task.ErrorMessage);
        await until('the run to be cleaned', () => left('work').length === 1 && left('jobs').length === 0);
        assert.equal(fs.readFileSync(path.join(server.folder, 'builtin/work', left('work')[0], 'file'), 'utf8'), 'kept\n');
        assert.ok(texts.some((line) => line.endsWith(`work/${left('work')[0]}`)));
    });

    test('folders that no open task names are removed when nobody has touched them for a week', async (t) => {
        const server = await Server.start(t);
        const gates = new Gates(temporaryFolder(t));
        t.after(() => gates.close());
        gates.make('go');
        const project = await Project.create(server.api, { steps: [scriptStep('Long', `${gates.shell}; gate go; cat *.none 2>/dev/null; pwd`)] });
        const id = await project.startDeployment();
        await gates.reached('go');
        const place = (...names) => path.join(server.folder, 'builtin', ...names);
        const [running] = fs.readdirSync(place('work'));
        await server.stop();
        for (const ticket of ['abandoned000001', 'recent00000001']) {
            for (const kind of ['work', 'jobs']) fs.mkdirSync(place(kind, ticket));
            fs.writeFileSync(place('work', ticket, 'file'), '');
        }
        const old = Date.now() / 1000 - 8 * 86400;
        for (const ticket of ['abandoned000001', running]) {
            for (const kind of ['work', 'jobs']) fs.utimesSync(place(kind, ticket), old, old);
        }

        await server.resume();

        await until('the old folder to be removed', () => !fs.existsSync(place('work', 'abandoned000001')) && !fs.existsSync(place('jobs', 'abandoned000001')));
        assert.ok(fs.existsSync(place('work', running)) && fs.existsSync(place('work', 'recent00000001')));
        gates.open('go');
        assert.equal((await waitForTask(server.api, id)).State, 'Success');
    });

    test('more than 10,000 artifacts that are not there are each said to be missing', async (t) => {
        const server = await Server.start(t);
        const { task } = await run(server, [scriptStep('Many', `for i in {1..10100}; do echo "##octopus[createArtifact path='L25vd2hlcmU=' name='eA==']"; done`, { properties: { OctopusUseRawScript: 'True' } })]);

        assert.equal(task.State, 'Success', task.ErrorMessage);
        const raw = await rawLog(server.api, task.Id);
        assert.equal(raw.match(/Artifact x was not collected/g).length, 10100);
    });
});
