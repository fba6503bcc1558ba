// What is observed of a visit beyond pages and marked elements, and how it reaches the collector in spite of what
// happens on the way.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { chromium } from 'playwright-core';
import { freePort, start, until } from './stack.mjs';

let stack;
let site;
before(async () => {
  const port = await freePort();
  site = { address: `http://localhost:${port}`, asked: [], scripts: {} };
  site.server = createServer(({ url }, answer) => {
    site.asked.push(url);
    const body = '<!doctype html><html lang="en"><meta charset="utf-8"><title>page</title><link rel="icon" href="data:,">';
    const tag = `<script async src="${stack.collector}/s/shop/ashiato.js"></script>`;
    answer.writeHead(200, { 'content-type': 'text/html' }).end(`${body}<body style="margin:0"><h1>page</h1>${tag}<script>${site.scripts[url] ?? ''}</script>`);
  });
  await new Promise(resolve => site.server.listen(port, '127.0.0.1', resolve));
  stack = await start({ change: text => text.replace('origins = [', `origins = ["${site.address}", `) });
});
after(async () => {
  await stack?.end();
  site?.server.closeAllConnections();
  site?.server.close();
});

const EVENTS = '/v1/events';
const KEPT = 'ashiato_queue';

/** What of an event name is stored beyond `before`. */
const more = async (name, before) => ((await stack.events())[name] ?? 0) - (before[name] ?? 0);

/** Somebody who granted everything on the front page of the shop. */
async function granting(purposes = { analytics: true, marketing: true }) {
  const visitor = await stack.visitor();
  await visitor.go();
  await visitor.part('customise').click();
  await visitor.choose(purposes);
  return visitor;
}

/** The same on the page of a site without scripts of its own. */
async function elsewhere() {
  const visitor = await stack.visitor();
  await visitor.page.goto(`${site.address}/`);
  await visitor.page.evaluate(() => self.ashiato.ready);
  await visitor.decide('accept');
  return visitor;
}

/** Every event that has left the visitor's pages, in order; one that was sent twice twice. */
const sent = visitor =>
  visitor.calls(EVENTS).flatMap(request => {
    const body = request.postData();
    return JSON.parse(body.slice(body.indexOf('\n') + 1)).events;
  });

/** The events of that name that have left, once there are so many. One whose answer was lost is sent again, and
 *  counts once by its id. */
const left = (visitor, name, count = 1) =>
  until(`${count} ${name} sent`, () => {
    const events = sent(visitor).filter(event => event.name === name);
    const once = [...new Map(events.map(event => [event.id, event])).values()];
    return once.length >= count && once;
  });

/** Hides the page, or shows it, as a browser does: none that is driven by a program hides one. */
const show = (page, visible) =>
  page.evaluate(visible => {
    const put = (name, value) => Object.defineProperty(document, name, { configurable: true, get: () => value });
    put('visibilityState', visible ? 'visible' : 'hidden');
    put('hidden', !visible);
    document.dispatchEvent(new Event('visibilitychange', { bubbles: true }));
  }, visible);

const paths = events => events.map(({ page }) => new URL(page.url).pathname + new URL(page.url).search);

test('a router moves from view to view; fragments and parameters that are not kept make none', async () => {
  const before = await stack.events();
  const visitor = await elsewhere();
  await left(visitor, 'page_view');
  const { page } = visitor;
  await page.evaluate(() => {
    history.pushState({}, '', '/a');
    setTimeout(() => (document.title = 'named a moment later'), 0);
  });
  await left(visitor, 'page_view', 2);
  for (const address of ['/a?sort=price', '/a#part', '/a#/route']) await page.evaluate(address => history.pushState({}, '', address), address);
  await page.evaluate(() => self.ashiato.track('add_to_cart', {}));
  await left(visitor, 'add_to_cart');
  await page.evaluate(() => history.replaceState({}, '', '/b?utm_source=own&q=x'));
  await left(visitor, 'page_view', 3);
  await page.goBack();
  const views = await left(visitor, 'page_view', 4);
  assert.deepEqual(paths(views), ['/', '/a', '/b?utm_source=own', '/a']);
  assert.equal(views[1].page.title, 'named a moment later');
  assert.deepEqual(views.map(({ page }) => page.referrer.replace(site.address, '')), ['', '/', '/a', '/b?utm_source=own']);
  await until('they are stored', async () => (await more('page_view', before)) === 4);
  await visitor.end();
});

