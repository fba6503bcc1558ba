// The form by which people ask about their own data, by hand and without scripts: from the policy page to the answer,
// without a breach of WCAG, on any screen.

import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { breaches } from './breaches.mjs';
import { start, until } from './stack.mjs';

let stack;
before(async () => (stack = await start({ mail: true })));
after(() => stack?.end());

/** The texts of all mails so far. */
function mails() {
  const folder = join(stack.folder, 'mail');
  if (!existsSync(folder)) return [];
  const files = readdirSync(folder).filter(name => name.endsWith('.eml'));
  return files.map(name => {
    const parts = readFileSync(join(folder, name), 'utf8').split(/\r\n--[^\r\n]+\r\n/);
    const plain = parts.find(part => /^content-type: text\/plain/im.test(part)) ?? '';
    const body = plain.slice(plain.indexOf('\r\n\r\n') + 4);
    if (/^content-transfer-encoding: base64/im.test(plain)) return Buffer.from(body, 'base64').toString('utf8');
    return body.replaceAll(/=\r\n/g, '').replaceAll(/(?:=[0-9A-F]{2})+/g, hex => Buffer.from(hex.replaceAll('=', ''), 'hex').toString('utf8'));
  });
}

const known = new Set();

/** The link of that kind in a mail that came since the last time. */
async function link(kind) {
  const address = await until(`a mail with a link to ${kind}`, () => {
    const found = mails().map(text => new RegExp(`http://\\S+/${kind}/\\S+`).exec(text)?.[0]);
    return found.find(address => address && !known.has(address));
  });
  known.add(address);
  return address;
}

/** Writes by the shop's contact form. */
async function write(language, email) {
  const visitor = await stack.visitor({ language });
  await visitor.go('/contact');
  await visitor.page.fill('#name', '足跡 花子');
  await visitor.page.fill('#email', email);
  await visitor.page.fill('#message', 'いつ届きますか。');
  await visitor.page.click('#send');
  await visitor.page.waitForURL('**/thanks');
  await until('the lead is stored', async () => (await stack.leads()).find(({ fields }) => fields.email === email));
  await visitor.end();
}

/** Axe finds nothing and nothing is cut off, on screens small and large, light and dark. */
async function looked(page, name) {
  for (const colorScheme of ['light', 'dark']) {
    await page.emulateMedia({ colorScheme });
    for (const width of [320, 1280]) {
      await page.setViewportSize({ width, height: 800 });
      assert.deepEqual(await breaches(page), [], `${name}, ${colorScheme}, ${width}`);
      if (process.env.PICTURES) await page.screenshot({ path: join(process.env.PICTURES, `request-${name}-${colorScheme}-${width}.png`), fullPage: true });
      const wide = await page.evaluate(() => [...document.querySelectorAll('body *:not(.trap, .trap *)')].filter(e => e.getBoundingClientRect().right > innerWidth).map(e => e.outerHTML.slice(0, 90)));
      assert.deepEqual(wide, [], `${name}: nothing is cut off at ${width}`);
      assert.equal(await page.evaluate(() => document.documentElement.scrollWidth > innerWidth), false, `${name}: no scrolling to the side at ${width}`);
    }
  }
}

const ask = async (page, { kind, email, message = '' }) => {
  if (kind) await page.locator(`input[name=kind][value=${kind}]`).check();
  await page.locator('#email').fill(email);
  await page.locator('#message').fill(message);
  await page.locator('form.ask button').click();
};

/** Until the form takes it: who is quicker than people are is asked to press once more. */
const sent = page =>
  until('it is sent', async () => {
    if (await page.locator('[role=status]').count()) return true;
    await page.locator('form.ask button').click();
    return false;
  });

for (const language of ['ja', 'en']) {
  test(`someone asks, confirms and is answered without a script, and every page can be read by everybody (${language})`, async () => {
    const email = `someone.${language}@example.jp`;
    await write(language, email);
    const plain = await stack.browser.newContext({ javaScriptEnabled: false, locale: language === 'ja' ? 'ja-JP' : 'en-GB' });
    plain.setDefaultTimeout(15_000);
    const page = await plain.newPage();
    const seen = await stack.browser.newContext();
    const problems = [];
    const other = await seen.newPage();
    other.on('console', message => ['error', 'warning'].includes(message.type()) && !message.text().includes('status of 4') && problems.push(message.text()));
    const look = async name => {
      await other.goto(page.url());
      await looked(other, `${name}-${language}`);
    };

    await page.goto(`${stack.collector}/s/shop/policy?lang=${language}#controller`);
    await page.locator('#controller a[href^="request"]').click();
    await page.locator('form.ask').waitFor();
    assert.equal(await page.locator('html').getAttribute('lang'), language);
    await look('form');

    // What is wrong is said beside its field, and is found by the keyboard and by screen readers.
    await other.goto(page.url());
    await ask(other, { kind: 'correct', email: 'hanako@', message: '' });
    await other.getByRole('alert').waitFor();
    const described = await other.locator('#email').getAttribute('aria-describedby');
    assert.match(await other.locator(`#${described.split(' ')[0]}`).textContent(), language === 'ja' ? /形式/ : /address/);
    assert.equal(await other.locator('#email').inputValue(), 'hanako@');
    assert.ok(await other.locator('[value=correct]').isChecked());
    await looked(other, `wrong-${language}`);

    await ask(page, { kind: 'export', email });
    await sent(page);
    await other.goto(page.url());
    await ask(other, { kind: 'export', email });
    await sent(other);
    await looked(other, `sent-${language}`);

    const confirm = await link('request');
    await page.goto(confirm);
    await look('confirm');
    await page.getByRole('button').click();
    await page.getByRole('status').waitFor();
    await look('received');

    const open = stack.command('subject', 'requests', '--site', 'shop', '--open', '--json').split('\n').map(line => JSON.parse(line));
    assert.deepEqual(open.map(({ kind, matches }) => [kind, matches]), [['export', 1]]);
    stack.command('subject', 'export', '--request', open[0].request, '--site', 'shop', '--keys-file', join(stack.folder, 'keys'));
    const take = await link('answer');
    await page.goto(take);
    await look('take');
    const [download] = await Promise.all([page.waitForEvent('download'), page.locator('[value=download]').click()]);
    assert.equal(download.suggestedFilename(), 'shop-records.json');
    assert.equal(JSON.parse(readFileSync(await download.path(), 'utf8')).leads[0].fields.email, email);
    await other.goto(take);
    await other.locator('[value=read]').click();
    await other.locator('main.held').waitFor();
    assert.match(await other.locator('main').textContent(), /足跡 花子/);
    await looked(other, `held-${language}`);
    await page.goto(take);
    await look('taken');
    await page.goto(confirm);
    await look('answered');
    await page.goto(confirm.replace(/request\/..../, 'request/AAAA'));
    await look('invalid');
    assert.deepEqual(problems, []);
    await plain.close();
    await seen.close();
  });
}
