// What the rounds have shown, as tables.

import { ashiato, contestants, empty } from './contestants.mjs';
import { median, spread, table } from './table.mjs';

const shown = contestants.filter(({ banner }) => banner);

/** How much of another's figure ours is: the median of the rounds' ratios. */
function share(measured, kind, of, other) {
  if (other === ashiato) return '1';
  const theirs = measured[kind].get(other);
  const ratios = measured[kind].get(ashiato).map((own, round) => of(own) / of(theirs[round]));
  return `${median(ratios).toFixed(2)}x`;
}

/** Time to the banner. */
export function times(measured) {
  const rows = shown.map(one => {
    const cells = ['plain', 'slow'].flatMap(kind => {
      const results = measured[kind].get(one);
      const settled = spread(results.map(({ settled }) => settled));
      return [spread(results.map(({ first }) => first)), settled, share(measured, kind, ({ first }) => first, one)];
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
    const middle = one => median(measured[kind].get(one).map(of));
    const base = middle(empty);
    return {
      base,
      cell: (one, digits) => spread(measured[kind].get(one).map(result => of(result) - base), digits),
      share: one => (one === ashiato ? '1' : `${((middle(ashiato) - base) / (middle(one) - base)).toFixed(2)}x`),
    };
  };
  const first = over('first', ({ cpu }) => cpu);
  const refused = over('refused', ({ cpu }) => cpu);
  const heap = over('first', ({ heap }) => heap / 1e3);
  const rows = shown.map(one => {
    const clicks = measured.accept.get(one).map(({ click }) => click);
    const click = median(clicks) === 0 ? '< 16' : spread(clicks);
    return [one.name, first.cell(one, 1), first.share(one), refused.cell(one, 1), heap.cell(one, 0), click];
  });
  const base = `The empty page itself: ${first.base.toFixed(1)} ms on a first visit, ${refused.base.toFixed(1)} ms on a return, ${heap.base.toFixed(0)} kB.`;
  const heads = ['over an empty page', 'CPU ms, first visit', 'Ashiato’s', 'CPU ms, refused and back', 'heap kB', 'accepting at 4x CPU: event duration, ms'];
  return `${table(heads, rows)}\n\n${base}`;
}
