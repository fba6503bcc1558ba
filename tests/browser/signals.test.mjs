// What others are told of the choice, and what the visitor's browser tells us: Google Consent Mode, Global
// Privacy Control; and when the choice is asked again.

import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { freePort, start, until } from './stack.mjs';

let stack;
/** A page of the site that says what it is. */
const page = { html: '' };
before(async () => {
  const port = await freePort();
  page.address = `http://localhost:${port}/`;
  page.server = createServer((_, answer) => answer.writeHead(200, { 'content-type': 'text/html' }).end(page.html));
  await new Promise(resolve => page.server.listen(port, '127.0.0.1', resolve));
  stack = await start({ change: text => text.replace('origins = [', `origins = ["http://localhost:${port}", `) });
});
after(async () => {
  await stack?.end();
  page.server.closeAllConnections();
  page.server.close();
});

const SIGNALS = ['ad_storage', 'ad_user_data', 'ad_personalization', 'analytics_storage', 'functionality_storage', 'personalization_storage', 'security_storage'];
const DENIED = Object.fromEntries(SIGNALS.map(name => [name, 'denied']));

/** What was pushed for Google's tags, as lists; each has to be an `Arguments` object, as those tags ask. */
const pushed = page =>
  page.evaluate(() =>
    (self.dataLayer || []).map(item => {
      if (String(item) !== '[object Arguments]') throw new Error(`a ${item} was pushed`);
      return [...item];
    }),
  );
const updates = async page => (await pushed(page)).filter(([, kind]) => kind === 'update').map(([, , values]) => values);

async function own(visitor, head) {
  page.html = `<!doctype html><html lang="en"><head><title>Own</title><link rel="icon" href="data:,">${head}</head><body><p>Own</p></body></html>`;
  await visitor.page.goto(page.address);
  await visitor.page.waitForFunction(() => self.ashiato?.ready);
  await visitor.page.evaluate(() => self.ashiato.ready);
}
const tag = attributes => `<script ${attributes} src="${stack.collector}/s/shop/ashiato.js"></script>`;

test('consent mode: everything is denied ahead of every tag, where the tag is not async', async () => {
  const visitor = await stack.visitor();
  await own(visitor, `${tag('')}<script>self.before = dataLayer.length</script>`);
  const all = await pushed(visitor.page);
  assert.equal(await visitor.page.evaluate(() => self.before), all.length, 'it was all there when the next script ran');
  assert.deepEqual(all[0], ['consent', 'default', { ...DENIED, wait_for_update: 500 }]);
  assert.deepEqual(all[1], ['consent', 'default', { security_storage: 'granted', region: ['JP', 'US-CA'], wait_for_update: 500 }]);
  assert.deepEqual(all.slice(2), [['set', 'ads_data_redaction', true]]);
  await visitor.end();
});

test('consent mode: one update for a decision, ahead of the tags that it lets run', async () => {
  const visitor = await stack.visitor();
  await own(visitor, `${tag('async')}<script type="text/plain" data-consent="analytics" data-service="kazoeru">self.seen = dataLayer.length</script>`);
  await visitor.asked();
  assert.deepEqual(await updates(visitor.page), []);
  await visitor.decide('accept');
  await visitor.page.waitForFunction(() => self.seen);
  const granted = { analytics_storage: 'granted', ad_storage: 'granted', ad_user_data: 'granted' };
  assert.deepEqual(await updates(visitor.page), [granted]);
  assert.equal(await visitor.page.evaluate(() => self.seen), (await pushed(visitor.page)).length, 'the update was there first');
  await visitor.page.evaluate(() => self.ashiato.open());
  await visitor.choose({ marketing: false });
  const less = { analytics_storage: 'granted', ad_storage: 'denied', ad_user_data: 'denied' };
  await until('the second decision is told', async () => (await updates(visitor.page)).length === 2);
  assert.deepEqual((await updates(visitor.page))[1], less);
  await visitor.page.reload();
  await visitor.page.waitForFunction(() => self.seen);
  assert.deepEqual(await updates(visitor.page), [less], 'the next page is told once, too');
  await visitor.end();
});

test('consent mode: a refusal is told as one, and nothing is ever granted without a decision', async () => {
  const visitor = await stack.visitor();
  await own(visitor, tag('async'));
  await visitor.decide('reject');
  const denied = { analytics_storage: 'denied', ad_storage: 'denied', ad_user_data: 'denied' };
  assert.deepEqual(await updates(visitor.page), [denied]);
  await visitor.page.goto('about:blank');
  await visitor.context.addCookies([{ name: 'ashiato_consent', value: '1.0.ffff', url: page.address }]);
  await own(visitor, tag('async'));
  await visitor.asked();
  const all = JSON.stringify(await updates(visitor.page));
  assert.ok(!all.includes('granted'), `a decision that has run out grants nothing: ${all}`);
  await visitor.end();
});

/** A visitor whose browser sends Global Privacy Control. */
async function controlling(options) {
  const visitor = await stack.visitor({ extraHTTPHeaders: { 'Sec-GPC': '1' }, ...options });
  await visitor.context.addInitScript(() => Object.defineProperty(Navigator.prototype, 'globalPrivacyControl', { get: () => true }));
  return visitor;
}

