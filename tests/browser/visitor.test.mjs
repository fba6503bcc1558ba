// What a visitor sees and decides, and what is there before, after and without a yes.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { start } from './stack.mjs';

let stack;
before(async () => (stack = await start()));
after(() => stack?.end());

/** Nothing that needs consent is set, kept, run or sent. */
async function untouched(visitor, cookies) {
  assert.deepEqual(Object.keys(await visitor.cookies()), cookies);
  assert.deepEqual(await visitor.stored(), []);
  assert.equal(await visitor.page.evaluate(() => typeof self.kazoeru), 'undefined');
  assert.deepEqual(visitor.calls('/v1/events'), []);
  visitor.atHome();
}

const WORDS = {
  ja: { accept: /同意|許可|受け入れ/, reject: /拒否|しない|断/, script: /[ぁ-ん]/ },
  en: { accept: /accept|allow|agree/i, reject: /reject|refuse|decline/i, script: /^[^ぁ-ん]*$/ },
};

for (const language of ['ja', 'en']) {
  test(`before a decision nothing is set, kept, run or sent (${language})`, async () => {
    const visitor = await stack.visitor({ language });
    await visitor.go();
    await visitor.asked();
    await untouched(visitor, []);
    await visitor.go('/products');
    await visitor.asked();
    await untouched(visitor, []);
    assert.deepEqual(visitor.calls('/v1/consents'), []);
    await visitor.end();
  });

  test(`the banner asks in the page's language (${language})`, async () => {
    const visitor = await stack.visitor({ language });
    await visitor.go();
    await visitor.asked();
    const words = WORDS[language];
    assert.match(await visitor.part('accept').innerText(), words.accept);
    assert.match(await visitor.part('reject').innerText(), words.reject);
    const banner = visitor.page.locator('ashiato-consent section:visible, ashiato-consent [role=region]:visible').first();
    assert.match(await banner.innerText(), words.script);
    await visitor.end();
  });

  test(`accepting all grants every purpose, and the next page remembers it (${language})`, async () => {
    const visitor = await stack.visitor({ language });
    await visitor.go();
    await visitor.decide('accept');
    const { purposes } = await visitor.consent();
    assert.deepEqual(purposes, { functional: true, analytics: true, marketing: true, lead_link: true });
    await visitor.counted(1);
    const cookies = await visitor.cookies();
    assert.match(cookies.ashiato_visitor, /^[\w-]{22}$/);
    assert.match(cookies.kazoeru_id, /^[0-9a-f]{32}$/);
    await visitor.go('/products');
    await visitor.counted(1);
    await visitor.closed();
    assert.deepEqual((await visitor.consent()).purposes, purposes);
    await visitor.end();
  });

  test(`a refusal leaves one cookie without an identifier, and the next page remembers it (${language})`, async () => {
    const visitor = await stack.visitor({ language });
    await visitor.go();
    await visitor.decide('reject');
    for (const path of ['/products', '/contact']) {
      await visitor.go(path);
      await visitor.closed();
      await untouched(visitor, ['ashiato_consent']);
    }
    assert.match((await visitor.cookies()).ashiato_consent, /^1\.[0-9a-z]+\.0$/);
    await visitor.end();
  });

  test(`purposes are chosen one by one, none of them beforehand (${language})`, async () => {
    const visitor = await stack.visitor({ language });
    await visitor.go();
    await visitor.part('customise').click();
    await visitor.part('save').waitFor();
    for (const purpose of ['functional', 'analytics', 'marketing', 'lead_link']) {
      assert.equal(await visitor.toggle(purpose).isChecked(), false, purpose);
    }
    await visitor.choose({ functional: true });
    const { purposes } = await visitor.consent();
    assert.deepEqual(purposes, { functional: true, analytics: false, marketing: false, lead_link: false });
    await visitor.go('/products');
    await untouched(visitor, ['ashiato_consent']);
    await visitor.end();
  });
}

test('the three buttons of the banner are equally prominent', async () => {
  const visitor = await stack.visitor();
  await visitor.go();
  await visitor.asked();
  const look = name =>
    visitor.part(name).evaluate(button => {
      const { height, y } = button.getBoundingClientRect();
      const { backgroundColor, color, fontSize, fontWeight, borderTopWidth } = getComputedStyle(button);
      return { height: Math.round(height), y: Math.round(y), backgroundColor, color, fontSize, fontWeight, borderTopWidth };
    });
  const [accept, reject] = [await look('accept'), await look('reject')];
  assert.deepEqual(accept, reject);
  const { height, y, fontSize } = await look('customise');
  assert.deepEqual({ height, y, fontSize }, { height: accept.height, y: accept.y, fontSize: accept.fontSize });
  await visitor.end();
});

