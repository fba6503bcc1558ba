// After a yes: page views, clicks and the page's own events arrive signed, and are counted once.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { base64url, flattenedVerify } from 'jose';
import { start, until } from './stack.mjs';

let stack;
before(async () => (stack = await start()));
after(() => stack?.end());

/** What of an event name is stored beyond `before`. */
const more = async (name, before) => ((await stack.events())[name] ?? 0) - (before[name] ?? 0);

/** Somebody who granted these purposes on the front page. */
async function granting(switches, options) {
  const visitor = await stack.visitor(options);
  await visitor.go();
  await visitor.part('customise').click();
  await visitor.choose(switches);
  return visitor;
}

test('page views of somebody who granted analytics are stored by page', async () => {
  const before = await stack.events();
  const visitor = await granting({ analytics: true });
  // What observes comes after the decision: whoever leaves before it has come was not seen on that page.
  await until('the page of the decision counts too', async () => (await more('page_view', before)) === 1);
  for (const path of ['/products', '/contact', '/']) await visitor.view(path);
  const rows = await stack.query(['page_views'], ['page'], [['is', 'event', ['page_view']]]);
  const pages = rows.map(({ dimensions }) => dimensions[0]);
  for (const page of ['/en/', '/en/products', '/en/contact']) assert.ok(pages.includes(page), `${page} in ${pages}`);
  visitor.atHome();
  await visitor.end();
  assert.equal(await more('page_view', before), 4);
});

test('a click on what the page marks is stored under the name of the mark', async () => {
  const before = await stack.events();
  const visitor = await granting({ analytics: true });
  await visitor.go('/products/kyusu');
  await visitor.page.locator('#add-to-cart').click();
  await until('the event is stored', async () => (await more('add_to_cart', before)) === 1);
  await visitor.end();
});

test("the page's own calls are stored where their purpose is granted, and not kept for later", async () => {
  const before = await stack.events();
  const visitor = await granting({ analytics: true });
  await visitor.page.evaluate(() => {
    self.ashiato.track('add_to_cart', { plan: 'own call' });
    self.ashiato.track('campaign_visit', {});
  });
  await until('the granted one is stored', async () => (await more('add_to_cart', before)) === 1);
  assert.equal(await more('campaign_visit', before), 0);
  await visitor.page.locator('[data-ashiato-open]').last().click();
  await visitor.choose({ marketing: true });
  await visitor.view('/products');
  assert.equal(await more('campaign_visit', before), 0);
  await visitor.end();
});

test('properties arrive as they are, and an event beyond a limit is dropped with a word to its owner', async () => {
  const before = await stack.events();
  const visitor = await granting({ analytics: true });
  await visitor.view('/products');
  await visitor.page.evaluate(() => {
    const { ashiato } = self;
    const many = Object.fromEntries(Array.from({ length: 33 }, (_, at) => [`p${at}`, at]));
    for (const properties of [many, { [`n${'x'.repeat(64)}`]: 1 }, { text: 'あ'.repeat(342) }]) ashiato.track('add_to_cart', properties);
    for (const value of [null, [], {}, NaN, Infinity, 1n, () => {}, Symbol('s')]) ashiato.track('add_to_cart', { value });
    ashiato.track('add_to_cart', { plan: '足"跡', n: 1.5, big: 1e21, small: -1e-7, yes: true, 'a.b': 0 });
  });
  await until('the good one is stored', async () => (await more('add_to_cart', before)) >= 1);
  assert.equal(await more('add_to_cart', before), 1);
  const body = visitor.calls('/v1/events').at(-1).postData();
  const payload = JSON.parse(body.slice(body.indexOf('\n') + 1));
  const { properties } = payload.events.find(({ name }) => name === 'add_to_cart');
  assert.deepEqual(properties, { plan: '足"跡', n: 1.5, big: 1e21, small: -1e-7, yes: true, 'a.b': 0 });
  const said = problem => /ashiato dropped add_to_cart/.test(problem);
  assert.equal(visitor.problems.filter(said).length, 11, 'a word for each');
  await visitor.end(said);
});

