// Passkeys in Chromium with its virtual authenticator: made at the account's page, shown instead of the password and
// beside it, refused by whoever is not verified; in both languages, light and dark, on a telephone and on a desk.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { enrol, PASSWORD } from './account.mjs';
import { breaches, misshapen } from './breaches.mjs';
import { start, until } from './stack.mjs';

let stack;

before(async () => {
  stack = await start();
});
after(() => stack?.end());

/** A browser with an authenticator in it. */
async function open(options) {
  const context = await stack.browser.newContext(options);
  const page = await context.newPage();
  const problems = [];
  page.on('pageerror', error => problems.push(`exception: ${error}`));
  page.on('console', message => ['error', 'warning'].includes(message.type()) && !message.text().includes('422') && problems.push(message.text()));
  page.on('request', request => new URL(request.url()).origin === stack.collector || problems.push(request.url()));
  const devtools = await context.newCDPSession(page);
  await devtools.send('WebAuthn.enable');
  const { authenticatorId } = await devtools.send('WebAuthn.addVirtualAuthenticator', {
    options: { protocol: 'ctap2', ctap2Version: 'ctap2_1', transport: 'internal', hasResidentKey: true, hasUserVerification: true, isUserVerified: true, automaticPresenceSimulation: true },
  });
  const ask = (act, given = {}) => devtools.send(`WebAuthn.${act}`, { authenticatorId, ...given });
  return { context, page, problems, ask };
}

async function sound(page, what) {
  await page.locator('main details').evaluateAll(all => all.forEach(one => (one.open = true)));
  assert.deepEqual([...(await breaches(page)), ...(await misshapen(page))], [], what);
}

/** Somebody with an account, at its page. */
async function somebody(page, email) {
  await enrol(stack, page, email, 'marketer');
  await page.waitForURL('**/office/sites/shop');
  await page.goto(`${stack.collector}/office/account`);
}

async function add(page, name, button = '[type=submit]') {
  await page.fill('#passkey-name', name);
  await page.fill('#passkey-known', PASSWORD);
  await page.locator(`form[data-passkey=make] ${button}`).focus();
  await page.keyboard.press('Enter');
}

const remembered = async ask => (await ask('getCredentials')).credentials;

for (const [locale, colorScheme, width] of [['ja-JP', 'light', 360], ['ja-JP', 'dark', 1280], ['en-GB', 'dark', 360], ['en-GB', 'light', 1280]]) {
  test(`a passkey is made, shown, used as second step, and removed: ${locale}, ${colorScheme}, ${width}`, async () => {
    const { context, page, problems, ask } = await open({ locale, colorScheme, viewport: { width, height: 800 } });
    const email = `${locale}-${width}@shop.example`.toLowerCase();
    const picture = name => process.env.ASHIATO_PICTURES && page.screenshot({ path: `${process.env.ASHIATO_PICTURES}/passkeys-${name}-${locale}-${width}.png`, fullPage: true });
    await somebody(page, email);
    assert.ok(await page.locator('[data-without-passkeys]').isHidden());
    await sound(page, 'none yet');
    await add(page, 'この端末');
    await page.locator('.codes').waitFor();
    await sound(page, 'codes');
    const [credential] = await remembered(ask);
    assert.deepEqual([credential.isResidentCredential, credential.rpId, credential.userName], [true, 'localhost', email]);
    await page.goto(`${stack.collector}/office/account`);
    assert.equal(await page.locator('.passkeys strong').innerText(), 'この端末');
    await sound(page, 'one');
    await picture('account');

    // Instead of the password, by keyboard.
    await context.clearCookies();
    await page.goto(`${stack.collector}/office/login?next=/office/sites/shop/consent`);
    await sound(page, 'the log-in');
    await picture('log-in');
    await page.locator('form[data-passkey=show] button').focus();
    await page.keyboard.press('Enter');
    await page.waitForURL(url => url.pathname === '/office/sites/shop/consent');
    assert.equal(await page.locator('html').getAttribute('lang'), locale.slice(0, 2));

    // Beside it.
    await context.clearCookies();
    await page.goto(`${stack.collector}/office/login`);
    await page.fill('#email', email);
    await page.fill('#password', PASSWORD);
    await page.click('form[action="/office/login"] button');
    await page.waitForURL('**/office/login/second**');
    await sound(page, 'the second step');
    await picture('second');
    await page.click('form[data-passkey=show] button');
    await page.waitForURL('**/office/sites/shop');

    await page.goto(`${stack.collector}/office/account`);
    // The password alone removes nothing; by keyboard, from there to the passkey itself.
    await page.click('.passkeys summary');
    await page.locator('.passkeys input[type=password]').focus();
    await page.keyboard.type(PASSWORD);
    await page.keyboard.press('Enter');
    assert.equal(await page.locator(':focus').getAttribute('name'), 'second');
    await page.keyboard.press('Tab');
    assert.ok(await page.locator('.passkeys [data-passkey-proof] button:focus').isVisible());
    await picture('proof');
    await ask('setUserVerified', { isUserVerified: false });
    await page.keyboard.press('Enter');
    await page.locator('.passkeys [data-passkey-proof] [role=alert]').waitFor();
    assert.ok(await page.locator('.passkeys [name=second]').evaluate(field => field.required));
    await sound(page, 'not shown');
    await ask('setUserVerified', { isUserVerified: true });
    await page.locator('.passkeys [data-passkey-proof] button').focus();
    await page.keyboard.press('Enter');
    await page.waitForURL('**/office/account?gone=1');
    assert.equal(await page.locator('.passkeys').count(), 0);
    await sound(page, 'removed');
    // The authenticator has it still, and shows it in vain.
    await context.clearCookies();
    await page.goto(`${stack.collector}/office/login`);
    await page.click('form[data-passkey=show] button');
    await page.locator('main > [role=alert]').waitFor();
    await sound(page, 'refused');
    assert.deepEqual(problems, []);
    await context.close();
  });
}

