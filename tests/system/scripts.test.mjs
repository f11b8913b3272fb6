// What scripts do to a server, well-behaved and otherwise: the right status, log and exit code each time.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { after, describe, test } from 'node:test';
import { temporaryFolder } from '../lib/folder.mjs';
import { isRunning, killQuietly, until } from '../lib/processes.mjs';
import { assertEnded, cancelTask, details, getTask, linesOf, Project, rawLogCounts, scriptStep, waitForLine, waitForTask } from '../lib/project.mjs';
import { Server } from '../lib/server.mjs';
import { sharedServer } from '../lib/shared.mjs';

// Runs steps as a deployment of their own. Returns the ended task and all lines of its tree.
async function start(server, steps, variables = []) {
    const { api } = server();
    const project = await Project.create(api, { steps, variables });
    return { api, project, id: await project.startDeployment() };
}

async function end({ api, project, id }, limit) {
    const task = await waitForTask(api, id, limit);
    const lines = linesOf(await details(api, id));
    return { api, project, task, lines, texts: lines.map((line) => line.MessageText) };
}

const run = async (server, steps, variables, limit) => end(await start(server, steps, variables), limit);
const runBody = (server, body, properties = {}, syntax = 'Bash') => run(server, [scriptStep('Script', body, { properties, syntax })]);

// The lines of one step's script without those of the server and of the helper functions.
const printed = ({ lines }) => lines.filter((line) => ['Info', 'Error', 'Warning', 'Highlight'].includes(line.Category)).map((line) => line.MessageText);

// A path that the script makes when it is there, and its content.
const readWhenThere = (file) => until(`${file} to be there`, () => fs.existsSync(file) && fs.readFileSync(file, 'utf8').endsWith('\n') && fs.readFileSync(file, 'utf8').trim());
const gone = (pid) => until(`process ${pid} to be gone`, () => !isRunning(pid));

