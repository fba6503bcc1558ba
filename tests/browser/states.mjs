// Every state in which a visitor can see something of ours, in every shape that a site file can give
// it: one collector with a site for each shape, and one page that has everything in it. For the tests
// of accessibility and for the sheet of pictures.

import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { chromium } from 'playwright-core';
import { CHROMIUM, COLLECTOR, FLAGS, freePort, start, until } from './stack.mjs';
import { Visit } from './visit.mjs';

const CORNERS = ['bottom_start', 'bottom_end', 'top_start', 'top_end'];

/** The shapes, by their site's key. */
export const SHAPES = {
  'bar-bottom': { layout: 'bar', corner: 'bottom_start' },
  'bar-top': { layout: 'bar', corner: 'top_end' },
  ...Object.fromEntries(CORNERS.map(corner => [`box-${corner.replace('_', '-')}`, { layout: 'box', corner }])),
  centre: { layout: 'centre', corner: 'bottom_end' },
  light: { layout: 'bar', corner: 'bottom_start', theme: 'light' },
  dark: { layout: 'bar', corner: 'bottom_start', theme: 'dark' },
};

// A third language, from right to left: what is seen of the banner in Arabic, and a sentence for the rest.
const ARABIC = {
  title: 'ملفات تعريف الارتباط في هذا الموقع',
  body: 'نستخدم ملفات تعريف الارتباط لتشغيل مقاطع الفيديو وقياس الزيارات والإعلانات. تُرسل بعض البيانات إلى شركتين أخريين وتُحفظ مدة أقصاها 13 شهرًا. وإذا وافقت فقد تُربط تصفحاتك باسمك. يمكنك تغيير اختيارك أو حذفه في أي وقت.',
  accept: 'قبول الكل',
  reject: 'رفض الكل',
  customise: 'تخصيص',
  preferences: 'إعدادات ملفات تعريف الارتباط',
  preferences_body: 'اختر حسب الغرض أو حسب الخدمة. يمكنك استخدام الموقع مهما كان اختيارك.',
  save: 'حفظ الاختيار',
  close: 'إغلاق دون حفظ',
  always_on: 'مفعّل دائمًا',
  saved: 'حُفظ اختيارك',
  reopen: 'إعدادات ملفات تعريف الارتباط',
  policy: 'سياسة ملفات تعريف الارتباط',
  details: 'التفاصيل',
  reload: 'أعد تحميل الصفحة لإيقاف كل ما سحبت موافقتك عليه.',
  reload_button: 'إعادة التحميل',
  later: 'لاحقًا',
  blocked: 'يظهر «{name}» هنا بعد أن تسمح به.',
  unblock: 'السماح والعرض',
  changed: 'ما الذي تغيّر منذ اختيارك الأخير',
  gpc: 'يطلب متصفحك عدم تتبعك (GPC) ونحن نحترم ذلك: يُعدّ «{names}» مرفوضًا.',
  gpc_off: 'متوقف بطلب من متصفحك (GPC)',
  provider_label: 'المزوّد',
  sends_label: 'ما يُرسل',
  use_label: 'الغرض',
  retention_label: 'مدة الحفظ',
  cookies_label: 'ملفات تعريف الارتباط',
  fault_required: 'يرجى ملء هذا الحقل.',
  fault_email: 'يرجى التحقق من عنوان البريد الإلكتروني.',
  day: 'يوم واحد',
  days: '{n} يومًا',
  month: 'شهر واحد',
  months: '{n} شهرًا',
  year: 'سنة واحدة',
  years: '{n} سنوات',
  about: 'نحو {time}',
  language_name: 'العربية',
};
const SENTENCE = 'نص قصير يوضح الغرض والمدة';

