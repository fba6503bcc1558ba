// A lead form while it is filled in: what is wrong is said beside the field, in the page's language, by the rules of
// the collector; what for and by whom is said before it is sent; and the form works whatever becomes of us.

import assert from 'node:assert/strict';
import { after, afterEach, before, test } from 'node:test';
import { breaches } from './breaches.mjs';
import { start, until } from './stack.mjs';

let stack;
before(async () => (stack = await start()));
after(() => stack?.end());
afterEach(() => (stack.front.rule = stack.shopFront.rule = (request, response, pass) => pass()));

const said = (visitor, field) => visitor.page.locator(`[data-error-for=${field}]`).innerText();
const faults = visitor => visitor.page.$$eval('[aria-invalid=true]', controls => controls.map(({ name }) => name));
const focused = visitor => visitor.page.evaluate(() => document.activeElement.id);

/** Waits until the part that checks forms is there: the purpose leads to the policy then. */
const attended = visitor => visitor.page.locator('[data-ashiato-purpose] a').waitFor();

/** Somebody on the contact page, who has come to the form's first field. */
async function writer(options) {
  const visitor = await stack.visitor(options);
  await visitor.go();
  await visitor.decide('reject');
  await visitor.go('/contact');
  await visitor.page.focus('#name');
  await attended(visitor);
  return visitor;
}

const GOOD = { name: '足跡 花子', email: 'hanako@example.jp', message: 'こんにちは' };

async function fill(visitor, fields) {
  for (const [field, words] of Object.entries(fields)) await visitor.page.fill(`#${field}`, words);
}

/** Sends the form, and answers what was kept of it. */
async function send(visitor, message) {
  await visitor.page.click('#send');
  await visitor.page.waitForURL('**/thanks');
  return until('the lead is stored', async () => (await stack.leads()).find(({ fields }) => fields.message === message));
}

const WORDS = {
  ja: {
    name: 'お名前を入力してください。',
    name_kana: 'フリガナをカタカナで入力してください（例：ヤマダ ハナコ）。',
    email: 'メールアドレスの形式をご確認ください（例：hanako@example.jp）。',
    telephone: '電話番号を市外局番から入力してください（例：075-000-0000）。海外の番号は「+」と国番号から入力してください。',
    postal_code: '郵便番号を7桁の数字で入力してください（例：604-8001）。',
    message: 'お問い合わせ内容をひとことでもご記入ください。',
    purpose: '個人情報の利用目的：お問い合わせへのご返答と、その記録のために使います。（取扱者：株式会社ひより道具店） 個人情報の取り扱いを見る',
  },
  en: {
    name: 'Please fill in “Name”.',
    name_kana: 'Please write how the name is read in katakana (for example ヤマダ ハナコ).',
    email: 'Please check the e-mail address (for example hana@example.com).',
    telephone: 'Please give a Japanese number with its area code, or start with + and the country code (for example +44 20 7946 0000).',
    postal_code: 'Please give the seven digits of a Japanese postal code (for example 604-8001).',
    message: 'Please write a word or two about your enquiry.',
    purpose: 'Your details: Used to answer your enquiry and to keep a record of it. (Handled by: Hiyori Home Goods K.K.) How we handle your details',
  },
};
const BAD = { name: '　', name_kana: '山田', email: 'hanako＠', telephone: '03-1234-567', postal_code: '604-80' };

