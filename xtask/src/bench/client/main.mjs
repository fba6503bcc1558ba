// `cargo xtask bench client`: bytes, time to the banner, processor time, memory. Prints Markdown.
//
// Every round visits every contestant once in every way, in another order each time, so that
// whatever else the machine does falls on all of them.

import { createRequire } from 'node:module';
import { ashiato, contestants, empty } from './contestants.mjs';
import { serve } from './server.mjs';
import { sizes } from './sizes.mjs';
import { median, spread, table } from './table.mjs';
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

/** How ours compares with another's, round by round: the median of the ratios. */
function against(measured, kind, of, from = () => 0) {
  const own = measured[kind].get(ashiato);
  return other => {
    const ratios = measured[kind].get(other).map((result, round) => (of(own[round]) - from(round)) / (of(result) - from(round)));
    return other === ashiato ? '1' : median(ratios).toFixed(2);
  };
}

function times(measured) {
  const rows = contestants.filter(({ banner }) => banner).map(one => {
    const cells = ['plain', 'slow'].flatMap(kind => {
      const results = measured[kind].get(one);
      const ratio = against(measured, kind, ({ first }) => first)(one);
      return [spread(results.map(({ first }) => first)), spread(results.map(({ settled }) => settled)), ratio];
    });
    const all = [...measured.plain.get(one), ...measured.slow.get(one)];
    return [one.name, ...cells, Math.max(...all.map(({ shift }) => shift)).toFixed(3), Math.max(...measured.plain.get(one).map(({ long }) => long))];
  });
  const heads = ['ms', 'first paint', 'settled', 'Ashiato : this', 'slow: first paint', 'settled', 'Ashiato : this', 'CLS', 'long tasks'];
  return table(heads, rows);
}

function costs(measured) {
  const over = (kind, of) => {
    const none = measured[kind].get(empty).map(of);
    return { from: round => none[round], base: median(none) };
  };
  const [first, refused, heap] = [over('first', r => r.cpu), over('refused', r => r.cpu), over('first', r => r.heap)];
  const rows = contestants.filter(({ banner }) => banner).map(one => {
    const values = (kind, of) => measured[kind].get(one).map(of);
    const clicks = values('accept', ({ click }) => click);
    return [
      one.name,
      spread(values('first', ({ cpu }) => cpu - first.base), 1),
      spread(values('refused', ({ cpu }) => cpu - refused.base), 1),
      spread(values('first', result => (result.heap - heap.base) / 1e3)),
      clicks.every(click => click === 0) ? '< 16' : spread(clicks),
    ];
  });
  const base = `The empty page itself: ${first.base.toFixed(1)} ms on a first visit, ${refused.base.toFixed(1)} ms on a return, ${(heap.base / 1e3).toFixed(0)} kB.`;
  const heads = ['over an empty page', 'CPU ms, first visit', 'CPU ms, refused and back', 'heap kB', 'accepting at 4x CPU: event duration, ms'];
  return `${table(heads, rows)}\n\n${base}`;
}

const server = await serve(Number(PORT), contestants, PACKAGES);
try {
  const browser = await launch();
  const bytes = await sizes(browser, addresses, CLIENT);
  await browser.close();
  console.log(bytes);
  const { measured, version } = await rounds(Number(ROUNDS));
  console.log(`\nChromium ${version}, ${ROUNDS} rounds, medians (range); slow: CPU 4x, 1.6 Mbit/s, 150 ms a request.\n`);
  console.log(`${times(measured)}\n\n${costs(measured)}`);
} finally {
  server.closeAllConnections();
  server.close();
}
