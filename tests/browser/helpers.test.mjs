// What visitors have beside them finds the banner and can refuse for them: screen readers, programs that
// answer consent questions, translation; and blockers have no cause to hide it.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { after, before, describe, test } from 'node:test';
import { FiltersEngine, Request } from '@ghostery/adblocker';
import { objectIn, start, until } from './stack.mjs';

let stack;
before(async () => (stack = await start()));
after(() => stack?.end());

const file = path => readFileSync(new URL(path, import.meta.url), 'utf8');
const AUTOCONSENT = createRequire(import.meta.url).resolve('@duckduckgo/autoconsent').replace(/[^/]*$/, 'autoconsent.playwright.js');

const PURPOSES = ['functional', 'analytics', 'marketing', 'lead_link'];
const refused = Object.fromEntries(PURPOSES.map(purpose => [purpose, false]));

/** The words of a language, as the banner itself is given them. */
async function words(visitor) {
  const at = path => `${stack.collector}/s/shop/${path}`;
  const [, script] = (await (await fetch(at('ashiato.js'))).text()).match(new RegExp(`"ui\\.${visitor.language}":"([^"]+)"`));
  return JSON.parse(objectIn(await (await fetch(at(script))).text(), '{"language"'));
}

describe('by name and role', () => {
  for (const language of ['ja', 'en']) {
    test(`everything of the banner and the preferences is found (${language})`, async () => {
      const visitor = await stack.visitor({ language });
      await visitor.go('/products/kyusu');
      await visitor.asked();
      const text = await words(visitor);
      const { page } = visitor;
      const sees = async (role, name) => {
        assert.equal(await page.getByRole(role, { name, exact: true }).count(), 1, `${role} ${name}`);
        const seen = await accessible(visitor);
        assert.ok(seen.some(node => node.role === role && node.name === name), `${role} ${name} is in the browser's own tree`);
      };
      await sees('region', text.title);
      for (const button of ['accept', 'reject', 'customise']) await sees('button', text[button]);
      await page.getByRole('button', { name: text.customise, exact: true }).click();
      await visitor.part('save').waitFor();
      await sees('dialog', text.preferences);
      for (const button of ['save', 'close']) await sees('button', text[button]);
      const asking = text.purposes.filter(({ key }) => PURPOSES.includes(key));
      assert.equal(asking.length, PURPOSES.length);
      for (const { name } of asking) await sees('switch', name);
      await page.getByRole('button', { name: text.close, exact: true }).click();
      const answer = page.waitForResponse(response => response.url().endsWith('/v1/consents'));
      await page.getByRole('button', { name: text.reject, exact: true }).click();
      assert.equal((await answer).status(), 201);
      assert.deepEqual((await visitor.consent()).purposes, refused);
      await visitor.end();
    });
  }
});

/** What the browser tells a screen reader. */
async function accessible(visitor) {
  const session = await visitor.context.newCDPSession(visitor.page);
  const { nodes } = await session.send('Accessibility.getFullAXTree');
  await session.detach();
  return nodes.filter(node => !node.ignored).map(({ role, name }) => ({ role: role?.value, name: name?.value }));
}

describe("DuckDuckGo's autoconsent", () => {
  const rule = JSON.parse(file('../../docs/helpers/autoconsent.json'));
  const others = JSON.parse(readFileSync(AUTOCONSENT.replace(/dist\/[^/]*$/, 'rules/rules.json'), 'utf8')).autoconsent.filter(({ name }) => name !== rule.name);

  /** A visitor who has it installed; what it reports is kept. */
  async function withHelper(autoAction, language) {
    // A browser's own additions are not bound by a page's policy; here they are part of the page.
    const visitor = await stack.visitor({ language, bypassCSP: true });
    const said = [];
    const off = { lifecycle: false, rulesteps: false, detectionsteps: false, evals: false, errors: false, messages: false, waits: false };
    const config = {
      enabled: true,
      autoAction,
      disabledCmps: [],
      enablePrehide: true,
      enableCosmeticRules: false,
      enableGeneratedRules: false,
      detectRetries: 20,
      isMainWorld: true,
      prehideTimeout: 2_000,
      enableHeuristicDetection: true,
      enablePopupMutationObserver: true,
      visualTest: false,
      logs: off,
      performanceLoggingEnabled: false,
      heuristicPopupSearchTimeout: 100,
      heuristicMode: 'reject',
    };
    await visitor.context.exposeBinding('autoconsentSendMessage', async ({ frame }, message) => {
      said.push(message);
      if (message.type !== 'init') return;
      await frame.evaluate(message => void self.autoconsentReceiveMessage(message), { type: 'initResp', rules: { autoconsent: [...others, rule] }, config });
    });
    await visitor.context.addInitScript({ path: AUTOCONSENT });
    return { visitor, said };
  }

  const done = said => until('it has done its work', () => said.find(({ type }) => type === 'autoconsentDone' || type === 'autoconsentError'));

  for (const language of ['ja', 'en']) {
    test(`refuses for the visitor, among all its other rules (${language})`, async () => {
      const { visitor, said } = await withHelper('optOut', language);
      await visitor.go('/products/kyusu');
      const { type, cmp } = await done(said);
      assert.deepEqual({ type, cmp }, { type: 'autoconsentDone', cmp: 'ashiato' });
      const result = said.find(({ type }) => type === 'optOutResult');
      assert.deepEqual([result.cmp, result.result], ['ashiato', true]);
      await visitor.closed();
      await until('the refusal is kept', async () => /\.0$/.test((await visitor.cookies()).ashiato_consent ?? ''));
      assert.deepEqual(Object.keys(await visitor.cookies()), ['ashiato_consent']);
      assert.deepEqual((await visitor.consent()).purposes, refused);
      await visitor.end();
    });
  }
});

