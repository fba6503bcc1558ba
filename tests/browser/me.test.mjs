// The visitor's own page: opened from the shop, whole, and what is done there reaches the shop.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { breaches } from './breaches.mjs';
import { start, until } from './stack.mjs';

let stack;
let apart;
before(async () => {
  stack = await start();
  // Shop and collector are two sites to the browser: the collector sees no cookie of the shop's.
  apart = await start({ collector: '127.0.0.1' });
});
after(async () => {
  await stack?.end();
  await apart?.end();
});

/** Opens the preferences, and from there the visitor's own page in its tab. */
async function opened(visitor) {
  await visitor.page.evaluate(() => self.ashiato.open());
  const [tab] = await Promise.all([visitor.context.waitForEvent('page'), visitor.part('me').click()]);
  await tab.waitForURL('**/me?lang=*');
  await tab.locator('h1').waitFor();
  return tab;
}

/** Somebody who has granted everything, has looked at a page, and has come back to it. */
async function known(at, options) {
  const visitor = await at.visitor(options);
  await visitor.go('/');
  await visitor.asked();
  await visitor.decide('accept');
  await visitor.view('/products?utm_source=letter');
  return visitor;
}

const TITLES = { ja: 'このブラウザーについての記録', en: 'What is held about this browser' };

for (const language of ['ja', 'en']) {
  test(`what is held is shown in the visitor's language, without a breach of WCAG, on any screen (${language})`, async () => {
    const visitor = await known(stack, { language });
    const tab = await opened(visitor);
    assert.equal(await tab.locator('h1').textContent(), TITLES[language]);
    assert.equal(new URL(tab.url()).search, `?lang=${language}`, 'nothing secret stands in the address');
    assert.equal(await tab.locator('#choice input[type=checkbox]:checked').count(), await tab.locator('#choice input[type=checkbox]').count());
    const pages = await tab.locator('#events tbody tr').allTextContents();
    assert.ok(pages.some(row => row.includes('/products?utm_source=letter')), pages.join('\n'));
    assert.equal(await tab.locator('#receipts article').count(), 1);
    for (const colorScheme of ['light', 'dark']) {
      await tab.emulateMedia({ colorScheme });
      for (const width of [320, 1280]) {
        await tab.setViewportSize({ width, height: 800 });
        assert.deepEqual(await breaches(tab), [], `${colorScheme}, ${width}`);
        if (process.env.PICTURES) await tab.screenshot({ path: join(process.env.PICTURES, `me-${language}-${colorScheme}-${width}.png`), fullPage: true });
        const wide = await tab.evaluate(() => [...document.querySelectorAll('*')].filter(e => e.getBoundingClientRect().right > innerWidth).map(e => e.outerHTML.slice(0, 90)));
        assert.deepEqual(wide, [], `nothing is cut off at ${width}`);
      }
    }
    await visitor.end();
  });
}

test('what the page is opened by opens it once, and nothing else opens it', async () => {
  const visitor = await known(stack);
  const sent = visitor.context.waitForEvent('request', request => request.method() === 'POST' && new URL(request.url()).pathname === '/s/shop/me');
  await opened(visitor);
  const request = await sent;
  const again = (body, origin = stack.shop) =>
    fetch(request.url(), { method: 'POST', body, headers: { origin, 'content-type': 'application/x-www-form-urlencoded' }, redirect: 'manual' });
  const used = await again(request.postData());
  assert.equal(used.status, 410);
  assert.match(await used.text(), /opened once already/);
  assert.equal((await again(request.postData(), 'https://elsewhere.example')).status, 403);
  assert.equal((await again(request.postData().replace('nonce', 'n0nce'))).status, 401);
  // The body of another call, good though it is.
  const told = visitor.calls('/v1/events').at(-1).postData();
  const [signature, payload] = [told.slice(0, told.indexOf('\n')), told.slice(told.indexOf('\n') + 1)];
  assert.equal((await again(new URLSearchParams({ signature, payload }).toString())).status, 422);
  await visitor.end();
});

test('everything can be taken along as JSON', async () => {
  const visitor = await known(stack);
  const tab = await opened(visitor);
  const [download] = await Promise.all([tab.waitForEvent('download'), tab.getByRole('button', { name: 'Download' }).click()]);
  const file = JSON.parse(readFileSync(await download.path(), 'utf8'));
  assert.equal(download.suggestedFilename(), 'shop-records.json');
  assert.ok(file.events.some(({ name, page, query }) => name === 'page_view' && page === '/en/products' && query === 'utm_source=letter'));
  assert.deepEqual(file.receipts.map(({ method }) => method), ['accept_all']);
  assert.equal(file.receipts[0].receipt.split('.').length, 3);
  assert.ok(file.consent.grants.some(({ purpose }) => purpose === 'lead_link'));
  assert.deepEqual(file.links, []);
  await visitor.end();
});

test('a choice that is changed there is the shop’s at once, where both share their cookies', async () => {
  const visitor = await known(stack);
  const tab = await opened(visitor);
  for (const box of await tab.locator('#choice input[name^="marketing"]').all()) await box.uncheck();
  await tab.getByRole('button', { name: 'Save choices' }).click();
  await tab.getByRole('status').waitFor();
  assert.match(await tab.getByRole('status').textContent(), /saved/);
  await visitor.page.waitForFunction(() => !self.ashiato.consent().purposes.marketing);
  assert.ok((await visitor.consent()).purposes.analytics, 'the rest stays granted');
  assert.equal(await tab.locator('#receipts article').count(), 2);
  await visitor.end();
});

