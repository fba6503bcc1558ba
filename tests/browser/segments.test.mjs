// A segment on the pages of figures: chosen without a script, shown as what the page is narrowed down by, kept from page to
// page, and taken away; in both languages, light and dark, on a telephone and on a desk.

import assert from 'node:assert/strict';
import { mkdir } from 'node:fs/promises';
import { after, before, test } from 'node:test';
import { loggedIn } from './account.mjs';
import { breaches, misshapen, open } from './breaches.mjs';
import { somebody } from './planted.mjs';
import { start } from './stack.mjs';

const SHOP = '/office/sites/shop';
const LONG = '30日以内に急須の商品ページを2回以上見て、まだ問い合わせていない人';
/** Where pictures are left to be looked at, if anywhere. */
const PICTURES = process.env.ASHIATO_PICTURES;
let stack;
const states = {};

before(async () => {
  stack = await start();
  if (PICTURES) await mkdir(PICTURES, { recursive: true });
  const seen = paths => paths.map(path => ({ path, title: path, referrer: 'https://search.example/' }));
  const bought = { name: 'add_to_cart', path: '/products/kyusu', properties: { plan: 'pro' } };
  for (let n = 0; n < 3; n++) await somebody(stack, { grants: ['analytics'], events: [...seen(['/', '/products', '/products/kyusu']), bought, ...seen(['/cart'])] });
  for (let n = 0; n < 4; n++) await somebody(stack, { grants: ['analytics'], language: 'en', events: seen(['/', '/products', '/contact']) });
  states.owner = await loggedIn(stack, 'owner@shop.example', 'owner');
});
after(() => stack?.end());

async function keep(name, filters) {
  const headers = { authorization: `Bearer ${stack.token}`, 'content-type': 'application/json' };
  const body = JSON.stringify({ site: 'shop', name, definition: { did: { filters } } });
  const answer = await fetch(`${stack.collector}/api/v1/segments`, { method: 'POST', headers, body });
  assert.equal(answer.status, 201, await answer.text());
}

const values = page => page.locator('.tile .value').allTextContents();

test('without any segment the choice leads to where one is made, and one that is made is chosen and taken away', async () => {
  const { context, page } = await open(stack, { storageState: states.owner, javaScriptEnabled: false });
  await page.goto(`${stack.collector}${SHOP}?period=7`);
  await page.click('.choose summary');
  assert.match(await page.locator('.choose .box').textContent(), /No segment is kept yet/);
  await page.click('.choose .more a');
  await page.waitForURL('**/analysis/segments');
  await keep('Buyers', [['is', 'event', ['add_to_cart']]]);
  await page.goto(`${stack.collector}${SHOP}?period=7&figure=visits`);
  assert.equal((await values(page))[0], '7');
  assert.equal(await page.locator('.chip').count(), 0);
  await page.click('.choose summary');
  await page.selectOption('#segment', 'Buyers');
  await page.click('.choose button');
  await page.waitForURL('**segment=Buyers**');
  assert.match(page.url(), /period=7.*figure=visits/);
  assert.equal((await values(page))[0], '3');
  assert.deepEqual(await page.locator('.chip').allTextContents(), ['Segment Buyers× (remove)']);
  // A row is clicked beside it, another period chosen, and other days.
  await page.locator('#by-page ~ table a', { hasText: /^\/cart$/ }).click();
  await page.waitForURL('**page=/cart**');
  assert.equal(await page.locator('.chip').count(), 2);
  await page.locator('.periods .pick a').last().click();
  await page.waitForURL('**period=90**');
  assert.equal((await values(page))[0], '3');
  await page.locator('.custom:not(.choose) summary').click();
  await page.click('.custom:not(.choose) button');
  await page.waitForURL('**period=days**');
  assert.equal(await page.locator('.chip').count(), 2);
  assert.equal((await values(page))[0], '3');
  // The events of the same visitors.
  await page.locator('.wide .places a', { hasText: 'Events' }).click();
  await page.waitForURL('**/events?segment=Buyers');
  assert.deepEqual(await page.locator('.cards .card').first().locator('tbody tr').allTextContents(), ['page_view123', 'add_to_cart33']);
  await page.locator('.cards a', { hasText: 'add_to_cart' }).click();
  await page.waitForURL('**name=add_to_cart**');
  await page.locator('.chip').click();
  await page.waitForURL(/events\?period=30&name=add_to_cart$/);
  assert.deepEqual(await page.locator('.cards .card').first().locator('tbody tr').allTextContents(), ['page_view247', 'add_to_cart33']);
  // From the list of segments one looks at their visits.
  await page.goto(`${stack.collector}${SHOP}/analysis/segments`);
  await page.locator('.kept a').click();
  await page.waitForURL('**/shop?segment=Buyers');
  await page.locator('.chip').click();
  await page.waitForURL('**/shop?period=30');
  assert.equal((await values(page))[0], '7');
  await context.close();
});

