// Kinds of visits. Each is made in a browser context of its own, with nothing in its cache, and
// answers what was measured.

import { observe, watch } from './probe.mjs';

const SLOW = { offline: false, latency: 150, downloadThroughput: 1.6e6 / 8, uploadThroughput: 0.75e6 / 8 };
/** How long a page is left alone, once it has loaded, until its processor time is read. */
const REST = 1_500;

const pause = milliseconds => new Promise(resolve => setTimeout(resolve, milliseconds));

/** A new page. `ticks`: processor time of the main thread is counted, not time that passes. */
async function open(context, { slow, cpu, ticks } = {}) {
  const page = await context.newPage();
  const devtools = await context.newCDPSession(page);
  if (ticks) await devtools.send('Performance.enable', { timeDomain: 'threadTicks' });
  if (cpu) await devtools.send('Emulation.setCPUThrottlingRate', { rate: cpu });
  if (slow) {
    await devtools.send('Network.enable');
    await devtools.send('Network.emulateNetworkConditions', SLOW);
  }
  return { page, devtools };
}

/** Waits until a button can be clicked on and stands still, and clicks as a hand would. */
async function click(page, find) {
  const handle = await page.waitForFunction(find);
  const button = handle.asElement();
  await button.click({ trial: true });
  const { x, y, width, height } = await button.boundingBox();
  await page.mouse.move(x + width / 2, y + height / 2);
  await page.mouse.down();
  await pause(40);
  await page.mouse.up();
}

const gone = (page, { banner }) => page.waitForFunction(`!(${banner})()?.checkVisibility({ visibilityProperty: true, opacityProperty: true })`);

/** Time to the banner. */
async function paint(context, url, contestant, how) {
  if (!contestant.banner) return null;
  const { page } = await open(context, how);
  await page.addInitScript(`(${watch})(${contestant.banner});(${observe})()`);
  await page.goto(url);
  await page.waitForFunction('__seen.settled');
  await pause(300);
  return page.evaluate('({ ...__seen, ...__noted })');
}

/** Processor time of the main thread and memory, without any probe in the page. */
async function cost(context, url) {
  const { page, devtools } = await open(context, { ticks: true });
  const read = async () => {
    const { metrics } = await devtools.send('Performance.getMetrics');
    return Object.fromEntries(metrics.map(({ name, value }) => [name, value]));
  };
  const before = await read();
  await page.goto(url, { waitUntil: 'load' });
  await pause(REST);
  const after = await read();
  await devtools.send('HeapProfiler.collectGarbage');
  const { JSHeapUsedSize: heap } = await read();
  return { cpu: (after.TaskDuration - before.TaskDuration) * 1e3, heap };
}

export const visits = {
  plain: (context, url, contestant) => paint(context, url, contestant, {}),
  slow: (context, url, contestant) => paint(context, url, contestant, { slow: true, cpu: 4 }),
  first: (context, url) => cost(context, url),
  /** Somebody who has refused comes back. */
  refused: async (context, url, contestant) => {
    const { page } = await open(context);
    await page.goto(url);
    if (contestant.refuse) {
      await click(page, contestant.refuse);
      await gone(page, contestant);
      await pause(500);
    }
    await page.close();
    return cost(context, url);
  },
  accept: async (context, url, contestant) => {
    if (!contestant.accept) return null;
    const { page } = await open(context, { cpu: 4 });
    await page.addInitScript(`(${observe})()`);
    await page.goto(url, { waitUntil: 'load' });
    await click(page, contestant.accept);
    await gone(page, contestant);
    await pause(700);
    return page.evaluate('__noted');
  },
};

