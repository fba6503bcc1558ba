// The same banner in a second engine: Debian's Firefox, as it is installed, in a profile that it is
// given empty. What a visitor sees and decides there, what reaches the collector, and what is gone
// after a withdrawal.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import puppeteer from 'puppeteer-core';
import { start, until } from './stack.mjs';

const FIREFOX = process.env.FIREFOX ?? '/usr/bin/firefox-esr';

const launch = (extraPrefsFirefox = {}) => puppeteer.launch({ browser: 'firefox', executablePath: FIREFOX, headless: true, extraPrefsFirefox });

let stack;
before(async () => (stack = await start({ launch: () => launch() })));
after(() => stack?.end());

/** Somebody with cookies and storage of their own. */
class Visit {
  calls = [];
  problems = [];

  static async begin(language = 'en', at = stack) {
    const visit = new Visit();
    visit.language = language;
    visit.stack = at;
    visit.context = await at.browser.createBrowserContext();
    visit.page = await visit.tab();
    return visit;
  }

  /** Another tab of the same browser. */
  async tab() {
    const page = await this.context.newPage();
    page.setDefaultTimeout(15_000);
    page.on('response', answer => this.calls.push([answer.url(), answer.status()]));
    page.on('pageerror', error => this.problems.push(`exception: ${error.message}`));
    page.on('console', message => {
      if (['error', 'warn', 'warning'].includes(message.type())) this.problems.push(`${message.type()}: ${message.text()}`);
    });
    return page;
  }

  async go(path = '/', page = this.page) {
    await page.goto(this.stack.shop + (this.language === 'ja' ? '' : `/${this.language}`) + path);
    await page.evaluate(() => self.ashiato.ready.then(() => {}));
  }

  /** A part of what we show, once it can be seen. */
  part(name, page = this.page) {
    return page.waitForSelector(`ashiato-consent >>> [part~="${name}"]`, { visible: true });
  }

  async press(name, page = this.page) {
    const button = await this.part(name, page);
    await button.click();
  }

  /** Whether the banner or the preferences can be seen. */
  async asked(page = this.page) {
    return page.evaluate(() =>
      ['accept', 'save'].some(name => document.querySelector('ashiato-consent')?.shadowRoot.querySelector(`[part~=${name}]`)?.checkVisibility()),
    );
  }

  async closed(page = this.page) {
    await until('banner and preferences are closed', async () => !(await this.asked(page)));
  }

  /** Does something that makes a decision, and waits until the collector has kept it. */
  async decide(act) {
    const kept = () => this.calls.filter(([url, status]) => url === `${this.stack.collector}/v1/consents` && status === 201).length;
    const before = kept();
    await act();
    await until('the collector has kept the decision', () => kept() > before);
  }

  consent(page = this.page) {
    return page.evaluate(() => self.ashiato.consent());
  }

  async cookies() {
    // One that the collector has just ended is in Firefox's jar for a moment longer, though no page sees it.
    const cookies = (await this.context.cookies()).filter(({ expires }) => expires < 0 || expires * 1000 > Date.now());
    return Object.fromEntries(cookies.map(({ name, value }) => [name, value]));
  }

  /** What holds the focus: a part's name, or an element's. */
  focused() {
    return this.page.evaluate(() => {
      let element = document.activeElement;
      while (element?.shadowRoot?.activeElement) element = element.shadowRoot.activeElement;
      return element?.getAttribute('part') ?? element?.localName ?? '';
    });
  }

  /** Ends the visit. Nothing may have gone wrong in its pages. */
  async end() {
    await this.context.close();
    assert.deepEqual(this.problems, []);
  }
}

const EVERYTHING = { functional: true, analytics: true, marketing: true, lead_link: true };
const NOTHING = { functional: false, analytics: false, marketing: false, lead_link: false };

const WORDS = { ja: { accept: /同意|許可/, reject: /拒否|しない/ }, en: { accept: /accept/i, reject: /reject/i } };

for (const [language, words] of Object.entries(WORDS)) {
  test(`in Firefox the banner asks, and holds nothing before a decision (${language})`, async () => {
    const visit = await Visit.begin(language);
    await visit.go();
    for (const name of ['accept', 'reject']) {
      const button = await visit.part(name);
      assert.match(await button.evaluate(element => element.textContent), words[name]);
    }
    assert.deepEqual(await visit.cookies(), {});
    assert.equal(await visit.page.evaluate(() => typeof self.kazoeru), 'undefined');
    assert.equal(await visit.focused(), 'body', 'the banner takes no focus by itself');
    await visit.end();
  });
}

test('in Firefox a refusal keeps one cookie without an identifier, and the next page does not ask', async () => {
  const visit = await Visit.begin();
  await visit.go();
  await visit.decide(() => visit.press('reject'));
  await visit.closed();
  const { ashiato_consent: kept, ...others } = await visit.cookies();
  assert.deepEqual(others, {});
  assert.equal(kept.split('.').length, 3, `no receipt stands in ${kept}`);
  await visit.go('/products');
  assert.equal(await visit.asked(), false);
  assert.deepEqual((await visit.consent()).purposes, NOTHING);
  await visit.end();
});

