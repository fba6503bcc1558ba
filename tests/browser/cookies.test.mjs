// Cookies that last: shop and collector under one domain, each on a host of its own.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { start, until } from './stack.mjs';

const DOMAIN = '.shop.localhost';
const DAY = 86_400;

let stack;
before(async () => (stack = await start({ shop: 'www.shop.localhost', collector: 'consent.shop.localhost' })));
after(() => stack?.end());

/** Every cookie of the visitor as the browser holds it. */
async function jar(visitor) {
  const cookies = await visitor.context.cookies();
  return cookies.sort((a, b) => (a.name + a.domain).localeCompare(b.name + b.domain));
}

/** The cookies that an answer sets, by name: the lifetime in days. */
async function set(answer) {
  const headers = await answer.headersArray();
  const lines = headers.filter(({ name }) => name.toLowerCase() === 'set-cookie').map(({ value }) => value);
  return Object.fromEntries(lines.map(line => [line.split('=')[0], Number(/Max-Age=(\d+)/.exec(line)[1]) / DAY]));
}

const decided = visitor => visitor.page.waitForResponse(answer => answer.url().endsWith('/v1/consents'));

/** Lives about so many days from now. */
const lives = (cookie, days) => assert.ok(Math.abs(cookie.expires - Date.now() / 1_000 - days * DAY) < 300, `${cookie.name} until ${cookie.expires}`);

test('a yes leaves the cookies that the collector set, on the whole domain and for as long as the site says', async () => {
  const visitor = await stack.visitor();
  await visitor.go();
  await visitor.asked();
  const written = visitor.page.evaluate(() => {
    const kept = Object.getOwnPropertyDescriptor(Document.prototype, 'cookie');
    self.written = [];
    Object.defineProperty(document, 'cookie', {
      get: () => kept.get.call(document),
      set(text) {
        self.written.push(text);
        kept.set.call(document, text);
      },
    });
  });
  await written;
  const answer = decided(visitor);
  await visitor.decide('accept');
  assert.deepEqual(await set(await answer), { ashiato_consent: 180, ashiato_visitor: 365 });
  await visitor.counted(1);
  const ours = (await jar(visitor)).filter(({ name }) => name.startsWith('ashiato_'));
  assert.deepEqual(
    ours.map(({ name, domain, path, httpOnly, sameSite }) => ({ name, domain, path, httpOnly, sameSite })),
    ['ashiato_consent', 'ashiato_visitor'].map(name => ({ name, domain: DOMAIN, path: '/', httpOnly: false, sameSite: 'Lax' })),
  );
  lives(ours[0], 180);
  lives(ours[1], 365);
  assert.equal(ours[0].value.split('.').length, 4, 'with its receipt');
  // What the page wrote last was the decision at the click, without a receipt: nothing has been shortened since.
  const own = (await visitor.page.evaluate(() => self.written)).filter(text => text.startsWith('ashiato_'));
  assert.equal(own.length, 1, own.join('\n'));
  assert.match(own[0], /^ashiato_consent=1\.[0-9a-z]+\.1f;/);
  await visitor.end();
});

test('the decision holds on every host of the domain', async () => {
  const visitor = await stack.visitor();
  await visitor.go();
  await visitor.decide('accept');
  const others = await visitor.context.cookies(stack.shop.replace('www.', ''));
  assert.deepEqual(others.map(({ name }) => name).filter(name => name.startsWith('ashiato_')).sort(), ['ashiato_consent', 'ashiato_visitor']);
  await visitor.go('/products');
  await visitor.closed();
  await visitor.view('/contact');
  await visitor.end();
});

test('a refusal lasts as well, and is one cookie without an identifier', async () => {
  const visitor = await stack.visitor();
  await visitor.go();
  const answer = decided(visitor);
  await visitor.decide('reject');
  assert.deepEqual(await set(await answer), { ashiato_consent: 180, ashiato_visitor: 0 });
  const [cookie, ...more] = await jar(visitor);
  assert.deepEqual(more, []);
  assert.deepEqual([cookie.name, cookie.domain], ['ashiato_consent', DOMAIN]);
  assert.match(cookie.value, /^1\.[0-9a-z]+\.0$/);
  lives(cookie, 180);
  await visitor.end();
});

test('a withdrawal takes the number away on every host of the domain', async () => {
  const visitor = await stack.visitor();
  await visitor.go();
  await visitor.decide('accept');
  await visitor.view('/products');
  await visitor.page.locator('[data-ashiato-open]').last().click();
  await visitor.decide('reject');
  for (const url of [stack.shop, stack.collector, stack.shop.replace('www.', '')]) {
    const names = (await visitor.context.cookies(url)).map(({ name }) => name);
    assert.deepEqual(names, ['ashiato_consent'], url);
  }
  const [cookie] = await jar(visitor);
  assert.match(cookie.value, /^1\.[0-9a-z]+\.0$/);
  lives(cookie, 180);
  await visitor.end();
});

