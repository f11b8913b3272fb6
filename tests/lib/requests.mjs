// Which routes the tests ask: every request of a test goes to the folder $BOBTAIL_REQUESTS, where tools/check-routes.mjs
// holds it against the description of the API. Without that variable nothing is written.
import fs from 'node:fs';
import path from 'node:path';

const folder = process.env.BOBTAIL_REQUESTS;

// A refusal for want of a key proves nothing of a route.
export function recordRequest(method, target, status, body) {
    if (!folder || status === 401) return;
    fs.appendFileSync(path.join(folder, `${process.pid}.requests`), `${method} ${target.replace(/\?.*/, '')}\n`);
    if (target === '/api/openapi.json') fs.writeFileSync(path.join(folder, 'openapi.json'), body);
}