/** The site file with a third language in it. */
function withArabic(text, folder) {
  const file = join(folder, 'arabic.toml');
  const spoken = text
    .replace('languages = ["ja", "en"]', 'languages = ["ja", "en", "ar"]')
    .replaceAll(/en = "([^"]*)"(?= \})/g, `en = "$1", ar = "${SENTENCE}"`)
    .replace(/^(en = ".*")$/m, `$1\nar = "${SENTENCE}"`);
  let added = '';
  const complaints = () => {
    writeFileSync(file, spoken + added);
    return spawnSync(COLLECTOR, ['site', 'check', file], { encoding: 'utf8' }).stderr;
  };
  // The check names every word that a new language needs, and then what has to stand in a word.
  const [, names] = complaints().match(/add to \[banner\.text\.ar\]: (.*)/) ?? [];
  if (!names) throw new Error('no words are asked for in Arabic');
  const words = Object.fromEntries(names.split(', ').map(name => [name, ARABIC[name] ?? SENTENCE]));
  for (let lacking = true; lacking; ) {
    added = `\n[banner.text.ar]\n${Object.entries(words).map(([name, word]) => `${name} = ${JSON.stringify(word)}`).join('\n')}\n`;
    const found = [...complaints().matchAll(/banner text `(\w+)` in ar: has no (\{\w+\})/g)];
    found.forEach(([, name, place]) => (words[name] += ` ${place}`));
    lacking = found.length > 0;
  }
  return spoken + added;
}

const WORDS = { ja: ['器', '動画', 'お名前', '送る'], en: ['Bowls', 'Film', 'Name', 'Send'], ar: ['أوعية', 'فيلم', 'الاسم', 'إرسال'] };

/** A page of a site with something of everything, in a language. */
function page(collector, key, language, { head = '', lang = language, first = '' } = {}) {
  const [title, film, name, send] = WORDS[language] ?? WORDS.en;
  const field = (name, label, type) => `<p><label for="${name}">${label}</label> <input id="${name}" name="${name}" type="${type}" aria-describedby="${name}-error"> <span id="${name}-error" data-error-for="${name}"></span></p>`;
  return `<!doctype html><html${lang && ` lang="${lang}"`} dir="${language === 'ar' ? 'rtl' : 'ltr'}"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1"><title>${title}</title><link rel="icon" href="data:,">
<meta name="color-scheme" content="light dark"><style>html { background: Canvas; } body { overflow-wrap: anywhere; } input, textarea { box-sizing: border-box; max-width: 100%; }</style>${head}
<script async src="${collector}/s/${key}/ashiato.js"></script></head><body>${first}
<main><h1>${title}</h1>
<p>${`${title}. `.repeat(60)}</p>
<iframe title="${film}" width="280" height="158" data-consent="functional" data-service="video" data-src="/film"></iframe>
<script type="text/plain" data-consent="analytics" data-service="kazoeru">self.ran = true</script>
<iframe hidden name="sent"></iframe>
<form data-ashiato-lead="contact" action="/film" target="sent" novalidate>
${field('name', name, 'text')}${field('email', 'E-mail', 'email')}
<p><label for="message">…</label> <textarea id="message" name="message" aria-describedby="message-error"></textarea> <span id="message-error" data-error-for="message"></span></p>
<p><button id="send">${send}</button></p></form>
<p>${`${title}. `.repeat(200)}</p>
</main></body></html>`;
}

