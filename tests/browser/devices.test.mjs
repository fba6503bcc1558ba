// Kinds of device, by real browsers that say of themselves what telephones, tablets and computers do: from the choice in the
// shop to the figures in the back office, in both languages, light and dark, on a telephone and on a desk.

import assert from 'node:assert/strict';
import { mkdir } from 'node:fs/promises';
import { after, before, test } from 'node:test';
import { devices } from 'playwright-core';
import { loggedIn } from './account.mjs';
import { breaches, misshapen, open } from './breaches.mjs';
import { start, until } from './stack.mjs';

const SHOP = '/office/sites/shop';
/** Where pictures are left to be looked at, if anywhere. */
const PICTURES = process.env.ASHIATO_PICTURES;
const WHAT = { ja: { phone: 'スマートフォン', tablet: 'タブレット', computer: 'パソコン', heading: '端末' }, en: { phone: 'Phone', tablet: 'Tablet', computer: 'Computer', heading: 'Devices' } };
let stack;
let owner;

/** A browser context like one of a kind. What belongs to another engine is left out; a tablet's own browser does not say that it
 *  is a mobile one (`Sec-CH-UA-Mobile: ?0`). */
const like = name => {
  const { defaultBrowserType, isMobile, ...device } = devices[name];
  return { ...device, isMobile: isMobile && !name.includes('Tab') };
};

before(async () => {
  stack = await start();
  if (PICTURES) await mkdir(PICTURES, { recursive: true });
  const people = [['iPhone 15', 'accept'], ['iPhone 15', 'reject'], ['Pixel 7', 'accept'], ['iPad (gen 7)', 'accept'], ['Galaxy Tab S4', 'reject'], ['Desktop Edge', 'accept']];
  for (const [name, choice] of people) {
    const visit = await stack.visitor({ ...like(name) });
    await visit.go('/');
    await visit.asked();
    await visit.decide(choice);
    if (choice === 'accept') await visit.view('/products');
    assert.deepEqual(visit.problems, []);
    await visit.context.close();
  }
  owner = await loggedIn(stack, 'owner@shop.example', 'owner');
});
after(() => stack?.end());

/** The rows of a card: what each is called, and its figures. */
const rows = async card => Object.fromEntries(await card.locator('tbody tr').evaluateAll(all => all.map(row => [row.querySelector('th').textContent.trim(), [...row.querySelectorAll('td')].map(cell => cell.textContent)])));

test('visits are told by device, and a click shows those on one', async () => {
  const { context, page } = await open(stack, { storageState: owner, javaScriptEnabled: false });
  await page.goto(`${stack.collector}${SHOP}?period=7`);
  const card = page.locator('section[aria-labelledby=by-device]');
  assert.deepEqual(await rows(card), { Phone: ['2', '2'], Computer: ['1', '1'], Tablet: ['1', '1'] });
  await card.locator('a', { hasText: 'Tablet' }).click();
  await page.waitForURL('**device=tablet');
  assert.deepEqual(await page.locator('.chip').allTextContents(), ['Device Tablet× (remove)']);
  assert.equal(await page.locator('.tile .value').first().textContent(), '1');
  await page.locator('.chip').click();
  await page.waitForURL(/period=7$/);
  assert.equal(await page.locator('.tile .value').first().textContent(), '4');
  await context.close();
});

test('the consent page says who was asked and how they chose by device', async () => {
  const { context, page } = await open(stack, { storageState: owner });
  const card = page.locator('section', { has: page.getByRole('heading', { name: 'Devices', exact: true }) });
  await until('all of them are counted', async () => {
    await page.goto(`${stack.collector}${SHOP}/consent?period=7`);
    return (await rows(card)).Phone?.[0] === '3';
  });
  const told = await rows(card);
  assert.deepEqual(Object.keys(told), ['Phone', 'Tablet', 'Computer']);
  assert.deepEqual(Object.values(told).map(([asked, decided]) => [asked, decided]), [['3', '3'], ['2', '2'], ['1', '1']]);
  assert.match(told.Phone[2], /^66\.7%/);
  assert.equal(told.Tablet[3], '50.0%');
  await context.close();
});

test('a segment of a kind of device is made by what it is called', async () => {
  const { context, page } = await open(stack, { storageState: owner, javaScriptEnabled: false });
  await page.goto(`${stack.collector}${SHOP}/analysis/segments?period=7`);
  await page.selectOption('#k1', 'device');
  await page.fill('#v1', 'Phone');
  await page.locator('.conditions').locator('xpath=ancestor::form').locator('button[type=submit]').first().click();
  await page.waitForURL('**k1=device**');
  assert.equal(await page.locator('.size strong').textContent(), '2');
  assert.deepEqual(await page.locator('#devices option').evaluateAll(all => all.map(one => one.value)), ['Phone', 'Tablet', 'Computer']);
  await page.fill('#name', 'On the way');
  await page.locator('form.keep button').click();
  assert.match(await page.locator('.kept').textContent(), /On the way\s*Phone 1 times or more/);
  await context.close();
});

test('a visitor reads on their own page on which kind of device they chose', async () => {
  const visit = await stack.visitor({ ...like('iPhone 15'), language: 'ja' });
  await visit.go('/');
  await visit.asked();
  await visit.decide('accept');
  await visit.page.goto(`${stack.collector}/s/shop/policy?lang=ja`);
  assert.match(await visit.page.locator('#record').textContent(), /端末の種類（スマートフォン、タブレット、パソコンのいずれか/);
  assert.deepEqual([...(await breaches(visit.page)), ...(await misshapen(visit.page))], []);
  await visit.context.close();
});

for (const language of ['ja', 'en']) {
  for (const colorScheme of ['light', 'dark']) {
    for (const width of [360, 1280]) {
      test(`no page with devices has a breach or is too wide: ${language}, ${colorScheme}, ${width}`, async () => {
        const { context, page, problems } = await open(stack, { storageState: owner, colorScheme, viewport: { width, height: 800 } });
        await page.goto(`${stack.collector}/office/account`);
        if (width < 900) await page.locator('.menu summary').click();
        if ((await page.locator('html').getAttribute('lang')) !== language) {
          await page.locator('form[action="/office/language"] button:visible').click();
          await page.waitForURL('**/office/account');
        }
        const what = WHAT[language];
        for (const [name, place] of [['overview', '?period=7'], ['consent', '/consent?period=7'], ['chosen', '?period=7&device=phone'], ['funnel', '/analysis?period=7&k1=page&v1=/en/&k2=page&v2=/en/products&by=device'], ['segment', `/analysis/segments?period=7&k1=device&v1=${encodeURIComponent(what.phone)}`]]) {
          await page.goto(stack.collector + SHOP + place);
          const text = await page.locator('main').textContent();
          const said = name === 'segment' ? await page.inputValue('#v1') : text;
          assert.ok(said.includes(what.phone), `${place}: ${said}`);
          if (name === 'segment') assert.match(await page.locator('.size strong').textContent(), /^[23]$/);
          if (['overview', 'consent'].includes(name)) for (const word of Object.values(what)) assert.ok(text.includes(word), `${word} in ${place}`);
          assert.deepEqual([...(await breaches(page)), ...(await misshapen(page))], [], place);
          if (PICTURES) await page.screenshot({ path: `${PICTURES}/d-${name}-${language}-${colorScheme}-${width}.png`, fullPage: true });
        }
        assert.deepEqual(problems, []);
        await context.close();
      });
    }
  }
}
