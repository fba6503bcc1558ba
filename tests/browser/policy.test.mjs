// The policy page: no breach of WCAG, nothing cut off, readable without scripts, on paper, right to left, and inside
// a page of the site itself.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { createServer } from 'node:http';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { breaches } from './breaches.mjs';
import { freePort, start, until } from './stack.mjs';

let stack;
let frame;

/** A page of the site's own, or of another's, that frames whatever address is in its own. */
async function framing() {
  const port = await freePort();
  const server = createServer((request, answer) => {
    const page = new URL(request.url, 'http://localhost').searchParams.get('of');
    answer.setHeader('content-type', 'text/html; charset=utf-8');
    answer.end(`<!doctype html><html lang="en"><title>Our policy</title><iframe title="Cookie policy" width="600" height="800" src="${page}"></iframe>`);
  });
  await new Promise(resolve => server.listen(port, '127.0.0.1', resolve));
  return { server, own: `http://localhost:${port}`, other: `http://127.0.0.1:${port}` };
}

/** The site file with a language of the right to left, whose words are found by what the check asks for. */
function withArabic(text) {
  const file = join(stack.folder, 'arabic.toml');
  const words = {};
  const spoken = text
    .replace('languages = ["ja", "en"]', 'languages = ["ja", "en", "ar"]')
    .replaceAll(/^en = "[^"]*"$/gm, '$&\nar = "متجر هيوري"')
    .replaceAll(/, en = "[^"]*"/g, '$&, ar = "نص عربي يصف ما يحدث هنا"');
  for (;;) {
    const table = Object.entries(words).map(([name, word]) => `${name} = "${word}"\n`);
    const whole = spoken.replace('[gpc]', `[banner.text.ar]\n${table.join('')}\n[gpc]`);
    writeFileSync(file, whole);
    const known = JSON.stringify(words);
    try {
      stack.command('site', 'check', file);
      return whole;
    } catch ({ message }) {
      const all = /add to \[banner\.text\.ar\]: (.*)/.exec(message)?.[1].split(', ') ?? [];
      all.forEach((name, at) => (words[name] = `كلمة ${at}`));
      for (const [, name, place] of message.matchAll(/banner text `(\w+)` in ar: has no (\{\w+\})/g)) words[name] += ` ${place}`;
      assert.notEqual(JSON.stringify(words), known, message);
    }
  }
}

before(async () => {
  frame = await framing();
  stack = await start({
    change: text => text.replace(/origins = \["([^"]*)"\]/, `origins = ["$1", "${frame.own}"]`),
  });
  const file = join(stack.folder, 'shop.toml');
  const second = withArabic(readFileSync(file, 'utf8')).replace('retention_days = 90', 'retention_days = 120');
  writeFileSync(file, second);
  stack.command('site', 'apply', file);
  await until('the second version is in force', async () => (await (await fetch(address('lang=en'))).text()).includes('Version 2, in force'));
});

after(async () => {
  frame?.server.close();
  await stack?.end();
});

const address = query => `${stack.collector}/s/shop/policy?${query}`;

async function read(query, { language = 'en', ...options } = {}) {
  const visitor = await stack.visitor({ language, ...options });
  await visitor.page.goto(address(query));
  return visitor;
}

for (const query of ['lang=ja', 'lang=en', 'lang=ar', 'lang=ja&revision=1', 'lang=en&embed=1']) {
  for (const [width, colorScheme] of [[320, 'light'], [1100, 'light'], [1100, 'dark']]) {
    test(`no breach, and nothing is cut off (${query}, ${width} px, ${colorScheme})`, async () => {
      const visitor = await read(query, { colorScheme, viewport: { width, height: 800 }, bypassCSP: true });
      assert.deepEqual(await breaches(visitor.page), []);
      assert.equal(await visitor.page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), true, 'no sideways scrolling');
      await visitor.end();
    });
  }
}

test('a language of the right to left is read from the right', async () => {
  const visitor = await read('lang=ar', { viewport: { width: 1100, height: 800 } });
  const { label, value, direction } = await visitor.page.evaluate(() => ({
    direction: getComputedStyle(document.body).direction,
    label: document.querySelector('dt').getBoundingClientRect().x,
    value: document.querySelector('dd').getBoundingClientRect().x,
  }));
  assert.equal(direction, 'rtl');
  assert.ok(label > value, 'what a row is called stands to the right of what it says');
  await visitor.end();
});