/** Starts the collector with all sites, and a server of pages: `/SITE/LANGUAGE`. */
export async function gallery() {
  const port = await freePort();
  const own = `http://localhost:${port}`;
  const added = { head: '', lang: undefined, first: '' };
  let stack;
  const server = createServer(({ url }, answer) => {
    const [, key, language] = new URL(url, own).pathname.split('/');
    const known = SHAPES[key] && language;
    const given = Object.fromEntries(Object.entries(added).filter(([, value]) => value !== undefined));
    answer.writeHead(known || key === 'film' ? 200 : 404, { 'content-type': 'text/html' });
    answer.end(known ? page(stack.collector, key, language, given) : '<!doctype html><html lang="en"><title>film</title><main><h1>film</h1></main></html>');
  });
  await new Promise(resolve => server.listen(port, '127.0.0.1', resolve));
  try {
    stack = await start();
    const shop = withArabic(readFileSync(fileURLToPath(new URL('../../demo-site/shop.toml', import.meta.url)), 'utf8'), stack.folder);
    for (const [key, { layout, corner, theme = 'auto' }] of Object.entries(SHAPES)) {
      const file = join(stack.folder, `${key}.toml`);
      const shaped = shop
        .replace('key = "shop"', `key = "${key}"`)
        .replace('http://localhost:8081', own)
        .replace(/^(layout|corner|theme|control) = .*\n/gm, '')
        .replace('[banner]', `[banner]\nlayout = "${layout}"\ncorner = "${corner}"\ntheme = "${theme}"`);
      writeFileSync(file, shaped);
      stack.command('site', 'apply', file);
    }
    for (const key of Object.keys(SHAPES)) {
      await until(`${key} is in force`, async () => (await fetch(`${stack.collector}/s/${key}/ashiato.js`)).ok);
    }
    // Letters of twice the size, as a visitor sets them for all pages.
    const flags = [...FLAGS, '--blink-settings=defaultFontSize=32,defaultFixedFontSize=26'];
    const large = await chromium.launch({ executablePath: CHROMIUM, args: flags });
    return new Gallery({ stack, own, server, added, large });
  } catch (error) {
    server.close();
    await stack?.end();
    throw error;
  }
}

class Gallery {
  constructor(parts) {
    Object.assign(this, parts);
  }

  async end() {
    await this.large.close();
    await this.stack.end();
    this.server.closeAllConnections();
    this.server.close();
  }

  /** Somebody on the page of a shape. `add` puts something into the page: `head`,
   *  `first` (in the body), `lang`; `before` runs in it before everything else. */
  async visitor(shape, { language = 'en', colour = 'light', width = 1280, height = width < 600 ? 568 : 800, text = 100, add = {}, before, ...options } = {}) {
    const browser = text === 200 ? this.large : this.stack.browser;
    const colours = colour === 'forced' ? { forcedColors: 'active' } : { colorScheme: colour };
    const visitor = await Visit.begin({ ...this.stack, browser }, { language, viewport: { width, height }, ...colours, ...options });
    if (before) await visitor.context.addInitScript(before);
    Object.assign(this.added, { head: '', lang: undefined, first: '' }, add);
    await visitor.page.goto(`${this.own}/${shape}/${language}`);
    await visitor.page.evaluate(() => self.ashiato.ready);
    await visitor.asked();
    return visitor;
  }
}

/** Leads a visitor through every state, in an order in which each is reached; `look` is called in each. */
export async function walk(visitor, look) {
  const { page } = visitor;
  const placeholder = page.locator('ashiato-blocked [part~=unblock]');
  await placeholder.waitFor();
  await look('banner');
  await visitor.part('customise').click();
  await visitor.part('save').waitFor();
  await look('preferences');
  for (const summary of await page.locator('ashiato-consent dialog summary').all()) await summary.click();
  await look('preferences with details');
  await page.keyboard.press('Escape');
  await visitor.decide('reject');
  await page.locator('ashiato-consent [part~=open]').waitFor();
  await placeholder.scrollIntoViewIfNeeded();
  await look('placeholder and lasting control');
  await page.fill('#email', 'hanako@');
  // Until the part that checks it has come, the form goes where it goes without us.
  await until('the form is checked', async () => {
    await page.click('#send');
    return (await page.locator('#email[aria-invalid=true]').count()) > 0;
  });
  await look('form errors');
  await page.locator('ashiato-consent [part~=open]').click();
  await visitor.decide('accept');
  await page.waitForFunction(() => self.ran);
  await page.locator('ashiato-consent [part~=open]').click();
  await visitor.decide('reject');
  await page.locator('ashiato-consent [part~=reload]').waitFor();
  await look('reload notice');
}
