// What the page's own code can call and hear, and what is blocked until it is granted.

import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { after, before, test } from 'node:test';
import { freePort, start } from './stack.mjs';

let stack;
let site;
before(async () => {
  const port = await freePort();
  site = { address: `http://localhost:${port}`, files: {} };
  site.server = createServer(({ url }, answer) => {
    const [type, body] = site.files[url.split('?')[0]] ?? [];
    answer.writeHead(body ? 200 : 404, { 'content-type': type ?? 'text/plain' }).end(body);
  });
  await new Promise(resolve => site.server.listen(port, '127.0.0.1', resolve));
  stack = await start({ change: text => text.replace('origins = [', `origins = ["${site.address}", `) });
});
after(async () => {
  await stack?.end();
  site?.server.closeAllConnections();
  site?.server.close();
});

/** Somebody on a page of a site of ours whose body is this. */
async function on(body, scripts = {}) {
  const head = '<!doctype html><html lang="en"><meta charset="utf-8"><title>page</title><link rel="icon" href="data:,">';
  const tag = `<script async src="${stack.collector}/s/shop/ashiato.js"></script>`;
  site.files = { '/': ['text/html', `${head}<body><h1>page</h1>${tag}${body}`] };
  for (const [path, script] of Object.entries(scripts)) site.files[path] = ['text/javascript', script];
  const visitor = await stack.visitor();
  await visitor.page.goto(`${site.address}/`);
  await visitor.page.evaluate(() => self.ashiato.ready);
  return visitor;
}

/** What the page has heard so far. */
const heard = visitor => visitor.page.evaluate(() => self.heard);

test('events and listeners tell of a decision and of a withdrawal, once each', async () => {
  const visitor = await stack.visitor();
  await visitor.context.addInitScript(() => {
    self.heard = [];
    for (const name of ['ready', 'consent', 'withdraw']) document.addEventListener(`ashiato:${name}`, ({ detail }) => self.heard.push([name, detail.purposes.analytics]));
  });
  await visitor.go();
  await visitor.asked();
  assert.deepEqual(await heard(visitor), [['ready', false]]);
  await visitor.page.evaluate(() => {
    self.off = self.ashiato.on('consent', ({ purposes }) => self.heard.push(['listener', purposes.analytics]));
  });
  await visitor.page.evaluate(() => self.ashiato.accept('analytics'));
  await visitor.page.waitForFunction(() => self.heard.length >= 3);
  assert.deepEqual((await heard(visitor)).slice(1).sort(), [['consent', true], ['listener', true]]);
  assert.deepEqual((await visitor.consent()).purposes, { functional: false, analytics: true, marketing: false, lead_link: false });
  await visitor.closed();
  await visitor.page.evaluate(() => self.off());
  await visitor.page.evaluate(() => self.ashiato.withdraw());
  await visitor.page.waitForFunction(() => self.heard.some(([name]) => name === 'withdraw'));
  assert.deepEqual((await heard(visitor)).slice(3).sort(), [['consent', false], ['withdraw', false]]);
  await visitor.end();
});

test('calls made before the tag is there are made good', async () => {
  const visitor = await stack.visitor();
  await visitor.context.addInitScript(() => (self.ashiato ||= []).push(['open']));
  await visitor.go();
  await visitor.part('save').waitFor();
  await visitor.end();
});

test('two tags on one page ask once', async () => {
  const visitor = await on(`<script async src="${stack.collector}/s/shop/ashiato.js?again"></script>`);
  await visitor.asked();
  assert.equal(await visitor.page.locator('ashiato-consent').count(), 1);
  await visitor.end();
});

test('scripts run once, in the order of the page, when their purpose is granted', async () => {
  const blocked = (purpose, inside) => `<script type="text/plain" data-consent="${purpose}" ${inside}</script>`;
  const body = [
    '<script>self.ran = []</script>',
    blocked('analytics', 'data-src="/one.js">'),
    blocked('analytics', ">self.ran.push('two')"),
    blocked('marketing', 'data-src="/three.js">'),
    blocked('analytics', 'data-src="/four.js">'),
  ];
  const visitor = await on(body.join(''), {
    '/one.js': "self.ran.push('one')",
    '/three.js': "self.ran.push('three')",
    '/four.js': "self.ran.push('four')",
  });
  await visitor.asked();
  const ran = () => visitor.page.evaluate(() => self.ran);
  assert.deepEqual(await ran(), []);
  await visitor.page.evaluate(() => self.ashiato.accept('analytics'));
  await visitor.page.waitForFunction(() => self.ran.includes('four'));
  assert.deepEqual(await ran(), ['one', 'two', 'four']);
  await visitor.page.evaluate(() => self.ashiato.accept('analytics', 'marketing'));
  await visitor.page.waitForFunction(() => self.ran.includes('three'));
  assert.deepEqual(await ran(), ['one', 'two', 'four', 'three']);
  await visitor.end();
});

test('what is marked with a purpose that the site has not stays blocked, and its owner is told', async () => {
  const visitor = await on('<script type="text/plain" data-consent="analytisc" data-src="/one.js"></script>', { '/one.js': 'self.ran = true' });
  await visitor.decide('accept');
  assert.equal(await visitor.page.evaluate(() => self.ran), undefined);
  assert.equal(visitor.problems.filter(problem => /analytisc/.test(problem)).length, 1);
  await visitor.end(problem => /analytisc/.test(problem));
});

test('images and frames are fetched when they are granted, and frames are emptied when that is withdrawn', async () => {
  const visitor = await on('<img alt="" data-consent="marketing" data-src="/pixel.png"><iframe title="film" data-consent="functional" data-service="video" data-src="/film"></iframe>', { '/film': 'film', '/pixel.png': 'pixel' });
  await visitor.asked();
  const fetched = path => visitor.requests.some(request => request.url() === site.address + path);
  assert.deepEqual([fetched('/pixel.png'), fetched('/film')], [false, false]);
  await visitor.decide('accept');
  await visitor.page.waitForFunction(() => document.querySelector('iframe').src.endsWith('/film'));
  await visitor.page.waitForFunction(() => document.querySelector('img').complete);
  assert.deepEqual([fetched('/pixel.png'), fetched('/film')], [true, true]);
  await visitor.page.evaluate(() => self.ashiato.withdraw());
  await visitor.page.waitForFunction(() => !document.querySelector('iframe').src.includes('/film'));
  await visitor.end();
});

test('a page without a control of its own is given one', async () => {
  const visitor = await on('');
  await visitor.decide('reject');
  const control = visitor.page.locator('ashiato-consent [part~=open]:visible');
  await control.click();
  await visitor.part('save').waitFor();
  await visitor.end();
});

test("the page's own styles do not reach the banner", async () => {
  const visitor = await on('<style>button, dialog, section { display: none !important; color: red !important }</style>');
  await visitor.asked();
  await visitor.decide('reject');
  await visitor.end();
});

test('types are served for those who write TypeScript', async () => {
  const answer = await fetch(`${stack.collector}/ashiato.d.ts`);
  assert.equal(answer.status, 200);
  const types = await answer.text();
  for (const name of ['ready', 'consent', 'open', 'accept', 'reject', 'withdraw', 'track', 'on']) assert.match(types, new RegExp(`\\b${name}\\b`));
});
