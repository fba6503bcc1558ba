// WCAG 2.2 AA as far as a machine can tell, in every state of what visitors see and in every shape and
// look that it may have; and by keyboard alone.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { breaches } from './breaches.mjs';
import { SHAPES, gallery, walk } from './states.mjs';

let all;
before(async () => (all = await gallery()));
after(() => all?.end());

/** What of ours cannot be hit, is cut off, or makes one scroll sideways. */
function misshapen(page) {
  return page.evaluate(() => {
    const found = [];
    const roots = [...document.querySelectorAll('ashiato-consent, ashiato-blocked')].map(({ shadowRoot }) => shadowRoot);
    const seen = roots.flatMap(root => [...root.querySelectorAll('*')]).filter(element => element.checkVisibility() && element.offsetWidth);
    const name = element => `${element.localName} ${element.part} ${element.textContent.trim().slice(0, 20)}`;
    for (const element of seen) {
      const { width, height, left, right } = element.getBoundingClientRect();
      if (element.matches('button, input, summary') && (width < 24 || height < 24)) found.push(`${name(element)} is ${width} x ${height}`);
      if (element.matches('button') && element.textContent && (element.scrollWidth > element.clientWidth + 1 || element.scrollHeight > element.clientHeight + 1)) found.push(`${name(element)} cuts its words off`);
      if (!element.matches('.unseen') && (left < -1 || right > innerWidth + 1)) found.push(`${name(element)} stands out of the window: ${left} to ${right} of ${innerWidth}`);
      if (getComputedStyle(element).overflowX !== 'visible' && element.scrollWidth > element.clientWidth + 1 && !element.matches('button, input, .unseen')) found.push(`${name(element)} scrolls sideways`);
    }
    if (document.documentElement.scrollWidth > innerWidth) found.push(`the page scrolls sideways: ${document.documentElement.scrollWidth} of ${innerWidth}`);
    return found;
  });
}

const CHOICES = { shape: Object.keys(SHAPES), colour: ['light', 'dark', 'forced'], language: ['ja', 'en', 'ar'], width: [320, 1280], text: [100, 200] };

/** Visits in which every two values of `CHOICES` meet at least once. */
function pairs() {
  const whole = Object.entries(CHOICES).reduce((visits, [name, values]) => visits.flatMap(visit => values.map(value => ({ ...visit, [name]: value }))), [{}]);
  const names = Object.keys(CHOICES);
  const met = visit => names.flatMap((one, at) => names.slice(at + 1).map(other => `${one}=${visit[one]} ${other}=${visit[other]}`));
  const missing = new Set(whole.flatMap(met));
  const chosen = [];
  while (missing.size) {
    const gain = visit => met(visit).filter(pair => missing.has(pair)).length;
    const best = whole.reduce((best, visit) => (gain(visit) > gain(best) ? visit : best));
    met(best).forEach(pair => missing.delete(pair));
    chosen.push(best);
  }
  return chosen;
}

for (const { shape, ...how } of pairs()) {
  test(`no state has a breach, is cut off or too small to hit: ${shape}, ${Object.values(how).join(', ')}`, async () => {
    const visitor = await all.visitor(shape, { ...how, reducedMotion: 'reduce' });
    const found = {};
    await walk(visitor, async state => {
      const wrong = [...(await breaches(visitor.page)), ...(await misshapen(visitor.page))];
      if (wrong.length) found[state] = wrong;
    });
    assert.deepEqual(found, {});
    // The form that was filled in wrongly is answered so, and the browser notes it.
    await visitor.end(problem => /\b422\b/.test(problem));
  });
}

/** What holds the focus: a part, an element of ours, or one of the page's. */
const focused = page =>
  page.evaluate(() => {
    let element = document.activeElement;
    const ours = /^ashiato-/.test(element.localName);
    while (element.shadowRoot?.activeElement) element = element.shadowRoot.activeElement;
    return { ours, name: element.getAttribute('part')?.split(' ')[0] || element.id || element.localName };
  });

test('one press of Tab reaches the banner, and the focus is seen', async () => {
  const visitor = await all.visitor('bar-bottom', { add: { first: '<a href="#main">skip</a>' } });
  await visitor.page.keyboard.press('Tab');
  assert.equal((await focused(visitor.page)).ours, true);
  const outline = await visitor.page.evaluate(() => {
    const { outlineStyle, outlineWidth } = getComputedStyle(document.activeElement.shadowRoot.activeElement);
    return [outlineStyle, Number.parseFloat(outlineWidth) >= 2];
  });
  assert.deepEqual(outline, ['solid', true]);
  await visitor.end();
});

