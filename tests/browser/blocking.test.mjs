// What a page has marked with a purpose: blocked until it is granted, let go once, taken back on withdrawal.
// Each test runs on a page without a policy and on one with a strict one.

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { createServer } from 'node:http';
import { after, before, test } from 'node:test';
import { freePort, start, until } from './stack.mjs';

const NONCE = 'bm9uY2U';
/** A site that is not on this machine's name: its pages are answered by the test. */
const ELSEWHERE = 'https://www.shop.example';

let stack;
let site;
before(async () => {
  const port = await freePort();
  site = { address: `http://localhost:${port}`, files: {} };
  site.server = createServer(async ({ url }, answer) => {
    const file = site.files[url.split('?')[0]];
    if (!file) return answer.writeHead(404).end();
    const { type = 'text/javascript', body, headers, until: held, rest } = typeof file == 'string' ? { body: file } : file;
    answer.writeHead(200, { 'content-type': type, ...headers });
    if (rest) answer.write(body);
    await held;
    answer.end(rest ?? body);
  });
  await new Promise(resolve => site.server.listen(port, '127.0.0.1', resolve));
  const more = ['_kz*', '__Host-kz', '__Secure-kz'].map(name => `{ name = "${name}", days = 30, use = { ja = "閲覧回数の集計", en = "Counting views" } }, `);
  stack = await start({
    change: text => text.replace('origins = [', `origins = ["${site.address}", "${ELSEWHERE}", `).replace('cookies = [{ name = "kazoeru_id"', `cookies = [${more.join('')}{ name = "kazoeru_id"`),
  });
});
after(async () => {
  await stack?.end();
  site?.server.closeAllConnections();
  site?.server.close();
});

/** A page of the site: what its body holds, its files, and what differs from other pages. */
async function on(body, { strict = false, files = {}, path = '/', scripts = `script-src 'nonce-${NONCE}' 'wasm-unsafe-eval'`, policy = 'trusted-types ashiato page', language = 'en', prepare, ...options } = {}) {
  const nonce = strict ? ` nonce="${NONCE}"` : '';
  const tag = `<script async${nonce} src="${stack.collector}/s/shop/ashiato.js"></script>`;
  const head = `<!doctype html><html lang="${language}"><meta charset="utf-8"><title>page</title><link rel="icon" href="data:,"><link rel="stylesheet" href="/page.css">${tag}`;
  const csp =
    `default-src 'self'; ${scripts}; style-src 'self'; connect-src 'self' ${stack.collector}; ` +
    `img-src 'self' data:; require-trusted-types-for 'script'; ${policy}`;
  // In a page's text, scripts are written `<script …>`: those of a strict page carry its nonce.
  const text = head + '<body><h1>page</h1>' + body.replaceAll('<script', `<script${nonce}`).replaceAll('<bare-script', '<script').replaceAll('</bare-script', '</script');
  site.files = { '/page.css': { type: 'text/css', body: '' }, ...files, [path]: { type: 'text/html', body: text, headers: strict ? { 'content-security-policy': csp } : {}, ...files[path] } };
  const visitor = await stack.visitor({ language, ...options });
  await visitor.context.addInitScript(nonce => {
    self.ran = [];
    // A blocked script that the page's own code makes.
    self.make = (data, text) => {
      const script = Object.assign(document.createElement('script'), { type: 'text/plain', nonce });
      Object.assign(script.dataset, { consent: 'analytics', ...data });
      self.page_policy ??= self.trustedTypes.createPolicy('page', { createScript: text => text });
      if (text) script.text = self.page_policy.createScript(text);
      return script;
    };
  }, strict ? NONCE : '');
  await prepare?.(visitor);
  await visitor.page.goto(site.address + path, { waitUntil: 'commit' });
  await visitor.page.waitForFunction(() => self.ashiato?.ready);
  await visitor.page.evaluate(() => self.ashiato.ready);
  visitor.fetched = file => visitor.requests.filter(request => request.url() === site.address + file).length;
  visitor.grant = (...what) => visitor.page.evaluate(what => self.ashiato.accept(...what), what);
  visitor.withdraw = () => visitor.page.evaluate(() => self.ashiato.withdraw());
  visitor.ran = () => visitor.page.evaluate(() => self.ran);
  visitor.hasRun = name => visitor.page.waitForFunction(name => self.ran.includes(name), name);
  return visitor;
}

/** A script that is blocked. */
const blocked = (inside, purpose = 'analytics', mark = '') => `<script type="text/plain" data-consent="${purpose}" ${mark}${inside}</script>`;
const inline = name => blocked(`>self.ran.push('${name}')`);
const says = name => `self.ran.push('${name}')`;

/** What a warning is expected of. */
const warnings = visitor => visitor.problems.filter(problem => problem.startsWith('warning: ashiato'));
const isWarning = problem => problem.startsWith('warning: ashiato');
/** A file that is not there is said so by the browser. */
const isMissing = problem => /404/.test(problem);

/** A promise, and what keeps it. */
const held = () => {
  const given = {};
  given.promise = new Promise(resolve => (given.resolve = resolve));
  return given;
};

