// The pages of analysis: funnels, the return of cohorts, paths and segments, in both languages, light and dark, on a
// telephone and on a desk; without a script, and by addresses that can be passed on.

import assert from 'node:assert/strict';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { loggedIn } from './account.mjs';
import { breaches, misshapen, open } from './breaches.mjs';
import { somebody } from './planted.mjs';
import { start } from './stack.mjs';

const AT = '/office/sites/shop/analysis';
/** Where pictures are left to be looked at, if anywhere. */
const PICTURES = process.env.ASHIATO_PICTURES;
let stack;
const states = {};

before(async () => {
  stack = await start();
  if (PICTURES) await mkdir(PICTURES, { recursive: true });
  const seen = paths => paths.map(path => ({ path, title: path }));
  const all = ['functional', 'analytics', 'marketing', 'lead_link'];
  const bought = { name: 'add_to_cart', path: '/products/kyusu', properties: { plan: 'pro' } };
  for (let n = 0; n < 3; n++) await somebody(stack, { grants: all, events: [...seen(['/', '/products', '/products/kyusu']), bought, ...seen(['/cart'])] });
  for (let n = 0; n < 4; n++) await somebody(stack, { grants: ['analytics'], events: seen(['/', '/products', '/contact']) });
  await somebody(stack, { grants: ['analytics'], events: seen(['/']) });
  await somebody(stack, { grants: all, events: seen(['/']), fields: { name: '足跡 花子', email: 'hanako@example.jp', message: 'こんにちは' } });
  const headers = { authorization: `Bearer ${stack.token}` };
  const { results } = await (await fetch(`${stack.collector}/api/v1/leads?site=shop`, { headers })).json();
  stack.command('leads', 'ground', results[0].id, '--site', 'shop', '--keys-file', join(stack.folder, 'keys'), '--ground', 'card_exchanged', '--proof', 'a card', '--by', 'a test');
  for (const role of ['owner', 'auditor']) states[role] = await loggedIn(stack, `${role}@shop.example`, role);
});
after(() => stack?.end());

const FUNNEL = `${AT}?period=7&k1=page&v1=/&k2=page&v2=/products&k3=event&v3=add_to_cart&window=1440`;
const PLACES = {
  empty: AT,
  funnel: FUNNEL,
  broken: `${FUNNEL}&by=page`,
  cohorts: `${AT}/cohorts?unit=day&periods=8&period=7`,
  paths: `${AT}/paths?k1=page&v1=/&depth=3`,
  scores: `${AT}/scores`,
  segments: `${AT}/segments?k1=event&v1=add_to_cart&d1=did&n1=1&k2=page&v2=/contact&d2=not&lead=form:contact&match=any`,
};

for (const language of ['ja', 'en']) {
  for (const colorScheme of ['light', 'dark']) {
    for (const width of [360, 1280]) {
      test(`no page has a breach or is too wide: ${language}, ${colorScheme}, ${width}`, async () => {
        const { context, page, problems } = await open(stack, { storageState: states.owner, colorScheme, viewport: { width, height: 800 } });
        await page.goto(`${stack.collector}/office/account`);
        if (width < 900) await page.locator('.menu summary').click();
        if ((await page.locator('html').getAttribute('lang')) !== language) {
          await page.locator('form[action="/office/language"] button:visible').click();
          await page.waitForURL('**/office/account');
        }
        const found = {};
        for (const [name, place] of Object.entries(PLACES)) {
          await page.goto(stack.collector + place);
          if (PICTURES) await page.screenshot({ path: `${PICTURES}/${name}-${language}-${colorScheme}-${width}.png`, fullPage: true });
          await page.locator('details').evaluateAll(all => all.forEach(one => (one.open = true)));
          const wrong = [...(await breaches(page)), ...(await misshapen(page))];
          if ((await page.locator('html').getAttribute('lang')) !== language) wrong.push('another language');
          if (wrong.length) found[name] = wrong;
        }
        assert.deepEqual(found, {});
        assert.deepEqual(problems, []);
        await context.close();
      });
    }
  }
}

test('a funnel is filled in without a script, and its address shows the same to somebody else', async () => {
  const { context, page } = await open(stack, { storageState: states.owner, javaScriptEnabled: false });
  await page.goto(stack.collector + AT);
  assert.equal(await page.locator('.conditions fieldset').count(), 3);
  for (const [at, kind, value] of [[1, 'page', '/'], [2, 'page', '/products'], [3, 'event', 'add_to_cart']]) {
    await page.selectOption(`#k${at}`, kind);
    await page.fill(`#v${at}`, value);
  }
  await page.selectOption('#window', '1440');
  await page.click('.ask button[type=submit]');
  await page.waitForURL('**v3=add_to_cart**');
  const figures = where => where.locator('.numbers tbody td:nth-child(2)').allTextContents();
  assert.deepEqual(await figures(page), ['9', '7', '3']);
  assert.equal(await page.locator('.conditions fieldset').count(), 4);
  assert.match(await page.locator('.share').textContent(), /100\.0%/);
  const other = await open(stack, { storageState: states.auditor });
  await other.page.goto(page.url());
  assert.deepEqual(await figures(other.page), ['9', '7', '3']);
  await other.context.close();
  await page.locator('.periods .pick a').last().click();
  await page.waitForURL('**period=90**');
  assert.deepEqual(await figures(page), ['9', '7', '3']);
  await context.close();
});

