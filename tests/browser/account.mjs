// Accounts of the back office.

/** Everybody's password. */
export const PASSWORD = 'a kettle on the veranda';

/** Makes an account, from the link that the command line gives on: with that role, at the shop alone or `everywhere`. */
export async function enrol(stack, page, email, role, everywhere = false) {
  const site = everywhere ? [] : ['--site', 'shop'];
  await page.goto(stack.command('user', 'add', '--email', email, '--role', role, ...site, '--public-url', stack.collector));
  await page.fill('#password', PASSWORD);
  await page.fill('#again', PASSWORD);
  await page.click('button[type=submit]');
}

/** What the browser keeps of somebody with a new account, who is logged in. */
export async function loggedIn(stack, email, role, everywhere = false) {
  const context = await stack.browser.newContext({ locale: 'en-GB' });
  const page = await context.newPage();
  await enrol(stack, page, email, role, everywhere);
  await page.waitForURL('**/office/sites/shop');
  const state = await context.storageState();
  await context.close();
  return state;
}