describe('scripts that do not behave', { concurrency: 3 }, () => {
    const server = sharedServer({ taskCap: 8 });

    test('a script that ignores SIGTERM is killed after its grace and its run ends as Canceled', async (t) => {
        const pidFile = path.join(temporaryFolder(t), 'pid');
        const running = await start(server, [scriptStep('Stubborn', `trap 'echo ignored' TERM\necho $$ > '${pidFile}'\nwhile :; do sleep 0.1; done`,
            { properties: { 'Octopus.Action.CancelGraceSeconds': '1' } })]);
        const pid = Number(await readWhenThere(pidFile));

        await cancelTask(running.api, running.id);
        const { task, texts } = await end(running);

        assert.equal(task.State, 'Canceled');
        assert.ok(texts.includes('ignored'), 'SIGTERM came first');
        await gone(pid);
    });

    test('a script that tidies up on SIGTERM and exits 0 ends as Canceled, never as Success', async () => {
        const running = await start(server, [scriptStep('Tidy', "trap 'echo tidied; exit 0' TERM\necho ready\nwhile :; do sleep 0.1; done"),
            scriptStep('Always', 'echo never-printed', { Condition: 'Always' })]);
        await waitForLine(running.api, running.id, 'ready');

        await cancelTask(running.api, running.id);
        const { task, texts } = await end(running);

        assert.equal(task.State, 'Canceled');
        assert.equal(task.FinishedSuccessfully, false);
        assert.ok(texts.includes('tidied'));
        assert.ok(!texts.includes('never-printed'), 'nothing starts after a cancel');
    });

    test('a cancel ends the children of a script too, also those that left its process group', async (t) => {
        const folder = temporaryFolder(t);
        const running = await start(server, [scriptStep('Forks', `
            sleep 600 & echo $! > '${folder}/child'
            setsid bash -c 'trap "" TERM; echo $$ > "${folder}/stray"; while :; do sleep 1; done' &
            wait`, { properties: { 'Octopus.Action.CancelGraceSeconds': '1' } })]);
        const pids = [Number(await readWhenThere(`${folder}/child`)), Number(await readWhenThere(`${folder}/stray`))];

        await cancelTask(running.api, running.id);
        const { task } = await end(running);

        assert.equal(task.State, 'Canceled');
        for (const pid of pids) await gone(pid);
    });

    test('children in the background that keep the output open hold the run for 5 seconds and are left alone', async (t) => {
        const folder = temporaryFolder(t);
        const { task, texts } = await run(server, [scriptStep('Forks', `
            for i in 1 2 3; do sleep 600 & echo $! >> '${folder}/pids.new'; done
            mv '${folder}/pids.new' '${folder}/pids'
            echo last`)]);

        assert.equal(task.State, 'Success');
        assert.ok(texts.includes('last'));
        for (const pid of fs.readFileSync(`${folder}/pids`, 'utf8').trim().split('\n').map(Number)) {
            assert.ok(isRunning(pid), `${pid} is left alone`);
            killQuietly(pid, 'SIGKILL');
        }
    });

    test('a daemon that a script starts goes on, also when it writes to the output of the ended script', async (t) => {
        const folder = temporaryFolder(t);
        const { task, texts } = await run(server, [scriptStep('Daemon', `
            setsid bash -c 'echo $$ > "${folder}/pid"
                until [ -e "${folder}/go" ]; do sleep 0.05; done
                for i in $(seq 3000); do echo "a line that nobody reads, longer than a pipe holds"; done
                echo $? > "${folder}/wrote"; sleep 600' &
            until [ -e '${folder}/pid' ]; do sleep 0.02; done
            echo started`)]);

        assert.equal(task.State, 'Success');
        assert.ok(texts.includes('started'));
        const pid = Number(fs.readFileSync(`${folder}/pid`, 'utf8'));
        assert.ok(isRunning(pid));
        fs.writeFileSync(`${folder}/go`, '');
        assert.equal(await readWhenThere(`${folder}/wrote`), '0');
        killQuietly(pid, 'SIGKILL');
    });

    test('output without newline is a line', async () => {
        const { task, texts } = await runBody(server, 'printf first; sleep 0.2; printf " and-no-newline"; printf error >&2');

        assert.equal(task.State, 'Success');
        assert.ok(texts.includes('first and-no-newline'), texts.join('\n'));
        assert.ok(texts.includes('error'));
    });

    test('a very long line without newline is cut into lines and loses nothing', async () => {
        const { task, lines } = await runBody(server, "head -c 200001 /dev/zero | tr '\\0' x; echo; echo after");

        assert.equal(task.State, 'Success');
        const parts = lines.filter((line) => /^x+$/.test(line.MessageText)).map((line) => line.MessageText.length);
        assert.equal(parts.reduce((sum, n) => sum + n, 0), 200001);
        assert.deepEqual(parts.slice(0, 3), [65536, 65536, 65536]);
        assert.ok(lines.some((line) => line.MessageText === 'after'));
    });

    test('invalid UTF-8 and NUL are made harmless and the rest of the line stays', async () => {
        const { task, texts } = await runBody(server, String.raw`printf 'a\377b\n'; printf 'c\0d\n'; printf '\xe2\x82'; sleep 0.2; printf '\xac euro\n'; printf 'cut \xe2\x82\n'; echo done`);

        assert.equal(task.State, 'Success');
        assert.ok(texts.includes('a\ufffdb'), JSON.stringify(texts));
        assert.ok(texts.some((text) => /^c.?d$/u.test(text) && !text.includes('\0')), JSON.stringify(texts));
        assert.ok(texts.includes('\u20ac euro'), 'a character that was written in two halves');
        assert.ok(texts.some((text) => /^cut \ufffd+$/.test(text)));
        assert.ok(texts.includes('done'));
    });

    test('100,000 lines at full speed are there once each, in order', async () => {
        const { task } = await runBody(server, 'seq -f "line %.0f" 100000');
        const numbers = [];

        assert.equal(task.State, 'Success');
        await rawLogCounts(server().api, task.Id, (line) => line.replace(/\| {3}line ([0-9]+)$/, (_, n) => numbers.push(Number(n))) !== line);
        assert.equal(numbers.length, 100000);
        assert.ok(numbers.every((n, i) => n === i + 1));
    });

    test('100 MB of output are kept line by line', async () => {
        const running = await start(server, [scriptStep('Loud', "yes '0123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789' | head -n 1000000; echo last")]);
        const task = await waitForTask(running.api, running.id, 300000);

        assert.equal(task.State, 'Success');
        const counted = await rawLogCounts(server().api, running.id, (line) => /\|   (0123456789){10}$/.test(line));
        assert.equal(counted.matching, 1000000);
        const { PhysicalLogSize, ActivityLogs } = await details(running.api, running.id, 'tail=1');
        assert.ok(PhysicalLogSize > 100 * 1000 * 1000);
        assert.equal(linesOf({ ActivityLogs }).filter((line) => line.MessageText === 'last').length, 1);
    });

    test('a script that fills its error output only succeeds, with lines that are errors', async () => {
        const { task, lines } = await runBody(server, 'for i in $(seq 5000); do echo "complaint $i"; done >&2');

        assert.equal(task.State, 'Success');
        assert.equal(task.HasWarningsOrErrors, true);
        const complaints = lines.filter((line) => line.MessageText.startsWith('complaint '));
        assert.equal(complaints.length, 5000);
        assert.ok(complaints.every((line) => line.Category === 'Error'));
    });

    test('Octopus.Action.FailScriptOnErrorOutput fails a script that writes to its error output', async () => {
        const properties = { 'Octopus.Action.FailScriptOnErrorOutput': 'True' };

        const loud = await runBody(server, 'echo oops >&2', properties);
        const quiet = await runBody(server, 'echo fine; echo "   " >&2', properties);

        assert.equal(loud.task.State, 'Failed');
        assert.match(loud.texts.join('\n'), /error output/);
        await assertEnded(quiet.api, quiet.task, 'Success');
    });

    test('a script that ends by a signal fails and its signal is said', async () => {
        for (const properties of [{}, { OctopusUseRawScript: 'True' }]) {
            const { task, texts } = await runBody(server, 'echo before; kill -KILL $$', properties);

            assert.equal(task.State, 'Failed');
            assert.ok(texts.includes('before'));
            assert.match(texts.join('\n'), /signal 9|exit code 137/);
        }
    });

    test('a script with CRLF line ends runs as one with LF', async () => {
        const { task, texts } = await runBody(server, 'if true; then\r\n  echo crlf\r\nfi\r\nx=value\r\necho "x=$x."\r\n');

        assert.equal(task.State, 'Success', texts.join('\n'));
        assert.ok(texts.includes('crlf'));
        assert.ok(texts.includes('x=value.'));
    });

    test('a script whose memory is used up fails with its own exit code', async () => {
        const { task, texts } = await runBody(server, 'ulimit -v 200000; python3 -c "x = bytearray(10**9)"; code=$?; echo "python ended with $code"; exit $code');

        assert.equal(task.State, 'Failed');
        assert.match(texts.join('\n'), /MemoryError/);
        assert.match(task.ErrorMessage, /Script/);
    });

    for (const [when, pause] of [['before it has printed', ''], ['in the middle', 'echo before; sleep 0.3']]) {
        test(`a script that replaces its log by a link ${when} neither reads nor changes what the link names`, async (t) => {
            const folder = temporaryFolder(t);
            fs.writeFileSync(`${folder}/victim`, 'untouched\n');
            const { task, texts } = await runBody(server, `
                ${pause}
                job="$(cd "$PWD/../../jobs/$(basename "$PWD")" && pwd)"
                [ -f "$job/log" ] && found=found
                rm "$job/log"; ln -s '${folder}/victim' "$job/log"
                echo "$found"
                sleep 0.3
                echo after
                exit 4`, { OctopusUseRawScript: 'True' });

            assert.equal(task.State, 'Failed');
            assert.match(texts.join('\n'), /exit code 4/);
            assert.deepEqual(texts.filter((text) => /^(before|found|after)$/.test(text)), [...(pause ? ['before'] : []), 'found', 'after']);
            assert.equal(fs.readFileSync(`${folder}/victim`, 'utf8'), 'untouched\n');
            assert.ok(!texts.includes('untouched'));
        });
    }

    test("the server's key is no artifact, by whatever name", async () => {
        const key = path.join(server().folder, 'master.key');
        const { api, task } = await runBody(server, `
            ln -s '${key}' link.txt; ln '${key}' hard.txt || cp -l '${key}' hard.txt
            say() { echo "##octopus[createArtifact path='$(printf %s "$1" | base64 -w0)' name='$(printf %s "$2" | base64 -w0)' length='MA==']"; }
            say '${key}' direct; say "$PWD/link.txt" link; say "$PWD/hard.txt" hard; echo fine > ok.txt; say "$PWD/ok.txt" ok`);

        await assertEnded(api, task, 'Success');
        assert.equal(task.HasWarningsOrErrors, true);
        const { Items } = await api.get(`/api/Spaces-1/artifacts?regarding=${task.Id}`);
        const secret = fs.readFileSync(key);
        for (const item of Items) {
            const { text, status } = await api.send('GET', `/api/Spaces-1/artifacts/${item.Id}/content`);
            assert.equal(status === 200, item.Filename === 'ok', `${item.Filename}: ${status} ${text}`);
            assert.ok(!text.includes(secret.toString('utf8')));
        }
        assert.deepEqual(Items.map((item) => item.Filename).sort(), ['direct', 'hard', 'link', 'ok']);
    });

    test('a supervisor that is killed makes the run fail, never succeed', async (t) => {
        const folder = temporaryFolder(t);
        const running = await start(server, [scriptStep('Orphan', `echo $$ > '${folder}/pid'; echo ready; sleep 600`, { properties: { OctopusUseRawScript: 'True' } })]);
        const pid = Number(await readWhenThere(`${folder}/pid`));
        await waitForLine(running.api, running.id, 'ready');
        const stat = fs.readFileSync(`/proc/${pid}/stat`, 'utf8');
        killQuietly(Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]), 'SIGKILL');

        const { task } = await end(running);

        assert.equal(task.State, 'Failed');
        assert.match(task.ErrorMessage, /Orphan/);
        await gone(pid);
    });
});

