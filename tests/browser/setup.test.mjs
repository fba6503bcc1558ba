// The guided set-up, and the pages of what goes on now, of events, and of banner versions against one another: in both
// languages, light and dark, narrow and wide, without a script.

import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { after, before, test } from 'node:test';
import { loggedIn } from './account.mjs';
import { breaches } from './breaches.mjs';
import { somebody } from './planted.mjs';
import { start, until } from './stack.mjs';

let stack;
let state;

before(async () => {
  stack = await start();
  const all = ['functional', 'analytics', 'marketing'];
  const views = ['/', '/products', '/products/kyusu'].map(path => ({ path, title: path, referrer: 'https://search.example/' }));
  const cart = { name: 'add_to_cart', properties: { item: '急須', price: 4800 } };
  await somebody(stack, { grants: all, events: [...views, cart] });
  await somebody(stack, { grants: ['analytics'], language: 'en', events: views.slice(0, 1) });
  await somebody(stack, {});
  state = await loggedIn(stack, 'mika@shop.example', 'owner', true);
});
after(() => stack?.end());

async function open(options) {
  const context = await stack.browser.newContext({ locale: 'en-GB', storageState: state, ...options });
  return { context, page: await context.newPage() };
}

/** Sets the language of the pages. */
async function speak(page, language) {
  await page.goto(`${stack.collector}/office/account`);
  if ((await page.locator('html').getAttribute('lang')) === language) return;
  await page.locator('.menu summary').click({ force: true }).catch(() => {});
  await page.locator('form[action="/office/language"] button:visible').first().click();
  await page.waitForURL('**/office/account');
}

test('a site is set up from nothing: answers, a file with a mistake, the file, the tag, and a browser that is asked', async () => {
  const { context, page } = await open({ javaScriptEnabled: false });
  await page.goto(`${stack.collector}/office/setup`);
  const body = `<!doctype html><html lang="ja"><title>x</title><script async src="${stack.collector}/s/books/ashiato.js"></script>`;
  const shop = createServer((_, answer) => answer.setHeader('content-type', 'text/html').end(body));
  await new Promise(resolve => shop.listen(0, '127.0.0.1', resolve));
  const origin = `http://127.0.0.1:${shop.address().port}`;
  const answers = { name: '足跡書店', key: 'books', origin, company: '足跡書店', representative: '足跡 花子', address: '京都市', contact: 'privacy@books.example' };
  for (const [name, value] of Object.entries(answers)) await page.fill(`#${name}`, value);
  await page.locator('.answers button').click();
  const made = await page.locator('#text').inputValue();
  assert.match(made, /^key = "books"$/m);
  await page.fill('#text', made.replace('consent_days', 'consent_dais'));
  await page.locator('.onward button').last().click();
  assert.match(await page.locator('.wrong').textContent(), /consent_dais/);
  // Away and back: the draft is there.
  await page.goto(`${stack.collector}/office/account`);
  await page.goto(`${stack.collector}/office/setup`);
  assert.match(await page.locator('#text').inputValue(), /consent_dais/);
  await page.fill('#text', made);
  await page.locator('.onward button').first().click();
  assert.match(await page.locator('.notice.good').textContent(), /Nothing is wrong/);
  await page.locator('.onward button').last().click();
  await page.waitForURL('**/office/sites/books/setup');
  assert.match(await page.locator('pre').first().textContent(), /\/s\/books\/ashiato\.js/);
  assert.equal(await page.locator('.notice.good').count(), 0);
  const visitor = await stack.browser.newContext();
  const visit = await visitor.newPage();
  await visit.goto(origin);
  await visit.locator('ashiato-consent').first().waitFor({ state: 'attached' });
  await until('the tag is seen', async () => {
    await page.goto(`${stack.collector}/office/sites/books/setup`);
    return page.locator('.notice.good').count();
  });
  await visitor.close();
  shop.close();
  await context.close();
});

const PLACES = ['/office/setup', '/office/sites/shop/setup', '/office/sites/shop/now', '/office/sites/shop/now?paused=1', '/office/sites/shop/events', '/office/sites/shop/events?period=7&name=add_to_cart', '/office/sites/shop/consent'];

for (const language of ['ja', 'en']) {
  for (const [colorScheme, width] of [['light', 1280], ['dark', 360]]) {
    test(`no page has a breach or is too wide: ${language}, ${colorScheme}, ${width}`, async () => {
      const { context, page } = await open({ colorScheme, viewport: { width, height: 800 } });
      const problems = [];
      page.on('console', message => ['error', 'warning'].includes(message.type()) && problems.push(message.text()));
      await speak(page, language);
      const found = {};
      const look = async (place, name) => {
        await page.locator('details').evaluateAll(all => all.forEach(one => (one.open = true)));
        const wrong = await breaches(page);
        const wide = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
        if (wide > 0) wrong.push(`${wide} too wide`);
        if ((await page.locator('html').getAttribute('lang')) !== language) wrong.push('another language');
        if (wrong.length) found[place] = wrong;
        if (process.env.PICTURES) await page.screenshot({ path: `${process.env.PICTURES}/${name}-${language}-${colorScheme}.png`, fullPage: true });
      };
      for (const [at, place] of PLACES.entries()) {
        await page.goto(stack.collector + place);
        await look(place, at);
      }
      await page.goto(`${stack.collector}/office/setup`);
      await page.fill('#text', 'key = "shop"\nlanguage = ["ja"]\n');
      await page.locator('.onward button').first().click();
      await page.locator('.wrong').waitFor();
      await look('complaints', 'wrong');
      assert.deepEqual(found, {});
      assert.deepEqual(problems.filter(text => !text.includes('422')), []);
      await context.close();
    });
  }
}

test('what goes on now is renewed by the browser itself, until somebody stops that', async () => {
  const { context, page } = await open({ javaScriptEnabled: false });
  const running = await page.goto(`${stack.collector}/office/sites/shop/now`);
  assert.equal(running.headers().refresh, '30');
  assert.match(await page.locator('.tiles').textContent(), /2/);
  assert.match(await page.locator('main').textContent(), /\/products\/kyusu/);
  const [stopped] = await Promise.all([page.waitForResponse(/paused/), page.locator('.periods a', { hasText: 'Stop renewing' }).click()]);
  assert.equal(stopped.headers().refresh, undefined);
  await page.goto(`${stack.collector}/office/sites/shop/events?period=7`);
  await page.locator('a', { hasText: 'add_to_cart' }).click();
  assert.match(await page.locator('main').textContent(), /急須/);
  await context.close();
});
