// The contact form: it always arrives, and is tied to the visitor only where that was granted.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { start, until } from './stack.mjs';

let stack;
before(async () => (stack = await start()));
after(() => stack?.end());

/** Fills in the contact form, sends it, and answers the lead that came of it. */
async function write(visitor, message) {
  await visitor.go('/contact');
  await visitor.page.fill('#name', '足跡 花子');
  await visitor.page.fill('#email', 'hanako@example.jp');
  await visitor.page.fill('#message', message);
  await visitor.page.click('#send');
  await visitor.page.waitForURL('**/thanks');
  return until('the lead is stored', async () => (await stack.leads()).find(({ fields }) => fields.message === message));
}

for (const language of ['ja', 'en']) {
  test(`a lead is tied to the visitor who allowed it, from then on (${language})`, async () => {
    const visitor = await stack.visitor({ language });
    await visitor.go();
    await visitor.decide('accept');
    const lead = await write(visitor, `linked ${language}`);
    assert.equal(lead.linked, true);
    assert.deepEqual(lead.fields, { name: '足跡 花子', email: 'hanako@example.jp', message: `linked ${language}` });
    assert.equal(lead.agreements.email_marketing ?? false, false, 'nothing is agreed to by sending alone');
    await visitor.view('/products');
    // What the page before it had still to tell may be answered first.
    const wanted = language === 'ja' ? '/products' : '/en/products';
    const seen = async () => (await stack.timeline(lead.id)).events.some(({ page }) => page === wanted);
    await until(`${wanted} is in the timeline`, seen);
    await visitor.end();
  });

  test(`a lead of somebody who refused arrives and is tied to nobody (${language})`, async () => {
    const visitor = await stack.visitor({ language });
    await visitor.go();
    await visitor.decide('reject');
    const lead = await write(visitor, `refused ${language}`);
    assert.equal(lead.linked, false);
    const { linked, events } = await stack.timeline(lead.id);
    assert.deepEqual({ linked, events }, { linked: false, events: [] });
    assert.deepEqual(Object.keys(await visitor.cookies()), ['ashiato_consent']);
    await visitor.end();
  });
}

test('analytics alone ties no lead', async () => {
  const visitor = await stack.visitor();
  await visitor.go();
  await visitor.part('customise').click();
  await visitor.choose({ analytics: true });
  const lead = await write(visitor, 'analytics only');
  assert.equal(lead.linked, false);
  await visitor.end();
});

test('somebody who has not decided yet can write, and still decides nothing by it', async () => {
  const visitor = await stack.visitor();
  await visitor.go();
  await visitor.asked();
  const lead = await write(visitor, 'undecided');
  assert.equal(lead.linked, false);
  assert.deepEqual(await visitor.cookies(), {});
  await visitor.asked();
  await visitor.end();
});

test('withdrawing cuts the link and takes the timeline with it', async () => {
  const visitor = await stack.visitor();
  await visitor.go();
  await visitor.decide('accept');
  const lead = await write(visitor, 'to be cut');
  await visitor.view('/products');
  assert.notEqual((await stack.timeline(lead.id)).events.length, 0);
  await visitor.page.locator('[data-ashiato-open]').last().click();
  await visitor.choose({ lead_link: false });
  const { linked, events } = await stack.timeline(lead.id);
  assert.deepEqual({ linked, events }, { linked: false, events: [] });
  const still = (await stack.leads()).find(({ id }) => id === lead.id);
  assert.equal(still.linked, false);
  assert.equal(still.fields.message, 'to be cut', 'what the person sent stays');
  await visitor.end();
});

test('an agreement is recorded only where its box was ticked', async () => {
  const visitor = await stack.visitor();
  await visitor.go();
  await visitor.decide('reject');
  await visitor.go('/contact');
  await visitor.page.check('#email_marketing');
  await visitor.page.fill('#name', 'Taro');
  await visitor.page.fill('#email', 'taro@example.jp');
  await visitor.page.fill('#message', 'ticked');
  await visitor.page.click('#send');
  await visitor.page.waitForURL('**/thanks');
  const lead = await until('the lead is stored', async () => (await stack.leads()).find(({ fields }) => fields.message === 'ticked'));
  assert.equal(lead.agreements.email_marketing, true);
  await visitor.end();
});