test('the rule list for Consent-O-Matic names what is there', async () => {
  const { detectors, methods } = JSON.parse(file('../../docs/helpers/consent-o-matic.json')).ashiato;
  const visitor = await stack.visitor();
  await visitor.go();
  await visitor.asked();
  // As it looks elements up: in the document, or in the shadow root of the parent.
  const found = ({ parent, target }) =>
    visitor.page.evaluate(
      ({ parent, target }) => {
        const from = parent ? document.querySelectorAll(parent.selector) : [{ shadowRoot: document }];
        const all = [...from].flatMap(host => [...(host.shadowRoot ?? host).querySelectorAll(target.selector)]);
        return all.filter(element => !target.displayFilter || element.offsetHeight !== 0).length;
      },
      { parent, target },
    );
  const press = ({ parent, target }) => visitor.page.locator(`${parent.selector} ${target.selector}`).click();
  const method = name => methods.find(method => method.name === name).action;
  for (const { presentMatcher, showingMatcher } of detectors) {
    for (const matcher of [...presentMatcher, ...showingMatcher]) assert.equal(await found(matcher), 1, JSON.stringify(matcher));
  }
  assert.equal(await found(method('OPEN_OPTIONS')), 1);
  await press(method('OPEN_OPTIONS'));
  await visitor.part('save').waitFor();
  const { consents } = method('DO_CONSENT');
  assert.equal(consents.length, PURPOSES.length);
  for (const { matcher, toggleAction } of consents) {
    assert.equal(await found(matcher), 1, JSON.stringify(matcher));
    assert.equal(await found(toggleAction), 1, JSON.stringify(toggleAction));
  }
  // Somebody who allows analytics there and nothing else.
  await press(consents.find(({ type }) => type === 'B').toggleAction);
  assert.equal(await found(method('SAVE_CONSENT')), 1);
  const answer = visitor.page.waitForResponse(response => response.url().endsWith('/v1/consents'));
  await press(method('SAVE_CONSENT'));
  assert.equal((await answer).status(), 201);
  assert.deepEqual((await visitor.consent()).purposes, { ...refused, analytics: true });
  assert.equal(await found(detectors[0].showingMatcher[0]), 0, 'it does not show any more');
  await visitor.end();
});

describe('translation', () => {
  for (const language of ['ja', 'en']) {
    test(`our elements say their language and may be translated (${language})`, async () => {
      const visitor = await stack.visitor({ language });
      await visitor.go();
      await visitor.asked();
      const kept = await visitor.page.evaluate(() => {
        const host = document.querySelector('ashiato-consent');
        const all = [host, ...host.shadowRoot.querySelectorAll('*')];
        return { language: host.lang, barred: all.filter(element => element.translate === false || element.classList.contains('notranslate')).length };
      });
      assert.deepEqual(kept, { language, barred: 0 });
      await visitor.end();
    });
  }

  test('what is translated under the visitor’s eyes can be pressed all the same', async () => {
    const visitor = await stack.visitor();
    await visitor.context.addInitScript(translator);
    await visitor.go();
    await visitor.asked();
    const translated = name => until(`${name} is translated`, async () => (await visitor.part(name).innerHTML()).includes('<font'));
    await translated('customise');
    await visitor.part('customise').locator('font').last().click();
    await visitor.part('save').waitFor();
    await translated('save');
    const card = visitor.page.locator('ashiato-consent h3', { has: visitor.page.locator('[data-purpose=analytics]') }).first();
    await card.locator('font').last().click();
    assert.equal(await visitor.toggle('analytics').isChecked(), true, 'by its translated name');
    const saved = visitor.page.waitForResponse(response => response.url().endsWith('/v1/consents'));
    await visitor.part('save').locator('font').last().click();
    assert.equal((await saved).status(), 201);
    await visitor.closed();
    assert.deepEqual((await visitor.consent()).purposes, { ...refused, analytics: true });
    await visitor.page.locator('[data-ashiato-open]').last().click();
    await translated('reject');
    const answer = visitor.page.waitForResponse(response => response.url().endsWith('/v1/consents'));
    await visitor.part('reject').locator('font').last().click();
    assert.equal((await answer).status(), 201);
    assert.deepEqual((await visitor.consent()).purposes, refused);
    await visitor.end();
  });
});