test('the banner takes the focus from nobody', async () => {
  const first = '<form><label>Search <input id="search" autofocus></label></form>';
  const visitor = await all.visitor('centre', { add: { first } });
  assert.deepEqual(await focused(visitor.page), { ours: false, name: 'search' });
  await visitor.page.keyboard.type('bowl');
  assert.equal(await visitor.page.inputValue('#search'), 'bowl');
  await visitor.end();
});

test('no Tab leaves the open preferences, forwards or backwards', async () => {
  const visitor = await all.visitor('box-bottom-end');
  await visitor.part('customise').click();
  await visitor.part('save').waitFor();
  for (const key of ['Tab', 'Shift+Tab']) {
    const reached = new Set();
    for (let presses = 0; presses < 40; presses++) {
      await visitor.page.keyboard.press(key);
      const { ours, name } = await focused(visitor.page);
      // The browser's own controls follow the last one of the page: there the document has no focus.
      assert.ok(ours || name === 'body', `${key} reaches ${name} of the page below`);
      reached.add(name);
    }
    for (const name of ['close', 'policy', 'toggle', 'save', 'accept', 'reject']) assert.ok(reached.has(name), `${key} reaches ${name}: ${[...reached]}`);
    assert.equal(reached.has('customise'), false, 'the banner below is out of reach');
  }
  await visitor.end();
});

test('Escape closes the preferences, grants nothing, and gives the focus back', async () => {
  const visitor = await all.visitor('bar-top');
  const { page } = visitor;
  await visitor.part('customise').focus();
  await page.keyboard.press('Enter');
  await visitor.part('save').waitFor();
  await visitor.toggle('analytics').click();
  await page.keyboard.press('Escape');
  await page.locator('ashiato-consent dialog').waitFor({ state: 'hidden' });
  assert.deepEqual([(await visitor.consent()).decided, await visitor.cookies()], [false, {}]);
  assert.deepEqual(await focused(page), { ours: true, name: 'customise' });
  await visitor.decide('reject');
  await visitor.part('open').focus();
  await page.keyboard.press('Enter');
  await visitor.part('save').waitFor();
  assert.equal(await visitor.toggle('analytics').isChecked(), false, 'what was not saved is forgotten');
  await page.keyboard.press('Escape');
  await page.locator('ashiato-consent dialog').waitFor({ state: 'hidden' });
  assert.deepEqual(await focused(page), { ours: true, name: 'open' });
  assert.deepEqual((await visitor.consent()).purposes, { functional: false, analytics: false, marketing: false, lead_link: false });
  await visitor.end();
});

test('by keyboard alone: choose, save, open again', async () => {
  const visitor = await all.stack.visitor();
  const { keyboard } = visitor.page;
  const tabTo = async (name, key = 'Tab') => {
    for (let presses = 0; presses < 40; presses++) {
      await keyboard.press(key);
      if ((await focused(visitor.page)).name === name) return;
    }
    assert.fail(`${name} is not reached by ${key}`);
  };
  await visitor.go();
  await visitor.asked();
  assert.equal((await focused(visitor.page)).name, 'body', 'the banner takes no focus by itself');
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

for (const language of ['ja', 'en']) {
  for (const colorScheme of ['light', 'dark']) {
    test(`in the shop banner, preferences and a blocked frame have no breach (${language}, ${colorScheme})`, async () => {
      // The page's policy would keep axe itself out, so it is lifted here.
      const visitor = await all.stack.visitor({ language, colorScheme, reducedMotion: 'reduce', bypassCSP: true });
      // The banner stands first in the page, for the first Tab; axe then takes the shop's skip link for stray content.
      const ours = async () => (await breaches(visitor.page)).filter(breach => !breach.startsWith('region:'));
      await visitor.go('/products/kyusu');
      await visitor.asked();
      assert.deepEqual(await ours(), [], 'banner');
      await visitor.part('customise').click();
      await visitor.part('save').waitFor();
      assert.deepEqual(await ours(), [], 'preferences');
      await visitor.choose({ analytics: true });
      assert.deepEqual(await ours(), [], 'afterwards');
      await visitor.end();
    });
  }
}
