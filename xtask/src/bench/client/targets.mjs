// What the client is to reach, and where it stands. A share is the median of the rounds' ratios; other
// figures are medians.

import { ashiato, empty, orejime, vanilla } from './contestants.mjs';
import { median, table } from './table.mjs';

const number = value => Math.round(value).toLocaleString('en');
const ms = value => `${value.toFixed(1)} ms`;
const share = value => `${value.toFixed(2)}x`;
const percent = value => `${(value * 100).toFixed(0)} %`;

/** How much of another's figure ours is, round by round. */
export function ratio(measured, kind, of, other) {
  const theirs = measured[kind].get(other);
  return median(measured[kind].get(ashiato).map((own, round) => of(own) / of(theirs[round])));
}

/** The same of what is more than the empty page has. */
export function ratioOver(measured, kind, of, other) {
  const more = one => measured[kind].get(one).map((result, round) => of(result) - of(measured[kind].get(empty)[round]));
  const theirs = more(other);
  return median(more(ashiato).map((own, round) => own / theirs[round]));
}

/** Rows: what is measured, ours, what it must be at most, what it had better be at most, and how it is written. */
export function standing(measured, { own }, reached) {
  const ours = kind => measured[kind].get(ashiato);
  const worst = of => Math.max(...['plain', 'slow', 'accept'].flatMap(kind => ours(kind).map(of)));
  const over = (kind, of) => median(ours(kind).map((result, round) => of(result) - of(measured[kind].get(empty)[round])));
  const first = ({ first }) => first;
  const settling = kind => median(ours(kind).map(({ first, settled }) => Math.max(0, settled - first)));
  const { share: covered, tabs, escapes } = reached.get(ashiato);
  const rows = [
    ['Brotli bytes before a decision, without the site’s own texts', own.before.without.brotli, 16_000, 12_000, number],
    ['more after opt-in', own.accepted.without.brotli, 25_000, 16_000, number],
    ['refused and back: Brotli bytes, without the site’s own configuration', own.refused.without.brotli, 3_000, 1_500, number],
    ['refused and back: CPU', over('refused', ({ cpu }) => cpu), 5, 2, ms],
    ['depth of requests to the banner', Math.max(...own.files.map(({ depth }) => depth)), 2, 1, number],
    ['from first paint to settled, plain', settling('plain'), 0, 0, ms],
    ['from first paint to settled, slow', settling('slow'), 0, 0, ms],
    ['first paint against vanilla-cookieconsent, plain', ratio(measured, 'plain', first, vanilla), 0.6, 0.45, share],
    ['first paint against vanilla-cookieconsent, slow', ratio(measured, 'slow', first, vanilla), 0.85, 0.7, share],
    ['first paint against Orejime, plain', ratio(measured, 'plain', first, orejime), 1, 0.85, share],
    ['first paint against Orejime, slow', ratio(measured, 'slow', first, orejime), 1, 0.85, share],
    ['CPU over an empty page, first visit, against vanilla-cookieconsent', ratioOver(measured, 'first', ({ cpu }) => cpu, vanilla), 0.6, 0.35, share],
    ['accepting at 4x CPU: event duration (INP)', median(ours('accept').map(({ click }) => click)), 40, 16, value => (value ? ms(value) : '< 16 ms')],
    ['long tasks, the most of any visit without throttling', Math.max(...ours('plain').map(({ long }) => long)), 0, 0, number],
    ['CLS, the most of any visit', worst(({ shift }) => shift), 0, 0, value => value.toFixed(3)],
    ['heap over an empty page, kB', over('first', ({ heap }) => heap / 1e3), null, null, number],
    ['the consent cookie, bytes', Math.max(own.cookies.accepted, own.cookies.refused), 100, 60, number],
    ['presses of Tab to the banner', tabs, 1, 1, number],
    ['presses of Tab, of 40, that leave the open dialog', escapes, 0, 0, number],
    ['share of a 320 x 568 screen', covered, 0.5, 0.35, percent],
  ];
  return rows.map(([name, value, must, goal, written]) => ({ name, value, must, goal, stands: stands(value, must, goal), written }));
}

function stands(value, must, goal) {
  if (must === null) return 'no target';
  if (value <= goal) return 'goal';
  return value <= must ? 'must' : 'MISSED';
}

/** The rows as a table. */
export function standings(rows) {
  const cell = (value, written) => (value === null ? '–' : `≤ ${written(value)}`);
  const cells = rows.map(({ name, value, must, goal, stands, written }) => [name, written(value), cell(must, written), cell(goal, written), stands]);
  return table(['target', 'Ashiato', 'must', 'goal', 'stands at'], cells);
}