test('in Firefox an acceptance lets scripts run and events arrive, and a withdrawal takes both back', async () => {
  const visit = await Visit.begin();
  const visitors = async () => (await stack.query(['visitors']))[0]?.metrics[0] ?? 0;
  const before = await visitors();
  await visit.go();
  await visit.decide(() => visit.press('accept'));
  await visit.closed();
  assert.deepEqual((await visit.consent()).purposes, EVERYTHING);
  await visit.page.waitForFunction(() => self.kazoeru?.views === 1);
  await visit.go('/products');
  await until('the visit is counted by the collector', async () => (await visitors()) === before + 1);
  assert.match((await visit.cookies()).ashiato_visitor, /^[\w-]{22}$/);
  const opener = await visit.page.$$('[data-ashiato-open]');
  await opener.at(-1).click();
  await visit.decide(() => visit.press('reject'));
  await visit.closed();
  assert.deepEqual(Object.keys(await visit.cookies()), ['ashiato_consent']);
  assert.deepEqual((await visit.consent()).purposes, NOTHING);
  assert.equal(await visitors(), before, 'the collector has erased what it had');
  await visit.go('/contact');
  assert.equal(await visit.page.evaluate(() => typeof self.kazoeru), 'undefined');
  await visit.end();
});

test('in Firefox what is chosen by keyboard alone is what holds', async () => {
  const visit = await Visit.begin();
  const { keyboard } = visit.page;
  const tabTo = async name => {
    for (let presses = 0; presses < 60; presses++) {
      await keyboard.press('Tab');
      if ((await visit.focused()).split(' ').includes(name)) return;
    }
    assert.fail(`${name} is not reached by Tab`);
  };
  await visit.go();
  await visit.part('customise');
  await tabTo('customise');
  await keyboard.press('Enter');
  await visit.part('save');
  const analytics = await visit.page.$('ashiato-consent >>> [part~="toggle"][data-purpose="analytics"]');
  await analytics.focus();
  await keyboard.press(' ');
  await tabTo('save');
  await visit.decide(() => keyboard.press('Enter'));
  await visit.closed();
  assert.deepEqual((await visit.consent()).purposes, { ...NOTHING, analytics: true });
  const opener = await visit.page.$$('[data-ashiato-open]');
  await opener.at(-1).focus();
  await keyboard.press('Enter');
  await visit.part('save');
  await keyboard.press('Escape');
  await visit.closed();
  assert.equal(await visit.page.evaluate(() => document.activeElement.hasAttribute('data-ashiato-open')), true, 'focus goes back to where it came from');
  assert.deepEqual((await visit.consent()).purposes, { ...NOTHING, analytics: true }, 'closing decides nothing');
  await visit.end();
});

test("in Firefox a frame's own button grants what the frame needs and shows it", async () => {
  const visit = await Visit.begin();
  await visit.go('/products/kyusu');
  await visit.decide(() => visit.press('reject'));
  assert.equal(await visit.page.$eval('#film-player', frame => frame.getAttribute('src')), null);
  const unblock = await visit.page.waitForSelector('ashiato-blocked >>> [part~="unblock"]', { visible: true });
  await visit.decide(() => unblock.click());
  await visit.page.waitForFunction(() => document.querySelector('#film-player').src.includes('/video/'));
  assert.deepEqual((await visit.consent()).purposes, { ...NOTHING, functional: true });
  await visit.end();
});

test('in Firefox a choice made in one tab holds in the other', async () => {
  const visit = await Visit.begin();
  const other = await visit.tab();
  await visit.go();
  await visit.go('/products', other);
  await visit.part('accept');
  await visit.part('accept', other);
  await visit.decide(() => visit.press('reject', other));
  await visit.closed(other);
  await visit.page.bringToFront();
  await visit.closed();
  assert.deepEqual([(await visit.consent()).decided, (await visit.consent()).purposes], [true, NOTHING]);
  await visit.end();
});

test('Firefox asks not to be tracked, and that is honoured, said, and given way to where the visitor says so', async () => {
  const honouring = await start({
    launch: () => launch({ 'privacy.globalprivacycontrol.enabled': true, 'privacy.globalprivacycontrol.functionality.enabled': true }),
    change: text => `${text.replace(/^\[gpc\]\n(.+\n)*/m, '')}\n[gpc]\npurposes = ["marketing"]\n`,
  });
  try {
    const visit = await Visit.begin('en', honouring);
    await visit.go();
    assert.equal(await visit.page.evaluate(() => navigator.globalPrivacyControl), true);
    const banner = await visit.part('accept');
    assert.match(await banner.evaluate(button => button.closest('section').innerText), /GPC.*Advertising/);
    await visit.decide(() => visit.press('accept'));
    await visit.closed();
    assert.deepEqual((await visit.consent()).purposes, { ...EVERYTHING, marketing: false });
    const opener = await visit.page.$$('[data-ashiato-open]');
    await opener.at(-1).click();
    await visit.part('save');
    const marketing = await visit.page.$('ashiato-consent >>> [part~="toggle"][data-purpose="marketing"]');
    await marketing.click();
    await visit.decide(() => visit.press('save'));
    await visit.closed();
    assert.deepEqual((await visit.consent()).purposes, EVERYTHING, 'what is granted by hand is granted');
    await visit.go('/products');
    assert.deepEqual((await visit.consent()).purposes, EVERYTHING, 'and stays so');
    await visit.end();
  } finally {
    await honouring.end();
  }
});
