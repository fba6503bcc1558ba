// The back office as its people see it: every page in both languages, light and dark, on a telephone and on a desk;
// by keyboard alone; and without a script.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { loggedIn, PASSWORD } from './account.mjs';
import { breaches, misshapen } from './breaches.mjs';
import { somebody } from './planted.mjs';
import { start } from './stack.mjs';

const EMAIL = 'mika@shop.example';
let stack;
let state;

before(async () => {
  stack = await start();
  const all = ['functional', 'analytics', 'marketing', 'lead_link'];
  const views = ['/', '/products', '/products/kyusu'].map(path => ({ path, title: path, referrer: 'https://search.example/' }));
  const campaign = { name: 'campaign_visit', properties: { source: 'newsletter', campaign: '秋の新作' } };
  await somebody(stack, { grants: all, events: [...views, campaign], fields: { name: '足跡 花子', email: 'hanako@example.jp', message: 'こんにちは' } });
  await somebody(stack, { grants: ['analytics'], language: 'en', events: views.slice(0, 1) });
  await somebody(stack, {});
  state = await loggedIn(stack, EMAIL, 'owner', true);
});
after(() => stack?.end());

/** A browser of an own, and what goes wrong in it. */
async function open(options) {
  const context = await stack.browser.newContext({ locale: 'en-GB', ...options });
  const page = await context.newPage();
  const problems = [];
  page.on('pageerror', error => problems.push(`exception: ${error}`));
  page.on('console', message => ['error', 'warning'].includes(message.type()) && problems.push(message.text()));
  const abroad = [];
  page.on('request', request => new URL(request.url()).origin === stack.collector || abroad.push(request.url()));
  return { context, page, problems, abroad };
}

const PLACES = ['/office/sites/shop', '/office/sites/shop?period=today&figure=bounces', '/office/sites/shop?period=7&page=/products&event=campaign_visit', '/office/sites/shop?period=days&from=2026-02-02&to=2026-01-01',
  '/office/sites/shop?period=days&from=2020-01-01&to=2020-01-31', '/office/sites/shop/consent', '/office/sites/shop/leads', '/office/sites/shop/settings', '/office/account', '/office/account?recovered=1'];

for (const language of ['ja', 'en']) {
  for (const colorScheme of ['light', 'dark']) {
    for (const width of [360, 1280]) {
      test(`no page has a breach or is too wide: ${language}, ${colorScheme}, ${width}`, async () => {
        const { context, page, problems, abroad } = await open({ storageState: state, colorScheme, viewport: { width, height: 800 } });
        await page.goto(`${stack.collector}/office/account`);
        if (width < 900) await page.locator('.menu summary').click();
        if ((await page.locator('html').getAttribute('lang')) !== language) {
          await page.locator(`form[action="/office/language"] button:visible`).click();
          await page.waitForURL('**/office/account');
        }
        const found = {};
        const look = async place => {
          await page.locator('details').evaluateAll(all => all.forEach(one => (one.open = true)));
          const wrong = [...(await breaches(page)), ...(await misshapen(page))];
          if ((await page.locator('html').getAttribute('lang')) !== language) wrong.push('another language');
          if (wrong.length) found[place] = wrong;
        };
        for (const place of PLACES) {
          await page.goto(stack.collector + place);
          await look(place);
        }
        await page.goto(`${stack.collector}/office/sites/shop/leads`);
        await page.locator('.leads h2 a').first().click();
        await page.locator('.timeline li').first().waitFor();
        await look('a lead');
        assert.deepEqual(found, {});
        assert.deepEqual([problems, abroad], [[], []]);
        await context.close();
      });
    }
  }
}

test('what is seen without being logged in has no breach either', async () => {
  for (const locale of ['ja-JP', 'en-GB']) {
    const { context, page, problems } = await open({ locale, viewport: { width: 360, height: 700 } });
    const link = stack.command('user', 'add', '--email', `${locale}@shop.example`.toLowerCase(), '--role', 'marketer', '--site', 'shop', '--public-url', stack.collector);
    for (const address of [`${stack.collector}/office/login`, link, `${stack.collector}/office/login?out=1`]) {
      await page.goto(address);
      assert.equal(await page.locator('html').getAttribute('lang'), locale.slice(0, 2));
      assert.deepEqual([...(await breaches(page)), ...(await misshapen(page))], []);
    }
    assert.deepEqual(problems, []);
    await page.goto(`${stack.collector}/office/link/none`);
    assert.deepEqual(await breaches(page), []);
    await context.close();
  }
});

test('by keyboard alone one logs in, passes over the menu, changes the figure and looks at the table', async () => {
  const { context, page } = await open({ javaScriptEnabled: false, viewport: { width: 1280, height: 800 } });
  await page.goto(`${stack.collector}/office/sites/shop?period=7`);
  assert.match(page.url(), /\/office\/login\?next=/);
  await page.keyboard.press('Tab');
  await page.keyboard.type(EMAIL);
  await page.keyboard.press('Tab');
  await page.keyboard.type(PASSWORD);
  await page.keyboard.press('Enter');
  await page.waitForURL('**/office/sites/shop?period=7');
  await page.keyboard.press('Tab');
  assert.equal(await page.locator(':focus').getAttribute('class'), 'skip');
  await page.keyboard.press('Enter');
  const press = async (what, until) => {
    for (let presses = 0; presses < 60; presses++) {
      await page.keyboard.press('Tab');
      if (await page.locator(`${until}:focus`).count()) return;
    }
    assert.fail(`${what} is not reached`);
  };
  await press('a figure', '.tile[href*="figure=views"]');
  await page.keyboard.press('Enter');
  await page.waitForURL('**figure=views**');
  await press('the table', '.numbers summary');
  await page.keyboard.press('Enter');
  assert.equal(await page.locator('.numbers tbody tr').count(), 7);
  assert.ok(await page.locator('.numbers table').isVisible());
  await press('a row', '.top th a');
  await page.keyboard.press('Enter');
  await page.waitForURL('**page=**');
  assert.equal(await page.locator('.chip').count(), 1);
  await context.close();
});
