// `cargo xtask bench client`: bytes, time to the banner, processor time, memory. Prints Markdown.
//
// Every round visits every contestant once in every way, in another order each time, so that
// whatever else the machine does falls on all of them.

import { createRequire } from 'node:module';
import { contestants } from './contestants.mjs';
import { costs, times } from './report.mjs';
import { serve } from './server.mjs';
import { sizes } from './sizes.mjs';
import { visits } from './visits.mjs';

const { PORT, PACKAGES, CLIENT, CHROMIUM, ROUNDS, PLAYWRIGHT } = process.env;
// The browser tests' own copy.
const { chromium } = createRequire(PLAYWRIGHT)('playwright-core');
const FLAGS = ['--no-sandbox', '--disable-gpu', '--disable-background-networking', '--disable-component-update', '--no-first-run'];

const launch = () => chromium.launch({ executablePath: CHROMIUM, args: FLAGS });
const addresses = new Map(contestants.map((contestant, at) => [contestant, `http://localhost:${PORT}/${at}`]));

const shuffled = list => list.map(item => [Math.random(), item]).sort(([a], [b]) => a - b).map(([, item]) => item);

async function rounds(count) {
  const measured = Object.fromEntries(Object.keys(visits).map(kind => [kind, new Map(contestants.map(one => [one, []]))]));
  let version;
  for (let round = 0; round < count; round++) {
    const browser = await launch();
    version = browser.version();
    for (const kind of ['warm', ...Object.keys(visits)]) {
      for (const contestant of shuffled(contestants)) {
        const context = await browser.newContext({ viewport: { width: 1280, height: 800 }, locale: 'en-GB' });
        context.setDefaultTimeout(20_000);
        const visit = visits[kind === 'warm' ? 'plain' : kind];
        const result = await visit(context, addresses.get(contestant), contestant).catch(error => {
          throw new Error(`${contestant.name}, ${kind}: ${error.message}`);
        });
        if (kind !== 'warm') measured[kind].get(contestant).push(result);
        await context.close();
      }
    }
    await browser.close();
    console.error(`round ${round + 1} of ${count}`);
  }
  return { measured, version };
}

const server = await serve(Number(PORT), contestants, PACKAGES);
try {
  const browser = await launch();
  const bytes = await sizes(browser, addresses, CLIENT);
  await browser.close();
  console.log(bytes);
  const { measured, version } = await rounds(Number(ROUNDS));
  console.log(`\nChromium ${version}, ${ROUNDS} rounds, medians (range); “Ashiato’s”: how much of the row’s figure ours is, in the same rounds; slow: CPU 4x, 1.6 Mbit/s, 150 ms a request.\n`);
  console.log(`${times(measured)}\n\n${costs(measured)}`);
} finally {
  server.closeAllConnections();
  server.close();
}
