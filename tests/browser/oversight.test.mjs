// The pages of those who answer for it, as they see them: the trail, approvals, people, tokens, requests, in both
// languages, light and dark, on a telephone and on a desk; and by keyboard alone.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { appendFileSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { loggedIn } from './account.mjs';
import { breaches, misshapen } from './breaches.mjs';
import { somebody } from './planted.mjs';
import { start, until } from './stack.mjs';

const SITE = '/office/sites/shop';
/** Where pictures of every page go, to be looked at. */
const PICTURES = process.env.ASHIATO_PICTURES;
let stack;
const people = {};

before(async () => {
  stack = await start();
  await somebody(stack, { grants: ['functional', 'analytics', 'marketing', 'lead_link'], events: [{ path: '/', title: '/' }], fields: { name: '足跡 花子', email: 'hanako@example.jp', message: 'こんにちは' } });
  for (const [name, role] of [['olga', 'owner'], ['pia', 'privacy_officer']]) people[name] = await loggedIn(stack, `${name}@shop.example`, role, true);
  const file = join(stack.folder, 'shop.toml');
  appendFileSync(file, '\n[approval]\nexports = true\nerasures = true\n');
  stack.command('site', 'apply', file);
  const { context, page } = await open({}, 'olga');
  await until('the site file is in force', async () => {
    await page.goto(`${stack.collector}${SITE}/leads`);
    return page.locator('#reason').count();
  });
  await context.close();
});
after(() => stack?.end());

/** A browser of somebody, and what goes wrong in it. */
async function open(options, who) {
  const context = await stack.browser.newContext({ locale: 'en-GB', ...options, ...(who && { storageState: people[who] }) });
  const page = await context.newPage();
  const problems = [];
  page.on('pageerror', error => problems.push(`exception: ${error}`));
  page.on('console', message => ['error', 'warning'].includes(message.type()) && problems.push(message.text()));
  page.on('request', request => new URL(request.url()).origin === stack.collector || problems.push(request.url()));
  return { context, page, problems };
}

async function speak(page, language, narrow) {
  await page.goto(`${stack.collector}/office/account`);
  if (narrow) await page.locator('.menu summary').click();
  if ((await page.locator('html').getAttribute('lang')) === language) return;
  await page.locator('form[action="/office/language"] button:visible').click();
  await page.waitForURL('**/office/account');
}

/** Asks for what waits for a second person. */
async function ask(page, reason) {
  await page.goto(`${stack.collector}${SITE}/leads`);
  await page.fill('#reason', reason);
  await page.locator('form[action$="/leads/export"] button').click();
  await page.waitForURL('**/approvals/*');
  return page.url();
}

for (const language of ['ja', 'en']) {
  for (const colorScheme of ['light', 'dark']) {
    for (const width of [360, 1280]) {
      test(`no page has a breach or is too wide: ${language}, ${colorScheme}, ${width}`, async () => {
        const { context, page, problems } = await open({ colorScheme, viewport: { width, height: 800 } }, 'olga');
        await speak(page, language, width < 900);
        const found = {};
        const look = async place => {
          await page.locator('main details').evaluateAll(all => all.forEach(one => (one.open = true)));
          const wrong = [...(await breaches(page)), ...(await misshapen(page))];
          if ((await page.locator('html').getAttribute('lang')) !== language) wrong.push('another language');
          if (wrong.length) found[place] = wrong;
          if (!PICTURES) return;
          mkdirSync(PICTURES, { recursive: true });
          await page.screenshot({ path: join(PICTURES, `${place}-${language}-${colorScheme}-${width}.png`), fullPage: true });
        };
        for (const place of ['requests', 'approvals', 'people', 'tokens', 'trail', 'leads', 'trail?to=2001-01-01', 'trail?from=2026-02-02&to=2026-02-01', 'requests?state=closed']) {
          await page.goto(`${stack.collector}${SITE}/${place}`);
          await look(place.replace(/\W/g, '_'));
        }
        await page.goto(`${stack.collector}${SITE}/requests`);
        await page.selectOption('#kind', 'correct');
        await page.locator('form[action$="/requests"] button').click();
        await page.waitForURL('**/requests/*');
        await look('request');
        await page.goto(`${stack.collector}${SITE}/requests`);
        await page.selectOption('#kind', 'erase');
        await page.locator('form[action$="/requests"] button').click();
        await page.waitForURL('**/requests/*');
        await look('request_erase');
        await ask(page, '秋のご案内の発送 / the autumn mailing');
        await look('approval');
        await page.goto(`${stack.collector}${SITE}/leads`);
        await page.locator('.leads h2 a').first().click();
        await page.waitForURL('**/leads/*');
        await look('lead');
        await page.goto(`${stack.collector}${SITE}/people`);
        await page.fill('#email', `new-${language}-${colorScheme}-${width}@shop.example`);
        await page.locator('form[action$="/people"] button').click();
        await page.locator('.once').waitFor();
        await look('people_link');
        await page.goto(`${stack.collector}${SITE}/tokens`);
        await page.fill('#name', 'BI');
        await page.check('[name="scope:query"]');
        await page.locator('form[action$="/tokens"] button').click();
        await page.locator('.once').waitFor();
        await look('tokens_made');
        assert.deepEqual(found, {});
        // The days are reversed, which is said in the page.
        assert.deepEqual(problems.splice(0, 1).map(said => /status of 422/.test(said)), [true]);
        assert.deepEqual(problems, []);
        await context.close();
      });
    }
  }
}

test('one asks, another approves by keyboard alone, and the list is downloaded by who asked', async () => {
  const olga = await open({ viewport: { width: 1280, height: 800 } }, 'olga');
  await speak(olga.page, 'en');
  const own = await ask(olga.page, 'the autumn mailing');
  assert.equal(await olga.page.locator('form[action$="/approve"]').count(), 0, 'nobody approves their own');
  const pia = await open({ javaScriptEnabled: false, viewport: { width: 1280, height: 800 } }, 'pia');
  await pia.page.goto(own);
  for (let presses = 0; ; presses++) {
    assert.ok(presses < 60, 'the button is not reached');
    await pia.page.keyboard.press('Tab');
    if (await pia.page.locator('form[action$="/approve"] button:focus').count()) break;
  }
  await pia.page.keyboard.press('Enter');
  await pia.page.locator('.badge.good').waitFor();
  await olga.page.goto(own);
  const [download] = await Promise.all([olga.page.waitForEvent('download'), olga.page.locator('form[action$="/download"] button').click()]);
  assert.equal(download.suggestedFilename(), 'leads-shop.csv');
  await pia.page.goto(`${stack.collector}${SITE}/trail?action=approval`);
  assert.match(await pia.page.locator('tbody').textContent(), /Approved[\s\S]*Approval asked for/);
  await pia.page.goto(`${stack.collector}${SITE}/trail`);
  await pia.page.locator('form[action$="/verify"] button').click();
  await pia.page.locator('.badge.good').first().waitFor();
  for (const { context } of [olga, pia]) await context.close();
});
