// A PostgreSQL cluster in a temporary folder, reached by a socket in that folder only: no port, no password, no system
// service. PostgreSQL refuses to run as root, so then it runs as the account `postgres` or, without one, as `nobody`.
import { execFile, spawn } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { killQuietly, until } from './processes.mjs';

const run = promisify(execFile);
const TEMPLATES = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../..', process.env.BUILD ?? 'build', 'templates');

function programFolder() {
    const base = '/usr/lib/postgresql';
    const versions = fs.existsSync(base) ? fs.readdirSync(base) : [];
    const newest = versions.sort((a, b) => Number(b) - Number(a)).find((v) => fs.existsSync(`${base}/${v}/bin/initdb`));
    if (!newest) throw new Error('PostgreSQL is not installed: tools/setup --tests installs it');
    return `${base}/${newest}/bin`;
}

function ordinaryAccount() {
    const rows = fs.readFileSync('/etc/passwd', 'utf8').split('\n').map((line) => line.split(':'));
    const row = rows.find((r) => r[0] === 'postgres') ?? rows.find((r) => r[0] === 'nobody');
    return { uid: Number(row[2]), gid: Number(row[3]) };
}

export class Postgres {
    // Starts one that ends with the test (or suite) `t`. `settings` are lines of postgresql.conf.
    static async start(t, { settings = ['fsync = off'] } = {}) {
        const postgres = new Postgres();
        await postgres.#create(settings);
        t.after(() => postgres.#remove());
        await postgres.resume();
        return postgres;
    }

    async #create(settings) {
        this.programs = programFolder();
        this.account = process.getuid() === 0 ? ordinaryAccount() : {};
        this.folder = fs.mkdtempSync(path.join(os.tmpdir(), 'bobtail-pg-'));
        if (this.account.uid !== undefined) fs.chownSync(this.folder, this.account.uid, this.account.gid);
        this.data = path.join(this.folder, 'data');
        await this.#makeData();
        fs.appendFileSync(path.join(this.data, 'postgresql.conf'), ["listen_addresses = ''",
            `unix_socket_directories = '${this.folder}'`, 'max_connections = 60', ...settings, ''].join('\n'));
        this.count = 0;
    }

    // An empty cluster takes a second to make and a moment to copy, so the first one is kept in the build folder.
    async #makeData() {
        const kept = path.join(TEMPLATES, `postgres-${path.basename(path.dirname(this.programs))}-${this.account.uid ?? process.getuid()}`);
        if (fs.existsSync(kept)) {
            await run('cp', ['-a', kept, this.data]);
            return;
        }
        await run(`${this.programs}/initdb`, ['-D', this.data, '-A', 'trust', '-U', 'bobtail', '-E', 'UTF8', '--no-locale', '--no-sync'],
            { ...this.account, cwd: this.folder });
        fs.mkdirSync(TEMPLATES, { recursive: true });
        const mine = fs.mkdtempSync(path.join(TEMPLATES, 'new-'));
        await run('cp', ['-a', this.data, path.join(mine, 'data')]);
        try {
            fs.renameSync(path.join(mine, 'data'), kept);
        } catch (e) {
            if (e.code !== 'ENOTEMPTY' && e.code !== 'EEXIST') throw e; // another test was faster
        }
        fs.rmSync(mine, { recursive: true });
    }

    // Starts the stopped or killed cluster again, on the same data.
    async resume() {
        const log = fs.openSync(path.join(this.folder, 'log'), 'a');
        this.process = spawn(`${this.programs}/postgres`, ['-D', this.data],
            { ...this.account, cwd: this.folder, stdio: ['ignore', log, log] });
        fs.closeSync(log);
        this.exit = once(this.process, 'exit');
        await until('PostgreSQL to answer', async () => {
            if (this.process.exitCode !== null) {
                throw new Error(`PostgreSQL ended: ${fs.readFileSync(path.join(this.folder, 'log'), 'utf8')}`);
            }
            return this.query('select 1', 'postgres').then(() => true, () => false);
        });
    }

    // Ends it as a machine would: no wait for clients.
    async stop(signal = 'SIGINT') {
        killQuietly(this.process.pid, signal);
        await this.exit;
    }

    async kill() {
        await this.stop('SIGQUIT');
    }

    async #remove() {
        await this.stop();
        fs.rmSync(this.folder, { recursive: true, force: true });
    }

    // The rows as arrays of strings.
    async query(sql, database) {
        const { stdout } = await run(`${this.programs}/psql`, ['-X', '-q', '-A', '-t', '-F', '\t', '-v', 'ON_ERROR_STOP=1',
            '-h', this.folder, '-U', 'bobtail', '-d', database, '-c', sql], { cwd: '/' });
        return stdout.split('\n').filter((line) => line !== '').map((line) => line.split('\t'));
    }

    // Makes an empty database; returns the address to give to the server.
    async database() {
        const name = `bobtail_${++this.count}`;
        await this.query(`create database ${name}`, 'postgres');
        return this.address(name);
    }

    address(name) {
        return `postgresql:///${name}?host=${encodeURIComponent(this.folder)}&user=bobtail`;
    }
}
