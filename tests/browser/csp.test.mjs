// The strictest page policy that a careful owner would set: the tag works under it without a violation.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { start } from './stack.mjs';

let stack;
before(async () => (stack = await start()));
after(() => stack?.end());

test("the shop's policy is strict", async () => {
  const policy = (await fetch(stack.shop)).headers.get('content-security-policy');
  assert.match(policy, /script-src 'nonce-[^']+' 'wasm-unsafe-eval';/);
  assert.match(policy, /require-trusted-types-for 'script'/);
  assert.doesNotMatch(policy, /unsafe-inline|'unsafe-eval'/);
});

for (const language of ['ja', 'en']) {
  test(`a whole visit breaks no policy and writes nothing to the console (${language})`, async () => {
    const visitor = await stack.visitor({ language });
    await visitor.go();
    await visitor.part('customise').click();
    await visitor.choose({ analytics: true, lead_link: true });
    await visitor.go('/products/kyusu');
    await visitor.page.locator('#add-to-cart').click();
    await visitor.page.locator('[data-ashiato-open]').last().click();
    await visitor.choose({ functional: true, marketing: true });
    await visitor.page.waitForFunction(() => document.querySelector('#film-player').src.includes('/video/'));
    await visitor.go('/contact');
    await visitor.page.fill('#name', 'Taro');
    await visitor.page.fill('#email', 'taro@example.jp');
    await visitor.page.fill('#message', 'strict');
    await visitor.page.click('#send');
    await visitor.page.waitForURL('**/thanks');
    await visitor.page.evaluate(() => self.ashiato.ready);
    await visitor.page.locator('[data-ashiato-open]').last().click();
    await visitor.decide('reject');
    visitor.atHome();
    await visitor.end();
  });
}

test('what the collector serves is typed, cached and not to be guessed at', async () => {
  const visitor = await stack.visitor();
  const answers = [];
  visitor.context.on('response', response => response.url().startsWith(`${stack.collector}/s/`) && answers.push(response));
  await visitor.go();
  await visitor.decide('accept');
  for (const answer of answers) {
    const headers = await answer.allHeaders();
    assert.equal(headers['x-content-type-options'], 'nosniff', answer.url());
    if (answer.url().endsWith('.wasm')) assert.equal(headers['content-type'], 'application/wasm');
    if (!/\/(ashiato\.js|me|policy)$/.test(new URL(answer.url()).pathname)) assert.match(headers['cache-control'], /immutable/, answer.url());
    assert.ok(['br', 'gzip'].includes(headers['content-encoding']), `${answer.url()} is compressed`);
  }
  assert.ok(answers.some(answer => answer.url().endsWith('.wasm')));
  await visitor.end();
});