for (const strict of [false, true]) {
  const on_page = (body, options) => on(body, { strict, ...options });
  const where = strict ? ' (strict policy)' : '';

  test(`scripts run in the page's order, and one that fails stops none${where}`, async () => {
    const slow = held();
    const body = [blocked('data-src="/one.js">'), inline('two'), blocked('data-src="/missing.js">'), inline('three'), blocked('data-src="/four.js">'), blocked(">throw new Error('its own')"), inline('five')];
    const visitor = await on_page(body.join(''), { files: { '/one.js': { body: says('one'), until: slow.promise }, '/four.js': says('four') } });
    await visitor.asked();
    assert.equal(visitor.fetched('/one.js') + visitor.fetched('/missing.js') + visitor.fetched('/four.js'), 0);
    assert.deepEqual(await visitor.ran(), []);
    const asked = visitor.page.waitForRequest('**/one.js');
    await visitor.grant('analytics');
    await asked;
    assert.deepEqual(await visitor.ran(), [], 'an inline script waits for the external one before it');
    slow.resolve();
    await visitor.hasRun('five');
    assert.deepEqual(await visitor.ran(), ['one', 'two', 'three', 'four', 'five']);
    await visitor.end(problem => isMissing(problem) || /its own/.test(problem));
  });

  test(`async scripts wait for none; deferred ones and modules run after the rest, in order${where}`, async () => {
    const slow = held();
    const body = [
      blocked('data-type="module" data-src="/module.js">'),
      blocked('defer data-src="/deferred.js">'),
      blocked('data-type="module">self.ran.push("inline module")'),
      blocked('data-src="/slow.js">'),
      inline('inline'),
      blocked('async data-src="/async.js">'),
    ];
    const files = { '/module.js': says('module') + ';export {}', '/deferred.js': says('deferred'), '/slow.js': { body: says('slow'), until: slow.promise }, '/async.js': says('async') };
    const visitor = await on_page(body.join(''), { files });
    await visitor.asked();
    await visitor.grant('analytics');
    await visitor.hasRun('async');
    assert.deepEqual(await visitor.ran(), ['async']);
    slow.resolve();
    await visitor.hasRun('inline module');
    assert.deepEqual(await visitor.ran(), ['async', 'slow', 'inline', 'module', 'deferred', 'inline module']);
    await visitor.end();
  });

  test(`a service's scripts run under its own grant, and a purpose's under all of its services${where}`, async () => {
    const visitor = await on_page(blocked(`>${says('kazoeru')}`, 'analytics', 'data-service="kazoeru"') + inline('purpose'));
    await visitor.asked();
    await visitor.grant('analytics kazoeru');
    await visitor.hasRun('kazoeru');
    assert.deepEqual(await visitor.ran(), ['kazoeru']);
    await visitor.grant('analytics');
    await visitor.hasRun('purpose');
    assert.deepEqual(await visitor.ran(), ['kazoeru', 'purpose']);
    await visitor.end();
  });

  test(`what is added later is blocked and let go like the rest${where}`, async () => {
    const visitor = await on_page('<main></main>', { files: { '/late.js': says('late'), '/film': { type: 'text/html', body: 'film' } } });
    await visitor.asked();
    const add = (data, text) => visitor.page.evaluate(([data, text]) => document.querySelector('main').append(self.make(data, text)), [data, text]);
    await add({ src: '/late.js' });
    await visitor.page.evaluate(() => {
      const frame = Object.assign(document.createElement('iframe'), { title: 'film' });
      Object.assign(frame.dataset, { consent: 'functional', service: 'video', src: '/film' });
      document.querySelector('main').append(frame);
    });
    await visitor.page.locator('ashiato-blocked button').waitFor();
    assert.equal(visitor.fetched('/late.js') + visitor.fetched('/film'), 0);
    await visitor.grant('analytics', 'functional');
    await visitor.hasRun('late');
    await visitor.page.frameLocator('iframe').getByText('film').waitFor();
    await add({}, says('later'));
    await visitor.hasRun('later');
    assert.deepEqual(await visitor.ran(), ['late', 'later']);
    await visitor.end();
  });

  test(`a script runs once, whatever is decided and wherever it is put${where}`, async () => {
    const visitor = await on_page(`<main>${inline('once')}${inline('once')}</main><aside></aside>`);
    await visitor.asked();
    const times = async () => (await visitor.ran()).filter(name => name === 'once').length;
    /** Something that runs after everything that would have run by now. */
    let marks = 0;
    const settled = async () => {
      const name = `mark ${marks++}`;
      await visitor.page.evaluate(text => document.body.append(self.make({}, text)), says(name));
      await visitor.hasRun(name);
    };
    await visitor.grant('analytics');
    await settled();
    assert.equal(await times(), 2, 'twins are two');
    await visitor.withdraw();
    await visitor.grant('analytics');
    await settled();
    assert.equal(await times(), 2, 'granted again');
    await visitor.page.evaluate(() => {
      const [script] = document.querySelectorAll('main [type="text/plain"]');
      document.querySelector('aside').append(script);
    });
    await settled();
    assert.equal(await times(), 2, 'moved');
    await visitor.page.evaluate(() => {
      // As a framework does that makes a part of the page anew. The page's own text was not made by a script.
      for (const script of document.querySelectorAll(':is(main, aside) [type="text/plain"]')) {
        const fresh = self.make({}, script.text);
        for (const { name, value } of script.attributes) fresh.setAttribute(name, value);
        script.replaceWith(fresh);
      }
    });
    await settled();
    assert.equal(await times(), 2, 'made anew');
    await visitor.end();
  });

  test(`what runs has the attributes, and the page's own element stays where it is${where}`, async () => {
    const source = `self.ran.push([document.currentScript.id, document.currentScript.dataset.key, document.currentScript.crossOrigin, document.currentScript.referrerPolicy, document.currentScript.nonce].join())`;
    const digest = text => 'sha384-' + createHash('sha384').update(text).digest('base64');
    const body = `<main>${blocked(`id="tag" data-key="k1" crossorigin="anonymous" referrerpolicy="no-referrer" integrity="${digest(source)}" data-src="/kept.js">`)}${blocked(`integrity="${digest('other')}" data-src="/forged.js">`)}${inline('after')}</main>`;
    const visitor = await on_page(body, { files: { '/kept.js': source, '/forged.js': says('forged') } });
    await visitor.asked();
    await visitor.page.evaluate(() => (self.own = document.querySelector('#tag')));
    await visitor.grant('analytics');
    await visitor.hasRun('after');
    assert.deepEqual(await visitor.ran(), [`tag,k1,anonymous,no-referrer,${strict ? NONCE : ''}`, 'after']);
    // A framework takes its own element away by its parent: that must not throw.
    await visitor.page.evaluate(() => document.querySelector('main').removeChild(self.own));
    await visitor.end(problem => /integrity|digest/.test(problem));
  });

  test(`images, styles, media and embedded things are fetched under a grant only, and taken back${where}`, async () => {
    const svg = { type: 'image/svg+xml', body: '<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>' };
    const css = { type: 'text/css', body: 'h1 { letter-spacing: 9px }' };
    const files = { '/one.svg': svg, '/two.svg': svg, '/poster.svg': svg, '/look.css': css, '/other.css': css, '/sound.ogg': { type: 'audio/ogg', body: 'x' }, '/film.webm': { type: 'video/webm', body: 'x' }, '/object.svg': svg, '/embed.svg': svg, '/track.vtt': 'WEBVTT' };
    const mark = 'data-consent="marketing"';
    const body = [
      `<img id="one" alt="" ${mark} data-src="/one.svg"><img id="two" alt="" ${mark} data-srcset="/two.svg 1x">`,
      `<link rel="stylesheet" ${mark} data-href="/look.css"><link rel="stylesheet" ${mark} data-src="/other.css">`,
      `<audio preload="auto" ${mark} data-src="/sound.ogg"></audio><video preload="auto" ${mark} data-poster="/poster.svg"><source ${mark} data-src="/film.webm"></video>`,
      `<object ${mark} data-data="/object.svg"></object><embed ${mark} data-src="/embed.svg">`,
    ];
    const visitor = await on_page(body.join(''), { files });
    await visitor.asked();
    const all = ['/one.svg', '/two.svg', '/look.css', '/other.css', '/sound.ogg', '/poster.svg', '/film.webm', '/object.svg', '/embed.svg'];
    assert.deepEqual(all.filter(visitor.fetched), []);
    await visitor.grant('marketing');
    await until('everything is fetched', () => all.every(visitor.fetched));
    await visitor.page.waitForFunction(() => getComputedStyle(document.querySelector('h1')).letterSpacing === '9px');
    await visitor.page.waitForFunction(() => document.querySelector('#one').naturalWidth && document.querySelector('#two').naturalWidth);
    await visitor.withdraw();
    await visitor.page.waitForFunction(() => getComputedStyle(document.querySelector('h1')).letterSpacing !== '9px');
    assert.equal(await visitor.page.evaluate(() => document.querySelectorAll('[data-consent]:is([src], [srcset], [href], [data], [poster])').length), 0);
    await visitor.grant('marketing');
    await visitor.page.waitForFunction(() => getComputedStyle(document.querySelector('h1')).letterSpacing === '9px');
    await visitor.end();
  });

  test(`a frame goes back and forth with the decision, and leaves nothing to go back to${where}`, async () => {
    const visitor = await on_page('<iframe title="film" data-consent="functional" data-service="video" data-src="/film"></iframe>', { files: { '/film': { type: 'text/html', body: '<p>film</p>' } } });
    await visitor.asked();
    const film = visitor.page.frameLocator('iframe').getByText('film');
    const history = await visitor.page.evaluate(() => self.history.length);
    for (let time = 1; time <= 2; time++) {
      assert.equal(visitor.fetched('/film'), time - 1);
      await visitor.grant('functional');
      await film.waitFor();
      assert.equal(await visitor.page.locator('ashiato-blocked').count(), 0);
      await visitor.withdraw();
      await visitor.page.locator('ashiato-blocked button').waitFor();
      await until('the frame is empty', () => visitor.page.evaluate(() => self.frames[0].document.body?.childElementCount === 0));
    }
    assert.equal(await visitor.page.evaluate(() => self.history.length), history);
    assert.equal(await visitor.page.locator('iframe').count(), 1);
    await visitor.end();
  });
}

