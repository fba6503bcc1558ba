// The pictures in README, made from the real thing: `cargo xtask pictures`.

import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { start } from './stack.mjs';

const DOCS = fileURLToPath(new URL('../../docs', import.meta.url));
const SHAPE = { viewport: { width: 1280, height: 760 }, deviceScaleFactor: 1 };

const stack = await start();
try {
  await banner();
  await visits();
  await answer();
} finally {
  await stack.end();
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
