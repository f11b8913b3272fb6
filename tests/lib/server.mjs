// A bobtail-server of a test: fresh data folder, free loopback port, SQLite or PostgreSQL, stopped when the test ends.
//
//     const server = await Server.start(t);                                   // SQLite
//     const server = await Server.start(t, { database: await pg.database() }); // PostgreSQL
//     await server.kill(); await server.resume();                             // the same data
//
// The programs are those of $BOBTAIL_BIN, or of build/release/bin.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { Client } from '@octopusdeploy/api-client';
import { Api } from './api.mjs';
import { command } from './command.mjs';
import { temporaryFolder } from './folder.mjs';
import { endProcessesOf, killQuietly, until } from './processes.mjs';

export const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../..');
export const programs = process.env.BOBTAIL_BIN ?? path.join(root, 'build/release/bin');
export const API_KEY = 'API-TESTTESTTESTTESTTESTTESTTESTTEST';
export const PASSWORD = 'Correct-Horse-9';

export async function freePort() {
    const listener = net.createServer().listen(0, '127.0.0.1');
    await once(listener, 'listening');
    const { port } = listener.address();
    listener.close();
    await once(listener, 'close');
    return port;
}

export class Server {
    // options: database (address; default SQLite in the data folder), folder (data folder), args (more flags),
    // env (more variables), taskCap, programs (their folder), wrap (command to run it under), log (print the server's own log when the test ends)
    static async start(t, options = {}) {
        const server = new Server();
        const release = async () => {
            await server.end();
            if (options.log) console.error(server.output);
        };
        if (options.folder) t.after(release);
        server.folder = options.folder ?? temporaryFolder(t, 'server', release);
        server.options = options;
        server.port = await freePort();
        server.url = `http://127.0.0.1:${server.port}`;
        server.api = new Api(server.url, API_KEY);
        server.output = '';
        await server.resume();
        return server;
    }

    // Another node on this one's database; nodes share the master key and the blob store.
    startBeside(t, options) {
        const folder = temporaryFolder(t, 'server');
        fs.copyFileSync(path.join(this.folder, 'master.key'), path.join(folder, 'master.key'));
        fs.symlinkSync(path.join(this.folder, 'blobs'), path.join(folder, 'blobs'));
        return Server.start(t, { database: this.options.database, folder, ...options });
    }

    arguments() {
        const { database, taskCap, args = [] } = this.options;
        return ['run', '--data-dir', this.folder, '--http-listen', `127.0.0.1:${this.port}`, '--agent-listen', '127.0.0.1:0',
            ...(database ? ['--database', database] : []), ...(taskCap === undefined ? [] : ['--task-cap', String(taskCap)]), ...args];
    }

    // Starts the program, without waiting for it.
    launch() {
        const command = [...(this.options.wrap ?? []), path.join(this.options.programs ?? programs, 'bobtail-server'), ...this.arguments()];
        this.process = spawn(command[0], command.slice(1), {
            cwd: '/',
            stdio: ['ignore', 'pipe', 'pipe'],
            env: {
                ...process.env,
                BOBTAIL_ADMIN_USERNAME: 'admin',
                BOBTAIL_ADMIN_PASSWORD: PASSWORD,
                BOBTAIL_ADMIN_API_KEY: API_KEY,
                ...this.options.env,
            },
        });
        this.exited = false;
        for (const stream of [this.process.stdout, this.process.stderr]) {
            stream.setEncoding('utf8').on('data', (text) => (this.output += text));
        }
        this.exit = new Promise((resolve) => {
            const end = (result) => {
                this.exited = true;
                resolve(result);
            };
            this.process.once('error', (error) => end({ error: error.message }));
            this.process.once('exit', (code, signal) => end({ code, signal }));
        });
    }

    // Starts the program on the data that is there and waits until it answers.
    async resume(limit = 60000) {
        this.launch();
        await until('the server to answer', async () => {
            if (this.exited) throw new Error(`the server ended instead of starting: ${JSON.stringify(await this.exit)}\n${this.output}`);
            return new Api(this.url).send('GET', '/healthz').then((answer) => answer.status === 200, () => false);
        }, limit);
    }

    // Runs another command on this server's data, whether it runs or not; see command.mjs.
    command(name, args = [], env = {}) {
        const { database } = this.options;
        return command([name, '--data-dir', this.folder, ...(database ? ['--database', database] : []), ...args], env);
    }

    // Asks it to stop; returns { code, signal }.
    async stop(signal = 'SIGTERM') {
        if (!this.exited) killQuietly(this.process.pid, signal);
        return this.exit;
    }

    kill() {
        return this.stop('SIGKILL');
    }

    async restart() {
        await this.stop();
        await this.resume();
    }

    // Ends the server and what it left running on purpose.
    async end() {
        await this.stop('SIGKILL');
        await endProcessesOf(this.folder);
    }

    // The public client, as its users make it.
    client(apiKey = API_KEY) {
        return Client.create({ userAgentApp: 'bobtail-tests', instanceURL: this.url, apiKey });
    }

    // Problems that the server itself reported; an orderly run has none.
    problems() {
        return this.output.split('\n').filter((line) => /Sanitizer|runtime error|assert|<3>|\berror\b/i.test(line));
    }
}