for (const language of ['ja', 'en']) {
  test(`a faulty address is said at its field, and nothing is stored (${language})`, async () => {
    const visitor = await stack.visitor({ language });
    await visitor.go();
    await visitor.decide('reject');
    await visitor.go('/contact');
    await visitor.page.fill('#name', 'Taro');
    await visitor.page.fill('#email', 'taro at example');
    await visitor.page.fill('#message', `faulty ${language}`);
    await visitor.page.click('#send');
    await visitor.page.waitForFunction(() => document.querySelector('[data-error-for=email]').textContent.trim() !== '');
    const words = await visitor.page.innerText('[data-error-for=email]');
    assert.match(words, language === 'ja' ? /メールアドレス/ : /e-mail|address/i);
    assert.equal((await stack.leads()).filter(({ fields }) => fields.message === `faulty ${language}`).length, 0);
    // The shop's own answer to a faulty form is a 422, which the browser writes to its console.
    await visitor.end(problem => /status of 422/.test(problem));
  });
}

test('the page hears of a lead, and its own listeners of a submission, once each', async () => {
  const visitor = await stack.visitor();
  await visitor.go();
  await visitor.decide('accept');
  await visitor.context.addInitScript(() => {
    const count = (name, more) => sessionStorage.setItem(name, (sessionStorage.getItem(name) ?? '') + more);
    document.addEventListener('ashiato:lead', ({ detail }) => count('lead', JSON.stringify(detail)));
    document.addEventListener('submit', ({ submitter }) => count('submit', submitter.id));
  });
  const lead = await write(visitor, 'heard once');
  const heard = await visitor.page.evaluate(() => [sessionStorage.getItem('submit'), sessionStorage.getItem('lead')]);
  assert.equal(heard[0], 'send');
  assert.deepEqual(JSON.parse(heard[1]), { form: 'contact', lead: lead.id, linked: true });
  await visitor.end();
});

test('a form whose collector never answers goes on after three seconds, by itself', async () => {
  const visitor = await stack.visitor();
  await visitor.go();
  await visitor.decide('reject');
  await visitor.context.route('**/v1/sessions', () => {});
  await visitor.go('/contact');
  for (const [field, words] of [['name', 'Taro'], ['email', 'taro@example.jp'], ['message', 'unanswered']]) await visitor.page.fill(`#${field}`, words);
  await visitor.page.click('#send');
  await visitor.page.waitForURL('**/thanks');
  await visitor.end();
});

for (const [what, arrives] of [
  ['comes late', true],
  ['never comes', false],
]) {
  test(`a form is sent once, and heard of once, where what takes it ${what}`, async () => {
    const visitor = await stack.visitor();
    await visitor.go();
    await visitor.decide('reject');
    let let_through;
    const pressed = new Promise(resolve => (let_through = resolve));
    await visitor.context.exposeBinding('reportPress', () => let_through());
    await visitor.context.addInitScript(() => {
      addEventListener('click', ({ target }) => target.id === 'send' && self.reportPress());
      document.addEventListener('submit', () => sessionStorage.setItem('submit', (sessionStorage.getItem('submit') ?? '') + '1'));
    });
    await visitor.context.route('**/act.*.wasm', async route => {
      await pressed;
      return arrives ? route.continue() : undefined;
    });
    const posts = [];
    visitor.page.on('request', request => request.method() === 'POST' && new URL(request.url()).origin === stack.shop && posts.push(request));
    await visitor.go('/contact');
    const message = `the part ${what}`;
    for (const [field, words] of [['name', 'Taro'], ['email', 'taro@example.jp'], ['message', message]]) await visitor.page.fill(`#${field}`, words);
    // An impatient hand.
    await visitor.page.dblclick('#send');
    await visitor.page.waitForURL('**/thanks');
    assert.equal(await visitor.page.evaluate(() => sessionStorage.getItem('submit')), '1');
    assert.equal(posts.length, 1);
    const stored = async () => (await stack.leads()).filter(({ fields }) => fields.message === message).length;
    if (arrives) await until('the lead is stored', stored);
    assert.equal(await stored(), arrives ? 1 : 0);
    await visitor.end(problem => /act\.\w+\.wasm/.test(problem));
  });
}
