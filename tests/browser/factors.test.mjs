// What is shown beside the password, as its people see it: set up with an app, asked for at the log-in, and lost; in
// both languages, light and dark, on a telephone and on a desk, without a script and by keyboard.

import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { after, before, test } from 'node:test';
import { enrol, PASSWORD } from './account.mjs';
import { breaches, misshapen } from './breaches.mjs';
import { start } from './stack.mjs';

let stack;

before(async () => {
  stack = await start();
});
after(() => stack?.end());

/** RFC 4226 and 6238, by Node's own HMAC: the code of a secret so many half minutes from now. */
function code(letters, steps = 0) {
  const bits = [...letters.replaceAll(' ', '')].map(letter => 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'.indexOf(letter).toString(2).padStart(5, '0')).join('');
  const key = Buffer.from(bits.match(/.{8}/g).map(byte => parseInt(byte, 2)));
  const counter = Buffer.alloc(8);
  counter.writeBigUInt64BE(BigInt(Math.floor(Date.now() / 30_000) + steps));
  const hash = createHmac('sha1', key).update(counter).digest();
  const at = hash[19] & 15;
  return String((hash.readUInt32BE(at) & 0x7fffffff) % 1_000_000).padStart(6, '0');
}

async function open(options) {
  const context = await stack.browser.newContext({ javaScriptEnabled: true, ...options });
  const page = await context.newPage();
  const problems = [];
  page.on('pageerror', error => problems.push(`exception: ${error}`));
  // A code that is refused is a page with status 422, which Chromium tells as an error of its own.
  page.on('console', message => ['error', 'warning'].includes(message.type()) && !message.text().includes('422') && problems.push(message.text()));
  page.on('request', request => new URL(request.url()).origin === stack.collector || problems.push(request.url()));
  return { context, page, problems };
}

async function sound(page, what) {
  await page.locator('main details').evaluateAll(all => all.forEach(one => (one.open = true)));
  assert.deepEqual([...(await breaches(page)), ...(await misshapen(page))], [], what);
}

async function logIn(page, email) {
  await page.goto(`${stack.collector}/office/login`);
  await page.fill('#email', email);
  await page.fill('#password', PASSWORD);
  await page.click('form[action="/office/login"] button');
}

for (const [locale, colorScheme, width] of [['ja-JP', 'light', 360], ['ja-JP', 'dark', 1280], ['en-GB', 'dark', 360], ['en-GB', 'light', 1280]]) {
  test(`an app is set up, asked for, and lost: ${locale}, ${colorScheme}, ${width}`, async () => {
    const { context, page, problems } = await open({ locale, colorScheme, viewport: { width, height: 800 } });
    const email = `${locale}-${width}@shop.example`.toLowerCase();
    const picture = name => process.env.ASHIATO_PICTURES && page.screenshot({ path: `${process.env.ASHIATO_PICTURES}/factors-${name}-${locale}-${width}.png`, fullPage: true });
    await enrol(stack, page, email, 'marketer');
    await page.goto(`${stack.collector}/office/account`);
    await sound(page, 'off');
    await page.click('form[action="/office/account/totp"] button');
    await page.waitForURL('**/office/account/totp');
    await sound(page, 'set-up');
    await picture('set-up');
    const letters = await page.locator('pre code').innerText();
    await page.fill('#code', '1');
    await page.fill('#known', PASSWORD);
    await page.click('.walk button');
    await page.locator('[role=alert]').waitFor();
    await sound(page, 'a wrong code');
    await page.fill('#code', code(letters));
    await page.fill('#known', PASSWORD);
    await page.click('.walk button');
    const codes = await page.locator('.codes code').allInnerTexts();
    assert.equal(new Set(codes).size, 10);
    await sound(page, 'codes');
    await picture('codes');
    await page.goto(`${stack.collector}/office/account`);
    await sound(page, 'on');
    await picture('on');

    await context.clearCookies();
    await logIn(page, email);
    await page.waitForURL('**/office/login/second**');
    assert.equal(await page.locator('html').getAttribute('lang'), locale.slice(0, 2));
    assert.equal(await page.locator(':focus').getAttribute('id'), 'code');
    await sound(page, 'the second step');
    await picture('second');
    await page.fill('#code', '000000');
    await page.keyboard.press('Enter');
    await page.locator('[role=alert]').waitFor();
    await sound(page, 'refused');
    // By keyboard, in the digits of a Japanese keyboard.
    await page.locator('#code').focus();
    await page.keyboard.type(code(letters, 1).replace(/\d/g, digit => String.fromCharCode(digit.charCodeAt(0) + 0xfee0)));
    await page.keyboard.press('Enter');
    await page.waitForURL('**/office/sites/shop');

    await context.clearCookies();
    await logIn(page, email);
    await page.locator('.lost summary').focus();
    await page.keyboard.press('Enter');
    await page.fill('#recovery', codes[0]);
    await page.keyboard.press('Enter');
    await page.waitForURL('**/office/account?recovered=1');
    await sound(page, 'recovered');
    await picture('recovered');

    // The password alone makes no new codes; with one of those that are left it does, by keyboard.
    await page.locator('#codes-known').fill(PASSWORD);
    await page.keyboard.press('Enter');
    assert.equal(await page.locator(':focus').getAttribute('id'), 'codes-second');
    await page.keyboard.type(codes[0]);
    await page.keyboard.press('Enter');
    await page.locator('main > [role=alert]').waitFor();
    await sound(page, 'used before');
    await page.locator('#codes-known').fill(PASSWORD);
    await page.locator('#codes-second').fill(codes[1].toUpperCase());
    await picture('renew');
    await page.keyboard.press('Enter');
    await page.locator('.codes').waitFor();
    const renewed = await page.locator('.codes code').allInnerTexts();
    assert.equal(new Set([...codes, ...renewed]).size, 20);
    assert.deepEqual(problems, []);
    await context.close();
  });
}

test('without a script all of it works too, and the first page is the one that is owed', async () => {
  const { context, page } = await open({ locale: 'en-GB', javaScriptEnabled: false });
  const email = 'plain@shop.example';
  await enrol(stack, page, email, 'auditor');
  await page.goto(`${stack.collector}/office/account`);
  await page.click('form[action="/office/account/totp"] button');
  await page.click('summary:has-text("It cannot be scanned")');
  const letters = await page.locator('pre code').innerText();
  await page.fill('#code', code(letters));
  await page.fill('#known', PASSWORD);
  await page.click('.walk button');
  await page.click('a:has-text("I have kept them")');
  await page.waitForURL('**/office/sites/shop');
  await context.clearCookies();
  await logIn(page, email);
  await page.fill('#code', code(letters, 1));
  await page.click('main > form button');
  await page.waitForURL('**/office/sites/shop');
  await context.close();
});