test('cohorts and paths are told in figures', async () => {
  const { context, page } = await open(stack, { storageState: states.owner });
  await page.goto(`${stack.collector}${AT}/cohorts?unit=month&periods=4&period=30`);
  assert.equal(await page.locator('.cohorts tbody tr').last().locator('td').first().textContent(), '9');
  await page.goto(`${stack.collector}${AT}/paths?k1=page&v1=/products&direction=after&depth=2`);
  const first = page.locator('section > .paths > li > .step');
  assert.deepEqual(await first.locator('.what').allTextContents(), ['/contact', '/products/kyusu']);
  assert.match(await first.first().locator('.figure').textContent(), /^4 57\.1%/);
  await context.close();
});

test('a segment is looked at, kept, chosen, and removed; a name is taken once', async () => {
  const { context, page } = await open(stack, { storageState: states.owner, javaScriptEnabled: false });
  const place = `${stack.collector}${AT}/segments`;
  const keep = async name => {
    await page.goto(`${place}?k1=event&v1=add_to_cart&d1=did&n1=1`);
    assert.match(await page.locator('.size').textContent(), /^3 visitors 33\.3% of 9/);
    await page.fill('#name', name);
    await page.click('.keep button[type=submit]');
  };
  await keep('Buyers');
  await page.waitForURL(place);
  assert.match(await page.locator('.kept').textContent(), /Buyersadd_to_cart 1 times or more/);
  await keep('Buyers');
  await page.waitForURL('**/segments/keep');
  assert.match(await page.locator('.notice.bad').textContent(), /one of that name already/);
  await page.goto(`${stack.collector}${AT}?k1=page&v1=/&k2=page&v2=/cart&segment=Buyers`);
  assert.deepEqual(await page.locator('.numbers tbody td:nth-child(2)').allTextContents(), ['3', '3']);
  await page.goto(place);
  await page.click('.kept button');
  await page.waitForURL(place);
  assert.equal(await page.locator('.kept li').count(), 0);
  const answer = await page.goto(`${stack.collector}${AT}?k1=page&v1=/&k2=page&v2=/cart&segment=Buyers`);
  assert.equal(answer.status(), 422);
  assert.match(await page.locator('.notice.bad').textContent(), /no such segment/);
  await context.close();
});

test('points have a rule that is shown, is taken back, and has its faults told', async () => {
  const { context, page } = await open(stack, { storageState: states.owner, javaScriptEnabled: false });
  const place = `${stack.collector}${AT}/scores`;
  const add = async (name, points) => {
    await page.goto(place);
    await page.locator('summary', { hasText: 'Add a rule' }).click();
    await page.selectOption('#k1', 'page');
    await page.fill('#v1', '/');
    await page.fill('#name', name);
    await page.fill('#points', points);
    await page.fill('#up_to', '3');
    await page.locator('form[action$="/scores/keep"] button').click();
  };
  await add('Came by', '0');
  await page.waitForURL('**/scores/keep');
  assert.match(await page.locator('.notice.bad').textContent(), /whole number from -1000 to 1000/);
  await add('Came by', '5');
  await page.waitForURL(place);
  assert.match(await page.locator('.kept').textContent(), /Came by \+5.*at most 3 times/);
  const cells = page.locator('#scores ~ .scroll tbody td');
  assert.equal(await cells.first().textContent(), '5');
  assert.match(await cells.nth(1).textContent(), /^Came by \+5 \(1 times, last /);
  await page.locator('#scores ~ .scroll tbody a').click();
  await page.waitForURL('**/leads/*');
  await page.goto(place);
  await page.click('.kept button');
  await page.waitForURL(place);
  assert.match(await page.locator('main').textContent(), /No lead has any points/);
  await context.close();
});

test('who may not see leads finds none among the conditions, and keeps no segment', async () => {
  const { context, page } = await open(stack, { storageState: states.auditor });
  await page.goto(`${stack.collector}${AT}/segments?k1=event&v1=add_to_cart`);
  assert.equal(await page.locator('#lead').count(), 0);
  assert.equal(await page.locator('#name').count(), 0);
  for (const other of ['segments?lead=any', 'scores']) {
    const answer = await page.goto(`${stack.collector}${AT}/${other}`);
    assert.equal(answer.status(), 403, other);
  }
  assert.equal(await page.locator('a[href$="/scores"]').count(), 0);
  await context.close();
});

test('what cannot be shown is said on the page, in the language of who reads it', async () => {
  const { context, page } = await open(stack, { storageState: states.owner });
  for (const [address, said] of [
    [`${AT}?k1=page&v1=/`, /2 to 10 steps/],
    [`${AT}?k1=page&v1=/&k2=page&v2=/&window=999999`, /window_minutes/],
    [`${AT}/cohorts?unit=century`, /unit/],
    [`${AT}/paths?k1=page&v1=&depth=3`, /which page or event/],
    [`${AT}/segments?k1=event&v1=x&n1=0`, /at_least/],
  ]) {
    const answer = await page.goto(stack.collector + address);
    assert.equal(answer.status(), 422, address);
    assert.match(await page.locator('.notice.bad').textContent(), said);
    assert.deepEqual(await breaches(page), []);
  }
  await page.goto(`${stack.collector}${AT}?period=days&from=2026-02-02&to=2026-01-01&k1=page&v1=/&k2=page&v2=/`);
  assert.match(await page.locator('.notice.bad').textContent(), /first day lies after the last/);
  await context.close();
});