// ---- Placeholders.

const film = (inside = '') => `<iframe title="film" data-consent="functional" data-service="video" data-src="/film" ${inside}></iframe>`;
const FILM = { '/film': { type: 'text/html', body: '<p>film</p>' } };
const rectangles = (visitor, selector) =>
  visitor.page.evaluate(selector => [...document.querySelectorAll(selector)].map(element => Object.values(element.getBoundingClientRect().toJSON()).map(Math.round).join()), selector);

const LAYOUTS = {
  bare: ['', ''],
  'by its attributes': ['width="560" height="315"', ''],
  'without a border': ['width="560" height="315" frameborder="0"', ''],
  'as a block in the middle': ['', 'iframe { display: block; width: 80%; aspect-ratio: 16/9; margin: 20px auto; border: 0 }'],
  'over a box that keeps its ratio': ['', '.box { position: relative; padding-top: 56.25% } iframe { position: absolute; inset: 0; width: 100%; height: 100%; border: 0 }'],
  'in a flexible row': ['', '.box { display: flex; gap: 10px } .box::before { content: "before" } iframe { flex: 1; height: 300px; order: 2 }'],
  'in a grid': ['', '.box { display: grid; grid-template: 200px 300px / 1fr 2fr } iframe { grid-area: 2 / 2; width: 100%; height: 100%; box-sizing: border-box; padding: 7px }'],
  'beside the text': ['width="200" height="200"', 'iframe { float: right; margin: 0 0 10px 30px }'],
  'centred by a transform': ['width="300" height="200"', '.box { position: relative; height: 400px } iframe { position: absolute; top: 50%; left: 50%; transform: translate(-50%, -50%) }'],
  'with rules against everything': ['width="300" height="200"', '.box * { margin: 0; max-width: 100% } :not(iframe, html, body, div, link, script, head, meta) { margin: 3px; padding: 5px; border: 2px solid; float: left }'],
};

