// One visitor: a browser context of its own, what it asked the network for, and what went wrong in it.

import assert from 'node:assert/strict';
import { until } from './stack.mjs';

/** A part of the banner or the preferences that can be seen. */
const part = name => `ashiato-consent [part~=${name}]:visible`;

export class Visit {
  requests = [];
  problems = [];

  /** `profile` is a folder of browser settings: somebody with a browser, not only a context, of their own; or `browser` one that
   *  was launched otherwise. */
  static async begin(stack, { language = 'en', profile, browser = stack.browser, ...options } = {}) {
    const visit = new Visit();
    visit.stack = stack;
    visit.language = language;
    const given = { locale: language === 'ja' ? 'ja-JP' : 'en-GB', ...options };
    visit.context = await (profile ? stack.launch(profile, given) : browser.newContext(given));
    visit.context.setDefaultTimeout(15_000);
    visit.context.on('request', request => visit.requests.push(request));
    await visit.context.exposeBinding('reportViolation', (_, text) => void visit.problems.push(text));
    await visit.context.addInitScript(() => {
      const report = self.reportViolation;
      addEventListener('securitypolicyviolation', event => report(`CSP: ${event.violatedDirective} ${event.blockedURI} ${event.sample}`));
    });
    visit.page = await visit.context.newPage();
    visit.page.on('pageerror', error => visit.problems.push(`exception: ${error}`));
    visit.page.on('console', message => {
      if (['error', 'warning'].includes(message.type())) visit.problems.push(`${message.type()}: ${message.text()}`);
    });
    return visit;
  }

  #address(path) {
    return this.stack.shop + (this.language === 'ja' ? '' : `/${this.language}`) + path;
  }

  /** Goes to a page of the shop, in the visitor's language. */
  async go(path = '/') {
    await this.page.goto(this.#address(path));
    await this.page.evaluate(() => self.ashiato.ready);
  }

  /** Goes to a page, and waits until the collector has taken its view, or what else is observed of it: not of the one before,
   *  which may be on its way still, nor anything that may come first. It is known by its path, for of the rest not everything
   *  is told. */
  async view(path, event = 'page_view') {
    const events = `${this.stack.collector}/v1/events`;
    const address = this.#address(path.split(/[?#]/)[0]);
    // The signature comes first, then what is signed.
    const isOfIt = text => JSON.parse(text?.slice(text.indexOf('{')) ?? '{}').events?.some(({ name, page }) => name === event && page.url.startsWith(address));
    const taken = this.page.waitForResponse(answer => answer.url() === events && isOfIt(answer.request().postData()));
    await this.go(path);
    assert.equal((await taken).status(), 200);
  }

  part(name) {
    return this.page.locator(part(name)).first();
  }

  toggle(purpose) {
    return this.page.locator(`ashiato-consent [part~=toggle][data-purpose=${purpose}]`).first();
  }

  /** Waits for the banner. */
  async asked() {
    await this.part('accept').waitFor();
  }

  /** Waits until nothing of the banner or the preferences can be seen. */
  async closed() {
    await until('banner and preferences are closed', async () => (await this.page.locator(part('accept')).count()) + (await this.page.locator(part('save')).count()) === 0);
  }

  /** Presses a button of the banner, and waits until the collector has answered. */
  async decide(name) {
    const answer = this.page.waitForResponse(response => response.url().endsWith('/v1/consents') && response.request().method() === 'POST');
    await this.part(name).click();
    assert.equal((await answer).status(), 201);
    await this.closed();
  }

  /** Opens the preferences, sets these switches, and saves. */
  async choose(switches) {
    await this.part('save').waitFor();
    for (const [purpose, on] of Object.entries(switches)) {
      if ((await this.toggle(purpose).isChecked()) !== on) await this.toggle(purpose).click();
    }
    await this.decide('save');
  }

  /** What the page's own code is told. */
  async consent() {
    return this.page.evaluate(() => self.ashiato.consent());
  }

  /** Every cookie, by name. */
  async cookies() {
    const cookies = await this.context.cookies();
    return Object.fromEntries(cookies.map(({ name, value }) => [name, value]));
  }

  /** The names of everything that the page keeps but cookies. */
  async stored() {
    return this.page.evaluate(async () => [
      ...Object.keys(localStorage),
      ...Object.keys(sessionStorage),
      ...(await indexedDB.databases()).map(({ name }) => name),
      ...(await caches.keys()),
    ]);
  }

  /** Waits until the outside analytics tag has run this often in this page. */
  async counted(times) {
    await this.page.waitForFunction(times => self.kazoeru?.views === times, times);
  }

  /** Calls of the collector to that path. */
  calls(path) {
    return this.requests.filter(request => request.url() === this.stack.collector + path);
  }

  /** No request went anywhere but to the shop and its collector. */
  atHome() {
    const { shop, collector } = this.stack;
    const abroad = this.requests.map(request => request.url()).filter(url => ![shop, collector].includes(new URL(url).origin));
    assert.deepEqual(abroad, []);
  }

  /** Ends the visit, once what it told is answered: the next one may count. Nothing may have gone wrong in its pages but
   *  what is known. */
  async end(known = () => false) {
    await Promise.all(this.calls('/v1/events').map(request => request.response().catch(() => {})));
    await this.context.close();
    assert.deepEqual(this.problems.filter(problem => !known(problem)), []);
  }
}
