// Places in a script where a test may hold it: a gate is a FIFO that the script reads a line from. A gate that was not made
// holds nobody.
//
//     const gates = new Gates(folder);           // gates.shell goes into the script, which then says: gate NAME
//     gates.make('half'); ... await gates.reached('half'); ... gates.open('half');
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { until } from './processes.mjs';

export class Gates {
    constructor(folder) {
        this.folder = path.join(folder, 'gates');
        this.opened = [];
        fs.mkdirSync(this.folder);
    }

    get shell() {
        return `gate() { if [ -p '${this.folder}'/"$1" ]; then : > '${this.folder}'/"$1.reached"; read -r _ < '${this.folder}'/"$1"; fi; }`;
    }

    make(...names) {
        for (const name of names) execFileSync('mkfifo', [path.join(this.folder, name)]);
    }

    reached(name, limit) {
        return until(`the script to reach gate ${name}`, () => fs.existsSync(path.join(this.folder, `${name}.reached`)), limit);
    }

    open(name) {
        const fd = fs.openSync(path.join(this.folder, name), fs.constants.O_RDWR | fs.constants.O_NONBLOCK);
        fs.writeSync(fd, '\n');
        this.opened.push(fd); // closed later: a line in a FIFO that nobody has open is lost
    }

    // Removes all gates and lets go whoever stands at one.
    clear() {
        for (const name of fs.readdirSync(this.folder)) {
            if (!name.endsWith('.reached')) this.open(name);
            fs.rmSync(path.join(this.folder, name));
        }
    }

    close() {
        for (const fd of this.opened) fs.closeSync(fd);
        this.opened = [];
    }
}
