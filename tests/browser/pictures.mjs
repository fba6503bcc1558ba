// The pictures of the documentation, made from the real thing: `cargo xtask pictures`. With `--all DIR`, instead, a
// sheet of every state in every shape and look, to be looked at before a change of them lands.

import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { guide } from './guide.mjs';
import { SHAPES, gallery, walk } from './states.mjs';

const { all } = parseArgs({ options: { all: { type: 'string' } } }).values;
await (all ? sheet(all) : guide());

/** A picture of every state in every shape and look, and a page (`index.html`) that shows them side by side. */
async function sheet(folder) {
  mkdirSync(folder, { recursive: true });
  const looks = [['light', 'ja'], ['light', 'en'], ['light', 'ar'], ['dark', 'ja'], ['forced', 'en']].map(([colour, language]) => ({ colour, language }));
  const windows = [{ width: 320 }, { width: 1280 }, { width: 320, text: 200 }];
  const rows = [];
  const pictured = await gallery();
  try {
    for (const shape of Object.keys(SHAPES)) {
      for (const look of looks) {
        for (const window of windows) {
          const visitor = await pictured.visitor(shape, { ...look, ...window });
          const name = [shape, ...Object.values(look), ...Object.values(window)].join('-');
          const files = [];
          await walk(visitor, async state => {
            const file = `${name}-${state.replaceAll(' ', '-')}.png`;
            await visitor.page.screenshot({ path: join(folder, file) });
            files.push(`<figure><a href="${file}"><img loading="lazy" src="${file}" alt=""></a><figcaption>${state}</figcaption></figure>`);
          });
          await visitor.context.close();
          rows.push(`<h2>${name}</h2><div>${files.join('')}</div>`);
        }
      }
      console.error(`${shape}: done`);
    }
  } finally {
    await pictured.end();
  }
  const style = 'body{font:14px system-ui;margin:24px}div{display:flex;gap:12px;overflow:auto}figure{margin:0}img{height:320px;border:1px solid #999}';
  writeFileSync(join(folder, 'index.html'), `<!doctype html><html lang="en"><meta charset="utf-8"><title>Every state</title><style>${style}</style>${rows.join('\n')}</html>\n`);
  console.log(join(folder, 'index.html'));
}
