// A Debian machine of a test: a root folder made by debootstrap in which a real systemd runs, in namespaces of its own. The
// network is the host's, so that its servers are reached by loopback ports.
//
//     const machine = await Machine.start(t, { include: ['libjansson4'] });
//     machine.run('systemctl is-system-running');      // output; throws when the command fails
//     machine.copy(file, '/root/x.deb'); machine.write('/etc/x', 'text');
//
// Needs root, debootstrap and a Debian mirror (that of the host's apt).
import assert from 'node:assert/strict';
import { execFile, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import readline from 'node:readline';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { nameOf, until } from './processes.mjs';

const BOOT = path.join(path.dirname(fileURLToPath(import.meta.url)), 'boot-systemd');

function mirror() {
    const rows = execFileSync('apt-get', ['indextargets', '--format', '$(REPO_URI) $(ORIGIN) $(COMPONENT)', 'Created-By: Packages'], { encoding: 'utf8' });
    const row = rows.split('\n').map((line) => line.split(' ')).find(([uri, origin, component]) => origin === 'Debian' && component === 'main' && !/security/.test(uri));
    assert.ok(row, "this machine's apt knows no Debian mirror");
    return row[0];
}

export class Machine {
    // options: include (packages beside those of a minimal system), suite
    static async start(t, { include = [], suite = 'bookworm' } = {}) {
        assert.equal(process.getuid(), 0, 'only root can make and boot a machine');
        const machine = new Machine();
        machine.root = fs.mkdtempSync(path.join(os.tmpdir(), 'bobtail-machine-'));
        t.after(() => machine.end());
        const packages = ['systemd', 'systemd-sysv', 'dbus', 'procps', ...include].join(',');
        await promisify(execFile)('debootstrap', ['--variant=minbase', `--include=${packages}`, suite, machine.root, mirror()], { maxBuffer: 1 << 26 });
        fs.chmodSync(machine.root, 0o755);
        await machine.#boot();
        return machine;
    }

    async #boot() {
        this.holder = spawn(BOOT, [this.root], { stdio: ['ignore', 'pipe', 'inherit'] });
        const [line] = await once(readline.createInterface(this.holder.stdout), 'line');
        this.first = /^booting (\d+)$/.exec(line)?.[1];
        assert.ok(this.first, line);
        await until('systemd', () => nameOf(Number(this.first)) === 'systemd' && fs.existsSync(`/proc/${this.first}/root/run/systemd/private`));
        const state = this.run('systemctl is-system-running --wait || true').trim();
        assert.equal(state, 'running', this.run('systemctl --failed || true'));
    }

    // Runs a shell command inside and gives its output.
    run(command) {
        const inside = ['-t', this.first, '-m', '-u', '-i', '-p', '-C', '--', '/bin/sh', '-c', command];
        return execFileSync('nsenter', inside, { encoding: 'utf8', cwd: '/', env: { PATH: '/usr/sbin:/usr/bin:/sbin:/bin', LC_ALL: 'C.UTF-8' }, stdio: ['ignore', 'pipe', 'pipe'] });
    }

    inside = (file) => path.join(this.root, file);

    write(file, text) {
        fs.mkdirSync(path.dirname(this.inside(file)), { recursive: true });
        fs.writeFileSync(this.inside(file), text);
    }

    copy(from, to) {
        fs.copyFileSync(from, this.inside(to));
    }

    async end() {
        if (this.holder?.exitCode === null) {
            const ended = once(this.holder, 'exit');
            this.holder.kill('SIGTERM');
            await ended;
        }
        fs.rmSync(this.root, { recursive: true, force: true });
    }
}