/** The decision that the last call carried. */
const told = visitor => JSON.parse(visitor.calls('/v1/consents').at(-1).postData().split('\n')[1]);

for (const [language, words] of [
  ['ja', /GPC.*「広告の効果測定」/],
  ['en', /GPC.*“Advertising”/],
]) {
  test(`privacy control: it is honoured, and the visitor is told so (${language})`, async () => {
    const visitor = await controlling({ language });
    await visitor.go();
    await visitor.asked();
    assert.match(await visitor.page.locator('ashiato-consent section').innerText(), words);
    await visitor.decide('accept');
    assert.deepEqual((await visitor.consent()).purposes, { functional: true, analytics: true, marketing: false, lead_link: true });
    assert.equal(told(visitor).method, 'gpc');
    await visitor.page.evaluate(() => self.ashiato.open());
    assert.match(await visitor.page.locator('ashiato-consent dialog').innerText(), words);
    assert.equal(await visitor.toggle('marketing').isChecked(), false);
    await visitor.end();
  });
}

test('privacy control: what is turned on by hand stays on', async () => {
  const visitor = await controlling();
  await visitor.go();
  await visitor.part('customise').click();
  await visitor.choose({ marketing: true });
  assert.equal(told(visitor).method, 'custom');
  const calls = visitor.calls('/v1/consents').length;
  await visitor.go('/products');
  await visitor.page.waitForLoadState('networkidle');
  const { decided, purposes } = await visitor.consent();
  assert.deepEqual([decided, purposes.marketing, purposes.analytics], [true, true, false]);
  assert.equal(visitor.calls('/v1/consents').length, calls);
  await visitor.end();
});

test('privacy control: a signal that comes after a grant takes back what it refuses, and nothing else', async () => {
  const first = await stack.visitor();
  await first.go();
  await first.decide('accept');
  const storageState = await first.context.storageState();
  await first.end();
  const visitor = await controlling({ storageState });
  const answer = visitor.page.waitForResponse(response => response.url().endsWith('/v1/consents'));
  await visitor.go();
  assert.equal((await answer).status(), 201);
  assert.deepEqual((await visitor.consent()).purposes, { functional: true, analytics: true, marketing: false, lead_link: true });
  assert.equal(told(visitor).method, 'gpc');
  await visitor.end();
});

/** The days that pass between two visits of one visitor. */
async function later(days, decide) {
  const first = await stack.visitor();
  await first.go();
  await first.decide(decide);
  const storageState = await first.context.storageState();
  await first.end();
  const visitor = await stack.visitor({ storageState });
  await visitor.context.addInitScript(days => {
    const now = Date.now;
    Date.now = () => now() + days * 864e5;
  }, days);
  await visitor.go();
  return visitor;
}

for (const decide of ['accept', 'reject']) {
  test(`asking again: not before the configured time, and then once (${decide})`, async () => {
    const before = await later(179, decide);
    assert.equal((await before.consent()).decided, true);
    await before.closed();
    await before.end(problem => /v1\/|401|422/.test(problem));
    const after = await later(181, decide);
    assert.equal((await after.consent()).decided, false);
    await after.asked();
    assert.equal(await after.page.locator('ashiato-consent dd:visible').count(), 0, 'nothing has changed');
    await after.end(problem => /v1\/|401|422/.test(problem));
  });
}

test('asking again: a material change is said, in the language of the page', async () => {
  const own = await start();
  try {
    const decided = async language => {
      const visitor = await own.visitor({ language });
      await visitor.go();
      await visitor.decide(language === 'ja' ? 'accept' : 'reject');
      const storageState = await visitor.context.storageState();
      await visitor.end();
      return storageState;
    };
    const [ja, en] = [await decided('ja'), await decided('en')];
    const file = join(own.folder, 'shop.toml');
    const text = readFileSync(file, 'utf8');
    const changed = text.replace('retention_days = 90\nhosts', 'retention_days = 120\nhosts');
    assert.notEqual(changed, text);
    writeFileSync(file, changed);
    own.command('site', 'apply', file);
    await until('the change is in force', async () => (await (await fetch(`${own.collector}/s/shop/ashiato.js`)).text()).includes('revision:2') || (await (await fetch(`${own.collector}/s/shop/ashiato.js`)).text()).includes('"revision":2'));
    for (const [language, storageState, words] of [
      ['ja', ja, /「動画プレーヤー」の保存期間が3か月から約?4か月に変わりました/],
      ['en', en, /“Video player”.*about 4 months.*3 months/],
    ]) {
      const visitor = await own.visitor({ language, storageState });
      await visitor.go();
      await visitor.asked();
      assert.match(await visitor.page.locator('ashiato-consent dl').first().innerText(), words);
      assert.equal((await visitor.consent()).decided, false, 'what was granted to the last policy is granted no more');
      await visitor.decide('accept');
      await visitor.go('/products');
      await visitor.closed();
      await visitor.end();
    }
    const newcomer = await own.visitor();
    await newcomer.go();
    await newcomer.asked();
    assert.equal(await newcomer.page.locator('ashiato-consent dd:visible').count(), 0, 'nothing has changed for somebody new');
    await newcomer.end();
  } finally {
    await own.end();
  }
});
