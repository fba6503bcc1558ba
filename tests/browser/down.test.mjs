// With the collector gone the shop works the same, and no error of ours surfaces in it.

import assert from 'node:assert/strict';
import { afterEach, beforeEach, test } from 'node:test';
import { start, until } from './stack.mjs';

let stack;
beforeEach(async () => (stack = await start()));
afterEach(() => stack?.end());

/** The browser itself writes to the console that an address does not answer. */
const unreachable = problem => /ERR_CONNECTION_REFUSED|ERR_EMPTY_RESPONSE|ERR_CONNECTION_RESET/.test(problem);

/** Waits until something has come from the collector. */
async function fetched(visitor, address) {
  const request = await until('it is asked for', () => visitor.requests.find(request => address.test(request.url())));
  await (await request.response()).finished();
}
/** The same of what decides, which comes once somebody moves. */
const deciding = async visitor => {
  await visitor.page.mouse.move(5, 5);
  await fetched(visitor, /\/ui\.[^/]+\.wasm$/);
};

test('a page whose collector never answers is the shop as it is', async () => {
  await stack.killCollector();
  const visitor = await stack.visitor();
  await visitor.page.goto(`${stack.shop}/en/products/kyusu`);
  await visitor.page.locator('#add-to-cart').click();
  await visitor.page.waitForFunction(() => document.querySelector('[data-cart-count]').textContent === '1');
  await visitor.page.locator('[data-ashiato-open]').last().click();
  await visitor.page.goto(`${stack.shop}/en/contact`);
  await visitor.page.fill('#name', 'Taro');
  await visitor.page.fill('#email', 'taro@example.jp');
  await visitor.page.fill('#message', 'nobody collects this');
  await visitor.page.click('#send');
  await visitor.page.waitForURL('**/thanks');
  assert.deepEqual(await visitor.cookies(), {});
  assert.equal(await visitor.page.evaluate(() => typeof self.kazoeru), 'undefined');
  await visitor.end(unreachable);
});

test('a decision made while the collector is gone holds in the page, and reaches it later', async () => {
  const visitor = await stack.visitor();
  await visitor.go();
  await visitor.asked();
  await deciding(visitor);
  await stack.killCollector();
  await visitor.part('accept').click();
  await visitor.closed();
  assert.equal((await visitor.cookies()).ashiato_visitor, undefined, 'nobody has given the visitor a number');
  await stack.startCollector();
  await visitor.go('/products');
  await visitor.counted(1);
  await until('the collector has made the visitor', async () => (await visitor.cookies()).ashiato_visitor);
  await visitor.view('/');
  assert.notEqual((await stack.events()).page_view ?? 0, 0);
  await visitor.end(unreachable);
});

test('a withdrawal made while the collector is gone is told to it later', async () => {
  const visitor = await stack.visitor();
  await visitor.go();
  await visitor.decide('accept');
  await visitor.view('/products');
  // The banner came along with the loader before; what opens it again is kept while nobody waits for it.
  await fetched(visitor, /\/ui-[^/]+\.js$/);
  await deciding(visitor);
  await stack.killCollector();
  await visitor.page.locator('[data-ashiato-open]').last().click();
  await visitor.part('reject').click();
  await visitor.closed();
  assert.equal((await visitor.cookies()).kazoeru_id, undefined, 'it takes effect in the page at once');
  await stack.startCollector();
  await visitor.go('/');
  await until('the collector has erased the events', async () => !(await stack.events()).page_view);
  assert.deepEqual(Object.keys(await visitor.cookies()), ['ashiato_consent']);
  // The page before may have told it too, once the collector was back: what comes second is known already.
  await visitor.end(problem => unreachable(problem) || /status of 422/.test(problem));
});

test('events of a time without the collector arrive once, when it is back', async () => {
  const visitor = await stack.visitor();
  await visitor.go();
  await visitor.decide('accept');
  await visitor.view('/products');
  await stack.killCollector();
  const failed = visitor.page.waitForEvent('requestfailed');
  await visitor.page.evaluate(() => self.ashiato.track('add_to_cart', {}));
  await failed;
  await stack.startCollector();
  await until('the event is stored', async () => (await stack.events()).add_to_cart, 30_000);
  await visitor.view('/');
  assert.equal((await stack.events()).add_to_cart, 1);
  await visitor.end(unreachable);
});

test('a form sent while the collector is gone reaches the shop all the same', async () => {
  const visitor = await stack.visitor();
  await visitor.go('/contact');
  await visitor.decide('reject');
  await visitor.page.fill('#name', 'Taro');
  await visitor.page.fill('#email', 'taro@example.jp');
  await stack.killCollector();
  await visitor.page.fill('#message', 'is anybody there');
  await visitor.page.click('#send');
  await visitor.page.waitForURL('**/thanks');
  await visitor.end(unreachable);
});