test('the choice is reached and made by the keyboard', async () => {
  const { context, page } = await open(stack, { storageState: states.owner });
  await page.goto(`${stack.collector}${SHOP}`);
  await page.locator('.choose summary').focus();
  await page.keyboard.press('Enter');
  await page.keyboard.press('Tab');
  assert.equal(await page.evaluate(() => document.activeElement.id), 'segment');
  await page.keyboard.press('B');
  await page.keyboard.press('Tab');
  await page.keyboard.press('Enter');
  await page.waitForURL('**segment=Buyers**');
  assert.equal((await values(page))[0], '3');
  await context.close();
});

test('a segment of a long name', async () => {
  await keep(LONG, [['is', 'page', ['/contact']]]);
});

for (const language of ['ja', 'en']) {
  for (const colorScheme of ['light', 'dark']) {
    for (const width of [360, 1280]) {
      test(`no page with a segment has a breach or is too wide: ${language}, ${colorScheme}, ${width}`, async () => {
        const { context, page, problems } = await open(stack, { storageState: states.owner, colorScheme, viewport: { width, height: 800 } });
        await page.goto(`${stack.collector}/office/account`);
        if (width < 900) await page.locator('.menu summary').click();
        if ((await page.locator('html').getAttribute('lang')) !== language) {
          await page.locator('form[action="/office/language"] button:visible').click();
          await page.waitForURL('**/office/account');
        }
        const name = encodeURIComponent(LONG);
        const found = {};
        for (const [place, address] of Object.entries({
          overview: `${SHOP}?period=7&segment=Buyers&page=/cart`,
          long: `${SHOP}?period=7&segment=${name}`,
          events: `${SHOP}/events?period=7&name=add_to_cart&segment=Buyers`,
          now: `${SHOP}/now?paused=1&segment=Buyers`,
          gone: `${SHOP}?segment=gone`,
          'events-gone': `${SHOP}/events?segment=gone`,
          segments: `${SHOP}/analysis/segments`,
        })) {
          await page.goto(stack.collector + address);
          const wrong = [...(await breaches(page)), ...(await misshapen(page))];
          const picture = async state => {
            if (PICTURES) await page.screenshot({ path: `${PICTURES}/${place}${state}-${language}-${colorScheme}-${width}.png`, fullPage: true });
          };
          await picture('');
          if (await page.locator('.choose').count()) {
            await page.click('.choose summary');
            await picture('-open');
            wrong.push(...(await breaches(page)), ...(await misshapen(page)));
          }
          if ((await page.locator('html').getAttribute('lang')) !== language) wrong.push('another language');
          if (wrong.length) found[place] = wrong;
        }
        assert.deepEqual(found, {});
        // That a page is not there for a segment that is gone is what the address is answered with.
        assert.deepEqual(problems.filter(text => !text.includes('422')), []);
        await context.close();
      });
    }
  }
}
