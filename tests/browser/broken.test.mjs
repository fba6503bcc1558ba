// The host page comes first: whatever becomes of the collector, of what it serves or of the browser's
// abilities, the shop works as it does without the tag, no error surfaces in it, and nothing is tracked.

import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, afterEach, before, describe, test } from 'node:test';
import { objectIn, start } from './stack.mjs';

let stack;
// Of two sites, so that the collector cannot tell who has to be asked, and the banner's script is a call of its own.
before(async () => (stack = await start({ shop: 'www.localhost' })));
after(() => stack?.end());
afterEach(() => (stack.front.rule = stack.shopFront.rule = (request, response, pass) => pass()));

/** What the browser itself writes to the console of an address that gives nothing of use. */
const unusable = problem => /Failed to load (resource|module script)|ERR_/.test(problem);

const RUBBISH = '<!doctype html><title>Bad gateway</title><h1>Please try again later</h1>';
const LOADER = /\/ashiato\.js$/;
const SCRIPT = /\/ui-[^./]+\.[^./]+\.js$/;
const MODULE = /\/ui\.[^./]+\.wasm$/;

/** A visit to several pages of the shop, doing what the shop itself offers; and asking of the tag all that it can do, where it can do nothing. */
async function shop(visitor, asking) {
  const { page } = visitor;
  const go = path => page.goto(`${stack.shop}/en${path}`, { waitUntil: 'domcontentloaded' });
  await go('/products/kyusu');
  await page.locator('#add-to-cart').click();
  await page.waitForFunction(() => document.querySelector('[data-cart-count]').textContent === '1');
  await untracked(visitor);
  if (asking) {
    await page.locator('[data-ashiato-open]').last().click();
    await page.evaluate(() => {
      const { ashiato } = self;
      for (const call of ['open', 'accept', 'withdraw', 'accept']) ashiato?.[call]?.();
      ashiato?.track?.('add_to_cart', {});
      ashiato?.identify?.({ name: 'Taro' });
      (self.ashiato ||= []).push(['accept']);
    });
    await page.keyboard.press('Escape');
  }
  await page.locator('.nav a[href$="/products"]').click();
  await page.waitForURL('**/products', { waitUntil: 'domcontentloaded' });
  await page.locator('#language-switch').click();
  await page.waitForURL(`${stack.shop}/products`, { waitUntil: 'domcontentloaded' });
  await go('/contact');
  await page.fill('#name', 'Taro');
  await page.fill('#email', 'taro@example.jp');
  await page.fill('#message', 'nobody listens');
  await page.click('#send');
  await page.waitForURL('**/thanks', { waitUntil: 'domcontentloaded' });
  await untracked(visitor);
}

/** Nothing is kept, sent, run or said to be granted. */
async function untracked(visitor) {
  const held = await visitor.context.cookies();
  assert.deepEqual(held, [], 'no cookie');
  assert.deepEqual(visitor.calls('/v1/events'), [], 'no event');
  const found = await visitor.page.evaluate(async () => {
    const keys = name => {
      try {
        return Object.keys(self[name] ?? {});
      } catch {
        return [];
      }
    };
    // What no service of the site asks for may be granted from the start.
    const said = JSON.stringify([...(self.dataLayer ?? [])].map(said => [...said])).replaceAll('"security_storage":"granted"', '');
    return {
      kept: [...keys('localStorage'), ...keys('sessionStorage')].filter(key => key !== 'hiyori_cart'),
      databases: (await self.indexedDB?.databases?.().catch(() => []))?.length ?? 0,
      ran: typeof self.kazoeru,
      frames: [...document.querySelectorAll('iframe')].map(frame => frame.getAttribute('src')).filter(Boolean),
      granted: said.includes('granted') || Object.values(self.ashiato?.consent?.().purposes ?? {}).some(Boolean),
    };
  });
  assert.deepEqual(found, { kept: [], databases: 0, ran: 'undefined', frames: [], granted: false });
  visitor.atHome();
}

/** The whole visit, in a browser of its own. */
async function visit({ known = unusable, prepare = () => {}, asking = true, ...options } = {}) {
  const visitor = await stack.visitor(options);
  await prepare(visitor.context);
  await shop(visitor, asking);
  await visitor.end(known);
}

/** Answers instead of the collector where an address matches. */
function instead(address, answer) {
  stack.front.rule = (request, response, pass) => (address.test(request.url) ? answer(response, request) : pass());
}

const says = (status, type, body) => response => response.writeHead(status, { 'content-type': type, 'access-control-allow-origin': '*' }).end(body);

