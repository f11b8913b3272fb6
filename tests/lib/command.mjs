// A command of bobtail-server, run to its end: { stdout, stderr, code, signal }. Of the test's own environment it gets all
// but BOBTAIL_*.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { programs } from './server.mjs';

export const ownEnvironment = () => Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('BOBTAIL_')));

export async function command(args, env = {}, options = {}) {
    const child = spawn(path.join(programs, 'bobtail-server'), args,
        { cwd: '/', env: { ...ownEnvironment(), ...env }, stdio: ['ignore', 'pipe', 'pipe'], ...options });
    const result = { stdout: '', stderr: '' };
    for (const name of ['stdout', 'stderr']) child[name].setEncoding('utf8').on('data', (text) => (result[name] += text));
    [result.code, result.signal] = await once(child, 'close');
    return result;
}
