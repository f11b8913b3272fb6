// The Debian package on a Debian system with a real systemd: installing, upgrading under running scripts, removing.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { Api } from '../lib/api.mjs';
import { temporaryFolder } from '../lib/folder.mjs';
import { Machine } from '../lib/machine.mjs';
import { until } from '../lib/processes.mjs';
import { assertEnded, details, linesOf, Project, scriptStep, waitForLine, waitForTask } from '../lib/project.mjs';
import { API_KEY, freePort, root } from '../lib/server.mjs';

const programs = path.resolve(root, process.env.BUILD ?? 'build', 'release/bin');

function build(folder, version) {
    return execFileSync(path.join(root, 'packaging/deb/build'), [programs, folder, ...(version ? [version] : [])], { encoding: 'utf8', cwd: root }).trim();
}

// The names of the packages that a package depends on.
function dependencies(file) {
    const fields = execFileSync('dpkg-deb', ['-f', file, 'Depends', 'Pre-Depends'], { encoding: 'utf8' });
    return [...fields.matchAll(/(?:: |, )([a-z0-9.+-]+)/g)].map((m) => m[1]);
}

describe('the Debian package of the server', () => {
    const ends = [];
    let machine, api, first, second;

    const status = () => machine.run('systemctl show -p ActiveState --value bobtail-server').trim();
    const mainPid = () => machine.run('systemctl show -p MainPID --value bobtail-server').trim();
    // a connection that the client kept may be one to the server before
    const answers = () => until('the answer of the server', () => api.get('/api').catch(() => undefined));
    const install = async (file) => {
        machine.copy(file, '/root/server.deb');
        const said = machine.run('DEBIAN_FRONTEND=noninteractive dpkg -i --force-confold /root/server.deb 2>&1');
        await answers();
        return said;
    };

    before(async () => {
        const folder = temporaryFolder({ after: (end) => ends.push(end) }, 'deb');
        first = build(folder);
        second = build(folder, '2099.1.0');
        machine = await Machine.start({ after: (end) => ends.push(end) }, { include: dependencies(first) });
        const port = await freePort();
        // as an operator would: a drop-in, here for a free port and a key that the test knows
        machine.write('/etc/systemd/system/bobtail-server.service.d/test.conf',
            `[Service]\nEnvironment=BOBTAIL_HTTP_LISTEN=127.0.0.1:${port} BOBTAIL_ADMIN_API_KEY=${API_KEY}\n`);
        api = new Api(`http://127.0.0.1:${port}`, API_KEY);
    });
    after(async () => {
        for (const end of ends.reverse()) await end();
    });

    // A run whose script says "started", waits for `file` in the machine's root folder and says "ended".
    async function startRun(file) {
        const project = await Project.create(api, { steps: [scriptStep('Waits', `echo started\nuntil [ -e '${file}' ]; do sleep 0.05; done\necho ended`)] });
        const id = await project.startDeployment();
        await waitForLine(api, id, 'started');
        return id;
    }

    async function assertWentOn(id, file) {
        machine.write(file, '');
        await assertEnded(api, await waitForTask(api, id), 'Success');
        const texts = linesOf(await details(api, id)).map((line) => line.MessageText);
        for (const text of ['started', 'ended']) assert.equal(texts.filter((one) => one === text).length, 1, texts.join('\n'));
    }

    test('an installation runs the server as an account that is not root', async () => {
        const said = await install(first);

        assert.match(said, /the password is in \/etc\/bobtail\/admin-password/);
        assert.equal(status(), 'active');
        assert.equal(machine.run(`ps -o user= -p ${mainPid()}`).trim(), 'bobtail');
        assert.equal(machine.run('stat -c "%a %U:%G" /etc/bobtail /etc/bobtail/server.conf /etc/bobtail/admin-password /var/lib/bobtail /var/lib/bobtail/master.key'),
            '750 root:bobtail\n640 root:bobtail\n640 root:bobtail\n711 bobtail:bobtail\n600 bobtail:bobtail\n');
        assert.match(machine.run('systemctl is-enabled bobtail-server'), /^enabled/);
        assert.match(machine.run('bobtail-server version'), /^bobtail-server \d+\.\d+\.\d+\n$/);
    });

    test('the password of the installation lets its owner in, and the journal has it nowhere', async () => {
        const password = machine.run('cat /etc/bobtail/admin-password').trim();

        const journal = machine.run('journalctl -u bobtail-server --no-pager');

        assert.match(journal, /listens on/);
        const signIn = await new Api(api.url).send('POST', '/api/users/login', { Username: 'admin', Password: password });
        assert.equal(signIn.status, 200, signIn.text);
        for (const secret of [password, API_KEY]) assert.ok(!journal.includes(secret));
    });

    test('a script may do as its work folder needs, and runs as the account of the server', async () => {
        const project = await Project.create(api, { steps: [scriptStep('Looks', 'id -un\necho "at home in $HOME"\nf=$(mktemp)\necho x > "$f" && rm "$f" && echo wrote\ntouch /usr/x 2>/dev/null || echo refused')] });

        const task = await project.deploy();

        await assertEnded(api, task, 'Success');
        const texts = linesOf(await details(api, task.Id)).map((line) => line.MessageText);
        for (const text of ['bobtail', 'at home in /var/lib/bobtail', 'wrote', 'refused']) assert.ok(texts.includes(text), texts.join('\n'));
    });

    test('the unit is hardened: what systemd measures is at most 2.5 of 10', () => {
        const said = machine.run('systemd-analyze security --no-pager --threshold=25 bobtail-server || true');

        const exposure = Number(/Overall exposure level for bobtail-server.service: ([0-9.]+)/.exec(said)?.[1]);
        assert.ok(exposure <= 2.5, said);
    });

    test('a reload leaves the server running', async () => {
        const before = mainPid();

        machine.run('systemctl reload bobtail-server');

        await answers();
        assert.equal(mainPid(), before);
    });

    test('an upgrade restarts the server and leaves scripts running; a changed settings file stays', async () => {
        machine.run("echo '# mine' >> /etc/bobtail/server.conf");
        const id = await startRun('/var/lib/bobtail/go-1');
        const before = mainPid();

        await install(second);

        assert.notEqual(mainPid(), before);
        assert.equal(status(), 'active');
        await assertWentOn(id, '/var/lib/bobtail/go-1');
        assert.match(machine.run('cat /etc/bobtail/server.conf'), /# mine/);
        assert.match(machine.run('dpkg-query -W bobtail-server'), /2099\.1\.0/);
    });

    test('a killed server is started again and follows its scripts further', async () => {
        const id = await startRun('/var/lib/bobtail/go-2');
        const before = mainPid();

        machine.run(`kill -KILL ${before}`);
        await until('another server', () => mainPid() !== before && status() === 'active');

        await answers();
        await assertWentOn(id, '/var/lib/bobtail/go-2');
    });

    test('a removal stops the server and keeps settings and data; a new installation goes on with them', async () => {
        const project = await Project.create(api);

        machine.run('dpkg -r bobtail-server');

        assert.notEqual(status(), 'active');
        assert.ok(!fs.existsSync(machine.inside('/usr/bin/bobtail-server')));
        assert.match(machine.run('cat /etc/bobtail/server.conf'), /# mine/);
        await install(second);
        assert.equal((await api.get(`/api/Spaces-1/projects/${project.id}`)).Name, project.name);
    });

    test('a purge removes the settings, keeps the data and says how to remove that', () => {
        const said = machine.run('dpkg -P bobtail-server 2>&1');

        assert.match(said, /the data stays in \/var\/lib\/bobtail/);
        assert.ok(!fs.existsSync(machine.inside('/etc/bobtail')));
        assert.ok(fs.existsSync(machine.inside('/var/lib/bobtail/master.key')));
    });
});