/** Half of what the collector says, in a whole answer. */
async function half(response, { url }) {
  const answer = await fetch(`http://127.0.0.1:${stack.port}${url}`);
  const body = Buffer.from(await answer.arrayBuffer());
  response.writeHead(200, { 'content-type': answer.headers.get('content-type'), 'access-control-allow-origin': '*' }).end(body.subarray(0, body.length / 2));
}

/** The script with something else in place of the object that begins so. */
const with_other = (beginning, made) => async (response, { url }) => {
  const script = await (await fetch(`http://127.0.0.1:${stack.port}${url}`)).text();
  const object = objectIn(script, beginning);
  says(200, 'text/javascript', script.replace(object, () => made))(response);
};

/** Half of it, and then the connection ends. */
async function cut(response, { url }) {
  const answer = await fetch(`http://127.0.0.1:${stack.port}${url}`);
  const body = Buffer.from(await answer.arrayBuffer());
  response.writeHead(200, { 'content-type': answer.headers.get('content-type'), 'access-control-allow-origin': '*', 'content-length': body.length });
  response.write(body.subarray(0, body.length / 2), () => response.destroy());
}

const never = () => {};

describe('the collector', () => {
  for (const [what, answer] of Object.entries({
    'closes every connection': response => response.destroy(),
    'never answers': never,
    'says 404': says(404, 'text/html', RUBBISH),
    'says 503': says(503, 'text/html', RUBBISH),
    'answers everything by a web page': says(200, 'text/html', RUBBISH),
    'answers everything by nothing': says(200, 'text/javascript', ''),
  })) {
    test(`${what}: the shop is as it is`, async () => {
      instead(/./, answer);
      await visit();
    });
  }

  test('refuses every connection: the shop is as it is', async () => {
    // Nobody listens there: the proxy that stands before the collector is away for this visit.
    await stack.front.stop();
    try {
      await visit();
    } finally {
      await stack.front.resume();
    }
  });
});

for (const [name, address] of Object.entries({ 'the loader': LOADER, 'the script of the banner': SCRIPT, 'its module': MODULE })) {
  describe(name, () => {
    for (const [what, answer] of Object.entries({
      'is not found': says(404, 'text/html', RUBBISH),
      'is a failing server': says(503, 'application/problem+json', '{}'),
      'is a web page': says(200, 'text/html', RUBBISH),
      'is cut off': cut,
      'never comes': never,
    })) {
      test(`${what}: the shop is as it is`, async () => {
        let asked = 0;
        instead(address, (...given) => ++asked && answer(...given));
        await visit();
        assert.notEqual(asked, 0);
      });
    }

    test('is kept away by a blocker: the shop is as it is', async () => {
      let kept = 0;
      await visit({ prepare: context => context.route(url => address.test(url.pathname), route => ++kept && route.abort('blockedbyclient')) });
      assert.notEqual(kept, 0);
    });
  });
}

describe('what is whole but wrong', () => {
  for (const [what, address, answer] of [
    ['half a script', SCRIPT, half],
    ['half a module', MODULE, half],
    ['no module', MODULE, says(200, 'application/wasm', '')],
    ['another module', MODULE, says(200, 'application/wasm', Buffer.from('\0asm\x01\0\0\0', 'latin1'))],
    ['another script', SCRIPT, says(200, 'text/javascript', 'export default 7')],
    ['texts that are a list', SCRIPT, with_other('{"language"', '[]')],
    ['texts that are nothing', SCRIPT, with_other('{"language"', 'null')],
    ['texts without words', SCRIPT, with_other('{"language"', '{}')],
  ]) {
    test(`${what}: the shop is as it is`, async () => {
      instead(address, answer);
      await visit();
    });
  }

  for (const [what, made] of Object.entries({ empty: '{}', nothing: 'null', 'of the wrong kind': '{"purposes":7,"languages":"ja","assets":[],"banner":null}' })) {
    test(`a configuration that is ${what}: the shop is as it is`, async () => {
      instead(LOADER, with_other('{"site"', made));
      await visit();
    });
  }
});

/** A visitor's browser in which something is not as usual, from the first script on. */
const without = change => ({ prepare: context => context.addInitScript(change) });

/** No storage, as in a frame without rights or with everything blocked. */
const noStorage = () => {
  for (const name of ['localStorage', 'sessionStorage', 'caches']) {
    Object.defineProperty(self, name, {
      get() {
        throw new DOMException('Access is denied for this document.', 'SecurityError');
      },
    });
  }
  Object.defineProperty(self, 'indexedDB', { value: undefined });
};

