// What the banner does to the page, and the page to the banner: room on a small screen, nothing that
// moves, no style that reaches across, and whose language is spoken.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { SHAPES, gallery } from './states.mjs';

let all;
before(async () => (all = await gallery()));
after(() => all?.end());

const TELEPHONE = { width: 320, height: 568 };

/** Where the first layer and its buttons stand, and how they look. */
function look(page) {
  return page.evaluate(() => {
    const panel = document.querySelector('ashiato-consent').shadowRoot.querySelector('[part~=accept]').closest('section');
    return [panel, ...panel.querySelectorAll('*')].map(element => {
      const { x, y, width, height } = element.getBoundingClientRect();
      const { color, backgroundColor, fontSize, fontFamily, fontWeight, lineHeight, borderTopWidth, opacity, visibility, textTransform, letterSpacing, cursor } = getComputedStyle(element);
      const place = [x, y, width, height].map(Math.round).join(' ');
      return { element: `${element.localName} ${element.part}`, place, color, backgroundColor, fontSize, fontFamily, fontWeight, lineHeight, borderTopWidth, opacity, visibility, textTransform, letterSpacing, cursor };
    });
  });
}

/** Which of the first layer's buttons a finger would hit. */
function hit(page) {
  return page.evaluate(() => {
    const root = document.querySelector('ashiato-consent').shadowRoot;
    return [...root.querySelectorAll('section button')].filter(button => button.checkVisibility()).flatMap(button => {
      const { x, y, width, height } = button.getBoundingClientRect();
      const outer = document.elementFromPoint(x + width / 2, y + height / 2);
      return outer === root.host && root.elementFromPoint(x + width / 2, y + height / 2) === button ? [button.part[0]] : [];
    });
  });
}

for (const language of ['ja', 'en', 'ar']) {
  for (const shape of Object.keys(SHAPES)) {
    test(`the first layer leaves half of a small screen to the page, whole and with all buttons (${shape}, ${language})`, async test => {
      const visitor = await all.visitor(shape, { language, ...TELEPHONE });
      const share = await visitor.page.evaluate(() => {
        const panel = document.querySelector('ashiato-consent').shadowRoot.querySelector('[part~=accept]').closest('section');
        const { top, bottom, left, right } = panel.getBoundingClientRect();
        return ((bottom - top) * (right - left)) / (innerHeight * innerWidth);
      });
      test.diagnostic(`${(share * 100).toFixed(1)} % of 320 x 568`);
      assert.ok(share > 0 && share <= 0.5, `${share} of the screen`);
      assert.deepEqual(await hit(visitor.page), ['accept', 'reject', 'customise']);
      await visitor.end();
    });
  }
}

test('in a corner the banner stands where lines begin or end, in either direction', async () => {
  const sides = async (shape, language) => {
    const visitor = await all.visitor(shape, { language });
    const side = await visitor.page.evaluate(() => {
      const panel = document.querySelector('ashiato-consent').shadowRoot.querySelector('[part~=accept]').closest('section');
      const { top, left, right, bottom } = panel.getBoundingClientRect();
      return [top < innerHeight - bottom ? 'top' : 'bottom', left < innerWidth - right ? 'left' : 'right'].join(' ');
    });
    await visitor.end();
    return side;
  };
  assert.equal(await sides('box-bottom-start', 'en'), 'bottom left');
  assert.equal(await sides('box-bottom-start', 'ar'), 'bottom right');
  assert.equal(await sides('box-bottom-end', 'en'), 'bottom right');
  assert.equal(await sides('box-top-start', 'en'), 'top left');
  assert.equal(await sides('box-top-end', 'ja'), 'top right');
  assert.equal(await sides('box-top-end', 'ar'), 'top left');
});

test("a site's theme stands above the visitor's; without one the visitor's holds", async () => {
  const surface = async (shape, colour) => {
    const visitor = await all.visitor(shape, { colour });
    const [{ backgroundColor }] = await look(visitor.page);
    await visitor.end();
    return backgroundColor;
  };
  const [light, dark] = [await surface('bar-bottom', 'light'), await surface('bar-bottom', 'dark')];
  assert.notEqual(light, dark);
  assert.equal(await surface('light', 'dark'), light);
  assert.equal(await surface('dark', 'light'), dark);
});

const HOSTILE = {
  'everything unset, hidden and tiny': 'body * { all: unset !important; display: none !important; font-size: 3px !important }',
  'everything invisible and turned': '* { opacity: 0 !important; visibility: hidden !important; rotate: 45deg !important } body, html { opacity: 1 !important; visibility: visible !important; rotate: none !important }',
  'buttons of its own': 'button { all: unset !important; position: absolute !important; inset: 0 !important; width: 9px !important; color: red !important; background: red !important; text-transform: uppercase !important }',
  'boxes that are fixed': 'div, section, dialog { position: fixed !important; inset: auto !important; transform: scale(3) !important }',
  'letters of its own': 'html { font-size: 60px; letter-spacing: 1em; line-height: 5; text-transform: uppercase; word-spacing: 3em; color: red } body { font: 60px/4 serif }',
  'a page that is moved and filtered': 'html { transform: translateX(30px) } body { filter: invert(1); transform: rotate(2deg); contain: paint; overflow: hidden; height: 10px }',
  'layers above all': 'main, main * { position: relative; z-index: 2147483647 !important } main::before { content: ""; position: fixed; inset: 0; background: red; z-index: 2147483647 }',
  'a name against it': '[class*=consent], [id*=cookie], [class*=banner], [id*=banner], .panel, .sheet, .cookie-banner { display: none !important }',
};

