#!/usr/bin/env node
// check-routes.mjs - says which routes no API test has asked.
//
//   tools/check-routes.mjs FOLDER
//
// FOLDER holds what tests/lib/requests.mjs has written while the tests ran: the requests, and the description of the API.
import fs from 'node:fs';
import path from 'node:path';

const folder = process.argv[2];
const { paths } = JSON.parse(fs.readFileSync(path.join(folder, 'openapi.json'), 'utf8'));
const routes = Object.entries(paths).flatMap(([template, methods]) =>
    Object.keys(methods).map((method) => ({ method: method.toUpperCase(), template, parts: template.split('/') })));

const fits = (part, segment) => part.startsWith('{') || part.toLowerCase() === segment.toLowerCase();
const rank = ({ parts }) => parts.map((part) => (part.startsWith('{') ? 'b' : 'a')).join('');

// The route that the server takes: a word of the address goes before a parameter, from the left.
function routeOf(method, address) {
    const segments = address.replace(/\/$/, '').split('/');
    return routes.filter((r) => r.method === method && r.parts.length === segments.length && r.parts.every((part, i) => fits(part, segments[i])))
        .sort((a, b) => (rank(a) < rank(b) ? -1 : 1))[0];
}

// A space may be written with a prefix, or be left out.
const forms = (address) => [address.replace(/^\/api\/spaces\/([^/]+)\/(?=.)/i, '/api/$1/'), address, address.replace(/^\/api\//, '/api/Spaces-1/')];

const asked = new Set();
for (const file of fs.readdirSync(folder).filter((name) => name.endsWith('.requests'))) {
    for (const line of new Set(fs.readFileSync(path.join(folder, file), 'utf8').split('\n').filter(Boolean))) {
        const [method, address] = line.split(' ');
        for (const form of forms(address)) {
            const route = routeOf(method, form);
            if (route) asked.add(`${route.method} ${route.template}`);
        }
    }
}
const missing = routes.map((r) => `${r.method} ${r.template}`).filter((route) => !asked.has(route));
for (const route of missing) console.log(`${route}   <- no test asks it`);
console.log(`${routes.length - missing.length} of ${routes.length} routes are asked by tests`);
process.exit(missing.length === 0 ? 0 : 1);
