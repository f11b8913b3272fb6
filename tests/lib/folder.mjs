// A fresh folder for one test, removed when the test ends and whoever writes there has been ended by `release`.
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';

export function temporaryFolder(t, name = 'test', release = () => {}) {
    const folder = fs.mkdtempSync(path.join(os.tmpdir(), `bobtail-${name}-`));
    t.after(async () => {
        await release();
        fs.rmSync(folder, { recursive: true, force: true });
    });
    return folder;
}