for (const [layout, [inside, css]] of Object.entries(LAYOUTS)) {
  test(`a placeholder lies where its frame would, and nothing moves: ${layout}`, async () => {
    const visitor = await on(`<p>before</p><div class="box">text ${film(inside)} text</div><p>after</p>`, {
      // Such a policy lets no style in but what lies in files, and ours.
      strict: true,
      files: { ...FILM, '/page.css': { type: 'text/css', body: css } },
      prepare: ({ context }) =>
        context.addInitScript(() => {
          self.moved = [];
          new PerformanceObserver(list => self.moved.push(...list.getEntries())).observe({ type: 'layout-shift', buffered: true });
          // The frame after the one in which the whole page was painted.
          addEventListener('DOMContentLoaded', () => requestAnimationFrame(() => requestAnimationFrame(at => (self.whole = at))));
        }),
    });
    // The page without us.
    const bare = await visitor.context.newPage();
    await bare.route('**/ashiato.js', route => route.abort());
    await bare.goto(site.address);
    const around = await rectangles({ page: bare }, 'p, .box');
    const [frame] = await rectangles({ page: bare }, 'iframe');
    await bare.close();
    const place = visitor.page.locator('ashiato-blocked');
    await place.locator('button').waitFor();
    assert.deepEqual(await rectangles(visitor, 'p, .box'), around);
    assert.deepEqual(await rectangles(visitor, 'ashiato-blocked'), [frame]);
    // A page that is painted while it is being read moves by itself, and a slow one later than it is whole: its frame then, in
    // whose place ours is not yet.
    await visitor.page.waitForFunction(() => self.whole);
    const moved = await visitor.page.evaluate(() => {
      const ours = ({ startTime, sources }) => startTime >= self.whole && sources.some(({ node }) => node?.nodeName !== 'IFRAME');
      return self.moved.filter(ours).map(({ value, startTime }) => ({ value, startTime }));
    });
    assert.deepEqual(moved, []);
    await visitor.page.setViewportSize({ width: 700, height: 800 });
    await visitor.page.evaluate(() => new Promise(requestAnimationFrame));
    const narrow = await rectangles(visitor, 'ashiato-blocked, p, .box');
    await visitor.decide('accept');
    await visitor.page.frameLocator('iframe').getByText('film').waitFor();
    assert.deepEqual(await rectangles(visitor, 'iframe, p, .box'), narrow);
    await visitor.page.setViewportSize({ width: 1280, height: 720 });
    assert.deepEqual(await rectangles(visitor, 'iframe'), [frame]);
    assert.deepEqual(await rectangles(visitor, 'p, .box'), around);
    await visitor.end();
  });
}

