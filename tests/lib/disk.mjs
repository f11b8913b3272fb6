// A file system of its own that is soon full, for a test; it goes with the test. It needs the rights to mount one.
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';

export function smallDisk(t, bytes) {
    const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'bobtail-disk-'));
    try {
        execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${bytes}`, 'tmpfs', folder], { stdio: 'pipe' });
    } catch (error) {
        fs.rmdirSync(folder);
        throw new Error(`cannot mount a small file system: ${error.stderr}`);
    }
    t.after(() => {
        execFileSync('umount', ['-l', folder]);
        fs.rmdirSync(folder);
    });
    return folder;
}