/** Does with every text, in shadow roots too and as it comes, what browsers' translation does: another text within two elements. */
function translator() {
  const done = new WeakSet();
  const roots = new WeakSet();
  const translate = root => {
    if (!roots.has(root)) {
      roots.add(root);
      new MutationObserver(() => translate(root)).observe(root, { childList: true, subtree: true, characterData: true });
    }
    const texts = [];
    const walker = document.createTreeWalker(root, NodeFilter.SHOW_ELEMENT | NodeFilter.SHOW_TEXT);
    for (let node = walker.nextNode(); node; node = walker.nextNode()) {
      if (node.shadowRoot) translate(node.shadowRoot);
      if (node.nodeType === Node.TEXT_NODE && node.data.trim() && !done.has(node) && !node.parentElement?.closest('script,style')) texts.push(node);
    }
    for (const text of texts) {
      const outer = document.createElement('font');
      const inner = document.createElement('font');
      const other = document.createTextNode(`«${text.data}»`);
      done.add(other);
      inner.append(other);
      outer.append(inner);
      text.replaceWith(outer);
    }
  };
  translate(document);
}

describe('a blocker with rules against cookie banners', () => {
  const engine = FiltersEngine.parse(file('blockers.txt'));
  const hides = ({ classes = [], ids = [] }) => engine.getCosmeticsFilters({ url: 'https://shop.example/', hostname: 'shop.example', domain: 'shop.example', classes, ids, hrefs: [] }).styles;
  const blocks = (url, type) => engine.match(Request.fromRawDetails({ url, type, sourceUrl: 'https://www.shop.example/' })).match;

  test('does its work', () => {
    assert.ok(blocks('https://shop.example/cookie-consent.js', 'script'));
    assert.ok(blocks('https://shop.example/js/cookieconsent/x.js', 'script'));
    assert.match(hides({ classes: ['cookie-banner'], ids: ['gdpr'] }), /\.cookie-banner[^]*display: ?none/);
  });

  test('lets everything pass that we ask for, and hides nothing that we show', async () => {
    const visitor = await stack.visitor();
    await visitor.go('/products/kyusu');
    await visitor.asked();
    await visitor.part('customise').click();
    await visitor.choose({ analytics: true });
    await visitor.view('/products');
    const calls = visitor.requests.filter(request => request.url().startsWith(stack.collector));
    const types = new Set(calls.map(request => request.resourceType()));
    assert.ok(types.has('script') && types.has('fetch'));
    // On a host of the site's own, as it is in use.
    const moved = url => url.replace(stack.collector, 'https://consent.shop.example');
    const caught = calls.filter(request => blocks(moved(request.url()), request.resourceType())).map(request => request.url());
    assert.deepEqual(caught, []);
    await visitor.context.clearCookies();
    await visitor.go('/products/kyusu');
    await visitor.asked();
    await visitor.part('customise').click();
    await visitor.part('save').waitFor();
    const names = await visitor.page.evaluate(() => {
      const hosts = [...document.querySelectorAll('ashiato-consent, ashiato-blocked')];
      const all = hosts.flatMap(host => [host, ...(host.shadowRoot?.querySelectorAll('*') ?? [])]);
      return { classes: [...new Set(all.flatMap(element => [...element.classList]))], ids: all.map(element => element.id).filter(Boolean) };
    });
    assert.notEqual(names.classes.length, 0);
    const sheet = `${engine.getCosmeticsFilters({ url: 'https://shop.example/', hostname: 'shop.example', domain: 'shop.example', ...names, hrefs: [] }).styles}\n${hides(names)}`;
    // In the page and within: some blockers put their sheet into shadow roots as well.
    await visitor.page.evaluate(text => {
      const sheet = new CSSStyleSheet();
      sheet.replaceSync(text);
      document.adoptedStyleSheets.push(sheet);
      for (const { shadowRoot } of document.querySelectorAll('ashiato-consent, ashiato-blocked')) shadowRoot?.adoptedStyleSheets.push(sheet);
    }, sheet);
    for (const part of ['save', 'accept', 'reject', 'close']) assert.ok(await visitor.part(part).isVisible(), part);
    await visitor.part('close').click();
    for (const part of ['accept', 'reject', 'customise']) assert.ok(await visitor.part(part).isVisible(), part);
    await visitor.end();
  });
});