test('a page opened in the background counts when it is seen, and not before', async () => {
  const visitor = await granting();
  await left(visitor, 'page_view');
  const other = await visitor.context.newPage();
  await other.addInitScript(() => {
    for (const [name, value] of [['visibilityState', 'hidden'], ['hidden', true]]) Object.defineProperty(document, name, { configurable: true, get: () => value });
  });
  await other.goto(`${stack.shop}/en/products`);
  await other.waitForFunction(() => self.kazoeru?.views === 1);
  await other.evaluate(() => self.ashiato.track('add_to_cart', {}));
  assert.deepEqual(paths(await left(visitor, 'add_to_cart')), ['/en/products'], 'what the page itself tells is taken');
  assert.deepEqual(paths(sent(visitor).filter(({ name }) => name === 'page_view')), ['/en/']);
  await show(other, true);
  assert.deepEqual(paths(await left(visitor, 'page_view', 2)), ['/en/', '/en/products']);
  await visitor.end();
});

test('a page that is prepared and never seen is not counted, and one that is seen once', async () => {
  // A browser that is looked into prepares nothing: this one is on its own, and the pages tell how far they are.
  const prepare = `ashiato.ready.then(() => ashiato.accept()).then(() => {
    const rules = document.createElement('script');
    rules.type = 'speculationrules';
    rules.text = JSON.stringify({ prerender: [{ urls: ['/seen', '/never'], eagerness: 'immediate' }] });
    document.head.append(rules);
    addEventListener('storage', () => localStorage.seen && localStorage.never && location.assign('/seen'));
  })`;
  const tell = name => `if (document.prerendering) {
    document.addEventListener('prerenderingchange', () => fetch('/told/${name}'));
    addEventListener('load', () => (localStorage.${name} = 1));
  }`;
  site.scripts = { '/prepare': `addEventListener('load', () => ${prepare})`, '/seen': tell('seen'), '/never': tell('never') };
  const folder = mkdtempSync(join(tmpdir(), 'ashiato-prepared-'));
  const given = ['--headless', '--no-sandbox', '--disable-gpu', '--no-first-run', '--remote-debugging-port=0', `--user-data-dir=${folder}`];
  const browser = spawn(process.env.CHROMIUM ?? '/usr/bin/chromium', [...given, `${site.address}/prepare`], { stdio: 'ignore' });
  const ended = new Promise(resolve => browser.once('exit', resolve));
  try {
    await until('the prepared page is seen', () => site.asked.includes('/told/seen'));
    const views = async () => Object.fromEntries((await stack.query(['page_views'], ['page'])).map(({ dimensions, metrics }) => [dimensions[0], metrics[0]]));
    const found = await until('it is counted', async () => ((await views())['/seen'] ? views() : undefined));
    assert.deepEqual([found['/seen'], found['/never']], [1, undefined]);
  } finally {
    browser.kill();
    await ended;
    // Its helpers write a little longer than it lives.
    await until('its folder is gone', () => {
      try {
        rmSync(folder, { recursive: true, force: true });
        return true;
      } catch {
        return false;
      }
    });
  }
});

test('a page is kept by the back/forward cache, and counts again when it comes from there', async () => {
  const browser = await chromium.launch({
    executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
    args: ['--headless', '--no-sandbox', '--disable-gpu'],
    ignoreDefaultArgs: ['--disable-back-forward-cache'],
  });
  try {
    const visitor = await stack.visitor({ browser });
    await visitor.page.goto(`${site.address}/`);
    await visitor.page.evaluate(() => self.ashiato.ready);
    await visitor.decide('accept');
    await left(visitor, 'page_view');
    await visitor.page.evaluate(() => addEventListener('pageshow', ({ persisted }) => (self.persisted = persisted)));
    await visitor.page.goto(`${site.address}/next`);
    await left(visitor, 'page_view', 2);
    // It never loads, which is what is waited for otherwise.
    await visitor.page.goBack({ waitUntil: 'commit' });
    await until('it is back', () => visitor.page.evaluate(() => self.persisted).catch(() => false));
    assert.deepEqual(paths(await left(visitor, 'page_view', 3)), ['/', '/next', '/']);
    await visitor.end();
  } finally {
    await browser.close();
  }
});

test('how far a page is read is told by quarters, once', async () => {
  const before = await stack.events();
  const visitor = await elsewhere();
  await left(visitor, 'page_view');
  await visitor.page.evaluate(() => {
    document.body.style.height = '10000px';
    scrollTo(0, 5500 - innerHeight);
  });
  const half = await left(visitor, 'scroll', 2);
  await visitor.page.evaluate(() => scrollTo(0, 0));
  await visitor.page.evaluate(() => scrollTo(0, 10000));
  const all = await left(visitor, 'scroll', 4);
  assert.deepEqual(half.map(({ properties }) => properties), [{ percent: 25 }, { percent: 50 }]);
  assert.deepEqual(all.slice(2).map(({ properties }) => properties), [{ percent: 75 }, { percent: 90 }]);
  await until('they are stored', async () => (await more('scroll', before)) === 4);
  await visitor.end();
});

