// What the rounds have shown, as tables.

import { ashiato, contestants, empty } from './contestants.mjs';
import { median, spread, table } from './table.mjs';
import { ratio, ratioOver } from './targets.mjs';

const shown = contestants.filter(({ banner }) => banner);

const share = (ratio, one) => (one === ashiato ? '1' : `${ratio.toFixed(2)}x`);

/** Time to the banner. */
export function times(measured) {
  const rows = shown.map(one => {
    const cells = ['plain', 'slow'].flatMap(kind => {
      const results = measured[kind].get(one);
      const settled = spread(results.map(({ settled }) => settled));
      return [spread(results.map(({ first }) => first)), settled, share(ratio(measured, kind, ({ first }) => first, one), one)];
    });
    const [plain, slow] = [measured.plain.get(one), measured.slow.get(one)];
    const shift = Math.max(...[...plain, ...slow].map(({ shift }) => shift));
    return [one.name, ...cells, shift.toFixed(3), Math.max(...plain.map(({ long }) => long))];
  });
  const heads = ['ms', 'first paint', 'settled', 'Ashiato’s first', 'slow: first paint', 'settled', 'Ashiato’s first', 'CLS', 'long tasks'];
  return table(heads, rows);
}

/** Processor time of the main thread, memory, and how long a click takes. */
export function costs(measured) {
  const over = (kind, of) => {
    const base = median(measured[kind].get(empty).map(of));
    return { base, cell: (one, digits) => spread(measured[kind].get(one).map(result => of(result) - base), digits) };
  };
  const first = over('first', ({ cpu }) => cpu);
  const refused = over('refused', ({ cpu }) => cpu);
  const heap = over('first', ({ heap }) => heap / 1e3);
  const rows = shown.map(one => {
    const clicks = measured.accept.get(one).map(({ click }) => click);
    const click = median(clicks) === 0 ? '< 16' : spread(clicks);
    const ours = share(ratioOver(measured, 'first', ({ cpu }) => cpu, one), one);
    return [one.name, first.cell(one, 1), ours, refused.cell(one, 1), heap.cell(one, 0), click];
  });
  const base = `The empty page itself: ${first.base.toFixed(1)} ms on a first visit, ${refused.base.toFixed(1)} ms on a return, ${heap.base.toFixed(0)} kB.`;
  const heads = ['over an empty page', 'CPU ms, first visit', 'Ashiato’s', 'CPU ms, refused and back', 'heap kB', 'accepting at 4x CPU: event duration, ms'];
  return `${table(heads, rows)}\n\n${base}`;
}

/** How much of a small screen is covered, and how far the keyboard has to go. */
export function reaches(reached) {
  const rows = shown.map(one => {
    const { share, tabs, escapes } = reached.get(one);
    return [one.name, `${(share * 100).toFixed(0)} %`, tabs < 50 ? tabs : 'not reached', escapes ?? '–'];
  });
  return table(['', 'of a 320 x 568 screen', 'presses of Tab to the banner', 'of 40 presses of Tab, out of the open dialog'], rows);
}
