// bobtail-server as a program and as a service: commands, settings, first start, stop and restart, figures, live logs.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import path from 'node:path';
import { describe, test } from 'node:test';
import { Api } from '../lib/api.mjs';
import { Browser, signedIn } from '../lib/browser.mjs';
import { command } from '../lib/command.mjs';
import { temporaryFolder } from '../lib/folder.mjs';
import { isRunning, until } from '../lib/processes.mjs';
import { assertEnded, details, linesOf, Project, rawLog, scriptStep, waitForLine, waitForTask } from '../lib/project.mjs';
import { API_KEY, freePort, PASSWORD, Server } from '../lib/server.mjs';
import { sharedServer } from '../lib/shared.mjs';

describe('the commands of the server', { concurrency: 3 }, () => {
    test('every command answers --help with what it does, exit 0', async () => {
        const { stdout, code } = await command(['--help']);
        assert.equal(code, 0);
        const names = [...stdout.matchAll(/^  ([a-z][a-z-]+) +[a-z]/gm)].map((match) => match[1]);
        assert.deepEqual(['run', 'version', 'show-configuration', 'check-config', 'create-admin', 'reset-password'].filter((name) => !names.includes(name)), []);
        for (const name of names) {
            for (const flag of ['--help', '-h']) {
                const help = await command([name, flag]);
                assert.equal(help.code, 0);
                assert.match(help.stdout, new RegExp(`^Usage: bobtail-server ${name}( [A-Z]+)? \\[OPTIONS\\]\\n\\S.*\\n`));
                if (name !== 'version') assert.match(help.stdout, /--data-dir FOLDER/);
                assert.equal(help.stderr, '');
            }
        }
    });

    test('wrong usage exits with 2 and names what is wrong', async () => {
        const rows = [
            [['frobnicate'], /there is no command "frobnicate"/],
            [['run', '--frob', '1'], /there is no option --frob/],
            [['run', 'frob'], /"frob" is not an option/],
            [['run', '--task-cap', 'many'], /task-cap: "many" is not a whole number from 0 to 1000/],
            [['run', '--task-cap'], /--task-cap needs a value/],
            [['check-config', '--http-listen', 'nonsense'], /http-listen: "nonsense" is not ADDRESS:PORT/],
            [['check-config', '--agent-listen', '127.0.0.1:70000'], /agent-listen: "127.0.0.1:70000"/],
            [['check-config', '--database', 'mysql://root:hush@here/db'], /database: "mysql:" is neither sqlite:FILE nor postgresql/],
            [['check-config', '--log-level', 'loud'], /log-level: "loud" is none of error\|warn\|info\|debug/],
            [['run', '--admin-password', 'in-the-arguments'], /there is no option --admin-password/],
        ];
        for (const [args, message] of rows) {
            const result = await command(args);
            assert.equal(result.code, 2, args.join(' '));
            assert.match(result.stderr, message);
            assert.doesNotMatch(result.stderr, /hush|in-the-arguments/);
        }
        assert.equal((await command([])).code, 2);
    });

    test('version is one line', async () => {
        for (const args of [['version'], ['--version']]) {
            const { stdout, code } = await command(args);
            assert.equal(code, 0);
            assert.match(stdout, /^bobtail-server [0-9]+\.[0-9]+\.[0-9]+\n$/);
        }
        assert.equal((await command(['version'], { BOBTAIL_TASK_CAP: 'lots' })).code, 0, 'whatever the settings are');
    });

    test('an empty variable is as good as none', async (t) => {
        const folder = temporaryFolder(t);
        fs.writeFileSync(`${folder}/server.conf`, '[tasks]\ntask-cap = 3\n');
        const { stdout, code, stderr } = await command(['show-configuration', '--config', `${folder}/server.conf`], { BOBTAIL_TASK_CAP: '', BOBTAIL_LOG_LEVEL: '' });
        assert.equal(code, 0, stderr);
        assert.match(stdout, /^task-cap = 3 {2}# file$/m);
        assert.match(stdout, /^log-level = info {2}# default$/m);
    });

    test('check-config reads the file and names its line, and looks at what settings name', async (t) => {
        const folder = temporaryFolder(t);
        const write = (text) => fs.writeFileSync(`${folder}/server.conf`, text);
        const check = (...args) => command(['check-config', '--config', `${folder}/server.conf`, ...args]);

        write('# mine\n[server]\ndata-dir = /nowhere\n\n[tasks]\ntask-cap = 3\n');
        const good = await check();
        assert.equal(good.code, 0, good.stderr);
        assert.match(good.stdout, /valid; data folder \/nowhere/);
        write('[tasks]\ntask-cap = lots\n');
        const bad = await check();
        assert.equal(bad.code, 2);
        assert.match(bad.stderr, /server\.conf line 2: task-cap: "lots"/);
        write('[server]\nfrob = 1\n');
        assert.match((await check()).stderr, /line 2: there is no key "frob"/);
        write('');
        const account = await check('--builtin-account', 'no-such-account');
        assert.equal(account.code, 1);
        assert.match(account.stderr, /builtin-account: .*no-such-account/);
        assert.match((await check('--admin-password-file', `${folder}/absent`)).stderr, /absent/);
        const missing = await command(['check-config', '--config', `${folder}/other.conf`]);
        assert.equal(missing.code, 2);
        assert.match(missing.stderr, /other\.conf/);
    });

    test('show-configuration says where each value comes from and hides secrets', async (t) => {
        const folder = temporaryFolder(t);
        fs.writeFileSync(`${folder}/server.conf`, '[tasks]\ntask-cap = 3\nwork-threads = 4\n');
        const { stdout, code } = await command(['show-configuration', '--config', `${folder}/server.conf`, '--work-threads', '6',
            '--database', 'postgresql://me:hush-one@here/db?password=hush-two&sslmode=require'],
        { BOBTAIL_ADMIN_PASSWORD: 'hush-three', BOBTAIL_ADMIN_API_KEY: 'API-HUSHHUSHHUSHHUSHHUSH', BOBTAIL_LOG_LEVEL: 'debug' });

        assert.equal(code, 0);
        assert.match(stdout, /^task-cap = 3 {2}# file$/m);
        assert.match(stdout, /^work-threads = 6 {2}# flag$/m);
        assert.match(stdout, /^log-level = debug {2}# environment$/m);
        assert.match(stdout, /^http-listen = 127\.0\.0\.1:8080 {2}# default$/m);
        assert.match(stdout, /^database = postgresql:\/\/me:\*{8}@here\/db\?password=\*{8}&sslmode=require {2}# flag$/m);
        assert.match(stdout, /^admin-password = \*{8} /m);
        assert.doesNotMatch(stdout, /hush/i);
    });

    test('create-admin makes another administrator, and a taken name is refused', async (t) => {
        const server = await Server.start(t);
        await server.stop();
        const key = 'API-SECONDSECONDSECOND12';
        const make = (name) => command(['create-admin', '--data-dir', server.folder, '--admin-username', name], { BOBTAIL_ADMIN_PASSWORD: 'Correct-Horse-10', BOBTAIL_ADMIN_API_KEY: key });

        const made = await make('second');
        assert.equal(made.code, 0, made.stderr);
        assert.match(made.stdout, /"second" was made/);
        const taken = await make('SECOND');
        assert.equal(taken.code, 1);
        assert.match(taken.stderr, /second/i);
        const third = await command(['create-admin', '--data-dir', server.folder, '--admin-username', 'third'], { BOBTAIL_ADMIN_PASSWORD: 'Correct-Horse-11' });
        assert.doesNotMatch(third.stdout, /password|Correct-Horse|API-/);
        await server.resume();
        assert.equal((await new Api(server.url, key).get('/api/users/me')).Username, 'second');
        await signedIn(server.url, 'third', 'Correct-Horse-11');
    });
});

describe('a password that nobody knows any more', { concurrency: 3 }, () => {
    test('reset-password gives another one, given or made, and ends the sessions', async (t) => {
        const server = await Server.start(t);
        const browser = await signedIn(server.url, 'admin', PASSWORD);
        await server.stop();
        const reset = (args, env) => command(['reset-password', ...args, '--data-dir', server.folder], env);

        const made = await reset(['ADMIN']);
        assert.equal(made.code, 0, made.stderr);
        const [, printed] = /The password of "ADMIN" is now (\S+) - it is shown this once/.exec(made.stdout) ?? assert.fail(made.stdout);
        await server.resume();
        assert.equal((await browser.send('GET', '/api/users/me')).status, 401);
        await signedIn(server.url, 'admin', printed);
        assert.equal((await new Browser(server.url).signIn('admin', PASSWORD)).status, 400);
        const program = await server.api.post('/api/users', { Username: 'program', IsService: true });
        await server.stop();

        const given = await reset(['admin'], { BOBTAIL_ADMIN_PASSWORD: 'Correct-Horse-10' });
        assert.doesNotMatch(given.stdout, /Correct-Horse/);
        for (const [args, word] of [[['nobody'], /nobody/], [[], /user name/], [[program.Username], /service account/]]) {
            const refused = await reset(args);
            assert.equal(refused.code, 1);
            assert.match(refused.stderr, word);
        }
        await server.resume();
        await signedIn(server.url, 'admin', 'Correct-Horse-10');
    });
});

describe('the first start', { concurrency: 3 }, () => {
    test('a random password and an API key are printed once when none is given', async (t) => {
        const server = await Server.start(t, { env: { BOBTAIL_ADMIN_PASSWORD: '', BOBTAIL_ADMIN_API_KEY: '', BOBTAIL_ADMIN_USERNAME: 'first' } });
        const [, password] = /The first user is "first" with the password (\S+) - it is shown this once/.exec(server.output) ?? assert.fail(server.output);
        assert.ok(password.length >= 16);
        const [, key] = /The API key (API-\w+) is valid for 180 days - it is shown this once/.exec(server.output) ?? assert.fail(server.output);
        const me = await fetch(`${server.url}/api/users/me`, { headers: { 'X-Octopus-ApiKey': key } });
        assert.equal((await me.json()).Username, 'first');
        await server.stop();
        assert.ok(!server.output.slice(server.output.indexOf(password) + 1).includes(password));
        server.output = '';

        await server.restart();
        assert.doesNotMatch(server.output, /password/);
    });

    test('with a password no API key is made: who signs in makes one', async (t) => {
        const server = await Server.start(t, { env: { BOBTAIL_ADMIN_API_KEY: '' } });
        await signedIn(server.url, 'admin', PASSWORD);
        assert.doesNotMatch(server.output, /with the password|API-/);
    });

    test('the first user comes from files', async (t) => {
        const folder = temporaryFolder(t);
        fs.writeFileSync(`${folder}/password`, 'From-A-File-9\n', { mode: 0o600 });
        fs.writeFileSync(`${folder}/key`, 'API-FROMAFILEFROMAFILE12\n', { mode: 0o600 });
        const server = await Server.start(t, {
            args: ['--admin-username', 'filed', '--admin-password-file', `${folder}/password`, '--admin-api-key-file', `${folder}/key`],
            env: { BOBTAIL_ADMIN_PASSWORD: '', BOBTAIL_ADMIN_API_KEY: '' },
        });

        assert.equal((await new Api(server.url, 'API-FROMAFILEFROMAFILE12').get('/api/users/me')).Username, 'filed');
        assert.doesNotMatch(server.output, /From-A-File|API-FROM/);
        const empty = await command(['run', '--data-dir', `${folder}/data`, '--admin-password-file', '/dev/null', '--http-listen', '127.0.0.1:0']);
        assert.equal(empty.code, 1, 'an empty file is no wish for a random password');
        assert.match(empty.stderr, /the first line of \/dev\/null is empty/);
    });

    test('a second server on the same data folder ends at once and names the process of the first', async (t) => {
        const server = await Server.start(t);
        const second = await command(['run', '--data-dir', server.folder, '--http-listen', `127.0.0.1:${await freePort()}`]);

        assert.equal(second.code, 1);
        assert.match(second.stderr, new RegExp(`another server \\(process ${server.process.pid}\\) runs on the data folder ${server.folder}`));
        assert.equal((await server.api.send('GET', '/healthz')).status, 200);
    });

    test('what a server keeps cannot be read by other accounts', async (t) => {
        const { folder } = await Server.start(t);
        for (const name of ['master.key', 'bobtail.db', 'server.lock', 'blobs']) {
            assert.equal(fs.statSync(path.join(folder, name)).mode & 0o077, 0, name);
        }
    });

    test('a port that is taken ends the start with the address', async (t) => {
        const server = await Server.start(t);
        const second = await command(['run', '--data-dir', temporaryFolder(t), '--http-listen', `127.0.0.1:${server.port}`, '--agent-listen', '127.0.0.1:0']);

        assert.equal(second.code, 1);
        assert.match(second.stderr, new RegExp(`127\\.0\\.0\\.1:${server.port}`));
    });
});

const numbers = (texts) => texts.filter((text) => /^n[0-9]+$/.test(text)).map((text) => Number(text.slice(1)));
const upTo = (n) => Array.from({ length: n }, (_, i) => i + 1);

describe('a server that stops', { concurrency: 3 }, () => {
    // Prints numbers until the file `go` is there, and then 20 more.
    const counting = (folder) => `
        echo $$ > '${folder}/pid'; i=0
        until [ -e '${folder}/go' ]; do i=$((i+1)); echo n$i; echo $i > '${folder}/count'; sleep 0.02; done
        for k in $(seq 20); do i=$((i+1)); echo n$i; done
        echo $i > '${folder}/count'; touch '${folder}/done'`;

    async function stopped(t) {
        const folder = temporaryFolder(t);
        const server = await Server.start(t);
        const project = await Project.create(server.api, { steps: [scriptStep('Count', counting(folder)), scriptStep('After', 'echo after')] });
        const id = await project.startDeployment();
        await waitForLine(server.api, id, 'n3');
        const stream = server.api.events(`/api/tasks/${id}/log/stream`);
        assert.equal((await stream.next()).value.event, 'line');

        const limit = Date.now() + 10000;
        const { code } = await server.stop();
        assert.ok(Date.now() < limit, 'it exits within 10 s, with a stream open');
        assert.equal(code, 0, server.output);
        assert.deepEqual(server.problems(), []);
        await stream.return();
        assert.ok(isRunning(Number(fs.readFileSync(`${folder}/pid`, 'utf8'))), 'the script goes on');
        return { folder, server, id };
    }

    async function complete({ folder, server, id }) {
        const { api } = server;
        await assertEnded(api, await waitForTask(api, id), 'Success');
        const texts = linesOf(await details(api, id)).map((line) => line.MessageText);
        assert.deepEqual(numbers(texts), upTo(Number(fs.readFileSync(`${folder}/count`, 'utf8'))), 'each line once, in order');
        assert.equal(texts.filter((text) => text === 'after').length, 1);
    }

    test('SIGTERM leaves scripts running, and the restart follows them to their end', async (t) => {
        const run = await stopped(t);
        await run.server.resume();
        const before = Number(fs.readFileSync(`${run.folder}/count`, 'utf8'));
        await waitForLine(run.server.api, run.id, `n${before + 5}`);
        fs.writeFileSync(`${run.folder}/go`, '');
        await complete(run);
    });

    test('a script that ends while no server runs has its whole log after the restart', async (t) => {
        const run = await stopped(t);
        fs.writeFileSync(`${run.folder}/go`, '');
        await until('the script to end', () => fs.existsSync(`${run.folder}/done`));
        await run.server.resume();
        await complete(run);
    });

    test('a server that is stopped while scripts print ends in order, every time', async (t) => {
        const server = await Server.start(t);
        const stop = path.join(temporaryFolder(t), 'stop');
        const loud = (name) => scriptStep(name, `until [ -e '${stop}' ]; do echo n1; done`, { StartTrigger: 'StartWithPrevious', properties: { OctopusUseRawScript: 'True' } });
        const project = await Project.create(server.api, { steps: ['One', 'Two', 'Three', 'Four'].map(loud) });
        const id = await project.startDeployment();
        for (let i = 0; i < 5; i++) {
            await waitForLine(server.api, id, 'n1');
            assert.deepEqual(await server.stop(), { code: 0, signal: null }, server.output);
            await server.resume();
        }
        fs.writeFileSync(stop, '');
        await assertEnded(server.api, await waitForTask(server.api, id), 'Success');
        assert.deepEqual(server.problems(), []);
    });

    test('an idle server stops at SIGTERM and SIGINT with exit 0', async (t) => {
        const server = await Server.start(t);
        for (const signal of ['SIGTERM', 'SIGINT']) {
            const { code } = await server.stop(signal);
            assert.equal(code, 0, server.output);
            await server.resume();
        }
        assert.deepEqual(server.problems(), []);
    });

    test('the service manager is told when the server is ready and when it stops', async (t) => {
        const address = path.join(temporaryFolder(t), 'notify');
        const listener = spawn('python3', ['-u', '-c', `
import socket, sys
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
s.bind(sys.argv[1])
print("bound")
while True: print(s.recv(4096).decode())`, address], { stdio: ['ignore', 'pipe', 'inherit'] });
        t.after(() => listener.kill());
        let told = '';
        listener.stdout.setEncoding('utf8').on('data', (text) => (told += text));
        await until('the socket', () => told.includes('bound'));

        const server = await Server.start(t, { env: { NOTIFY_SOCKET: address } });
        await until('READY', () => told.includes('READY=1'));
        assert.ok(!told.includes('STOPPING'));
        await server.stop();
        await until('STOPPING', () => told.includes('STOPPING=1'));
        assert.equal(told.trim().split('\n').filter((line) => line === 'READY=1').length, 1);
    });
});

describe('what a server says of itself and of its tasks', { concurrency: 3 }, () => {
    const server = sharedServer({ taskCap: 8 });

    async function counted(steps) {
        const { api } = server();
        const project = await Project.create(api, { steps });
        return { api, id: await project.startDeployment() };
    }

    test('/healthz and /metrics answer without a key; the figures are Prometheus text', async () => {
        const anonymous = new Api(server().url);
        assert.equal((await anonymous.send('GET', '/healthz')).status, 200);
        const { status, text, headers } = await anonymous.send('GET', '/metrics');
        assert.equal(status, 200);
        assert.match(headers.get('content-type'), /^text\/plain/);
        const types = new Map();
        const samples = new Set();
        assert.ok(text.endsWith('\n'));
        for (const line of text.trim().split('\n')) {
            const type = /^# TYPE ([a-zA-Z_:][a-zA-Z0-9_:]*) (counter|gauge|histogram|summary|untyped)$/.exec(line);
            if (type) {
                assert.ok(!types.has(type[1]), `${type[1]} is declared once`);
                types.set(type[1], type[2]);
                continue;
            }
            if (/^# HELP [a-zA-Z_:][a-zA-Z0-9_:]* \S/.test(line)) continue;
            const sample = /^([a-zA-Z_:][a-zA-Z0-9_:]*)(\{(?:[a-zA-Z_]\w*="(?:[^"\\\n]|\\.)*",?)*\})? (-?[0-9.e+-]+|\+Inf|NaN)$/.exec(line) ?? assert.fail(line);
            const family = types.has(sample[1]) ? sample[1] : sample[1].replace(/_(bucket|sum|count)$/, '');
            assert.ok(types.has(family), `${line} has a type before it`);
            const key = sample[1] + (sample[2] ?? '');
            assert.ok(!samples.has(key), `${key} is there once`);
            samples.add(key);
        }
        assert.ok(types.has('bobtail_tasks_running') && types.has('bobtail_tasks_claimed_total'));
    });

    test('the live log resumes with after and Last-Event-ID without gap or repeat', async (t) => {
        const folder = temporaryFolder(t);
        const { api, id } = await counted([scriptStep('Count', `for i in $(seq 400); do echo n$i; [ $((i % 10)) = 0 ] && sleep 0.02; done
            until [ -e '${folder}/go' ]; do sleep 0.02; done; echo n401; echo "a \\"quoted\\" \\\\ line"`)]);

        const seen = [];
        let last = 0, finished;
        for (let round = 0; !finished; round++) {
            const stream = api.events(`/api/tasks/${id}/log/stream${round % 2 ? `?after=${last}` : ''}`, round % 2 ? {} : { lastEventId: last ? String(last) : undefined });
            let some = 0;
            for await (const event of stream) {
                if (event.event === 'finished') {
                    finished = JSON.parse(event.data);
                    break;
                }
                const line = JSON.parse(event.data);
                assert.equal(String(line.Number), event.id);
                assert.equal(line.Number, last + 1, 'no gap and no repeat');
                last = line.Number;
                seen.push(line);
                if (line.MessageText === 'n400') fs.writeFileSync(`${folder}/go`, '');
                if (++some === 40) break;
            }
        }

        assert.equal(finished.State, 'Success');
        assert.deepEqual(numbers(seen.map((line) => line.MessageText)), upTo(401));
        assert.ok(seen.some((line) => line.MessageText === 'a "quoted" \\ line'));
        const all = linesOf(await details(api, id));
        assert.deepEqual(seen.map((line) => line.MessageText), [...all].sort((a, b) => a.Number - b.Number).map((line) => line.MessageText));
        const rest = [];
        for await (const event of api.events(`/api/tasks/${id}/log/stream?after=${last}`)) rest.push(event.event);
        assert.deepEqual(rest, ['finished'], 'a task that has ended gives only its end');
    });

    test('a reader of the live log sees lines while the script runs', async (t) => {
        const folder = temporaryFolder(t);
        const { api, id } = await counted([scriptStep('Talk', `echo early; until [ -e '${folder}/go' ]; do sleep 0.02; done; echo late`)]);

        const texts = [];
        for await (const event of api.events(`/api/Spaces-1/tasks/${id}/log/stream`)) {
            if (event.event !== 'line') continue;
            texts.push(JSON.parse(event.data).MessageText);
            if (texts.at(-1) === 'early') fs.writeFileSync(`${folder}/go`, ''); // nothing else lets the script go on
        }
        assert.ok(texts.indexOf('early') < texts.indexOf('late'));
    });

    test('details of a running task: verbose lines on demand, the newest lines of each node with tail', async (t) => {
        const folder = temporaryFolder(t);
        const wait = `until [ -e '${folder}/go' ]; do sleep 0.02; done`;
        const { api, id } = await counted([scriptStep('One', 'for i in $(seq 50); do echo n$i; done; write_verbose chatter; echo one-last'),
            scriptStep('Two', `for i in $(seq 50); do echo m$i; done; ${wait}`)]);
        await waitForLine(api, id, 'm50');

        const brief = await details(api, id, 'verbose=false');
        assert.equal(brief.Task.State, 'Executing');
        assert.ok(linesOf(brief).every((line) => line.Category !== 'Verbose'));
        assert.ok(linesOf(brief).some((line) => line.MessageText === 'one-last'));
        const verbose = linesOf(await details(api, id, 'verbose=true')).map((line) => line.MessageText);
        assert.ok(verbose.includes('chatter'));
        const tail = linesOf(await details(api, id, 'verbose=true&tail=3'));
        assert.deepEqual(tail.filter((line) => /^m/.test(line.MessageText)).map((line) => line.MessageText), ['m48', 'm49', 'm50']);
        assert.ok(tail.some((line) => line.MessageText === 'one-last') && !tail.some((line) => line.MessageText === 'n40'));
        assert.ok(brief.Progress.ProgressPercentage > 0 && brief.Progress.ProgressPercentage < 100);
        const raw = await rawLog(api, id);
        assert.match(raw, new RegExp(`Task ID: +${id}\nTask state: +Executing`));
        assert.match(raw, /\| {3}one-last\n[\s\S]*\| {3}m50\n/);

        fs.writeFileSync(`${folder}/go`, '');
        await assertEnded(api, await waitForTask(api, id), 'Success');
        assert.equal((await details(api, id)).Progress.ProgressPercentage, 100);
        assert.match(await rawLog(api, id), /Task state: +Success/);
    });

    test('the tree has a node for the run, each step, and the script that ran', async () => {
        const { api, id } = await counted([scriptStep('One', 'echo one'), scriptStep('Two', 'exit 1'), scriptStep('Three', 'echo three')]);
        await waitForTask(api, id);
        const { ActivityLogs } = await details(api, id);

        const statuses = (node) => [[node.Name, node.Status], ...node.Children.flatMap(statuses)];
        const all = ActivityLogs.flatMap(statuses);
        const status = (name) => all.find(([text]) => text.includes(name))?.[1];
        assert.equal(all[0][1], 'Failed');
        assert.equal(status('One'), 'Success');
        assert.equal(status('Two'), 'Failed');
        assert.match(status('Three') ?? 'Skipped', /Skipped|Pending|Canceled/);
    });

    test('changes of all tasks are told as they happen', async () => {
        const { api } = server();
        const project = await Project.create(api, { steps: [scriptStep('Quick', 'true')] });
        const stream = api.events('/api/Spaces-1/tasks/events/stream');
        const told = [];
        const reader = (async () => {
            for await (const event of stream) {
                told.push(JSON.parse(event.data));
                if (event.event === 'finished' && told.at(-1).Id === id) return;
            }
        })();
        let id;
        do id = await project.startDeployment(), await waitForTask(api, id);
        while (!told.some((event) => event.Id === id)); // the stream may have opened after the first
        await reader;
        assert.equal(told.findLast((event) => event.Id === id).State, 'Success');
    });

    test('the log of a task that is not there is an error and no stream', async () => {
        const { api } = server();
        for (const name of ['raw', 'log/stream', 'details', 'queued-behind']) {
            assert.equal((await api.send('GET', `/api/tasks/ServerTasks-999999/${name}`)).status, 404, name);
        }
        assert.equal((await new Api(server().url).send('GET', '/api/tasks/ServerTasks-1/log/stream')).status, 401);
        assert.equal((await api.send('GET', '/api/tasks/ServerTasks-1/log/stream?after=x')).status, 400);
        assert.equal(api.key, API_KEY);
    });
});
