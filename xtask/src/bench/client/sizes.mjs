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
const sized = files => files.map(({ url, depth, body }) => ({ name: label(url), url, depth, size: size(body), carries: body.includes('class=panel') }));

/** What each contestant has its visitors download, and what Ashiato leaves with them. */
export async function measure(browser, addresses, client) {
  const empty = size(page({ head: '' }));
  const downloads = [];
  let own;
  for (const [contestant, url] of addresses) {
    if (!contestant.banner) continue;
    const { shown, besides, accepted, cookies } = await fetched(browser, url, contestant);
    const files = sized(shown);
    const inPage = less(size(page(contestant)), empty).brotli;
    const depth = Math.max(0, ...files.map(({ depth }) => depth));
    downloads.push({ name: contestant.name, whole: sum(files.map(({ size }) => size)), requests: files.length, depth, inPage });
    if (contestant === ashiato) {
      const refusal = await fetchedAfterRefusal(browser, url, contestant);
      own = ours({ files, besides: sized(besides), accepted: sized(accepted), cookies, refused: sized(refusal.bodies), refusal: refusal.cookies, client });
    }
  }
  return { downloads, own };
}

/** Ashiato's sums, with and without the site's own words: the loader's configuration, and the texts in the banner's script. */
function ours({ files, besides, accepted, cookies, refused, refusal, client }) {
  const script = file => readFileSync(join(client, file), 'utf8');
  const loader = carried => size(script('loader.js').replace('__ASHIATO_CONFIG__', '{}').replace('__ASHIATO_CARRIED__', () => carried));
  const alone = loader('[]');
  const asking = loader(`[${script('ui.js')},{"ja":{}}]`);
  const bare = ({ name, size, carries }) => (name !== 'ashiato.js' ? size : carries ? asking : alone);
  const without = files => sum(files.map(bare));
  const whole = files => sum(files.map(({ size }) => size));
  const length = cookies => Math.max(0, ...cookies.filter(({ name }) => name === 'ashiato_consent').map(({ name, value }) => name.length + 1 + value.length));
  return {
    files,
    besides,
    shown: { whole: whole(files), without: without(files) },
    before: { whole: whole([...files, ...besides]), without: without([...files, ...besides]) },
    accepted: { files: accepted, whole: whole(accepted), without: without(accepted) },
    refused: { files: refused, whole: whole(refused), without: without(refused) },
    cookies: { accepted: length(cookies), refused: length(refusal) },
    left: refusal.map(({ name, value }) => `${name}=${value}`),
  };
}

/** Tables of what is downloaded: of each contestant, and of Ashiato by file. */
export function told({ downloads, own }) {
  const rows = downloads.map(({ name, whole, requests, depth, inPage }) => row(name, whole, [requests, depth, inPage]));
  const compared = table(['until the banner shows', 'raw', 'gzip -9', 'Brotli 11', 'requests', 'depth', 'in the page, Brotli'], rows);
  const { files, besides, shown, before, accepted, refused, left, cookies } = own;
  const single = [
    ...files.map(({ name, size }) => row(name, size)),
    row('**until the banner shows**', shown.whole),
    row('**the same without the site’s own configuration and texts**', shown.without),
    ...besides.map(({ name, size }) => row(`besides before a decision: ${name}`, size)),
    row('**before a decision, without the site’s own configuration and texts**', before.without),
    ...accepted.files.map(({ name, size }) => row(`after accepting: ${name}`, size)),
    row('**more after accepting**', accepted.whole.raw ? accepted.whole : NONE),
    row('**somebody who has refused, nothing cached**', refused.whole),
    row('**the same without the site’s own configuration**', refused.without),
  ];
  const said = `A refusal leaves: ${left.map(cookie => `\`${cookie}\``).join(', ') || 'no cookie'} (${cookies.refused} bytes); accepting a consent cookie of ${cookies.accepted} bytes.`;
  return `${compared}\n\n${table(['Ashiato', 'raw', 'gzip -9', 'Brotli 11'], single)}\n\n${said}`;
}