test('a withdrawal there erases what rested on the grants, and the proofs stay', async () => {
  const visitor = await known(stack);
  const before = (await stack.events()).page_view;
  const tab = await opened(visitor);
  await tab.getByRole('button', { name: 'Withdraw everything' }).click();
  await tab.getByRole('status').waitFor();
  assert.equal(await tab.locator('#choice input:checked').count(), 0);
  assert.equal(await tab.locator('#events tbody tr').count(), 0);
  assert.equal(await tab.locator('#receipts article').count(), 2);
  await visitor.page.waitForFunction(() => !self.ashiato.consent().purposes.analytics);
  assert.ok(((await stack.events()).page_view ?? 0) < before);
  await visitor.end();
});

test('everything is erased once the visitor says that they are sure, and the log still verifies', async () => {
  const visitor = await known(stack);
  const tab = await opened(visitor);
  const erase = tab.getByRole('button', { name: 'Erase everything' });
  await erase.click();
  assert.equal(await tab.evaluate(() => document.querySelector('[name=sure]').validity.valid), false, 'not without the box');
  await tab.getByLabel('cannot be undone').check();
  await erase.click();
  await tab.getByRole('status').waitFor();
  assert.match(await tab.getByRole('status').textContent(), /erased/);
  await until('the shop asks again', async () => !(await visitor.consent()).decided);
  assert.equal((await visitor.cookies()).ashiato_visitor, undefined);
  assert.match(stack.command('log', 'verify'), /erased/);
  await visitor.end();
});

test('it is opened and works where the collector sees no cookie of the shop', async () => {
  const visitor = await known(apart);
  const tab = await opened(visitor);
  assert.ok((await tab.locator('#events tbody tr').count()) > 0);
  await tab.getByRole('button', { name: 'Withdraw everything' }).click();
  await tab.getByRole('status').waitFor();
  assert.equal(await tab.locator('#events tbody tr').count(), 0);
  await visitor.end();
});

test('who has granted nothing is told that nothing is held', async () => {
  const visitor = await stack.visitor();
  await visitor.go('/');
  await visitor.asked();
  await visitor.decide('reject');
  const tab = await opened(visitor);
  assert.match(await tab.locator('main').textContent(), /nothing is held about this browser/);
  assert.deepEqual(await breaches(tab), []);
  await visitor.end();
});

/** What the page of the site has learnt once somebody comes back to it from their own page. */
const back = visitor => visitor.page.evaluate(() => self.dispatchEvent(new Event('focus')));

test('a page of the site that shares no cookie with the collector obeys a withdrawal made there, at its next contact', async () => {
  const visitor = await known(apart);
  await visitor.counted(1);
  const tab = await opened(visitor);
  await tab.getByRole('button', { name: 'Withdraw everything' }).click();
  await tab.getByRole('status').waitFor();
  await back(visitor);
  await visitor.page.waitForFunction(() => !self.ashiato.consent().purposes.analytics);
  const { decided, receipt, purposes } = await visitor.consent();
  assert.deepEqual([decided, receipt, Object.values(purposes).some(Boolean)], [true, undefined, false]);
  await until('what rested on it is deleted', async () => Object.keys(await visitor.cookies()).filter(name => !name.startsWith('ashiato_me')).join() === 'ashiato_consent');
  const sent = visitor.calls('/v1/events').length;
  await visitor.go('/products');
  await visitor.page.evaluate(() => self.ashiato.track('add_to_cart'));
  assert.equal(await visitor.part('accept').count(), 0, 'it is not asked again');
  assert.equal((await visitor.consent()).purposes.analytics, false);
  assert.equal(visitor.calls('/v1/events').length, sent, 'nothing is tracked');
  assert.equal(visitor.calls('/v1/consents').length, 1, 'nor is anything told');
  await visitor.end();
});

test('it learns of a change by the next page, where nobody comes back to the first', async () => {
  const visitor = await known(apart);
  const tab = await opened(visitor);
  for (const box of await tab.locator('#choice input[name^="marketing"]').all()) await box.uncheck();
  await tab.getByRole('button', { name: 'Save choices' }).click();
  await tab.getByRole('status').waitFor();
  const before = await visitor.consent();
  assert.ok(before.purposes.marketing, 'it has heard nothing yet');
  await visitor.view('/products');
  await visitor.page.waitForFunction(() => !self.ashiato.consent().purposes.marketing);
  const after = await visitor.consent();
  assert.deepEqual([after.purposes.analytics, after.receipt === before.receipt, after.at > before.at], [true, false, true]);
  const { ashiato_visitor } = await visitor.cookies();
  assert.ok(ashiato_visitor, 'under the same number');
  await visitor.view('/');
  assert.equal((await visitor.consent()).receipt, after.receipt);
  await visitor.end();
});

test('an erasure is learnt of by a refused event, and the page asks again', async () => {
  const visitor = await known(apart);
  const tab = await opened(visitor);
  await tab.getByLabel('cannot be undone').check();
  await tab.getByRole('button', { name: 'Erase everything' }).click();
  await tab.getByRole('status').waitFor();
  await visitor.page.evaluate(() => self.ashiato.track('add_to_cart', { product: 'kettle' }));
  await visitor.asked();
  assert.equal((await visitor.consent()).decided, false);
  assert.equal((await visitor.cookies()).ashiato_visitor, undefined);
  assert.deepEqual(await visitor.stored(), [], 'nothing of what was granted is left');
  await visitor.decide('accept');
  await until('they are known anew', async () => (await visitor.cookies()).ashiato_visitor);
  await visitor.view('/products');
  await visitor.end(problem => problem.includes('401'));
});