describe('scripts and their step', { concurrency: 3 }, () => {
    const server = sharedServer({ taskCap: 8 });

    test('Python scripts have their helpers, their variables and their exit code', async () => {
        const { task, texts } = await run(server, [scriptStep('Snake', [
            'print("project is " + get_octopusvariable("Octopus.Project.Name"))',
            'print("unknown is [" + get_octopusvariable("No.Such") + "]")',
            'set_octopusvariable("Colour", "gr\u00fcn #1")',
            'printhighlight("look")',
        ].join('\n'), { syntax: 'Python' }), scriptStep('Reads', `echo "colour: $(get_octopusvariable 'Octopus.Action[Snake].Output.Colour')"; exit 0`),
        scriptStep('Fails', 'import sys; print("leaving"); sys.exit(9)', { syntax: 'Python' })]);

        assert.equal(task.State, 'Failed');
        const text = texts.join('\n');
        assert.match(text, /project is Project/);
        assert.match(text, /unknown is \[\]/);
        assert.match(text, /colour: gr\u00fcn #1/);
        assert.match(text, /exit code 9/);
        assert.ok(texts.includes('look'));
    });

    test('raw scripts run as they stand, in Bash and Python', async () => {
        const properties = { OctopusUseRawScript: 'True' };
        const { task, texts } = await run(server, [
            scriptStep('Bash', 'echo "name: #{Octopus.Environment.Name}"; type get_octopusvariable >/dev/null 2>&1 || echo no-helpers; echo "##octopus[setVariable name=\'Qg==\' value=\'Mg==\']"', { properties }),
            scriptStep('Python', 'import sys\nprint("raw python", sys.version_info[0])', { properties, syntax: 'Python' }),
            scriptStep('After', 'echo "B is $(get_octopusvariable \'Octopus.Action[Bash].Output.B\')"')]);

        assert.equal(task.State, 'Success', texts.join('\n'));
        assert.ok(texts.some((text) => /^name: Environment/.test(text)), texts.join('\n'));
        assert.ok(texts.includes('no-helpers'));
        assert.ok(texts.includes('raw python 3'));
        assert.ok(texts.includes('B is 2'));
    });

    test('PowerShell without pwsh fails before it starts with a sentence that says so', async () => {
        const { task, texts } = await run(server, [scriptStep('Shell', 'Write-Host hello', { syntax: 'PowerShell' })]);
        const installed = process.env.PATH.split(':').some((folder) => fs.existsSync(path.join(folder, 'pwsh')));

        assert.equal(task.State, installed ? 'Success' : 'Failed');
        assert.match(texts.join('\n'), installed ? /hello/ : /PowerShell \(pwsh\) is not installed on this worker/);
    });

    test('output variables reach later steps and their conditions, sensitive ones masked', async () => {
        const { task, texts } = await run(server, [
            scriptStep('First', 'set_octopusvariable Name "with \'quotes\' and = sign"; set_octopusvariable Token "hush-hush-77" -sensitive; set_octopusvariable Go True; echo "own: hush-hush-77"'),
            scriptStep('Second', `echo "got [$(get_octopusvariable 'Octopus.Action[First].Output.Name')]"; echo "token $(get_octopusvariable 'Octopus.Action[First].Output.Token')"; get_octopusvariable 'Octopus.Action[First].Output.Token' | wc -c; echo "code $(get_octopusvariable 'Octopus.Action[First].Output.Octopus.Action.Script.ExitCode')"`),
            scriptStep('Third', 'echo third-ran', { Condition: 'Variable', Properties: { 'Octopus.Step.ConditionVariableExpression': '#{Octopus.Action[First].Output.Go}' } }),
            scriptStep('Fourth', 'echo fourth-ran', { Condition: 'Variable', Properties: { 'Octopus.Step.ConditionVariableExpression': '#{unless Octopus.Action[First].Output.Go}True#{/unless}' } })]);

        assert.equal(task.State, 'Success', texts.join('\n'));
        assert.ok(texts.includes("got [with 'quotes' and = sign]"), texts.join('\n'));
        assert.ok(texts.includes('token ********'));
        assert.ok(texts.includes('own: ********'));
        assert.ok(texts.some((text) => text.trim() === '12'), 'the script itself gets the real value');
        assert.ok(texts.includes('code 0'));
        assert.ok(texts.includes('third-ran'));
        assert.ok(!texts.includes('fourth-ran'));
    });

    test('sensitive variables are masked: each line of several, split over writes, on both streams', async () => {
        const { api, task, texts } = await run(server, [scriptStep('Leak', `
            get_octopusvariable Secret
            get_octopusvariable Secret >&2
            printf 'split: first-part'; sleep 0.3; printf '%s\\n' -of-it
            echo "one line of it: second secret line."
            echo "in the middle first-part-of-it of text"
            echo "first-part" "-of-it"`)],
        [{ Name: 'Secret', Value: 'first-part-of-it\nsecond secret line', IsSensitive: true }]);

        await assertEnded(api, task, 'Success');
        const raw = await api.get(`/api/tasks/${task.Id}/raw`);
        for (const text of [texts.join('\n'), raw]) {
            assert.doesNotMatch(text, /first-part-of-it|second secret line/);
            assert.match(text, /split: \*{8}/);
            assert.match(text, /one line of it: \*{8}\./);
            assert.match(text, /in the middle \*{8} of text/);
            assert.match(text, /first-part -of-it/);
        }
    });

    test('fail_step gives the step its message', async () => {
        const { task, texts } = await runBody(server, 'fail_step "the moon is in the wrong phase"; echo never-printed');

        assert.equal(task.State, 'Failed');
        assert.match(texts.join('\n'), /the moon is in the wrong phase/);
        assert.ok(!texts.includes('never-printed'));
    });

    test('artifacts are collected with their content, a missing one is said and does not fail the step', async () => {
        const { api, task, texts } = await runBody(server, `
            printf 'small' > small.txt; new_octopusartifact small.txt
            head -c 3000000 /dev/urandom > 'with space.bin'; sha256sum 'with space.bin' | cut -c 1-64
            new_octopusartifact "$PWD/with space.bin" renamed.bin
            : > empty; new_octopusartifact empty
            echo "##octopus[createArtifact path='$(printf /no/such/file | base64 -w0)' name='$(printf gone | base64 -w0)' length='MA==']"`);

        await assertEnded(api, task, 'Success');
        const { Items } = await api.get(`/api/Spaces-1/artifacts?regarding=${task.Id}`);
        const byName = Object.fromEntries(Items.map((item) => [item.Filename, item]));
        assert.deepEqual(Object.keys(byName).sort(), ['empty', 'gone', 'renamed.bin', 'small.txt']);
        assert.equal((await api.send('GET', `/api/Spaces-1/artifacts/${byName['small.txt'].Id}/content`)).text, 'small');
        assert.equal((await api.send('GET', `/api/Spaces-1/artifacts/${byName.empty.Id}/content`)).text, '');
        const answer = await fetch(`${server().url}/api/Spaces-1/artifacts/${byName['renamed.bin'].Id}/content`, { headers: { 'X-Octopus-ApiKey': api.key } });
        const bytes = Buffer.from(await answer.arrayBuffer());
        const { createHash } = await import('node:crypto');
        assert.ok(texts.includes(createHash('sha256').update(bytes).digest('hex')), texts.join('\n'));
        assert.match(texts.join('\n'), /gone was not collected/);
        assert.equal(task.HasWarningsOrErrors, true);
    });

    test('artifacts of a script that fails are collected too', async () => {
        const { api, task } = await runBody(server, 'echo why > report.txt; new_octopusartifact report.txt; exit 5');

        assert.equal(task.State, 'Failed');
        const [item] = (await api.get(`/api/Spaces-1/artifacts?regarding=${task.Id}`)).Items;
        assert.equal((await api.send('GET', `/api/Spaces-1/artifacts/${item.Id}/content`)).text, 'why\n');
    });

    test('a failed step is tried again after its backoff, and its success counts', async (t) => {
        const folder = temporaryFolder(t);
        const { api, task } = await runBody(server, `date +%s%N >> '${folder}/tries'; [ $(wc -l < '${folder}/tries') -ge 3 ] || exit 1; echo third time lucky`,
            { 'Octopus.Action.AutoRetry.MaximumCount': '3', 'Octopus.Action.AutoRetry.MinimumBackoff': '1' });

        await assertEnded(api, task, 'Success');
        const tries = fs.readFileSync(`${folder}/tries`, 'utf8').trim().split('\n').map((text) => Number(BigInt(text) / 1000000n));
        assert.equal(tries.length, 3);
        assert.ok(tries[1] - tries[0] >= 1000 && tries[2] - tries[1] >= 1000, 'not before the backoff has passed');
    });

    test('a step that fails every time fails after its last try', async (t) => {
        const folder = temporaryFolder(t);
        const { task, texts } = await runBody(server, `echo x >> '${folder}/tries'; exit 6`, { 'Octopus.Action.AutoRetry.MaximumCount': '2' });

        assert.equal(task.State, 'Failed');
        assert.equal(fs.readFileSync(`${folder}/tries`, 'utf8'), 'x\nx\nx\n');
        assert.match(texts.join('\n'), /exit code 6/);
    });

    // the limit is in minutes, which builds for tests may shorten
    test('a step past its time limit is stopped and fails', async (t) => {
        const made = await Server.start(t, { env: { BOBTAIL_FAULT_MINUTE_MS: '1000' } });
        const { task, texts } = await end(await start(() => made, [scriptStep('Slow', "trap 'echo stopped; exit 0' TERM\nwhile :; do sleep 0.2; done",
            { properties: { 'Octopus.Action.ExecutionTimeout.Minutes': '1' } })]), 120000);

        assert.equal(task.State, 'Failed');
        assert.ok(texts.includes('stopped'));
        assert.match(texts.join('\n'), /ran longer than the step's time limit/);
    });

    test('a setting that is no number fails the run in planning, naming variable and value', async () => {
        for (const [name, value] of [['Octopus.Action.MaxParallelism', 'lots'], ['Octopus.Action.MaxParallelism', '0'], ['Octopus.Action.ExecutionTimeout.Minutes', 'soon']]) {
            const { task, texts } = name.endsWith('MaxParallelism') ? await run(server, [scriptStep('Never', 'echo never-printed')], [{ Name: name, Value: value }])
                : await runBody(server, 'echo never-printed', { [name]: value });

            assert.equal(task.State, 'Failed');
            assert.ok(task.ErrorMessage.includes(name) && task.ErrorMessage.includes(value), task.ErrorMessage);
            assert.ok(!texts.includes('never-printed'));
        }
    });

    test('steps run by their conditions: Success, Failure, Always, required and disabled', async () => {
        const { task, texts } = await run(server, [
            scriptStep('On failure early', 'echo early-failure-ran', { Condition: 'Failure' }),
            scriptStep('Disabled', 'echo disabled-ran', { action: { IsDisabled: true } }),
            scriptStep('Breaks', 'echo breaking; exit 2'),
            scriptStep('On success', 'echo success-ran'),
            scriptStep('On failure', 'echo failure-ran', { Condition: 'Failure' }),
            scriptStep('Always', 'echo always-ran', { Condition: 'Always' })]);

        assert.equal(task.State, 'Failed');
        assert.deepEqual(texts.filter((text) => /^[a-z-]+-ran$/.test(text)), ['failure-ran', 'always-ran']);
    });

    test('a step that the user skips does not run, unless it is required', async () => {
        const { api } = server();
        const project = await Project.create(api);
        const process = await project.setSteps([scriptStep('One', 'echo one-ran'), scriptStep('Two', 'echo two-ran', { action: { IsRequired: true } }), scriptStep('Three', 'echo three-ran')]);
        const ids = process.Steps.map((step) => step.Actions[0].Id);

        const skipped = await end({ api, project, id: await project.startDeployment({ skipStepNames: ['One'] }) });
        await assertEnded(api, skipped.task, 'Success');
        assert.deepEqual(skipped.texts.filter((text) => /-ran$/.test(text)), ['two-ran', 'three-ran']);

        const required = await project.startDeployment({ skipStepNames: ['Two'] }).then((id) => end({ api, project, id }), (error) => ({ error }));
        if (required.error) assert.match(required.error.message, /Two/);
        else assert.ok(required.texts.includes('two-ran'), `${ids} ${required.texts.join('\n')}`);
    });

    test('steps that start with the previous one overlap, and the next step waits for both', async (t) => {
        const folder = temporaryFolder(t);
        const meet = (own, other) => `touch '${folder}/${own}'; until [ -e '${folder}/${other}' ]; do sleep 0.02; done; echo ${own}-met; echo x >> '${folder}/met'`;
        const { api, task, texts } = await run(server, [scriptStep('Left', meet('left', 'right')),
            scriptStep('Right', meet('right', 'left'), { StartTrigger: 'StartWithPrevious' }),
            scriptStep('Last', `echo "met: $(wc -l < '${folder}/met')"`)]);

        await assertEnded(api, task, 'Success');
        assert.ok(texts.includes('left-met') && texts.includes('right-met'));
        assert.ok(texts.includes('met: 2'));
    });

    test('MaxParallelism limits how many parallel steps run at once', async (t) => {
        const folder = temporaryFolder(t);
        const step = (i) => scriptStep(`Step ${i}`, `mkdir '${folder}/${i}'; ls '${folder}' | wc -l | sed 's/^/at once: /'; sleep 0.3; rmdir '${folder}/${i}'`, { StartTrigger: i ? 'StartWithPrevious' : 'StartAfterPrevious' });
        const { api, task, texts } = await run(server, [0, 1, 2, 3].map(step), [{ Name: 'Octopus.Action.MaxParallelism', Value: '2' }]);

        await assertEnded(api, task, 'Success');
        const counts = texts.filter((text) => text.startsWith('at once: ')).map((text) => Number(text.slice(9)));
        assert.equal(counts.length, 4);
        assert.equal(Math.max(...counts), 2);
    });

    test('stream categories follow the helper functions', async () => {
        const { lines } = await runBody(server, 'echo plain; write_verbose quiet; write_highlight bright; write_warning careful; write_wait patience; echo plain-again');
        const category = Object.fromEntries(lines.map((line) => [line.MessageText, line.Category]));

        assert.deepEqual([category.plain, category.quiet, category.bright, category.careful, category.patience, category['plain-again']],
            ['Info', 'Verbose', 'Highlight', 'Warning', 'Wait', 'Info']);
    });

    test('scripts see a small environment without the secrets of the server', async () => {
        const { api, task, texts } = await runBody(server, 'env; echo ---; tr "\\0" "\\n" < /proc/$PPID/environ | head -50; exit 0', { OctopusUseRawScript: 'True' });

        await assertEnded(api, task, 'Success');
        assert.doesNotMatch(texts.join('\n'), /BOBTAIL_ADMIN|API-TEST/);
        assert.equal((await getTask(api, task.Id)).State, 'Success');
        assert.ok(printed({ lines: linesOf(await details(api, task.Id)) }).length > 0);
    });
});

describe('scripts and limits', () => {
    test('output past the limit is cut with one line that says so, and the script goes on to its own end', async (t) => {
        const made = await Server.start(t, { args: ['--output-limit', '70000'] });
        const { task, texts } = await run(() => made, [scriptStep('Loud', "seq -f 'line %.0f' 200000; exit 3")]);

        assert.equal(task.State, 'Failed');
        assert.match(texts.join('\n'), /exit code 3/);
        const numbers = texts.filter((text) => /^line [0-9]+$/.test(text));
        assert.ok(numbers.length > 5000 && numbers.length < 20000, `${numbers.length} lines were kept`);
        assert.deepEqual(numbers.slice(0, 5000), Array.from({ length: 5000 }, (_, i) => `line ${i + 1}`));
        assert.equal(texts.filter((text) => /limit/.test(text)).length, 1, texts.slice(-5).join('\n'));
    });

    const memory = memoryGroup();
    test('a script that the kernel kills for memory fails with that sentence', { skip: !memory && 'no control group for memory can be made: needs root, and cgroup v1 or v2' }, async (t) => {
        const group = path.join(memory.root, `bobtail-test-${process.pid}`);
        fs.mkdirSync(group);
        fs.writeFileSync(path.join(group, memory.limit), String(400 << 20));
        const made = await Server.start(t, { wrap: ['sh', '-c', `echo $$ > '${group}/cgroup.procs'; exec "$@"`, 'sh'] });
        t.after(() => until('the control group to be empty', () => {
            try {
                fs.rmdirSync(group);
                return true;
            } catch {
                return false;
            }
        }));
        const { task, texts } = await run(() => made, [scriptStep('Greedy', 'print("before")\nx = b"x" * (1 << 30)\nprint(len(x))', { syntax: 'Python' })]);

        assert.equal(task.State, 'Failed');
        assert.ok(texts.includes('before'));
        assert.match(texts.join('\n'), /used too much memory/);
    });
});

// Where control groups for memory can be made, in version 1 or 2: undefined when nowhere.
function memoryGroup() {
    const kinds = [{ root: '/sys/fs/cgroup/memory', limit: 'memory.limit_in_bytes' }, { root: '/sys/fs/cgroup', limit: 'memory.max' }];
    return kinds.find(({ root, limit }) => {
        const probe = path.join(root, `bobtail-probe-${process.pid}`);
        try {
            fs.mkdirSync(probe);
        } catch {
            return false;
        }
        try {
            if (limit === 'memory.max' && !fs.existsSync(path.join(probe, limit))) fs.writeFileSync(path.join(root, 'cgroup.subtree_control'), '+memory');
            return fs.existsSync(path.join(probe, limit));
        } catch {
            return false;
        } finally {
            fs.rmdirSync(probe);
        }
    });
}

describe('scripts under another account', () => {
    const root = process.getuid() === 0;
    const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'bobtail-server-'));
    after(() => fs.rmSync(folder, { recursive: true, force: true }));
    fs.chmodSync(folder, 0o711);
    const server = sharedServer({ folder, args: root ? ['--builtin-account', 'nobody'] : [] });

    test('the built-in worker as another account runs scripts and keeps them from the data of the server', { skip: !root && 'needs root' }, async () => {
        const { api, task, texts } = await runBody(server, `
            echo "I am $(id -un), at home in $HOME, umask $(umask)"; echo data > own.txt; new_octopusartifact own.txt
            for file in '${folder}/master.key' '${folder}/bobtail.db'; do cat "$file" >/dev/null 2>&1 && echo "read $file"; done
            ls ../../jobs >/dev/null 2>&1 && echo listed
            exit 0`);

        await assertEnded(api, task, 'Success');
        assert.ok(texts.includes('I am nobody, at home in /nonexistent, umask 0022'), texts.join('\n'));
        assert.doesNotMatch(texts.join('\n'), /^(read|listed)/m);
        const [item] = (await api.get(`/api/Spaces-1/artifacts?regarding=${task.Id}`)).Items;
        assert.equal((await api.send('GET', `/api/Spaces-1/artifacts/${item.Id}/content`)).text, 'data\n');
    });
});