test('what happened just before the page was left arrives all the same', async () => {
  const before = await stack.events();
  const visitor = await granting({ analytics: true });
  await visitor.view('/products');
  await visitor.page.evaluate(() => self.ashiato.track('add_to_cart', {}));
  await visitor.page.goto('about:blank');
  await until('the event is stored', async () => (await more('add_to_cart', before)) === 1);
  await visitor.end();
});

test('every batch is signed with the key of its session, and with nothing else', async () => {
  const visitor = await stack.visitor();
  const keys = new Map();
  const answers = [];
  visitor.context.on('response', response => {
    if (/\/v1\/(sessions|consents)$/.test(response.url())) answers.push(response.json().then(({ session, key }) => session && keys.set(session, key)).catch(() => {}));
  });
  await visitor.go();
  await visitor.decide('accept');
  await visitor.view('/products');
  await visitor.view('/contact');
  await Promise.all(answers);
  const signed = ['/v1/consents', '/v1/events'].flatMap(path => visitor.calls(path)).filter(request => request.method() === 'POST');
  for (const request of signed) {
    const body = request.postData();
    const end = body.indexOf('\n');
    const [header, signature] = body.slice(0, end).split('..');
    const { kid } = JSON.parse(new TextDecoder().decode(base64url.decode(header)));
    assert.ok(keys.has(kid), 'the session was opened for this page');
    const key = base64url.decode(keys.get(kid));
    const verified = await flattenedVerify({ protected: header, payload: new TextEncoder().encode(body.slice(end + 1)), signature }, key);
    assert.deepEqual(Object.keys(verified.protectedHeader).sort(), ['alg', 'b64', 'crit', 'iat', 'kid']);
    assert.equal(request.headers()['content-type']?.split(';')[0], 'text/plain');
    const payload = JSON.parse(new TextDecoder().decode(verified.payload));
    assert.equal(payload.site, 'shop');
  }
  await visitor.end();
});

test('no address carries what the site file does not list, and no form value is behaviour', async () => {
  const visitor = await granting({ analytics: true });
  await visitor.view('/products?utm_source=mail&email=hanako%40example.jp#secret-fragment');
  assert.match(visitor.calls('/v1/events').at(-1).postData(), /utm_source=mail/);
  await visitor.view('/contact');
  await visitor.page.fill('#email', 'hanako@example.jp');
  await visitor.page.fill('#message', 'secret words');
  await visitor.page.locator('#message').click();
  await visitor.view('/');
  for (const request of visitor.calls('/v1/events')) {
    for (const personal of ['hanako', 'secret']) assert.ok(!request.postData().includes(personal), request.postData());
  }
  await visitor.end();
});

test('a page that comes back from the cache counts again, under the choice of then', async () => {
  const before = await stack.events();
  const visitor = await granting({ analytics: true });
  await visitor.view('/products');
  const taken = visitor.page.waitForResponse(`${stack.collector}/v1/events`);
  await visitor.page.goBack();
  await taken;
  await visitor.view('/contact');
  await until('all four are stored', async () => (await more('page_view', before)) === 4);
  await visitor.end();
});

test('a choice made in one tab holds in the other', async () => {
  const visitor = await granting({ analytics: true });
  const other = await visitor.context.newPage();
  await other.goto(`${stack.shop}/en/products`);
  await other.waitForFunction(() => self.kazoeru?.views === 1);
  await visitor.page.locator('[data-ashiato-open]').last().click();
  await visitor.decide('reject');
  await other.waitForFunction(() => self.ashiato.consent().purposes.analytics === false);
  const sent = visitor.calls('/v1/events').length;
  await other.locator('a[href="/en/contact"]').first().click();
  await other.waitForURL('**/en/contact');
  await other.evaluate(() => self.ashiato.ready);
  assert.equal(visitor.calls('/v1/events').length, sent);
  await visitor.end();
});
