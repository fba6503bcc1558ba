// The pictures of README and the guides, in Japanese and English: a shop of a few visitors, and what each kind of reader sees
// of it.

import { fileURLToPath } from 'node:url';
import { join } from 'node:path';
import { enrol } from './account.mjs';
import { start } from './stack.mjs';

const DOCS = fileURLToPath(new URL('../../docs', import.meta.url));
const SHAPE = { viewport: { width: 1280, height: 760 }, deviceScaleFactor: 1 };
const LOCALES = { ja: 'ja-JP', en: 'en-GB' };

/** The pages of the back office that are shown, by the names of their pictures. */
const OFFICE = {
  overview: '?period=today',
  consent: '/consent?period=today',
  leads: '/leads',
  settings: '/settings',
  funnel: '/analysis?period=today&k1=page&v1=/&k2=page&v2=/products&k3=page&v3=/products/kyusu',
  requests: '/requests',
  trail: '/trail',
};

let stack;

/** Makes all of them. */
export async function guide() {
  stack = await start({ mail: true });
  try {
    await visits();
    for (const kind of ['export', 'erase']) stack.command('subject', 'receive', kind, '--site', 'shop', '--law', 'appi');
    for (const language of Object.keys(LOCALES)) {
      await shop(language);
      await published(language);
      await office(language);
    }
    await answer();
  } finally {
    await stack.end();
  }
}

/** Where a picture of the guides lies. */
const picture = (name, language) => join(DOCS, 'guide', `${name}.${language}.png`);

/** Some people who agree and some who do not; one of them writes. */
async function visits() {
  const paths = ['/', '/products', '/products/kyusu', '/products/tenugui', '/contact'];
  for (let person = 0; person < 6; person++) {
    const visit = await stack.visitor({ language: person % 2 ? 'en' : 'ja' });
    await visit.go('/');
    await visit.asked();
    if (person % 3 === 2) {
      await visit.decide('reject');
    } else {
      await visit.decide('accept');
      for (const path of paths.slice(1, 2 + person)) await visit.view(path);
    }
    if (person === 4) await write(visit);
    await visit.context.close();
  }
}

async function write(visit) {
  await visit.page.fill('#name', '足跡 花子');
  await visit.page.fill('#email', 'hanako@example.jp');
  await visit.page.fill('#message', '急須の大きさを教えてください。');
  await visit.page.click('#send');
  await visit.page.waitForURL('**/thanks');
}

/** The banner, the choices, and the visitor's own page. */
async function shop(language) {
  const visit = await stack.visitor({ language, ...SHAPE });
  await visit.go('/');
  await visit.asked();
  await visit.page.screenshot({ path: picture('banner', language) });
  await visit.part('customise').click();
  await visit.part('save').waitFor();
  await visit.page.screenshot({ path: picture('choices', language) });
  await visit.choose({ analytics: true });
  await visit.page.evaluate(() => self.ashiato.open());
  const [own] = await Promise.all([visit.context.waitForEvent('page'), visit.part('me').click()]);
  await own.locator('#receipts article').first().waitFor();
  await own.screenshot({ path: picture('own-page', language) });
  await visit.context.close();
}

/** What anybody can read. */
async function published(language) {
  const page = await stack.browser.newPage({ ...SHAPE, locale: LOCALES[language] });
  for (const [name, path] of [['policy', 'policy'], ['request', 'request']]) {
    await page.goto(`${stack.collector}/s/shop/${path}?lang=${language}`);
    await page.screenshot({ path: picture(name, language) });
  }
  await page.close();
}

/** The back office, as its owner sees it. */
async function office(language) {
  const page = await stack.browser.newPage({ ...SHAPE, locale: LOCALES[language] });
  await enrol(stack, page, `mika.${language}@shop.example`, 'owner', true);
  for (const [name, path] of Object.entries(OFFICE)) {
    await page.goto(`${stack.collector}/office/sites/shop${path}`);
    // Of a long page with a form on top the answer is to be seen.
    await page.screenshot({ path: picture(name, language), fullPage: name === 'funnel' });
  }
  await page.close();
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
  await page.locator('pre').screenshot({ path: join(DOCS, 'guide', 'query.png') });
}