const noCookies = () => Object.defineProperty(document, 'cookie', { get: () => '', set() {} });

/** What browsers of some years ago did not have, and what can be done without. */
const older = () => {
  for (const name of ['cookieStore', 'navigation', 'scheduler', 'CookieStore', 'Navigation']) {
    delete self[name];
    Object.defineProperty(self, name, { value: undefined });
  }
  for (const name of ['popover', 'showPopover', 'hidePopover', 'togglePopover']) delete HTMLElement.prototype[name];
  Object.defineProperty(navigator, 'globalPrivacyControl', { value: undefined });
  delete Document.prototype.prerendering;
};

const noSheets = () => {
  delete Document.prototype.adoptedStyleSheets;
  delete ShadowRoot.prototype.adoptedStyleSheets;
  self.CSSStyleSheet = function () {
    throw new TypeError('Illegal constructor');
  };
};

describe('a browser', () => {
  test('that refuses storage: the shop is as it is', () => visit({ ...without(noStorage), asking: false }));
  test('that keeps no cookie: the shop is as it is', () => visit(without(noCookies)));
  test('of some years ago: the shop is as it is', () => visit({ ...without(older), asking: false }));
  test('without constructed style sheets: the shop is as it is', () => visit(without(noSheets)));
  test('without WebAssembly: the shop is as it is', () => visit(without(() => delete self.WebAssembly)));
  test('without random numbers for pages, as on one without TLS: the shop is as it is', () => visit(without(() => delete Crypto.prototype.randomUUID)));
  test('without a dialog: the shop is as it is', () => visit({ ...without(() => delete HTMLDialogElement.prototype.showModal), asking: false }));

  test('whose page forbids WebAssembly: the shop is as it is', async () => {
    let served = 0;
    const forbid = headers => headers.map(value => (value.includes("'wasm-unsafe-eval'") && ++served ? value.replace(" 'wasm-unsafe-eval'", '') : value));
    stack.shopFront.rule = (request, response, pass) => pass(undefined, forbid);
    // That it is forbidden is reported by the browser itself.
    const known = problem => unusable(problem) || /^CSP: script-src \S* ?wasm-eval|WebAssembly/.test(problem);
    await visit({ known });
    assert.notEqual(served, 0);
  });

  test('that blocks all cookies by its own setting: the shop is as it is', async () => {
    const folder = join(stack.folder, 'no-cookies');
    mkdirSync(join(folder, 'Default'), { recursive: true });
    const blocked = { profile: { default_content_setting_values: { cookies: 2 } } };
    writeFileSync(join(folder, 'Default', 'Preferences'), JSON.stringify(blocked));
    const visitor = await stack.visitor({ profile: folder });
    await visitor.page.goto(`${stack.shop}/en/products`);
    const allowed = await visitor.page.evaluate(() => {
      document.cookie = 'probe=1';
      try {
        return [document.cookie, !!localStorage];
      } catch (error) {
        return [document.cookie, error.name];
      }
    });
    assert.deepEqual(allowed, ['', 'SecurityError'], 'the setting holds');
    await shop(visitor, true);
    await visitor.end(unusable);
  });

  test('without JavaScript: the shop is as it is, but for what its own scripts add', async () => {
    const visitor = await stack.visitor({ javaScriptEnabled: false });
    const { page } = visitor;
    await page.goto(`${stack.shop}/en/products/kyusu`);
    await page.locator('.nav a[href$="/contact"]').click();
    await page.fill('#name', 'Taro');
    await page.fill('#email', 'taro@example.jp');
    await page.fill('#message', 'no script');
    await page.click('#send');
    await page.waitForURL('**/thanks');
    assert.deepEqual(await visitor.context.cookies(), []);
    assert.deepEqual(visitor.requests.map(request => request.url()).filter(url => url.startsWith(stack.collector)), []);
    await visitor.context.close();
  });

  for (const [what, change] of Object.entries({ 'that refuses storage': noStorage, 'of some years ago': older })) {
    for (const [button, left] of Object.entries({ reject: ['ashiato_consent'], accept: ['ashiato_consent', 'ashiato_visitor', 'kazoeru_id'] })) {
      test(`${what} takes a decision all the same (${button})`, async () => {
        const visitor = await stack.visitor();
        await visitor.context.addInitScript(change);
        await visitor.go('/products/kyusu');
        await visitor.decide(button);
        if (button === 'accept') await visitor.counted(1);
        assert.deepEqual(Object.keys(await visitor.cookies()).sort(), left);
        await visitor.go('/products');
        await visitor.closed();
        await visitor.end();
      });
    }
  }
});