for (const language of ['ja', 'en']) {
  test(`every fault is said at once, in the page's words, and the first is gone to (${language})`, async () => {
    const visitor = await writer({ language });
    const { purpose, ...expected } = WORDS[language];
    assert.equal(await visitor.page.innerText('[data-ashiato-purpose]'), purpose);
    const policy = await visitor.page.getAttribute('[data-ashiato-purpose] a', 'href');
    assert.equal(policy, `${stack.collector}/s/shop/policy?lang=${language}#forms`);
    await fill(visitor, BAD);
    await visitor.page.click('#send');
    await visitor.page.waitForFunction(() => document.activeElement.id === 'name');
    assert.deepEqual(await faults(visitor), Object.keys(expected));
    for (const [field, words] of Object.entries(expected)) {
      assert.equal(await said(visitor, field), words);
      const described = await visitor.page.getAttribute(`#${field}`, 'aria-describedby');
      assert.equal(described, `${field}-error`);
    }
    assert.deepEqual(visitor.calls('/v1/leads'), [], 'nothing is sent');

    assert.deepEqual(await breaches(visitor.page), []);

    // Mended, it goes.
    const message = `mended ${language}`;
    await fill(visitor, { ...GOOD, name_kana: 'ﾔﾏﾀﾞ　はなこ', telephone: '０３ー１２３４ー５６７８', postal_code: '〒６０４８００１', message });
    assert.deepEqual(await faults(visitor), [], 'what is right again is not marked any more');
    await visitor.page.selectOption('#topic', 'repair');
    const lead = await send(visitor, message);
    assert.deepEqual(lead.fields, { ...GOOD, name_kana: 'ヤマダ ハナコ', telephone: '+81312345678', postal_code: '604-8001', topic: 'repair', message });
    await visitor.end();
  });
}

test('a field is judged when it is left, not before it was written into, and again with every key once it was wrong', async () => {
  const visitor = await writer();
  const { page } = visitor;
  await page.keyboard.press('Tab');
  assert.deepEqual(await faults(visitor), [], 'who only passes by is told nothing');
  await page.focus('#email');
  await page.keyboard.type('hanako');
  assert.deepEqual(await faults(visitor), [], 'nobody is told while they write');
  await page.keyboard.press('Tab');
  assert.deepEqual(await faults(visitor), ['email']);
  assert.equal(await said(visitor, 'email'), WORDS.en.email);
  assert.equal(await focused(visitor), 'telephone', 'the focus goes where it was sent');
  assert.equal(await page.getAttribute('[data-error-for=email]', 'aria-live'), 'polite');
  await page.keyboard.press('Shift+Tab');
  await page.keyboard.press('End');
  await page.keyboard.type('@example.jp');
  assert.deepEqual(await faults(visitor), []);
  assert.equal(await said(visitor, 'email'), '');
  await visitor.end();
});

test('by keyboard alone a form is filled in, mended and sent', async () => {
  const visitor = await writer();
  const { page } = visitor;
  await page.keyboard.press('Enter');
  await page.waitForFunction(() => document.querySelector('[data-error-for=name]').textContent);
  assert.equal(await focused(visitor), 'name');
  await page.keyboard.type('Taro');
  for (const [field, words] of [['email', 'taro@example.jp'], ['message', 'by keyboard']]) {
    while ((await focused(visitor)) !== field) await page.keyboard.press('Tab');
    await page.keyboard.type(words);
  }
  while ((await focused(visitor)) !== 'send') await page.keyboard.press('Tab');
  await page.keyboard.press('Enter');
  await page.waitForURL('**/thanks');
  await until('the lead is stored', async () => (await stack.leads()).find(({ fields }) => fields.message === 'by keyboard'));
  await visitor.end();
});

test('what the site does not ask for stays in the page', async () => {
  const visitor = await writer();
  await visitor.page.evaluate(() => {
    const card = Object.assign(document.createElement('input'), { name: 'card', value: '4111111111111111' });
    document.querySelector('#contact-form').append(card);
    self.ashiato.identify({ company: 'Ashi', plan: 'pro' });
  });
  await visitor.page.evaluate(() => document.querySelector('#company').remove());
  await fill(visitor, { ...GOOD, message: 'no more than asked' });
  const { fields } = await send(visitor, 'no more than asked');
  assert.deepEqual(fields, { ...GOOD, company: 'Ashi', message: 'no more than asked' });
  const sent = visitor.calls('/v1/leads').map(request => request.postData()).join();
  assert.ok(!sent.includes('4111111111111111') && !sent.includes('plan'), sent);
  await visitor.end();
});

/** Another form in the page's place, with nothing in it that is meant for us but its name. */
const plain = visitor =>
  visitor.page.evaluate(() => {
    const form = document.createElement('form');
    form.dataset.ashiatoLead = 'contact';
    form.method = 'post';
    form.action = '/en/contact';
    const add = (name, type) => {
      const label = document.createElement('label');
      const control = Object.assign(document.createElement(type === 'textarea' ? type : 'input'), { name, id: name });
      if (type !== 'textarea') control.type = type;
      label.append(name, control);
      form.append(label);
    };
    add('name', 'text');
    add('email', 'text');
    add('message', 'textarea');
    const row = document.createElement('div');
    row.append(Object.assign(document.createElement('button'), { id: 'send', textContent: 'Send' }));
    form.append(row);
    document.querySelector('#contact-form').replaceWith(form);
  });