test('only decisions carry credentials, and no cookie is sent with anything else', async () => {
  const visitor = await stack.visitor();
  await visitor.go();
  await visitor.decide('accept');
  await visitor.view('/products');
  await visitor.page.locator('[data-ashiato-open]').last().click();
  await visitor.choose({ marketing: false });
  const sent = async path => Promise.all(visitor.calls(path).map(async call => (await call.allHeaders()).cookie));
  assert.deepEqual(new Set([...(await sent('/v1/sessions')), ...(await sent('/v1/events'))]), new Set([undefined]));
  assert.match((await sent('/v1/consents')).at(-1), /ashiato_visitor=/);
  await visitor.end();
});

test('a cookie of this host alone, from before the collector had its name, is replaced', async () => {
  const visitor = await stack.visitor();
  await visitor.context.addCookies([{ name: 'ashiato_consent', value: `1.${Date.now().toString(36)}.1f.AAAAAAAAAAAAAAAAAAAAAA`, url: stack.shop, sameSite: 'Lax', expires: Date.now() / 1_000 + DAY }]);
  await visitor.go();
  await visitor.page.locator('[data-ashiato-open]').last().click();
  await visitor.decide('reject');
  const cookies = await jar(visitor);
  assert.deepEqual(cookies.map(({ name, domain }) => name + domain), [`ashiato_consent${DOMAIN}`]);
  assert.match(cookies[0].value, /^1\.[0-9a-z]+\.0$/);
  await visitor.end();
});

test('a withdrawal while the yes is still on its way stands, whatever the answer sets', async () => {
  const visitor = await stack.visitor();
  await visitor.go();
  await visitor.asked();
  const hold = held();
  await visitor.part('accept').click();
  await hold.arrived(1);
  await visitor.page.locator('[data-ashiato-open]').last().click();
  await visitor.part('reject').last().click();
  await visitor.closed();
  await watch(visitor.page);
  hold.release();
  await hold.arrived(2);
  await refused(visitor);
  assert.deepEqual(await visitor.page.evaluate(() => self.granted), [], 'the page was never told of a grant again');
  await visitor.end();
});

test('of yes, no and yes before any of them can be told, the last stands', async () => {
  const visitor = await stack.visitor();
  let free;
  const freed = new Promise(resolve => (free = resolve));
  await visitor.context.route('**/*tell*.wasm', async route => {
    await freed;
    await route.continue();
  });
  await visitor.go();
  await visitor.asked();
  await visitor.page.evaluate(async () => {
    await self.ashiato.accept();
    await self.ashiato.withdraw();
    await self.ashiato.accept();
  });
  const answer = decided(visitor);
  free();
  assert.equal((await answer).status(), 201);
  await visitor.counted(1);
  assert.equal(visitor.calls('/v1/consents').length, 1);
  const { receipt, purposes } = await visitor.consent();
  assert.ok(receipt && purposes.analytics);
  await visitor.end();
});

test('a withdrawal in another tab while the yes is still on its way stands, too', async () => {
  const visitor = await stack.visitor();
  await visitor.go();
  await visitor.asked();
  const hold = held();
  await visitor.part('accept').click();
  await hold.arrived(1);
  const other = await visitor.context.newPage();
  await other.goto(`${stack.shop}/en/contact`);
  await other.evaluate(() => self.ashiato.ready);
  await watch(other);
  await other.evaluate(() => self.ashiato.withdraw());
  await hold.arrived(2);
  await until('the first page follows', async () => !Object.values((await visitor.consent()).purposes).some(Boolean));
  await watch(visitor.page);
  hold.release();
  await refused(visitor);
  for (const page of [visitor.page, other]) {
    assert.deepEqual(await page.evaluate(() => self.granted), [], 'no page was told of a grant again');
  }
  await visitor.end();
});

/** Holds the answer to the first decision back, until it is released. */
function held() {
  let release;
  const released = new Promise(resolve => (release = resolve));
  let decisions = 0;
  stack.front.rule = (request, response, pass) => {
    const decision = request.method === 'POST' && request.url === '/v1/consents';
    pass(decision && ++decisions === 1 ? released : undefined);
  };
  return { release, arrived: number => until(`decision ${number} is on its way`, async () => decisions >= number) };
}

/** Notes every grant that a page is told of from now on. */
async function watch(page) {
  await page.evaluate(() => {
    self.granted = [];
    document.addEventListener('ashiato:consent', ({ detail: { purposes } }) => Object.values(purposes).some(Boolean) && self.granted.push(purposes));
  });
}

/** Waits until a refusal is all that is left, in the browser and at the collector. */
async function refused(visitor) {
  await until('the refusal is the one cookie that is left', async () => {
    const ours = (await jar(visitor)).filter(({ name }) => name.startsWith('ashiato_'));
    return ours.length === 1 && ours[0].name === 'ashiato_consent' && ours[0].value.endsWith('.0');
  });
}
