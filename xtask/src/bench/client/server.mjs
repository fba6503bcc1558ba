// Serves the page of each contestant (`/0`, `/1`, …) and the packages from npm, everything
// compressed before it is asked for.

import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { extname, join } from 'node:path';
import { brotliCompressSync, constants, gzipSync } from 'node:zlib';

const TYPES = { '.js': 'text/javascript', '.css': 'text/css', '.html': 'text/html; charset=utf-8' };

/** Bytes as they are, by gzip -9 and by Brotli 11. */
export const packed = bytes => ({
  raw: bytes,
  gzip: gzipSync(bytes, { level: 9 }),
  brotli: brotliCompressSync(bytes, { params: { [constants.BROTLI_PARAM_QUALITY]: 11 } }),
});

const paragraph = `<p>${'The potter turns the bowl once more, looks at its foot, and sets it on the board beside the others to dry in the shade of the eaves. '.repeat(4)}</p>`;

/** A page of some text, with what a contestant has its owner put into it. */
export const page = ({ head, body = '' }) => `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>Bowls</title><link rel="icon" href="data:,">
<style>body{font:1rem/1.6 sans-serif;max-width:50rem;margin:auto;padding:1rem}</style>
${head}</head><body><h1>Bowls</h1>${paragraph.repeat(20)}${body}</body></html>`;

/** Serves at `port` what `contestants` need; `folder` holds their packages. */
export async function serve(port, contestants, folder) {
  const pages = contestants.map(contestant => packed(Buffer.from(page(contestant))));
  const files = new Map();
  const file = path => {
    if (!files.has(path)) files.set(path, packed(readFileSync(join(folder, path))));
    return files.get(path);
  };
  const known = path => !path.includes('..') && contestants.some(({ folder }) => folder && path.startsWith(`/${folder}/`));
  const server = createServer(({ url, headers }, answer) => {
    const isPage = /^\/\d$/.test(url);
    if (!isPage && !known(url)) return answer.writeHead(404).end();
    const { raw, brotli } = isPage ? pages[url.slice(1)] : file(url);
    const takes = /\bbr\b/.test(headers['accept-encoding']);
    answer.writeHead(200, {
      'content-type': isPage ? TYPES['.html'] : TYPES[extname(url)],
      'cache-control': isPage ? 'no-cache' : 'public, max-age=31536000, immutable',
      ...(takes && { 'content-encoding': 'br' }),
    });
    answer.end(takes ? brotli : raw);
  });
  await new Promise(resolve => server.listen(port, '127.0.0.1', resolve));
  return server;
}