test('a form without places of its own gets the purpose ahead of its button, and the browser says what is wrong', async () => {
  const visitor = await writer();
  const { page } = visitor;
  await plain(visitor);
  await page.focus('#name');
  await attended(visitor);
  assert.equal(await page.innerText('form > p[data-ashiato-purpose]'), WORDS.en.purpose);
  const isAhead = await page.$eval('[data-ashiato-purpose]', own => own.nextElementSibling.querySelector('#send') !== null);
  assert.ok(isAhead, 'ahead of what holds the button alone');
  await fill(visitor, { ...GOOD, email: 'hanako', message: 'plain' });
  await page.click('#send');
  await page.waitForFunction(() => document.activeElement.id === 'email');
  assert.equal(await page.$eval('#email', control => control.validationMessage), WORDS.en.email);
  await page.fill('#email', 'hanako@example.jp');
  assert.equal(await page.$eval('#email', control => control.validationMessage), '');
  const { fields } = await send(visitor, 'plain');
  assert.equal(fields.email, 'hanako@example.jp');
  await visitor.end();
});

test('boxes, buttons of a group and lists are read as what is chosen', async () => {
  const change = text =>
    text.replace(
      '[[forms.agreements]]',
      `[[forms.fields]]
key = "goods"
type = "choice"
multiple = true
required = true
options = [{ value = "pot", name = { ja = "急須", en = "Pot" } }, { value = "cup", name = { ja = "湯のみ", en = "Cup" } }]
name = { ja = "商品", en = "Goods" }

[[forms.fields]]
key = "terms"
type = "checkbox"
required = true
name = { ja = "規約", en = "Terms" }

[[forms.agreements]]`,
    );
  const own = await start({ change });
  try {
    const visitor = await own.visitor();
    await visitor.go();
    await visitor.decide('reject');
    await visitor.go('/contact');
    await visitor.page.evaluate(() => {
      const add = (name, type, value) => {
        const label = document.createElement('label');
        label.append(Object.assign(document.createElement('input'), { name, type, value, id: `${name}-${value}` }), value);
        document.querySelector('#contact-form').append(label);
      };
      ['pot', 'cup'].forEach(value => add('goods', 'checkbox', value));
      add('terms', 'checkbox', 'yes');
      document.querySelector('#topic').remove();
      ['care', 'repair'].forEach(value => add('topic', 'radio', value));
      for (const name of ['goods', 'terms']) {
        const place = document.createElement('p');
        place.dataset.errorFor = name;
        document.querySelector('#contact-form').append(place);
      }
    });
    await fill(visitor, { ...GOOD, message: 'chosen' });
    await attended(visitor);
    await visitor.page.click('#send');
    await visitor.page.waitForFunction(() => document.querySelector('[data-error-for=goods]').textContent);
    assert.equal(await said(visitor, 'goods'), 'Please choose “Goods”.');
    assert.equal(await said(visitor, 'terms'), 'Please tick this box to go on.');
    for (const box of ['#goods-cup', '#goods-pot', '#terms-yes', '#topic-repair']) await visitor.page.check(box);
    assert.deepEqual(await faults(visitor), []);
    await visitor.page.click('#send');
    await visitor.page.waitForURL('**/thanks');
    const lead = await until('the lead is stored', async () => (await own.leads())[0]);
    assert.deepEqual(lead.fields, { ...GOOD, topic: 'repair', goods: 'pot\ncup', terms: 'true', message: 'chosen' });
    await visitor.end();
  } finally {
    await own.end();
  }
});