test('whoever is not verified gets neither in nor a passkey, one device makes one, and several are told apart', async () => {
  const { context, page, problems, ask } = await open({ locale: 'en-GB' });
  await somebody(page, 'several@shop.example');
  const said = page.locator('form[data-passkey=make] > [role=alert]');
  await ask('setUserVerified', { isUserVerified: false });
  await add(page, 'Unverified');
  await said.waitFor();
  assert.equal(await said.innerText(), 'No passkey was made. Try again.');
  assert.deepEqual(await remembered(ask), []);
  await sound(page, 'not made');
  await ask('setUserVerified', { isUserVerified: true });
  await add(page, 'Laptop');
  await page.locator('.codes').waitFor();
  await page.goto(`${stack.collector}/office/account`);
  await add(page, 'Laptop again', '[data-passkey-proof] button');
  await until('it is told apart', async () => (await said.innerText()) === "This device's passkey is there already.");

  await context.clearCookies();
  await page.goto(`${stack.collector}/office/login`);
  await ask('setUserVerified', { isUserVerified: false });
  await page.click('form[data-passkey=show] button');
  await page.locator('form[data-passkey=show] [role=alert]').waitFor();
  await page.goto(`${stack.collector}/office/account`);
  assert.match(page.url(), /\/office\/login/);
  await ask('setUserVerified', { isUserVerified: true });

  // A copy whose counter is behind is not taken.
  const [credential] = await remembered(ask);
  await page.click('form[data-passkey=show] button');
  await page.waitForURL(url => url.pathname === '/office/account');
  await ask('removeCredential', { credentialId: credential.credentialId });
  await ask('addCredential', { credential: { ...credential, signCount: 1 } });
  await context.clearCookies();
  await page.goto(`${stack.collector}/office/login`);
  await page.click('form[data-passkey=show] button');
  await page.locator('main > [role=alert]').waitFor();
  assert.match(await page.locator('main > [role=alert]').innerText(), /Nobody can log in with that passkey/);
  assert.deepEqual(problems, []);
  await context.close();
});

test('without a script, and in a browser without passkeys, the password is all there is', async () => {
  const { context, page } = await open({ locale: 'en-GB', javaScriptEnabled: false });
  await page.goto(`${stack.collector}/office/login`);
  assert.ok(await page.locator('form[data-passkey]').isHidden());
  await somebody(page, 'plain@shop.example');
  assert.ok(await page.locator('form[data-passkey]').isHidden());
  assert.ok(await page.locator('[data-without-passkeys]').isVisible());
  await context.close();

  const other = await open({ locale: 'en-GB' });
  await other.page.addInitScript(() => delete window.PublicKeyCredential);
  await other.page.goto(`${stack.collector}/office/login`);
  assert.ok(await other.page.locator('form[data-passkey]').isHidden());
  assert.deepEqual(other.problems, []);
  await other.context.close();
});
