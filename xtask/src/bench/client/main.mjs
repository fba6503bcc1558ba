// `cargo xtask bench client`: bytes, time to the banner, processor time, memory. Prints Markdown.
//
// Every round visits every contestant once in every way, in another order each time, so that
// whatever else the machine does falls on all of them.

import { writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { contestants } from './contestants.mjs';
import { costs, reaches, times } from './report.mjs';
import { serve } from './server.mjs';
import { measure, told } from './sizes.mjs';
import { standing, standings } from './targets.mjs';
import { reach, visits } from './visits.mjs';

const { PORT, PACKAGES, CLIENT, CHROMIUM, ROUNDS, PLAYWRIGHT, REAL_TIME, JSON_FILE } = process.env;
// The browser tests' own copy.
const { chromium } = createRequire(PLAYWRIGHT)('playwright-core');
const FLAGS = ['--no-sandbox', '--disable-gpu', '--disable-background-networking', '--disable-component-update', '--no-first-run'];

const launch = () => chromium.launch({ executablePath: CHROMIUM, args: FLAGS });
const addresses = new Map(contestants.map((contestant, at) => [contestant, `http://localhost:${PORT}/${at}`]));

const shuffled = list => list.map(item => [Math.random(), item]).sort(([a], [b]) => a - b).map(([, item]) => item);
const named = map => Object.fromEntries([...map].map(([{ name }, value]) => [name, value]));

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

/** What needs no rounds: it is the same each time. */
async function once() {
  const browser = await launch();
  try {
    const bytes = await measure(browser, addresses, CLIENT);
    const reached = new Map();
    for (const [contestant, url] of addresses) if (contestant.banner) reached.set(contestant, await reach(browser, url, contestant));
    return { bytes, reached };
  } finally {
    await browser.close();
  }
}

const server = await serve(Number(PORT), contestants, PACKAGES);
try {
  const { bytes, reached } = await once();
  const { measured, version } = await rounds(Number(ROUNDS));
  const rows = standing(measured, bytes, reached);
  const priority = REAL_TIME ? 'all at real-time priority' : 'at ordinary priority: other programs took part in times that pass';
  const how = `Chromium ${version}, ${ROUNDS} rounds, ${priority}; medians (range); “Ashiato’s”: how much of the row’s figure ours is, the median of the rounds’ ratios; slow: CPU 4x, 1.6 Mbit/s, 150 ms a request.`;
  console.log([standings(rows), how, told(bytes), times(measured), costs(measured), reaches(reached)].join('\n\n'));
  if (JSON_FILE) {
    const visited = Object.fromEntries(Object.entries(measured).map(([kind, results]) => [kind, named(results)]));
    writeFileSync(JSON_FILE, `${JSON.stringify({ chromium: version, rounds: Number(ROUNDS), realTime: !!REAL_TIME, targets: rows, bytes, reached: named(reached), measured: visited }, null, 2)}\n`);
  }
} finally {
  server.closeAllConnections();
  server.close();
}