test('what the collector alone finds is said at the field, too', async () => {
  const visitor = await writer();
  stack.front.rule = (request, response, pass) => {
    if (!request.url.endsWith('/v1/leads')) return pass();
    const errors = [{ field: 'company', code: 'too_long', message: '' }, { field: 'email', code: 'blocked', message: 'Please give another address.' }];
    response.writeHead(422, { 'content-type': 'application/problem+json', 'access-control-allow-origin': stack.shop });
    response.end(JSON.stringify({ status: 422, code: 'content', errors }));
  };
  await fill(visitor, GOOD);
  await visitor.page.click('#send');
  await visitor.page.waitForFunction(() => document.querySelector('[data-error-for=email]').textContent);
  assert.equal(await said(visitor, 'email'), 'Please give another address.');
  assert.equal(await said(visitor, 'company'), 'Please keep this to 100 characters.');
  assert.equal(await focused(visitor), 'company');
  await visitor.end(problem => /status of 422/.test(problem));
});

test('who fills in what only programs see is told so and can send once more; the shop gets nothing of it', async () => {
  const visitor = await writer();
  const { page } = visitor;
  const seen = await page.$eval('[name=homepage_url]', trap => {
    trap.value = 'https://spam.example';
    trap.focus();
    return { focused: document.activeElement === trap, wide: trap.parentElement.offsetWidth, inert: trap.parentElement.inert, autocomplete: trap.autocomplete };
  });
  assert.deepEqual(seen, { focused: false, wide: 1, inert: true, autocomplete: 'off' });
  await fill(visitor, { ...GOOD, message: 'trapped' });
  await page.click('#send');
  const notice = page.locator('[data-error-for=form][role=alert]');
  await notice.waitFor();
  assert.equal(await notice.innerText(), 'We could not tell this from an automatic message. Please send it once more.');
  assert.equal((await stack.leads()).filter(({ fields }) => fields.message === 'trapped').length, 0);
  const posted = page.waitForRequest(request => request.method() === 'POST' && new URL(request.url()).pathname === '/en/contact');
  const lead = await send(visitor, 'trapped');
  assert.deepEqual(lead.fields, { ...GOOD, message: 'trapped' });
  assert.ok(!(await posted).postData().includes('homepage_url'));
  await visitor.end(problem => /status of 422/.test(problem));
});

for (const [what, address] of Object.entries({ module: /\/form\.[^./]+\.wasm$/, script: /\/form\.[^./]+\.js$/, texts: /\/form-[^./]+\.[^./]+\.json$/ })) {
  for (const [how, answer] of Object.entries({
    'is not found': response => response.writeHead(404, { 'access-control-allow-origin': '*' }).end('{}'),
    'never comes': () => {},
  })) {
    test(`the form goes where it goes without us where its ${what} ${how}`, async () => {
      stack.front.rule = (request, response, pass) => (address.test(request.url) ? answer(response) : pass());
      const visitor = await stack.visitor();
      await visitor.go();
      await visitor.decide('reject');
      await visitor.go('/contact');
      await fill(visitor, GOOD);
      await visitor.page.click('#send');
      await visitor.page.waitForURL('**/thanks');
      await visitor.end(problem => /Failed to (load resource|fetch)|ERR_/.test(problem));
    });
  }
}

test('without any script the shop says itself what is wrong, and what the details are for', async () => {
  const visitor = await stack.visitor({ javaScriptEnabled: false });
  const { page } = visitor;
  await page.goto(`${stack.shop}/en/contact`);
  assert.match(await page.innerText('[data-ashiato-purpose]'), /Used to answer your enquiry/);
  await page.fill('#email', 'hanako');
  await page.click('#send');
  assert.equal(await said(visitor, 'name'), 'Please enter your name.');
  await fill(visitor, GOOD);
  await page.click('#send');
  await page.waitForURL('**/thanks');
  await visitor.end(problem => /status of 422/.test(problem));
});

test('somebody who writes to nobody of ours fetches nothing for forms', async () => {
  const visitor = await stack.visitor();
  await visitor.go('/contact');
  await visitor.asked();
  const fetched = () => visitor.requests.map(request => new URL(request.url()).pathname).filter(path => /\/form[.-]/.test(path));
  assert.deepEqual(fetched(), []);
  await visitor.page.focus('#name');
  await attended(visitor);
  assert.deepEqual(fetched().map(path => path.replace(/^.*\/(form[.-])([\w-]+\.)?.*\.(\w+)$/, '$1$3')).sort(), ['form-json', 'form.js', 'form.wasm']);
  await visitor.end();
});