test('without scripts everything is there to be read, and every link of the page holds', async () => {
  const visitor = await read('lang=en', { javaScriptEnabled: false });
  const text = await visitor.page.locator('main').innerText();
  for (const said of ['kazoeru_last', 'local storage', 'What they use it for', 'Global Privacy Control', 'privacy@hiyori.example', 'now kept for about 4 months (before: 3 months)'])
    assert.ok(text.includes(said), said);
  const addresses = await visitor.page.locator('a').evaluateAll(links => links.map(link => link.href));
  const own = addresses.filter(href => href.startsWith(stack.collector));
  assert.ok(own.length > 10);
  for (const href of own) {
    const answer = await fetch(href);
    assert.equal(answer.status, 200, href);
    const { hash, searchParams } = new URL(href);
    if (hash) assert.ok((await answer.text()).includes(`id="${hash.slice(1)}"`), href);
    else assert.match(searchParams.get('lang'), /^(ja|en|ar)$/, href);
  }
  await visitor.end();
});

test('an earlier version says so, keeps the language and leads back', async () => {
  const visitor = await read('lang=en');
  await visitor.page.getByRole('link', { name: 'Read version 1' }).click();
  assert.match(await visitor.page.locator('main').innerText(), /This is an earlier version\./);
  assert.match(await visitor.page.locator('#service-video').innerText(), /3 months/);
  await visitor.page.getByRole('link', { name: '日本語' }).click();
  assert.equal(new URL(visitor.page.url()).search, '?lang=ja&revision=1');
  await visitor.page.getByRole('link', { name: '現在の版を読む' }).click();
  assert.equal(new URL(visitor.page.url()).search, '?lang=ja');
  assert.match(await visitor.page.locator('main').innerText(), /「動画プレーヤー」の保存期間が3か月から約4か月に変わりました。/);
  await visitor.end();
});

test('on paper there is no navigation, the address is printed, and no card is torn', async () => {
  const visitor = await read('lang=en');
  await visitor.page.emulateMedia({ media: 'print' });
  for (const hidden of ['header nav', '.contents', '.read']) assert.equal(await visitor.page.locator(hidden).first().isVisible(), false, hidden);
  assert.ok((await visitor.page.locator('.printed').innerText()).includes(address('lang=en')));
  const torn = await visitor.page.locator('article, tr').evaluateAll(cards => cards.filter(card => getComputedStyle(card).breakInside !== 'avoid').length);
  assert.equal(torn, 0);
  const links = await visitor.page.locator('main a[href^="https:"]').evaluateAll(links => links.map(link => [link.getAttribute('href'), link.textContent]));
  assert.ok(links.length > 0);
  for (const [href, text] of links) assert.equal(text, href, 'an address can be read on paper');
  await visitor.end();
});

test('a page of the site may frame it where it is embedded, and what leads elsewhere opens apart', async () => {
  const visitor = await stack.visitor();
  await visitor.page.goto(`${frame.own}/?of=${encodeURIComponent(address('lang=en&embed=1'))}`);
  const inside = visitor.page.frameLocator('iframe');
  assert.equal(await inside.locator('h1').innerText(), 'Cookies and data sent to others');
  assert.equal(await inside.locator('header, nav').count(), 0);
  const opened = visitor.context.waitForEvent('page');
  await inside.getByRole('link', { name: 'Read version 1' }).click();
  const page = await opened;
  await page.waitForURL(address('lang=en&revision=1'));
  await visitor.end();
});

for (const [who, page, query] of [
  ['the site itself, as a whole page', () => frame.own, 'lang=en'],
  ["another's page", () => frame.other, 'lang=en&embed=1'],
]) {
  test(`it stands in no frame of ${who}`, async () => {
    const visitor = await stack.visitor();
    const refused = visitor.page.waitForEvent('console', message => message.text().includes('frame-ancestors'));
    await visitor.page.goto(`${page()}/?of=${encodeURIComponent(address(query))}`);
    await refused;
    assert.equal(await visitor.page.frameLocator('iframe').getByText('Cookies and data sent to others').count(), 0);
    await visitor.end(problem => problem.includes('frame-ancestors') || problem.includes('chrome-error'));
  });
}