test('time is told when the page is hidden, as long as somebody looked', async () => {
  const before = await stack.events();
  const visitor = await elsewhere();
  await left(visitor, 'page_view');
  const later = ms =>
    visitor.page.evaluate(ms => {
      const now = Date.now;
      Date.now = () => now() + ms;
    }, ms);
  await later(2_000);
  await visitor.page.evaluate(() => {
    document.hasFocus = () => false;
    dispatchEvent(new Event('blur'));
  });
  // Nobody looks now.
  await later(1_500);
  await show(visitor.page, false);
  const [{ properties, page }] = await left(visitor, 'user_engagement');
  assert.equal(page.url, `${site.address}/`);
  const { engaged_ms: ms } = properties;
  assert.ok(ms >= 2_000, `${ms}`);
  const spent = await visitor.page.evaluate(() => performance.now());
  assert.ok(ms <= 2_000 + spent, `${ms} of ${spent}`);
  await until('it is stored', async () => (await more('user_engagement', before)) >= 1);
  await visitor.end();
});

test('links that lead away or to a file are told without what their addresses may tell', async () => {
  const before = await stack.events();
  const visitor = await granting();
  await visitor.page.evaluate(() => addEventListener('click', event => event.preventDefault()));
  await visitor.page.locator('#map').click();
  const [away] = await left(visitor, 'outbound_click');
  assert.deepEqual(away.properties, { url: 'https://www.openstreetmap.org/', host: 'www.openstreetmap.org' });
  await visitor.view('/products/kyusu');
  const download = visitor.page.waitForEvent('download');
  await visitor.page.locator('#care-guide').click();
  assert.equal((await download).suggestedFilename(), 'caring-for-your-goods.txt');
  const [file] = await left(visitor, 'file_download');
  assert.equal(file.properties.extension, 'txt');
  assert.match(file.properties.url, /\/assets\/care-en\.[0-9a-f]+\.txt$/);
  for (const name of ['outbound_click', 'file_download']) await until(`${name} is stored`, async () => (await more(name, before)) === 1);
  await visitor.end();
});

test('a form that is begun and sent is told by its name, and nothing that was written', async () => {
  const before = await stack.events();
  const visitor = await granting();
  await visitor.view('/contact');
  for (const [field, words] of [['name', '秘密 花子'], ['email', 'secret@example.jp'], ['message', 'secret words']]) await visitor.page.fill(`#${field}`, words);
  await visitor.page.click('#send');
  await visitor.page.waitForURL('**/thanks');
  for (const name of ['form_start', 'form_submit']) {
    const events = await left(visitor, name);
    assert.deepEqual(events.map(({ properties }) => properties), [{ form: 'contact-form' }], name);
    await until(`${name} is stored`, async () => (await more(name, before)) === 1);
  }
  const all = JSON.stringify(sent(visitor));
  for (const secret of ['秘密', 'secret']) assert.ok(!all.includes(secret));
  await visitor.end();
});

test('a campaign is told once, by the parameters that the site keeps, and under its own purpose', async () => {
  const before = await stack.events();
  const address = '/products?utm_source=spring+%E6%98%A5&utm_campaign=tea&utm_content=x&gclid=secret&email=me';
  const analytics = await granting({ analytics: true });
  await analytics.view(address);
  await analytics.end();
  const visitor = await granting({ marketing: true });
  await visitor.view(address, 'campaign_visit');
  const [{ properties, page }] = await left(visitor, 'campaign_visit');
  assert.deepEqual(properties, { source: 'spring 春', campaign: 'tea' });
  assert.doesNotMatch(page.url, /secret|email/);
  await until('it is stored', async () => (await more('campaign_visit', before)) === 1);
  assert.deepEqual([...new Set(sent(visitor).map(({ name }) => name))], ['campaign_visit'], 'and nothing of another purpose');
  await visitor.end();
});

test('what a mark says beside its name are properties', async () => {
  const visitor = await granting();
  await visitor.go('/products/kyusu');
  await visitor.page.locator('#add-to-cart').click();
  const [{ properties }] = await left(visitor, 'add_to_cart');
  assert.deepEqual(properties, { item: 'kyusu' });
  await visitor.end();
});

