// WCAG 2.2 AA as far as a machine can tell, and by keyboard alone.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import axe from 'axe-core';
import { start } from './stack.mjs';

let stack;
before(async () => (stack = await start()));
after(() => stack?.end());

const RULES = {
  runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'],
  // The banner stands first in the page, for the first Tab; axe then takes the shop's skip link for stray content.
  rules: { region: { enabled: false } },
};

/** Every breach that axe finds. The page's policy would keep axe itself out, so it is lifted here. */
async function breaches(visitor) {
  await visitor.page.evaluate(axe.source);
  const { violations } = await visitor.page.evaluate(rules => self.axe.run(document, rules), RULES);
  const node = ({ target, failureSummary }) => `${target.flat().join(' ')} ${failureSummary}`;
  return violations.map(({ id, nodes }) => `${id}: ${nodes.map(node).join('; ')}`);
}

for (const language of ['ja', 'en']) {
  for (const colorScheme of ['light', 'dark']) {
    test(`banner, preferences and a blocked frame have no breach (${language}, ${colorScheme})`, async () => {
      const visitor = await stack.visitor({ language, colorScheme, reducedMotion: 'reduce', bypassCSP: true });
      await visitor.go('/products/kyusu');
      await visitor.asked();
      assert.deepEqual(await breaches(visitor), [], 'banner');
      await visitor.part('customise').click();
      await visitor.part('save').waitFor();
      assert.deepEqual(await breaches(visitor), [], 'preferences');
      await visitor.choose({ analytics: true });
      assert.deepEqual(await breaches(visitor), [], 'afterwards');
      await visitor.end();
    });
  }
}

test('by keyboard alone: choose, save, open again', async () => {
  const visitor = await stack.visitor();
  const { keyboard } = visitor.page;
  const focused = () =>
    visitor.page.evaluate(() => {
      let element = document.activeElement;
      while (element?.shadowRoot?.activeElement) element = element.shadowRoot.activeElement;
      return element?.getAttribute('part') ?? element?.dataset?.purpose ?? element?.localName ?? '';
    });
  const tabTo = async (name, key = 'Tab') => {
    for (let presses = 0; presses < 40; presses++) {
      await keyboard.press(key);
      if ((await focused()).split(' ').includes(name)) return;
    }
    assert.fail(`${name} is not reached by ${key}`);
  };
  await visitor.go();
  await visitor.asked();
  assert.equal(await focused(), 'body', 'the banner takes no focus by itself');
  await tabTo('customise');
  await keyboard.press('Enter');
  await visitor.part('save').waitFor();
  await visitor.toggle('analytics').focus();
  await keyboard.press('Space');
  assert.equal(await visitor.toggle('analytics').isChecked(), true);
  await tabTo('save');
  const answer = visitor.page.waitForResponse(response => response.url().endsWith('/v1/consents'));
  await keyboard.press('Enter');
  assert.equal((await answer).status(), 201);
  await visitor.closed();
  assert.equal((await visitor.consent()).purposes.analytics, true);
  await visitor.page.locator('[data-ashiato-open]').last().focus();
  await keyboard.press('Enter');
  await visitor.part('save').waitFor();
  await keyboard.press('Escape');
  await visitor.closed();
  assert.equal(await visitor.page.evaluate(() => document.activeElement.hasAttribute('data-ashiato-open')), true, 'focus goes back to where it came from');
  await visitor.end();
});

for (const [name, viewport] of Object.entries({ 'a small telephone': { width: 320, height: 568 }, 'a screen magnified to 400 %': { width: 320, height: 256 } })) {
  test(`nothing is cut off on ${name}`, async () => {
    const visitor = await stack.visitor({ language: 'ja', viewport });
    await visitor.go();
    await visitor.asked();
    for (const button of ['accept', 'reject', 'customise']) {
      await visitor.part(button).scrollIntoViewIfNeeded();
      const { x, width, height } = await visitor.part(button).boundingBox();
      assert.ok(x >= 0 && x + width <= viewport.width, `${button} fits in the width`);
      assert.ok(width >= 24 && height >= 24, `${button} can be hit`);
    }
    assert.equal(await visitor.page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), true, 'no sideways scrolling');
    await visitor.decide('reject');
    await visitor.end();
  });
}

test('nothing that the page shows moves when the banner comes', async () => {
  const visitor = await stack.visitor();
  await visitor.context.addInitScript(() => {
    self.shift = 0;
    new PerformanceObserver(list => list.getEntries().forEach(entry => (self.shift += entry.value))).observe({ type: 'layout-shift', buffered: true });
  });
  await visitor.go();
  await visitor.asked();
  await visitor.decide('reject');
  assert.equal(await visitor.page.evaluate(() => self.shift), 0);
  await visitor.end();
});
