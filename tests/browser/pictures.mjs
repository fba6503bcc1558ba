// The pictures in README, made from the real thing: `cargo xtask pictures`. With `--all DIR`, instead, a
// sheet of every state in every shape and look, to be looked at before a change of them lands.

import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { start } from './stack.mjs';
import { SHAPES, gallery, walk } from './states.mjs';

const DOCS = fileURLToPath(new URL('../../docs', import.meta.url));
const SHAPE = { viewport: { width: 1280, height: 760 }, deviceScaleFactor: 1 };

const { all } = parseArgs({ options: { all: { type: 'string' } } }).values;
let stack;
if (all) {
  await sheet(all);
} else {
  stack = await start();
  try {
    await banner();
    await visits();
    await answer();
    await office();
  } finally {
    await stack.end();
  }
}

async function banner() {
  const visit = await stack.visitor({ language: 'ja', ...SHAPE });
  await visit.go('/');
  await visit.asked();
  await visit.page.screenshot({ path: join(DOCS, 'banner.png') });
  await visit.part('customise').click();
  await visit.part('save').waitFor();
  await visit.page.screenshot({ path: join(DOCS, 'choices.png') });
  await visit.context.close();
}

/** Some people who agree and some who do not. */
async function visits() {
  const paths = ['/', '/products', '/products/kyusu', '/products/tenugui', '/contact'];
  for (let person = 0; person < 6; person++) {
    const visit = await stack.visitor({ language: 'ja' });
    await visit.go('/');
    await visit.asked();
    if (person % 3 === 2) {
      await visit.decide('reject');
    } else {
      await visit.decide('accept');
      for (const path of paths.slice(1, 2 + person)) await visit.view(path);
    }
    await visit.context.close();
  }
}

/** What `ashiato query` prints, as a terminal shows it. */
async function answer() {
  const day = new Intl.DateTimeFormat('sv-SE', { timeZone: 'Asia/Tokyo' }).format(new Date());
  const given = ['query', '--site', 'shop', '--metrics', 'visitors,page_views', '--dimensions', 'time:day,page', '--from', day, '--to', day];
  const page = await stack.browser.newPage({ ...SHAPE, viewport: { width: 760, height: 400 } });
  await page.evaluate(
    ([command, printed]) => {
      document.body.style.margin = 0;
      const terminal = document.body.appendChild(document.createElement('pre'));
      terminal.style.cssText = 'margin:0;padding:24px 32px;background:#14211c;color:#e6efe9;font:15px/1.6 ui-monospace,monospace;width:fit-content';
      terminal.textContent = `$ ${command}\n\n${printed}`;
    },
    [`ashiato ${given.slice(0, 7).join(' ')} \\\n    ${given.slice(7).join(' ')}`, stack.command(...given)],
  );
  await page.locator('pre').screenshot({ path: join(DOCS, 'query.png') });
}

/** The back office's first page, of those visits. */
async function office() {
  const link = stack.command('user', 'add', '--email', 'mika@shop.example', '--role', 'owner', '--public-url', stack.collector);
  const page = await stack.browser.newPage({ ...SHAPE, locale: 'ja-JP' });
  await page.goto(link);
  for (const field of ['#password', '#again']) await page.fill(field, 'a kettle on the veranda');
  await page.click('button[type=submit]');
  await page.goto(`${stack.collector}/office/sites/shop?period=today`);
  await page.screenshot({ path: join(DOCS, 'office.png') });
  await page.close();
}

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