for (const language of ['ja', 'en']) {
  test(`a placeholder of 120 by 90 pixels names the service and can be pressed (${language})`, async () => {
    const visitor = await on(film('width="120" height="90" frameborder="0"'), { language, files: FILM });
    const place = visitor.page.locator('ashiato-blocked');
    const button = place.getByRole('button', { name: language === 'ja' ? '許可して表示' : 'Allow and show' });
    const name = language === 'ja' ? '動画プレーヤー' : 'Video player';
    await place.getByText(name).waitFor();
    await place.getByRole('group', { name: new RegExp(name) }).waitFor();
    const [box, inner, words] = [await place.boundingBox(), await button.boundingBox(), await place.getByText(name).boundingBox()];
    assert.deepEqual([box.width, box.height], [120, 90]);
    for (const { x, y, width, height } of [inner, words]) {
      assert.ok(x >= box.x && y >= box.y && x + width <= box.x + 120 && y + height <= box.y + 90, JSON.stringify([box, inner, words]));
    }
    assert.ok(inner.height >= 24 && inner.width >= 24, 'large enough to be pressed (WCAG 2.5.8)');
    assert.ok(words.y + words.height <= inner.y, 'words and button do not cover each other');
    await button.click();
    await visitor.page.frameLocator('iframe').getByText('film').waitFor();
    assert.deepEqual((await visitor.consent()).services.video, true);
    assert.deepEqual((await visitor.consent()).purposes.analytics, false);
    await visitor.end();
  });
}

test('a placeholder is laid again once late styles have come', async () => {
  const late = held();
  const visitor = await on(`${film('width="300" height="200" frameborder="0"')}<link rel="stylesheet" href="/late.css">`, {
    strict: true,
    files: { ...FILM, '/late.css': { type: 'text/css', body: 'iframe { width: 500px; height: 400px }', until: late.promise } },
  });
  const place = visitor.page.locator('ashiato-blocked');
  await place.locator('button').waitFor({ state: 'attached' });
  late.resolve();
  await until('it is as large', async () => (await place.boundingBox())?.width === 500);
  await visitor.end();
});

test('a placeholder is reached and pressed by keyboard, which goes on in the frame', async () => {
  const visitor = await on(`<a href="#x">first</a>${film()}<a href="#y">last</a>`, { files: FILM });
  await visitor.page.locator('ashiato-blocked button').waitFor();
  await visitor.page.getByText('first').focus();
  await visitor.page.keyboard.press('Tab');
  assert.equal(await visitor.page.evaluate(() => document.activeElement.shadowRoot?.activeElement.getAttribute('part')), 'unblock');
  await visitor.page.keyboard.press('Enter');
  await visitor.page.frameLocator('iframe').getByText('film').waitFor();
  assert.equal(await visitor.page.evaluate(() => document.activeElement.localName), 'iframe');
  await visitor.end();
});

test('a placeholder goes with its frame, and comes where that is put', async () => {
  const visitor = await on(`<main>${film()}</main><aside></aside>`, { files: FILM });
  const places = within => visitor.page.locator(`${within} ashiato-blocked`);
  await places('main').locator('button').waitFor();
  await visitor.page.evaluate(() => document.querySelector('aside').append(document.querySelector('iframe')));
  await places('aside').locator('button').waitFor();
  await until('the first has gone', async () => (await places('main').count()) === 0);
  await visitor.page.evaluate(() => document.querySelector('iframe').remove());
  await until('the second has gone', async () => (await places('aside').count()) === 0);
  await visitor.end();
});

test('a frame that the page hides has no placeholder to be seen, and one in a closed part is laid when that opens', async () => {
  const visitor = await on(`<div hidden id="closed">${film('width="400" height="300"')}</div>${film('id="own"')}`, { files: { ...FILM, '/page.css': { type: 'text/css', body: '#own { display: none }' } } });
  await visitor.page.locator('ashiato-blocked').nth(1).waitFor({ state: 'attached' });
  assert.equal(await visitor.page.locator('ashiato-blocked:visible').count(), 0);
  await visitor.page.evaluate(() => (document.querySelector('#closed').hidden = false));
  const place = visitor.page.locator('#closed ashiato-blocked');
  await place.locator('button').waitFor();
  const box = await place.boundingBox();
  assert.deepEqual([box.width, box.height], [404, 304], 'with its border');
  await visitor.end();
});

// ---- Policies.

