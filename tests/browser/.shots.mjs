import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { start } from '/work/w-office/tests/browser/stack.mjs';
import { somebody } from '/work/w-office/tests/browser/planted.mjs';
const OUT = '/tmp/office-shots';
const stack = await start();
try {
  const pages = [['/', 'ひより道具店'], ['/products', '商品'], ['/products/kyusu', '急須'], ['/products/tenugui', '手ぬぐい'], ['/contact', 'お問い合わせ'], ['/products/warosoku', '和ろうそく']];
  const refs = ['https://www.google.com/', 'https://www.google.com/', '', 'https://note.com/hiyori', 'https://www.instagram.com/', 'https://search.yahoo.co.jp/'];
  let seed = 5; const draw = n => ((seed = (seed * 1103515245 + 12345) % 2147483648), Math.floor(seed / 65536) % n);
  const all = ['functional', 'analytics', 'marketing', 'lead_link'];
  let n = 0;
  for (let i = 0; i < 90; i++) {
    const kind = draw(10);
    const grants = kind < 3 ? [] : kind < 5 ? ['analytics'] : all;
    const events = [];
    const visits = 1 + draw(3);
    for (let v = 0; v < visits; v++) {
      const day = Math.floor(draw(30) * Math.sqrt(draw(100) / 100));
      const referrer = refs[draw(6)];
      if (draw(5) === 0) events.push({ name: 'campaign_visit', title: `d${day}`, properties: { source: 'newsletter', campaign: draw(2) ? '秋の新作' : '年末の贈りもの' } });
      for (let p = 0; p <= draw(4); p++) {
        const [path, title] = pages[p ? draw(6) : [0, 0, 1, 2][draw(4)]];
        events.push({ path, title: `d${day}`, referrer: p ? stack.shop + '/' : referrer });
        events.push({ name: 'user_engagement', path, title: `d${day}`, properties: { engaged_ms: 5000 + draw(90000) } });
        if (draw(4) === 0) events.push({ name: 'add_to_cart', path, title: `d${day}` });
        if (draw(3) === 0) events.push({ name: 'scroll', path, title: `d${day}`, properties: { percent: 50 } });
      }
    }
    await somebody(stack, { grants, language: draw(6) ? 'ja' : 'en', events });
  }
  const py = `
import sqlite3,random
random.seed(3)
d=sqlite3.connect(${JSON.stringify(join(stack.folder, 'ashiato.sqlite'))})
for n in range(31):
    d.execute("UPDATE event SET at=at-?-(SELECT grant_id % 12)*3600000, day=(at-?-(SELECT grant_id % 12)*3600000+32400000)/86400000, title='商品' WHERE title=?", (n*86400000,n*86400000,f'd{n}'))
t=d.execute("select max(day) from tally").fetchone()[0]
rows=d.execute("select site_id,kind,detail,n from tally where day=?",(t,)).fetchall()
for i in range(1,60):
    for s,k,de,n in rows:
        m=int(n*(0.5+random.random())/ (5 if i<30 else 7))
        if m: d.execute("insert into tally values(?,?,?,?,?)",(s,t-i,k,de,m))
    m=int(90*(0.5+random.random())/3)
    d.execute("insert into tally values(1,?,'asked','',?)",(t-i,m))
d.commit()
`;
  const made = spawnSync('python3', ['-c', py], { encoding: 'utf8' });
  if (made.status) console.error(made.stderr);
  // leads by a real browser
  const visit = await stack.visitor({ language: 'ja' });
  await visit.go('/'); await visit.asked(); await visit.decide('accept'); await visit.view('/products'); await visit.view('/contact');
  const link = stack.command('user', 'add', '--email', 'mika@shop.example', '--role', 'owner', '--public-url', stack.collector);
  const shot = async (page, name) => page.screenshot({ path: join(OUT, `${name}.png`), fullPage: true });
  const context = await stack.browser.newContext({ locale: 'ja-JP', viewport: { width: 1280, height: 800 } });
  const page = await context.newPage();
  page.on('console', m => console.log('console', m.type(), m.text()));
  await page.goto(link); await shot(page, 'link');
  await page.fill('#password', 'a kettle on the veranda'); await page.fill('#again', 'a kettle on the veranda');
  await page.click('button[type=submit]'); await page.waitForURL('**/sites/**');
  const places = { overview: '', filtered: '?period=7&page=/products&figure=engaged', today: '?period=today&figure=views', consent: '/consent', leads: '/leads', settings: '/settings' };
  for (const [name, path] of Object.entries(places)) { await page.goto(`${stack.collector}/office/sites/shop${path}`); await shot(page, name); }
  await page.goto(`${stack.collector}/office/account`); await shot(page, 'account');
  await page.goto(`${stack.collector}/office/sites/nope`); await shot(page, 'refused');
  const state = await context.storageState();
  const dark = await stack.browser.newContext({ storageState: state, colorScheme: 'dark', locale: 'en-GB', viewport: { width: 1280, height: 800 } });
  const dp = await dark.newPage();
  await dp.goto(`${stack.collector}/office/account`);
  await dp.locator('.wide button:has-text("English")').click();
  for (const [name, path] of Object.entries(places)) { await dp.goto(`${stack.collector}/office/sites/shop${path}`); await shot(dp, `dark-${name}`); }
  const small = await stack.browser.newContext({ storageState: state, viewport: { width: 360, height: 700 } });
  const sp = await small.newPage();
  for (const [name, path] of Object.entries(places)) { await sp.goto(`${stack.collector}/office/sites/shop${path}`); await shot(sp, `small-${name}`); const w = await sp.evaluate(() => document.documentElement.scrollWidth); if (w > 360) console.log(name, 'wide', w); }
  await sp.locator('.menu summary').click(); await sp.screenshot({ path: join(OUT, 'small-menu.png') });
  const out = await stack.browser.newContext({ locale: 'ja-JP', viewport: { width: 1280, height: 700 } });
  const op = await out.newPage(); await op.goto(`${stack.collector}/office/login`); await shot(op, 'login');
} finally { await stack.end(); }
