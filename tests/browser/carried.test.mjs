// The part that asks comes along with the loader where the collector sees that somebody has to be asked: where it
// shares its cookies with the page. Otherwise it is one request of its own. Its module, which decides, comes once
// somebody moves, presses a key or scrolls.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { start, until } from './stack.mjs';

let stack;
before(async () => (stack = await start()));
after(() => stack?.end());

/** The paths that a visitor has fetched of the collector, of that site alone, without hashes. */
const fetched = visitor =>
  visitor.requests
    .map(request => request.url())
    .filter(url => url.includes('/s/shop/'))
    .map(url => url.replace(/^.*\/s\/shop\//, '').replace(/\.[a-z0-9]{12}\./, '.'))
    .filter(path => path !== 'ui.wasm');

/** The address of the module. */
const MODULE = /\/ui\.[^/]+\.wasm$/;

/** Holds the module back until it is let go; answers that. */
async function held(visitor) {
  let go;
  const gone = new Promise(resolve => (go = resolve));
  await visitor.context.route(MODULE, async route => (await gone, route.continue()));
  return go;
}

/** The loaders that the collector has sent, as they came. */
function loaders(visitor) {
  const sent = [];
  visitor.page.on('response', answer => answer.url().includes('/ashiato.js') && sent.push(answer));
  return sent;
}

/** How many were asked, by the collector's own count. */
async function asked(own) {
  const body = { site: own.site, metrics: ['visitors'], date_range: ['2026-01-01', '2027-12-31'] };
  return (await own.api('/api/v1/query', { method: 'POST', body: JSON.stringify(body) })).meta.asked;
}

describe('of one site with the page', () => {
  test('the banner is there after one request, and counts as asked once', async () => {
    const visitor = await stack.visitor({ language: 'en' });
    const sent = loaders(visitor);
    await visitor.go();
    await visitor.asked();
    assert.deepEqual(fetched(visitor), ['ashiato.js']);
    const headers = await sent[0].allHeaders();
    assert.equal(headers['cache-control'], 'private, max-age=300');
    assert.equal(headers.vary, 'Accept-Encoding, Accept-Language, Cookie');
    await visitor.go('/products');
    await visitor.asked();
    await visitor.page.evaluate(() => (document.cookie = 'own=1'));
    await visitor.go('/contact');
    await visitor.asked();
    assert.ok(
      fetched(visitor).every(path => path === 'ashiato.js'),
      fetched(visitor).join(' '),
    );
    await visitor.decide('reject');
    await until('it is counted', async () => (await asked(stack)) > 0);
    assert.equal(await asked(stack), 1);
    await visitor.end();
  });

  for (const [button, more] of [
    ['reject', []],
    ['accept', ['tell.wasm', 'tell.js', 'act.wasm', 'act.js']],
  ]) {
    test(`who has decided (${button}) gets the loader alone, and is asked anew without their cookies`, async () => {
      const visitor = await stack.visitor({ language: 'ja' });
      await visitor.go();
      await visitor.asked();
      await visitor.decide(button);
      const sent = loaders(visitor);
      visitor.requests.length = 0;
      await visitor.go();
      const last = async () => ((await sent.at(-1).text()).includes('popover=manual') ? 'with the part' : 'alone');
      assert.equal(await last(), 'alone');
      await until('what is called for is there', () => fetched(visitor).length > more.length);
      assert.deepEqual(fetched(visitor).sort(), ['ashiato.js', ...more].sort());
      await visitor.context.clearCookies();
      await visitor.go();
      await visitor.asked();
      await visitor.end();
    });

    test(`who has decided (${button}) and changes it is not asked by that`, async () => {
      const visitor = await stack.visitor({ language: 'ja' });
      await visitor.go();
      await visitor.asked();
      await visitor.decide(button);
      const before = await asked(stack);
      assert.notEqual(before, 0);
      await visitor.go('/products');
      // Under a grant it is kept while nobody waits for it, so that it opens without the collector too.
      if (button === 'accept') await until('it is kept', () => fetched(visitor).includes('ui-ja.js'));
      await visitor.page.locator('[data-ashiato-open]').last().click();
      await visitor.part('save').waitFor();
      await visitor.decide(button === 'accept' ? 'reject' : 'accept');
      assert.equal(fetched(visitor).filter(path => path === 'ui-ja.js').length > 0, true);
      assert.equal(await asked(stack), before);
      await visitor.end();
    });
  }

  test('the banner is there before its module, and what is pressed until then is done once that has come', async () => {
    for (const button of ['accept', 'reject', 'customise']) {
      const visitor = await stack.visitor({ language: 'en' });
      const go = await held(visitor);
      await visitor.go();
      await visitor.asked();
      assert.ok(!visitor.requests.some(request => MODULE.test(request.url())), 'nobody is there yet');
      const coming = visitor.page.waitForRequest(MODULE);
      await visitor.part(button).click();
      await coming;
      assert.equal((await visitor.consent()).decided, false);
      go();
      if (button === 'customise') {
        await visitor.part('save').waitFor();
        await visitor.part('save').click();
      }
      await visitor.closed();
      const { decided, purposes } = await visitor.consent();
      assert.deepEqual([decided, Object.values(purposes).every(Boolean)], [true, button === 'accept']);
      await visitor.end();
    }
  });

  test('of what is pressed before the module has come the last counts', async () => {
    const visitor = await stack.visitor({ language: 'en' });
    const go = await held(visitor);
    await visitor.go();
    await visitor.asked();
    for (const button of ['accept', 'accept', 'reject']) await visitor.part(button).click();
    go();
    await visitor.closed();
    const { decided, purposes } = await visitor.consent();
    assert.deepEqual([decided, Object.values(purposes).some(Boolean)], [true, false]);
    await visitor.end();
    assert.equal(visitor.calls('/v1/consents').length, 1);
  });

  test('where the module does not come, the banner goes, nothing is decided, and the next page asks again', async () => {
    const visitor = await stack.visitor({ language: 'en' });
    let refused = 0;
    await visitor.context.route(MODULE, route => ++refused && route.abort('connectionfailed'));
    await visitor.go();
    await visitor.asked();
    await visitor.page.mouse.move(5, 5);
    await until('the module has been asked for', () => refused);
    await visitor.part('accept').click();
    await visitor.closed();
    assert.deepEqual(await visitor.cookies(), {});
    assert.equal((await visitor.consent()).decided, false);
    await visitor.context.unroute(MODULE);
    await visitor.go('/products');
    await visitor.asked();
    await visitor.decide('reject');
    await visitor.end(problem => /ERR_CONNECTION_FAILED/.test(problem));
  });

  test('the module is not fetched before somebody is there, and then once, whatever they do first', async () => {
    const ways = {
      pointer: page => page.mouse.move(200, 20),
      key: page => page.keyboard.press('Shift'),
      wheel: page => page.mouse.wheel(0, 100),
      focus: page => page.evaluate(() => document.querySelector('a[href]').focus()),
    };
    for (const [way, act] of Object.entries(ways)) {
      const visitor = await stack.visitor({ language: 'en' });
      const modules = () => visitor.requests.filter(request => MODULE.test(request.url())).length;
      await visitor.go();
      await visitor.asked();
      // The page has drawn twice since, and has nothing more to do.
      await visitor.page.evaluate(() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(() => requestIdleCallback(done)))));
      assert.equal(modules(), 0, way);
      await act(visitor.page);
      await until(`it is fetched (${way})`, modules);
      for (const other of Object.values(ways)) await other(visitor.page);
      await visitor.decide('reject');
      assert.equal(modules(), 1, way);
      await visitor.end();
    }
  });

  test("a page in another language than its visitor's browser fetches its own words", async () => {
    const visitor = await stack.visitor({ language: 'en', locale: 'ja-JP' });
    await visitor.go();
    await visitor.asked();
    assert.deepEqual(fetched(visitor), ['ashiato.js', 'text-en.json']);
    assert.equal(await visitor.part('accept').textContent(), 'Accept all');
    await visitor.end();
  });
});

test('of another site, the banner is there after two requests, and counts as asked once', async () => {
  const own = await start({ shop: 'www.localhost' });
  try {
    const visitor = await own.visitor({ language: 'ja' });
    await visitor.go();
    await visitor.asked();
    assert.deepEqual(fetched(visitor), ['ashiato.js', 'ui-ja.js']);
    await visitor.go('/products');
    await visitor.asked();
    await visitor.decide('reject');
    await until('it is counted', async () => (await asked(own)) > 0);
    assert.equal(await asked(own), 1);
    await visitor.end();
  } finally {
    await own.end();
  }
});

test('a loader that the page waits for comes alone where its tag says so', async () => {
  const visitor = await stack.visitor({ language: 'ja' });
  const page = `<!doctype html><html lang="ja"><meta charset="utf-8"><title>page</title><link rel="icon" href="data:,"><body><script src="${stack.collector}/s/shop/ashiato.js?alone"></script>`;
  stack.shopFront.rule = (_, response) => response.writeHead(200, { 'content-type': 'text/html' }).end(page);
  await visitor.page.goto(`${stack.shop}/alone`);
  await visitor.asked();
  assert.deepEqual(fetched(visitor), ['ashiato.js?alone', 'ui-ja.js']);
  await visitor.end();
});
