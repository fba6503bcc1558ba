// Bytes that a visitor downloads.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ashiato } from './contestants.mjs';
import { packed, page } from './server.mjs';
import { table } from './table.mjs';
import { fetched, fetchedAfterRefusal } from './visits.mjs';

const FORMS = ['raw', 'gzip', 'brotli'];
const NONE = { raw: 0, gzip: 0, brotli: 0 };

const sum = sizes => Object.fromEntries(FORMS.map(form => [form, sizes.reduce((all, size) => all + size[form], 0)]));
const less = (one, other) => Object.fromEntries(FORMS.map(form => [form, one[form] - other[form]]));
const size = bytes => {
  const { raw, gzip, brotli } = packed(Buffer.from(bytes));
  return { raw: raw.length, gzip: gzip.length, brotli: brotli.length };
};
const row = (name, size, more = []) => [name, ...FORMS.map(form => size[form].toLocaleString('en')), ...more];
const label = url => new URL(url).pathname.split('/').pop().replace(/\.[a-z0-9_-]{10,}\./i, '.');

/** Tables of what is downloaded: of each contestant, and of Ashiato by file. */
export async function sizes(browser, addresses, client) {
  const empty = size(page({ head: '' }));
  const rows = [];
  let ours;
  for (const [contestant, url] of addresses) {
    if (!contestant.banner) continue;
    const { before, accepted } = await fetched(browser, url, contestant);
    const files = before.map(file => ({ ...file, size: size(file.body) }));
    const depth = Math.max(0, ...before.map(({ depth }) => depth));
    const inPage = less(size(page(contestant)), empty).brotli;
    rows.push(row(contestant.name, sum(files.map(file => file.size)), [before.length, depth, inPage]));
    if (contestant === ashiato) {
      const refusal = await fetchedAfterRefusal(browser, url, contestant);
      ours = { files, accepted: accepted.map(file => ({ ...file, size: size(file.body) })), refusal };
    }
  }
  const compared = table(['until the banner shows', 'raw', 'gzip -9', 'Brotli 11', 'requests', 'depth', 'in the page, Brotli'], rows);
  return `${compared}\n\n${own(ours, client)}`;
}

/** What Ashiato consists of. */
function own({ files, accepted, refusal }, client) {
  const whole = sum(files.map(file => file.size));
  // The site's own words: the loader's configuration, and the file of texts.
  const bare = size(readFileSync(join(client, 'loader.js'), 'utf8').replace('__ASHIATO_CONFIG__', '{}'));
  const loader = files.find(({ url }) => url.endsWith('/ashiato.js'));
  const texts = files.find(({ url }) => url.includes('text'));
  const without = less(sum([whole, bare]), sum([loader.size, texts?.size ?? NONE]));
  const cookies = refusal.cookies.map(({ name, value }) => `\`${name}=${value}\` (${name.length + 1 + value.length} bytes)`);
  const rows = [
    ...files.map(file => row(label(file.url), file.size)),
    row('**until the banner shows**', whole),
    row('**the same without the site’s own configuration and texts**', without),
    ...accepted.map(file => row(`after accepting: ${label(file.url)}`, file.size)),
    row('**more after accepting**', sum(accepted.map(file => file.size))),
    row('**somebody who has refused, nothing cached**', sum(refusal.bodies.map(({ body }) => size(body)))),
  ];
  return `${table(['Ashiato', 'raw', 'gzip -9', 'Brotli 11'], rows)}\n\nA refusal leaves: ${cookies.join(', ') || 'no cookie'}.`;
}
