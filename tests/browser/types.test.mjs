// The types that the collector serves, by TypeScript's own compiler: what is right compiles, what is
// wrong does not, and the examples in README are right and do what README says.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { freePort, start } from './stack.mjs';

const HERE = fileURLToPath(new URL('.', import.meta.url));
const TAG = '<script async src="https://ashiato.example/s/shop/ashiato.js"></script>';

let stack;
let site;
let types;
before(async () => {
  const port = await freePort();
  site = { address: `http://localhost:${port}` };
  site.server = createServer((_, answer) => answer.writeHead(200, { 'content-type': 'text/html' }).end(site.page));
  await new Promise(resolve => site.server.listen(port, '127.0.0.1', resolve));
  stack = await start({ change: text => text.replace('origins = [', `origins = ["${site.address}", `) });
  const served = await fetch(`${stack.collector}/ashiato.d.ts`);
  assert.equal(served.status, 200);
  types = await served.text();
});
after(async () => {
  await stack?.end();
  site?.server.closeAllConnections();
  site?.server.close();
});

/** What the compiler says of these files, beside the types. */
function complaints(files) {
  const folder = mkdtempSync(join(tmpdir(), 'ashiato-types-'));
  try {
    symlinkSync(join(HERE, 'node_modules'), join(folder, 'node_modules'));
    const compilerOptions = {
      strict: true,
      noEmit: true,
      noUncheckedIndexedAccess: true,
      target: 'es2022',
      lib: ['es2022', 'dom', 'dom.iterable'],
      module: 'esnext',
      moduleResolution: 'bundler',
      moduleDetection: 'force',
      jsx: 'react-jsx',
      allowJs: true,
      checkJs: true,
      types: ['react'],
    };
    const all = { 'tsconfig.json': JSON.stringify({ compilerOptions }), 'ashiato.d.ts': types, ...files };
    for (const [name, text] of Object.entries(all)) {
      mkdirSync(dirname(join(folder, name)), { recursive: true });
      writeFileSync(join(folder, name), text);
    }
    const { stdout, stderr } = spawnSync(join(HERE, 'node_modules/.bin/tsc'), ['--project', folder], { cwd: folder, encoding: 'utf8' });
    return (stdout + stderr).split('\n').filter(Boolean);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const RIGHT = `
import type { Ashiato, Call, Consent, EventName, Lead, Listener, Properties } from './ashiato';

(window.ashiato ||= []).push(['open']);
(window.ashiato ||= []).push(['accept', 'analytics', 'marketing']);
(window.ashiato ||= []).push(['track', 'add_to_cart', { product: 'kyusu', count: 2, gift: true }]);
(window.ashiato ||= []).push(['identify', { email: 'hana@example.com' }]);
(window.ashiato ||= []).push(['on', 'consent', ({ purposes }) => console.log(purposes.analytics)]);
const kept: Call[] = [['reject'], ['withdraw'], ['track', 'seen']];
window.ashiato ||= kept;

const api: Ashiato = window.ashiato;
const listener: Listener = ({ decided, at, receipt, revision, services }) => console.log(decided, at ?? 0, receipt?.length, revision + 1, services.kazoeru);
const names: EventName[] = ['ready', 'consent', 'withdraw'];
const stop: (() => void)[] = names.map(name => api.on(name, listener));
stop.forEach(off => off());
const properties: Properties = { plan: 'pro', seats: 3, trial: false };
api.track('sign_up', properties);
api.track('seen');
api.identify({ name: 'Hana' });
export const granted = async (purpose: string): Promise<boolean> => {
  const consent: Consent = await ashiato.ready;
  await ashiato.accept();
  await ashiato.accept(purpose, 'analytics');
  await Promise.all([ashiato.open(), ashiato.reject(), ashiato.withdraw()]);
  return consent.purposes[purpose] ?? false;
};
document.addEventListener('ashiato:ready', ({ detail }) => listener(detail));
document.addEventListener('ashiato:withdraw', event => event.detail.revision.toFixed());
document.querySelector('form')?.addEventListener('ashiato:lead', ({ detail }) => {
  const { form, lead, linked }: Lead = detail;
  console.log(form.trim(), lead.trim(), linked);
});
`;

const WRONG = [
  "window.ashiato.accept(['analytics'])",
  'window.ashiato.accept(true)',
  "window.ashiato.track('sign_up', { user: { name: 'Hana' } })",
  "window.ashiato.track('sign_up', { since: new Date() })",
  'window.ashiato.track({ name: "sign_up" })',
  'window.ashiato.track()',
  'window.ashiato.identify({ age: 40 })',
  "window.ashiato.on('refuse', () => {})",
  "window.ashiato.on('consent', (consent: string) => consent)",
  'window.ashiato.consent().purposes = {}.toString()',
  'window.ashiato.consent().at.toFixed()',
  "window.ashiato.consent().granted",
  "const yes: string = window.ashiato.consent().decided",
  'window.ashiato.ready = Promise.reject()',
  'window.ashiato.forget()',
  "(window.ashiato ||= []).push(['forget'])",
  "(window.ashiato ||= []).push(['open', 'analytics'])",
  "(window.ashiato ||= []).push(['track'])",
  "(window.ashiato ||= []).push('open')",
  "(window.ashiato ||= []).push(['on', 'consent'])",
  "document.addEventListener('ashiato:ready', ({ detail }) => detail.email)",
  "document.createElement('form').addEventListener('ashiato:lead', ({ detail }) => detail.visitor)",
];

test('what is written rightly against the served types compiles', () => {
  assert.deepEqual(complaints({ 'right.ts': RIGHT }), []);
});

test('each wrong use of the served types is refused', () => {
  const expected = WRONG.map(use => `// @ts-expect-error\n{ ${use}; }`).join('\n');
  assert.deepEqual(complaints({ 'wrong.ts': `import './ashiato';\n${expected}` }), []);
  const refused = complaints({ 'wrong.ts': `import './ashiato';\n${WRONG.map(use => `{ ${use}; }`).join('\n')}` });
  const lines = new Set(refused.map(line => line.match(/^wrong\.ts\((\d+),/)?.[1]).filter(Boolean));
  assert.equal(lines.size, WRONG.length, refused.join('\n'));
});

/** The examples of README's section for a site's own code: their language and text. */
function examples() {
  const readme = readFileSync(join(HERE, '../../README.md'), 'utf8');
  const [, section] = readme.match(/^### From your own code$([^]*?)^## /m);
  return [...section.matchAll(/^```(\w+)\n([^]*?)^```$/gm)].map(([, language, text]) => ({ language, text }));
}

test('the examples in README compile; those in HTML run below', () => {
  // What Nuxt brings along by itself.
  const files = { 'nuxt.d.ts': 'declare function defineNuxtConfig<T>(config: T): T;' };
  const tally = {};
  for (const { language, text } of examples()) {
    tally[language] = (tally[language] ?? 0) + 1;
    if (['js', 'ts', 'tsx'].includes(language)) files[`example-${language}-${tally[language]}.${language}`] = text;
    else if (language !== 'html') assert.ok(text.includes(TAG) || text.includes(TAG.replace('<script', '<script is:inline')), `the tag in ${language} is the one of “Put it on your site”`);
  }
  assert.deepEqual(tally, { js: 1, html: 2, tsx: 2, ts: 3, astro: 1, php: 1 });
  assert.deepEqual(complaints(files), []);
});

/** Somebody on a page that holds an example, as it stands but for the address. */
async function on(example) {
  site.page = `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>page</title><link rel="icon" href="data:,"></head><body><h1>page</h1>${example.replaceAll('https://ashiato.example', stack.collector)}</body></html>`;
  const visitor = await stack.visitor();
  await visitor.page.goto(`${site.address}/`);
  await visitor.page.evaluate(() => self.ashiato.ready);
  return visitor;
}

test("README's plain page follows the visitor's choice", async () => {
  const [plain] = examples().filter(({ language }) => language === 'html');
  const visitor = await on(plain.text);
  assert.equal(await visitor.page.locator('#map').isVisible(), true);
  await visitor.decide('accept');
  await visitor.page.locator('#map').waitFor({ state: 'hidden' });
  await visitor.page.evaluate(() => self.ashiato.withdraw());
  await visitor.page.locator('#map').waitFor();
  await visitor.page.locator('#map button').click();
  await visitor.part('save').waitFor();
  await visitor.end();
});

test("README's tag manager hears of the choice from the first page on, and after each change", async () => {
  const [, manager] = examples().filter(({ language }) => language === 'html');
  const visitor = await on(manager.text);
  const told = () => visitor.page.evaluate(() => self.dataLayer.filter(({ event }) => event === 'ashiato_consent').map(({ analytics }) => analytics));
  await visitor.asked();
  assert.deepEqual(await told(), [false]);
  await visitor.decide('accept');
  assert.deepEqual(await told(), [false, true]);
  await visitor.page.reload();
  await visitor.page.evaluate(() => self.ashiato.ready);
  assert.deepEqual(await told(), [true], 'a page that is loaded under a grant says so at once');
  await visitor.end();
});
