// Logging in to the back office by a real OpenID Connect provider, in a real browser.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { breaches } from './breaches.mjs';
import { CLIENT, provider, SECRET } from './identity.mjs';
import { start } from './stack.mjs';

const EMAIL = 'mika@shop.example';
let stack;
let identity;

before(async () => {
  stack = await start();
  stack.command('user', 'add', '--email', EMAIL, '--role', 'owner');
  const people = { mika: { email: 'Mika@Shop.Example', email_verified: true }, ken: { email: 'ken@shop.example', email_verified: true }, yui: { email: EMAIL, email_verified: false } };
  identity = await provider(stack.collector, people);
  await stack.killCollector();
  const given = ['--oidc-issuer', identity.issuer, '--oidc-client-id', CLIENT, '--oidc-name', '社内ID'];
  await stack.startCollector(given, { ASHIATO_OIDC_CLIENT_SECRET: SECRET });
});
after(async () => {
  await stack?.end();
  await identity?.stop();
});

/** A browser that has gone to the provider by the log-in page, and is somebody there. */
async function loggingIn(name, options = {}) {
  const context = await stack.browser.newContext({ locale: 'ja-JP', javaScriptEnabled: false, ...options });
  const page = await context.newPage();
  await page.goto(`${stack.collector}/office/sites/shop/consent?period=7`);
  await page.locator('a.provider').click();
  await page.waitForURL(`${identity.issuer}/interaction/**`);
  await page.fill('[name=login]', name);
  await page.fill('[name=password]', 'any');
  await page.locator('button[type=submit]').click();
  return { context, page };
}

/** Agrees there to being known here. */
const agree = page => page.locator('button[type=submit]').click();

test('who has an account comes in by the provider, to where they were going', async () => {
  const { context, page } = await loggingIn('mika');
  await agree(page);
  await page.waitForURL(`${stack.collector}/office/sites/shop/consent?period=7`);
  assert.match(await page.locator('.email').first().textContent(), /mika@shop\.example/);
  const cookies = await context.cookies(stack.collector);
  assert.deepEqual(cookies.map(({ name, httpOnly, sameSite }) => [name, httpOnly, sameSite]), [['ashiato_office', true, 'Lax']]);
  await page.goto(`${stack.collector}/office/account`);
  assert.match(await page.locator('main').textContent(), /外部認証でログイン/);
  await context.close();
});

test('who has none, or no verified address, or says no there, reads why in their language', async () => {
  for (const [locale, name, code, said, go] of [
    ['ja-JP', 'ken', 'sign_on_nobody', /対応するアカウントがありません/, agree],
    ['en-GB', 'ken', 'sign_on_nobody', /no account here/, agree],
    ['en-GB', 'yui', 'sign_on_unverified', /has not verified/, agree],
    ['ja-JP', 'mika', 'sign_on_denied', /取り消されたか拒否されました/, page => page.locator('a[href*=abort]').click()],
  ]) {
    const { context, page } = await loggingIn(name, { locale, colorScheme: locale === 'ja-JP' ? 'dark' : 'light', viewport: { width: 360, height: 740 } });
    await go(page);
    await page.waitForURL('**/office/oidc/return?**');
    assert.equal(await page.locator('code').textContent(), code);
    assert.match(await page.locator('main').textContent(), said);
    await page.goto(`${stack.collector}/office/account`);
    assert.match(page.url(), /\/office\/login/);
    await context.close();
  }
});

test('the log-in page and a refusal have no breach, in both languages, light and dark', async () => {
  for (const locale of ['ja-JP', 'en-GB']) {
    for (const colorScheme of ['light', 'dark']) {
      const context = await stack.browser.newContext({ locale, colorScheme, viewport: { width: 360, height: 740 } });
      const page = await context.newPage();
      for (const path of ['/office/login', '/office/oidc/return?state=none&code=none']) {
        await page.goto(stack.collector + path);
        assert.deepEqual(await breaches(page), []);
        assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth));
        if (process.env.PICTURES) await page.screenshot({ path: `${process.env.PICTURES}/sign-on-${path.split('/')[2].slice(0, 5)}-${locale}-${colorScheme}.png` });
      }
      await context.close();
    }
  }
});