test('what cannot be sent waits for the next page, and counts once', async () => {
  const before = await stack.events();
  const visitor = await granting();
  await left(visitor, 'page_view');
  await visitor.context.route('**/v1/**', route => route.abort());
  const failed = request => request.url().includes('/v1/');
  const offline = visitor.page.waitForEvent('requestfailed', failed);
  await visitor.page.evaluate(() => self.ashiato.track('add_to_cart', {}));
  await offline;
  for (const path of ['/products', '/contact']) {
    // A view is there to be kept once it has been tried to send.
    const tried = visitor.page.waitForEvent('requestfailed', failed);
    await visitor.go(path);
    await tried;
  }
  assert.equal(await more('add_to_cart', before), 0);
  await visitor.context.unroute('**/v1/**');
  await visitor.go('/');
  await until('it is stored', async () => (await more('add_to_cart', before)) === 1);
  await until('nothing is left', () => visitor.page.evaluate(key => !(key in localStorage), KEPT));
  await until('the views are stored', async () => (await more('page_view', before)) >= 4);
  const views = sent(visitor).filter(({ name }) => name === 'page_view');
  assert.equal(new Set(views.map(({ id }) => id)).size, 4);
  await visitor.end(problem => /ERR_FAILED/.test(problem));
});

test('nothing is left for the next page without a grant, and a withdrawal takes it at once', async () => {
  const visitor = await stack.visitor();
  await visitor.go();
  await visitor.asked();
  await visitor.page.evaluate(() => self.ashiato.track('add_to_cart', {}));
  await show(visitor.page, false);
  assert.deepEqual(await visitor.stored(), []);
  await show(visitor.page, true);
  await visitor.decide('accept');
  await left(visitor, 'page_view');
  await visitor.context.route('**/v1/events', route => route.abort());
  const offline = visitor.page.waitForEvent('requestfailed');
  await visitor.page.evaluate(() => self.ashiato.track('add_to_cart', {}));
  await offline;
  await show(visitor.page, false);
  await until('it is left', async () => (await visitor.stored()).includes(KEPT));
  const other = await visitor.context.newPage();
  await other.goto(`${stack.shop}/en/contact`);
  await show(visitor.page, false);
  const answer = other.waitForResponse(response => response.url().endsWith('/v1/consents') && response.request().method() === 'POST');
  await other.evaluate(() => self.ashiato.withdraw());
  await answer;
  await until('nothing is left', async () => !(await visitor.stored()).includes(KEPT));
  await show(visitor.page, true);
  await show(visitor.page, false);
  assert.ok(!(await visitor.stored()).includes(KEPT));
  await visitor.end(problem => /ERR_FAILED/.test(problem));
});

test('what is left when a decision has run out goes before anybody is asked again', async () => {
  const visitor = await granting();
  await visitor.page.evaluate(key => (localStorage[key] = 'somebody\n1 page_view {}'), KEPT);
  await visitor.context.clearCookies();
  await visitor.go('/products');
  await visitor.asked();
  assert.ok(!(await visitor.stored()).includes(KEPT));
  await visitor.end();
});

test('a withdrawal in one tab stops what another was about to send', async () => {
  const before = await stack.events();
  const visitor = await granting();
  const other = await visitor.context.newPage();
  await other.goto(`${stack.shop}/en/products`);
  await left(visitor, 'page_view', 2);
  await other.evaluate(() => self.ashiato.track('add_to_cart', { tab: 'other' }));
  const recorded = visitor.page.waitForResponse(response => response.url().endsWith('/v1/consents') && response.request().method() === 'POST');
  await visitor.page.evaluate(() => self.ashiato.withdraw());
  await other.waitForFunction(() => self.ashiato.consent().purposes.analytics === false);
  const count = visitor.calls(EVENTS).length;
  await other.evaluate(() => dispatchEvent(new Event('online')));
  await show(other, false);
  await other.goto('about:blank');
  await recorded;
  await visitor.go('/contact');
  assert.equal(visitor.calls(EVENTS).length, count);
  assert.equal(await more('add_to_cart', before), 0);
  await visitor.end();
});

test('the page waits as long as the collector asks it to', async () => {
  const before = await stack.events();
  const visitor = await granting();
  await left(visitor, 'page_view');
  const tries = [];
  await visitor.context.route('**/v1/events', route => {
    tries.push(Date.now());
    const headers = { 'retry-after': '3', 'access-control-allow-origin': stack.shop, 'access-control-expose-headers': 'retry-after' };
    return tries.length === 1 ? route.fulfill({ status: 503, headers, body: '{}' }) : route.continue();
  });
  await visitor.page.evaluate(() => self.ashiato.track('add_to_cart', {}));
  await until('it is stored', async () => (await more('add_to_cart', before)) === 1);
  assert.ok(tries[1] - tries[0] >= 2_900, `${tries[1] - tries[0]} ms`);
  await visitor.end(problem => /status of 503/.test(problem));
});