test('a script without the nonce of a page that has one is not run', async () => {
  const visitor = await on(`<bare-script type="text/plain" data-consent="analytics">${says('smuggled')}</bare-script><bare-script type="text/plain" data-consent="analytics" nonce="other" data-src="/other.js"></bare-script>${inline('sound')}`, {
    strict: true,
    files: { '/other.js': says('other') },
    // Under this, whatever a trusted script puts in is trusted.
    scripts: `script-src 'nonce-${NONCE}' 'strict-dynamic' 'wasm-unsafe-eval'`,
  });
  await visitor.decide('accept');
  await visitor.hasRun('sound');
  assert.deepEqual(await visitor.ran(), ['sound']);
  assert.equal(visitor.fetched('/other.js'), 0);
  assert.equal(warnings(visitor).length, 1);
  assert.match(warnings(visitor)[0], /stays blocked: write the page's nonce/);
  await visitor.end(problem => isWarning(problem));
});

test('a page that forbids the policy by its name is told, and what needs none works', async () => {
  const body = inline('script') + blocked('data-src="/one.js">') + '<img alt="" data-consent="marketing" data-src="/one.svg">';
  const visitor = await on(body, { strict: true, policy: 'trusted-types other', files: { '/one.js': says('one'), '/one.svg': { type: 'image/svg+xml', body: '<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>' } } });
  await visitor.decide('accept');
  await visitor.page.waitForFunction(() => document.querySelector('img').naturalWidth);
  await until('the page is told', () => warnings(visitor).length);
  assert.deepEqual(await visitor.ran(), []);
  assert.deepEqual(warnings(visitor), ['warning: ashiato: <script data-consent="analytics"> stays blocked: write trusted-types ashiato in the CSP']);
  assert.deepEqual(visitor.problems.filter(problem => problem.startsWith('exception')), []);
  await visitor.end(problem => isWarning(problem) || /TrustedTypePolicy|trusted-types|TrustedScript|require-trusted-types/i.test(problem));
});

test('a script that the page is being read in the middle of waits for its end', async () => {
  const half = held();
  const first = `<!doctype html><html lang="en"><meta charset="utf-8"><title>page</title><link rel="icon" href="data:,"><body><script src="TAG"></script>${inline('whole')}${blocked('defer data-src="/deferred.js">')}<script type="text/plain" data-consent="analytics">self.ran.push('first half');`;
  const visitor = await on('', { files: { '/deferred.js': says('deferred') } });
  await visitor.decide('accept');
  site.files['/streamed'] = { type: 'text/html', body: first.replace('TAG', `${stack.collector}/s/shop/ashiato.js`), until: half.promise, rest: "self.ran.push('second half')</script>" };
  await visitor.page.goto(`${site.address}/streamed`, { waitUntil: 'commit' });
  await visitor.hasRun('whole');
  assert.deepEqual(await visitor.ran(), ['whole']);
  half.resolve();
  await visitor.hasRun('deferred');
  assert.deepEqual(await visitor.ran(), ['whole', 'first half', 'second half', 'deferred']);
  await visitor.end();
});

// ---- Withdrawal.

/** Has a page's loader say that a service keeps these entries, whatever the site file says. */
const keeping = entries => visitor =>
  visitor.context.route('**/s/shop/ashiato.js', async route => {
    const answer = await route.fetch();
    const text = await answer.text();
    const changed = text.replace('"forms":[', `"storage":${JSON.stringify({ kazoeru: entries })},"forms":[`);
    assert.notEqual(changed, text);
    await route.fulfill({ response: answer, body: changed });
  });

test("a service's cookies are deleted on every path and parent domain, whatever their kind, and no others", async () => {
  const visitor = await stack.visitor();
  await visitor.context.route(`${ELSEWHERE}/**`, route =>
    route.fulfill({ contentType: 'text/html', body: `<!doctype html><html lang="en"><meta charset="utf-8"><title>page</title><link rel="icon" href="data:,"><body><script src="${stack.collector}/s/shop/ashiato.js"></script>` }),
  );
  // A page that is not of this machine may not call it without asking the visitor.
  await visitor.context.route(`${stack.collector}/**`, async route => route.fulfill({ response: await route.fetch() }));
  await visitor.page.goto(`${ELSEWHERE}/ja/cups/one?colour=red`);
  await visitor.decide('accept');
  const set = await visitor.page.evaluate(() => {
    const paths = ['/', '/ja', '/ja/', '/ja/cups', '/ja/cups/', '/ja/cups/one'];
    const domains = ['', ';domain=www.shop.example', ';domain=shop.example'];
    const kinds = ['', ';secure', ';secure;partitioned', ';samesite=none;secure', ';samesite=strict'];
    for (const path of paths) for (const domain of domains) for (const kind of kinds) document.cookie = `_kz${paths.indexOf(path)}${domains.indexOf(domain)}${kinds.indexOf(kind)}=1;path=${path};max-age=9999${domain}${kind}`;
    for (const path of paths) document.cookie = `kazoeru_id=1;path=${path};max-age=9999`;
    document.cookie = '__Host-kz=1;path=/;secure';
    document.cookie = '__Secure-kz=1;path=/ja;secure;domain=shop.example';
    document.cookie = '__Host-kz=1;path=/;secure;partitioned';
    for (const other of ['x_kz', 'kazoeru_ids', 'basket']) document.cookie = `${other}=1;path=/ja;domain=shop.example`;
    return document.cookie.split('; ').length;
  });
  assert.equal(set, 6 * 3 * 5 + 6 + 3 + 3 + 2, 'the browser took them all');
  const told = visitor.page.waitForResponse('**/v1/consents');
  await visitor.page.evaluate(() => self.ashiato.withdraw());
  await until('the decision is kept', async () => (await visitor.consent()).purposes.analytics === false);
  const left = (await visitor.context.cookies()).map(({ name }) => name).sort();
  assert.deepEqual(left, ['ashiato_consent', 'basket', 'kazoeru_ids', 'x_kz']);
  await told;
  await visitor.context.unrouteAll({ behavior: 'wait' });
  await visitor.end();
});

test('entries of storage and databases go with the grant, by name and by pattern, and nothing else does', async () => {
  const visitor = await on('', { prepare: keeping(['local:kz', 'local:kz_*_last', 'session:kz*', 'indexeddb:kz_one', 'indexeddb:kz-*', 'local:*pending']) });
  await visitor.decide('accept');
  const names = ['kz', 'kz_1_last', 'kz_2', 'kz_one', 'kz-two', 'other'];
  await visitor.page.evaluate(async names => {
    for (const name of names) {
      localStorage[name] = sessionStorage[name] = 1;
      await new Promise(done => (indexedDB.open(name).onsuccess = ({ target }) => done(target.result.close())));
    }
    localStorage.ashiato_pending_not = localStorage.pending = 1;
  }, names);
  await visitor.withdraw();
  const left = async () => {
    const all = await visitor.page.evaluate(async () => [Object.keys(localStorage), Object.keys(sessionStorage), (await indexedDB.databases()).map(({ name }) => name)]);
    return all.map(names => names.filter(name => name !== 'ashiato_pending').sort());
  };
  const expected = [
    ['ashiato_pending_not', 'kz-two', 'kz_2', 'kz_one', 'other'],
    ['other'],
    ['kz', 'kz_1_last', 'kz_2', 'other'],
  ];
  await until('the databases are gone', async () => (await left())[2].length === expected[2].length);
  assert.deepEqual(await left(), expected);
  await visitor.end();
});

test('where storage is blocked, withdrawing works all the same', async () => {
  const visitor = await on('', {
    prepare: async visitor => {
      await keeping(['local:kz', 'session:kz', 'indexeddb:kz*', 'odd'])(visitor);
      await visitor.context.addInitScript(() => {
        for (const name of ['localStorage', 'sessionStorage', 'indexedDB'])
          Object.defineProperty(self, name, {
            get() {
              throw new DOMException('blocked', 'SecurityError');
            },
          });
      });
    },
  });
  await visitor.decide('accept');
  await visitor.withdraw();
  await until('it is withdrawn', async () => (await visitor.consent()).purposes.analytics === false);
  await visitor.end();
});

test('a page says that it has to be loaded again once something that has run in it is withdrawn, and not otherwise', async () => {
  const visitor = await on(blocked(`>${says('kazoeru')}`, 'analytics', 'data-service="kazoeru"') + film(), { files: FILM });
  const notices = () => visitor.page.locator('ashiato-consent [part~=reload]:visible').count();
  await visitor.asked();
  await visitor.grant('functional', 'marketing', 'analytics ashiato');
  await visitor.page.frameLocator('iframe').getByText('film').waitFor();
  await visitor.withdraw();
  await visitor.page.locator('ashiato-blocked button').waitFor();
  assert.equal(await notices(), 0, 'a frame is emptied, and a script that never ran has nothing to end');
  await visitor.grant('functional', 'analytics');
  await visitor.hasRun('kazoeru');
  await visitor.grant('marketing');
  assert.equal(await notices(), 0, 'it is still granted');
  await visitor.withdraw();
  await visitor.part('reload').waitFor();
  await visitor.part('dismiss').click();
  await visitor.page.evaluate(() => document.dispatchEvent(new Event('visibilitychange')));
  await visitor.page.evaluate(() => document.body.append(self.make({ consent: 'marketing' }, '1')));
  await visitor.page.locator('ashiato-blocked button').waitFor();
  assert.equal(await notices(), 0, 'it is said once');
  await visitor.grant('analytics');
  await visitor.withdraw();
  const loaded = visitor.page.waitForEvent('load');
  await visitor.part('reload').click();
  await loaded;
  await visitor.page.evaluate(() => self.ashiato.ready);
  await visitor.page.locator('ashiato-blocked button').waitFor();
  assert.deepEqual(await visitor.ran(), []);
  assert.equal(await notices(), 0);
  // A withdrawal whose answer the page did not wait for is told once more, and is known already.
  await visitor.end(problem => /422/.test(problem));
});

test('what still runs cannot leave its cookie behind', async () => {
  const stubborn = "addEventListener('set-again', () => (document.cookie = 'kazoeru_id=again;path=/')); self.ran.push('stubborn')";
  const visitor = await on(blocked(`>${stubborn}`, 'analytics', 'data-service="kazoeru"'));
  await visitor.decide('accept');
  await visitor.hasRun('stubborn');
  await visitor.withdraw();
  await until('it is withdrawn', async () => (await visitor.consent()).purposes.analytics === false);
  await visitor.page.evaluate(() => dispatchEvent(new Event('set-again')));
  assert.equal((await visitor.cookies()).kazoeru_id, 'again');
  await visitor.page.goto('about:blank');
  await until('the cookie is gone', async () => !('kazoeru_id' in (await visitor.cookies())));
  await visitor.end();
});

test('another tab empties its own storage and frames when this one withdraws', async () => {
  const visitor = await on(blocked(`>${says('kazoeru')}`, 'analytics', 'data-service="kazoeru"') + film(), { files: FILM, prepare: keeping(['session:kz']) });
  await visitor.decide('accept');
  const other = await visitor.context.newPage();
  await other.goto(site.address);
  await other.waitForFunction(() => self.ran.includes('kazoeru'));
  await other.frameLocator('iframe').getByText('film').waitFor();
  await other.evaluate(() => (sessionStorage.kz = 1));
  await visitor.withdraw();
  await other.locator('ashiato-blocked button').waitFor();
  await other.waitForFunction(() => sessionStorage.kz === undefined);
  await visitor.end();
});

// ---- Mark-up that is wrong.

const FAULTS = {
  'an unknown purpose': [blocked(`>${says('x')}`, 'analytisc'), 'script data-consent="analytisc"', 'stays blocked: write in data-consent one of: necessary, functional, analytics, marketing, lead_link'],
  'no purpose': [blocked(`>${says('x')}`, ''), 'script data-consent=""', 'stays blocked: write in data-consent one of: necessary, functional, analytics, marketing, lead_link'],
  'an unknown service': ['<img alt="" data-consent="analytics" data-service="kazoerou" data-src="/one.svg">', 'img data-consent="analytics" data-service="kazoerou"', 'stays blocked: write in data-service one of: ashiato, kazoeru'],
  'a service of another purpose': ['<iframe title="f" data-consent="marketing" data-service="video" data-src="/film"></iframe>', 'iframe data-consent="marketing" data-service="video"', 'stays blocked: write in data-consent one of: functional'],
  'a service of a purpose without any': ['<img alt="" data-consent="lead_link" data-service="crm" data-src="/one.svg">', 'img data-consent="lead_link" data-service="crm"', 'stays blocked: write in data-service one of: none'],
  'a script that runs by itself': [`<script data-consent="analytics">${says('by itself')}</script>`, 'script data-consent="analytics"', 'runs before anybody is asked: write type="text/plain"'],
  'an image that is fetched by itself': ['<img alt="" data-consent="functional" src="/live.svg">', 'img data-consent="functional"', 'loads before anybody is asked: write data-src'],
  'a style that is fetched by itself': ['<link rel="stylesheet" data-consent="functional" href="/live.css">', 'link data-consent="functional"', 'loads before anybody is asked: write data-href'],
  'a frame that is loaded by itself': ['<iframe title="f" data-consent="functional" data-service="video" src="/live.svg"></iframe>', 'iframe data-consent="functional" data-service="video"', 'loads before anybody is asked: write data-src'],
  'an empty script': ['<script type="text/plain" data-consent="analytics"> </script>', 'script data-consent="analytics"', 'is empty: write data-src or code'],
  'an empty frame': ['<iframe title="f" data-consent="marketing" src="about:blank"></iframe>', 'iframe data-consent="marketing"', 'is empty: write data-src'],
};

for (const [fault, [markup, named, remedy]] of Object.entries(FAULTS)) {
  test(`${fault} is said once, with what to write, and stops nothing`, async () => {
    const svg = { type: 'image/svg+xml', body: '<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>' };
    const files = { ...FILM, '/live.css': { type: 'text/css', body: '' }, '/live.svg': svg };
    const visitor = await on(markup + markup + inline('sound'), { files, strict: true });
    await visitor.asked();
    // Everything but the purposes of what is live, to see it taken back.
    await visitor.grant('analytics', 'marketing', 'lead_link');
    await visitor.hasRun('sound');
    // Put in again by a framework.
    await visitor.page.evaluate(() => document.body.append(document.querySelector('body > [data-consent]')));
    await visitor.page.evaluate(() => self.ashiato.accept('analytics'));
    await until('the owner is told', () => warnings(visitor).length);
    assert.deepEqual(warnings(visitor), [`warning: ashiato: <${named}> ${remedy}`]);
    assert.ok(!(await visitor.ran()).includes('x'));
    assert.equal(visitor.fetched('/film') + visitor.fetched('/one.svg'), 0);
    const live = await visitor.page.evaluate(() => document.querySelectorAll('[data-consent]:is([src], [href]):not([src="about:blank"])').length);
    assert.equal(live, 0, 'what was fetched by itself is taken back');
    await visitor.end(isWarning);
  });
}

test('nothing is fetched only to tell an owner of a fault', async () => {
  const visitor = await on(blocked(`>${says('x')}`, 'analytisc') + '<iframe title="f" data-consent="analytisc" data-src="/film"></iframe>', { files: FILM });
  await visitor.decide('reject');
  await visitor.page.goto(site.address);
  await visitor.page.evaluate(() => self.ashiato.ready);
  assert.equal(visitor.requests.filter(request => /\/act\./.test(request.url())).length, 0);
  assert.deepEqual(warnings(visitor), []);
  await visitor.end();
});