test('scrolling, clicking elsewhere and closing the preferences decide nothing', async () => {
  const visitor = await stack.visitor();
  await visitor.go();
  await visitor.asked();
  await visitor.page.mouse.wheel(0, 2_000);
  await visitor.page.locator('h1').first().click();
  await visitor.part('customise').click();
  await visitor.part('save').waitFor();
  await visitor.page.keyboard.press('Escape');
  await visitor.asked();
  await untouched(visitor, []);
  assert.deepEqual(visitor.calls('/v1/consents'), []);
  await visitor.end();
});

test('the lasting control shows the choice again and changes it', async () => {
  const visitor = await stack.visitor();
  await visitor.go();
  await visitor.part('customise').click();
  await visitor.choose({ analytics: true });
  await visitor.go('/products');
  await visitor.page.locator('[data-ashiato-open]').last().click();
  await visitor.part('save').waitFor();
  assert.equal(await visitor.toggle('analytics').isChecked(), true);
  assert.equal(await visitor.toggle('marketing').isChecked(), false);
  await visitor.choose({ marketing: true });
  const { purposes } = await visitor.consent();
  assert.deepEqual([purposes.analytics, purposes.marketing], [true, true]);
  await visitor.end();
});

test('a page opened after a refusal follows what is chosen in another window, once its visitor has gone there', async () => {
  const visitor = await stack.visitor();
  await visitor.go();
  await visitor.decide('reject');
  await visitor.go('/products');
  await visitor.page.evaluate(() => {
    document.addEventListener('ashiato:consent', ({ detail }) => (self.heard = detail.purposes.analytics));
    // Both windows can be seen, and each takes itself for the one with the focus: so they do here.
    self.dispatchEvent(new Event('blur'));
  });
  const other = await visitor.context.newPage();
  await other.goto(`${stack.shop}/en/contact`);
  await other.evaluate(() => self.ashiato.ready.then(() => self.ashiato.accept('analytics')));
  await visitor.page.waitForFunction(() => self.heard === true);
  await visitor.end();
});

test('withdrawing takes one click more than opening, deletes the cookies and stops the scripts', async () => {
  const visitor = await stack.visitor();
  await visitor.go();
  await visitor.decide('accept');
  await visitor.counted(1);
  await visitor.view('/products');
  assert.ok((await visitor.stored()).includes('kazoeru_last'), 'there is something to delete');
  const visits = async () => (await stack.query(['visitors']))[0]?.metrics[0] ?? 0;
  const known = await visits();
  await visitor.page.locator('[data-ashiato-open]').last().click();
  await visitor.decide('reject');
  const cookies = await visitor.cookies();
  assert.deepEqual([cookies.ashiato_visitor, cookies.kazoeru_id], [undefined, undefined]);
  assert.deepEqual(await visitor.stored(), []);
  assert.ok((await visits()) < known, 'the collector has erased what it had');
  const sent = visitor.calls('/v1/events').length;
  await visitor.go('/contact');
  await visitor.closed();
  assert.equal(await visitor.page.evaluate(() => typeof self.kazoeru), 'undefined');
  assert.deepEqual(Object.keys(await visitor.cookies()), ['ashiato_consent']);
  assert.equal(visitor.calls('/v1/events').length, sent);
  await visitor.end();
});

test("a film of an outside host is there once its purpose is granted, and by the frame's own button", async () => {
  const visitor = await stack.visitor();
  await visitor.go('/products/kyusu');
  await visitor.decide('reject');
  const film = visitor.page.locator('#film-player');
  assert.equal(await film.getAttribute('src'), null);
  const unblock = visitor.page.locator('button:visible', { hasText: /allow|play|load/i }).first();
  const answer = visitor.page.waitForResponse(response => response.url().endsWith('/v1/consents'));
  await unblock.click();
  assert.equal((await answer).status(), 201);
  await visitor.page.waitForFunction(() => document.querySelector('#film-player').src.includes('/video/'));
  assert.equal((await visitor.consent()).purposes.functional, true);
  assert.equal((await visitor.consent()).purposes.analytics, false);
  visitor.atHome();
  await visitor.end();
});

test('without JavaScript the shop works and nothing is kept', async () => {
  const visitor = await stack.visitor({ javaScriptEnabled: false });
  await visitor.page.goto(`${stack.shop}/en/products`);
  assert.match(await visitor.page.innerText('h1'), /Goods/);
  assert.deepEqual(await visitor.cookies(), {});
  visitor.atHome();
  await visitor.context.close();
});