/** What is fetched, by the time it is needed: until the banner shows, besides before a decision, after accepting. */
export async function fetched(browser, url, contestant) {
  const context = await browser.newContext();
  const { page, devtools } = await open(context);
  const depth = { [url]: 0 };
  await devtools.send('Network.enable');
  devtools.on('Network.requestWillBeSent', ({ request, initiator }) => {
    let stack = initiator.stack;
    while (stack && !stack.callFrames.length) stack = stack.parent;
    const from = initiator.url ?? stack?.callFrames[0].url;
    depth[request.url] ??= (depth[from] ?? 0) + 1;
  });
  const answers = [];
  context.on('response', answer => answers.push(answer));
  const bodies = async () => {
    const taken = answers.splice(0).filter(answer => answer.url() !== url && answer.request().method() === 'GET' && !answer.url().startsWith('data:'));
    return Promise.all(taken.map(async answer => ({ url: answer.url(), depth: depth[answer.url()], body: await answer.body() })));
  };
  await page.addInitScript(`(${watch})(${contestant.banner})`);
  await page.goto(url);
  await page.waitForFunction('__seen.settled');
  await pause(REST);
  // Somebody is there, and looks around: what a page fetches for that comes before a decision.
  await page.mouse.move(5, 5);
  await pause(REST);
  const all = await bodies();
  const early = await page.evaluate('performance.getEntriesByType("resource").filter(({ startTime }) => startTime < __seen.first).map(({ name }) => name)');
  const [shown, besides] = [true, false].map(wanted => all.filter(({ url }) => early.includes(url) === wanted));
  if (contestant.accept) await click(page, contestant.accept);
  await pause(REST);
  const accepted = await bodies();
  const cookies = await context.cookies();
  await context.close();
  return { shown, besides, accepted, cookies };
}

/** How many presses of Tab it takes to the banner, and its share of a small telephone's screen. */
export async function reach(browser, url, contestant) {
  const context = await browser.newContext({ viewport: { width: 320, height: 568 }, locale: 'en-GB' });
  const page = await context.newPage();
  await page.goto(url);
  await page.waitForFunction(contestant.banner);
  await pause(REST);
  const share = await page.evaluate(`(() => {
    const { top, right, bottom, left } = (${contestant.banner})().getBoundingClientRect();
    const across = Math.max(0, Math.min(right, innerWidth) - Math.max(left, 0));
    return (across * Math.max(0, Math.min(bottom, innerHeight) - Math.max(top, 0))) / (innerWidth * innerHeight);
  })()`);
  let tabs = 0;
  for (let there = await inside(page, contestant.banner); !there && tabs < 50; there = await inside(page, contestant.banner)) {
    await page.keyboard.press('Tab');
    tabs++;
  }
  const escapes = contestant.choose ? await escaping(page, contestant) : null;
  await context.close();
  return { share, tabs, escapes };
}

/** Whether the focus is in what `find` finds, through shadow roots. */
const inside = (page, find) =>
  page.evaluate(`(() => {
    const within = (${find})();
    let at = document.activeElement;
    while (at?.shadowRoot?.activeElement) at = at.shadowRoot.activeElement;
    return !!within?.contains(at);
  })()`);

/** How many of forty presses of Tab, either way, lead out of the open dialog and into the page. */
async function escaping(page, { choose, dialog }) {
  await click(page, choose);
  await page.waitForFunction(dialog);
  let escaped = 0;
  for (const key of ['Tab', 'Shift+Tab']) {
    for (let presses = 0; presses < 20; presses++) {
      await page.keyboard.press(key);
      // After the last control come the browser's own; the page's body stands for them.
      if (!(await inside(page, dialog)) && (await page.evaluate('document.activeElement !== document.body'))) escaped++;
    }
  }
  return escaped;
}

/** What somebody fetches who has refused, and whose browser has kept nothing but cookies. */
export async function fetchedAfterRefusal(browser, url, contestant) {
  const first = await browser.newContext();
  const { page } = await open(first);
  await page.goto(url);
  await click(page, contestant.refuse);
  await gone(page, contestant);
  await pause(500);
  const storageState = await first.storageState();
  await first.close();
  const context = await browser.newContext({ storageState });
  const again = await context.newPage();
  const answers = [];
  again.on('response', answer => answer.url() !== url && !answer.url().startsWith('data:') && answers.push(answer));
  await again.goto(url);
  await pause(REST);
  const bodies = await Promise.all(answers.map(async answer => ({ url: answer.url(), body: await answer.body() })));
  await context.close();
  return { bodies, cookies: storageState.cookies };
}