for (const shape of ['bar-bottom', 'box-top-end', 'centre']) {
  test(`no style of the page reaches the banner (${shape})`, async () => {
    const clean = await all.visitor(shape);
    const [wanted, buttons] = [await look(clean.page), await hit(clean.page)];
    await clean.end();
    assert.deepEqual(buttons, ['accept', 'reject', 'customise']);
    for (const [name, css] of Object.entries(HOSTILE)) {
      const visitor = await all.visitor(shape, { add: { head: `<style>${css}</style>` } });
      assert.deepEqual(await look(visitor.page), wanted, name);
      assert.deepEqual(await hit(visitor.page), buttons, name);
      await visitor.part('customise').click();
      await visitor.part('save').waitFor();
      await visitor.decide('save');
      await visitor.end();
    }
  });
}

test("a page's own properties do colour the banner", async () => {
  const visitor = await all.visitor('bar-bottom', { add: { head: '<style>ashiato-consent { --ashiato-surface: rgb(250, 240, 230); --ashiato-ink: rgb(40, 30, 20) }</style>' } });
  const [{ backgroundColor, color }] = await look(visitor.page);
  assert.deepEqual([backgroundColor, color], ['rgb(250, 240, 230)', 'rgb(40, 30, 20)']);
  await visitor.end();
});

/** Notes every shift of the page from its beginning. */
const watchShifts = () => {
  self.shifts = [];
  new PerformanceObserver(list => list.getEntries().forEach(({ value, sources }) => self.shifts.push([value, ...sources.map(({ node }) => node?.localName ?? '?')]))).observe({ type: 'layout-shift', buffered: true });
};

for (const shape of ['bar-bottom', 'bar-top', 'centre']) {
  test(`nothing of the page moves, whatever comes and goes (${shape})`, async () => {
    const visitor = await all.visitor(shape, { before: watchShifts });
    const { page } = visitor;
    const place = () => page.evaluate(() => [...document.querySelectorAll('main > *')].filter(element => element.localName !== 'iframe' && element.checkVisibility()).map(element => Math.round(element.getBoundingClientRect().top + scrollY)));
    const before = await place();
    await visitor.part('customise').click();
    await visitor.part('save').waitFor();
    await page.keyboard.press('Escape');
    await visitor.decide('accept');
    await page.waitForFunction(() => document.querySelector('iframe[data-consent]').src && !document.querySelector('ashiato-blocked'));
    const without = await place();
    // The frame has taken its placeholder's room.
    assert.deepEqual(without, before.filter((_, at) => at !== 2), 'what follows the frame stays where it was');
    await page.evaluate(() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done))));
    assert.deepEqual(await page.evaluate(() => self.shifts), []);
    await visitor.end();
  });
}

/** What moves of ours while the banner comes, the preferences open and a switch is turned. */
async function moving(reducedMotion) {
  const visitor = await all.visitor('box-bottom-end', {
    reducedMotion,
    before: () => {
      self.moved = [];
      const attach = Element.prototype.attachShadow;
      Element.prototype.attachShadow = function (given) {
        const root = attach.call(this, given);
        for (const name of ['transitionrun', 'animationstart']) root.addEventListener(name, ({ target, propertyName, animationName }) => self.moved.push([target.localName, propertyName ?? animationName]));
        return root;
      };
    },
  });
  await visitor.part('customise').click();
  await visitor.part('save').waitFor();
  await visitor.toggle('analytics').click();
  // A transition begins with the frame after the style has changed.
  await visitor.page.evaluate(() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done))));
  const moved = await visitor.page.evaluate(() => self.moved);
  await visitor.page.keyboard.press('Escape');
  await visitor.decide('reject');
  await visitor.end();
  return moved;
}

test('nothing moves for those who have asked for less motion', async () => {
  assert.notDeepEqual(await moving('no-preference'), [], 'a switch slides');
  assert.deepEqual(await moving('reduce'), []);
});

test("the page's language is spoken, then the browser's, then the site's first", async () => {
  const spoken = async (lang, locale) => {
    const visitor = await all.visitor('bar-bottom', { add: { lang }, locale });
    const { host, direction } = await visitor.page.evaluate(() => {
      const { host } = document.querySelector('ashiato-consent').shadowRoot;
      return { host: host.lang, direction: getComputedStyle(host.shadowRoot.querySelector('h2')).direction };
    });
    await visitor.end();
    return `${host} ${direction}`;
  };
  assert.equal(await spoken('ar', 'ja-JP'), 'ar rtl');
  assert.equal(await spoken('en-US', 'ja-JP'), 'en ltr');
  assert.equal(await spoken('', 'en-GB'), 'en ltr');
  assert.equal(await spoken('fr', 'ar-EG'), 'ar rtl');
  assert.equal(await spoken('fr', 'de-DE'), 'ja ltr');
});

test('every word is within reach on a small screen with letters of twice the size', async () => {
  for (const shape of ['bar-bottom', 'box-top-end', 'centre']) {
    const visitor = await all.visitor(shape, { ...TELEPHONE, text: 200 });
    const policy = visitor.part('policy');
    await policy.scrollIntoViewIfNeeded();
    await policy.click({ trial: true });
    for (const name of ['accept', 'reject', 'customise']) await visitor.part(name).click({ trial: true });
    await visitor.part('customise').click();
    await visitor.part('save').waitFor();
    await visitor.toggle('lead_link').scrollIntoViewIfNeeded();
    await visitor.toggle('lead_link').click();
    await visitor.decide('save');
    assert.equal((await visitor.consent()).purposes.lead_link, true);
    await visitor.end();
  }
});
