// The loader: reads the visitor's decision and fetches what it calls for. Nothing more after a
// refusal; the part that asks (`ui`) where a decision is due; the part that acts (`act`) under a grant
// of something that takes events, or once somebody starts to fill in a lead form.
//
// It fetches and binds; what is shown and decided is Rust. No error of it may surface in the page:
// what the browser calls is wrapped in `quiet`, and no promise that leaves it rejects.
//
// `__ASHIATO_CONFIG__` becomes the site's configuration (`consent_core::client::Config`).

const config = __ASHIATO_CONFIG__;
const tag = document.currentScript;

const quiet = action => (...given) => {
  try {
    return action(...given);
  } catch {}
};

const cookie = quiet(name => document.cookie.split('; ').find(pair => pair.startsWith(name + '='))?.slice(name.length + 1));

// ---- The decision: `REVISION.TIME.BITS[.RECEIPT]`, with a bit for each switch (consent_core::cookie).

const slots = config.purposes
  .filter(({ kind }) => kind != 'necessary')
  .flatMap(({ key, services }) => (services[0] ? services.map(service => [key, service.key, service.events[0]]) : [[key]]));

const decision = () => {
  const [, revision, time, bits, receipt] = /^(\d+)\.(\w+)\.([\da-f]+)(?:\.([\w-]{22}))?$/.exec(cookie('ashiato_consent')) || [];
  const at = parseInt(time, 36) * 1e3;
  return revision == config.revision && Date.now() < at + config.consent_days * 864e5
    ? { at, bits, receipt, granted: slots.filter((_, index) => (BigInt('0x' + bits) >> BigInt(index)) & 1n) }
    : { granted: [] };
};

// What the visitor chose, for the page's own code.
const consent = () => {
  const { at, receipt, granted } = decision();
  const chosen = part => Object.fromEntries(slots.filter(slot => slot[part]).map(slot => [slot[part], granted.some(yes => yes[part] == slot[part])]));
  return { decided: !!at, at, receipt, revision: config.revision, purposes: chosen(0), services: chosen(1) };
};

// The gate's rule where no Rust is loaded: every switch that is meant has to be on.
const may = (purpose, service) => {
  const { granted } = decision();
  const meant = slots.filter(slot => slot[0] == purpose && (!service || slot[1] == service));
  return meant[0] ? meant.every(slot => granted.includes(slot)) : config.purposes.some(({ key, kind }) => key == purpose && kind == 'necessary');
};

// ---- The parts.

const address = name => new URL(config.assets[name], tag.src);
const wanted = [document.documentElement.lang, ...(navigator.languages || [])].map(language => language.toLowerCase());
const language =
  wanted.flatMap(wish => config.languages.filter(have => have.toLowerCase() == wish || have.split('-')[0] == wish.split('-')[0]))[0] || config.languages[0];

const once = make => {
  let made;
  return () => (made ??= make());
};
const texts = once(() => fetch(address('text.' + language)).then(answer => answer.json()));
const part = (name, needs) =>
  once(() =>
    Promise.all([import(address(name + '.js')), fetch(address(name + '.wasm')), needs && texts()])
      .then(async ([module, wasm, words]) => {
        await module.default(wasm);
        return (host[name] = module.start(host, words, module.style));
      })
      .catch(() => {}),
  );
const ui = part('ui', true);
const act = part('act');

// ---- What the parts share.

let root;
const host = {
  config,
  language,
  may,
  say: reply => texts().catch(() => {}).then(reply),
  // A call of the collector. `reply` always comes, with status 0 where no answer does.
  post: (path, body, reply) =>
    fetch(new URL(path, tag.src), { method: 'POST', body, keepalive: true })
      .then(async answer => [answer.status, await answer.json().catch(() => null)])
      .catch(() => [0, null])
      .then(([status, body]) => reply(status, body)),
  // Where everything that we show stands: first in the page, so that the first Tab reaches it.
  root() {
    if (!root) {
      root = document.createElement('ashiato-consent').attachShadow({ mode: 'open' });
    }
    root.host.isConnected || document.body.prepend(root.host);
    return root;
  },
  // To be called after every change of the cookie, whoever made it.
  sync: quiet(() => {
    const now = decision();
    const changed = [now.at, now.bits] + '' != [before.at, before.bits];
    const lost = before.granted.some(slot => !now.granted.includes(slot));
    before = now;
    host.ui?.sync();
    host.act?.sync();
    apply();
    if (changed) {
      tell('consent');
      lost && tell('withdraw');
    }
  }),
};
let before = decision();

const tell = name => document.dispatchEvent(new CustomEvent('ashiato:' + name, { detail: consent() }));

// ---- What is blocked.

const policy = once(() => {
  const rules = { createScript: text => text, createScriptURL: url => url };
  return self.trustedTypes ? trustedTypes.createPolicy('ashiato', rules) : rules;
});

const warned = {};
const permitted = ({ dataset: { consent: purpose, service } }) => {
  const known = config.purposes.filter(({ key }) => key == purpose).flatMap(({ services }) => services.map(({ key }) => key).concat(''));
  if (!known.includes(service || '') && !warned[purpose + service]) {
    warned[purpose + service] = 1;
    console.warn(
      `ashiato: data-consent="${purpose}"${service ? ` data-service="${service}"` : ''} stays blocked: write data-consent="${config.purposes.map(({ key }) => key).join('|')}", and as data-service one of its services`,
    );
  }
  return known.includes(service || '') && (host.ui || host).may(purpose, service);
};

// Runs what is permitted, in the page's order: scripts once, in new elements; an inline one after the
// external ones before it. Frames, images and links go back and forth with the decision.
let order;
const release = async () => {
  for (const element of document.querySelectorAll('[data-consent]')) {
    const { src, href, type } = element.dataset;
    if (element.localName == 'script') {
      src || (await order);
      if (element.type == 'text/plain' && element.isConnected && permitted(element)) quiet(run)(element, src, type);
    } else if (permitted(element)) {
      for (const [name, value] of [['src', src], ['href', href]]) value && element.getAttribute(name) != value && element.setAttribute(name, value);
    } else {
      element.localName == 'iframe' ? element.src && (element.src = 'about:blank') : (element.removeAttribute('src'), element.removeAttribute('href'));
    }
  }
};

const run = (element, src, type = '') => {
  const script = document.createElement('script');
  for (const { name, value } of element.attributes) /^(type|data-(consent|src|type))$/.test(name) || script.setAttribute(name, value);
  script.nonce = element.nonce || tag.nonce;
  script.type = type;
  script.async = false;
  if (src) {
    script.src = policy().createScriptURL(src);
    order = new Promise(done => (script.onload = script.onerror = done));
  } else {
    script.text = policy().createScript(element.text);
  }
  element.replaceWith(script);
};

// ---- The lasting control, where the page has none of its own.

const OPENER = '[data-ashiato-open]';
let control;
const offer = () => {
  if (document.readyState == 'loading') return;
  const needed = before.at && !document.querySelector(OPENER);
  if (needed && !control) {
    const create = (name, attributes, ...children) => {
      const element = document.createElementNS('http://www.w3.org/' + (/svg|path/.test(name) ? '2000/svg' : '1999/xhtml'), name);
      for (const key in attributes) element.setAttribute(key, attributes[key]);
      element.append(...children);
      return element;
    };
    const name = config.reopen[language] || language;
    const look = new CSSStyleSheet();
    look.replaceSync(LOOK);
    host.root().adoptedStyleSheets.push(look);
    const print = create('path', { d: 'M8 3a3 4.5 0 1 0 .1 0zm.4 11a2 2 0 1 0 .1 0zM16 6a3 4.5 0 1 0 .1 0zm-.4 11a2 2 0 1 0 .1 0z' });
    const button = create('button', { part: 'open', title: name, 'aria-label': name }, create('svg', { viewBox: '0 0 24 24', 'aria-hidden': true }, print));
    button.onclick = api.open;
    control = create('section', { class: 'back ' + config.banner.theme, lang: language, 'aria-label': name }, button);
    root.append(control);
  }
  if (control) control.hidden = !needed;
};

const LOOK =
  ':host{all:initial!important;display:block!important}' +
  '.back{color-scheme:light dark}.back.light{color-scheme:light}.back.dark{color-scheme:dark}.back[hidden]{display:none}' +
  '.back button{all:unset;box-sizing:border-box;position:fixed;bottom:12px;inset-inline-start:12px;z-index:2147483646;width:44px;padding:9px;' +
  'border:1px solid;border-radius:50%;background:Canvas;color:CanvasText;cursor:pointer;opacity:.8}' +
  '.back button:is(:hover,:focus-visible){opacity:1}.back button:focus-visible{outline:3px solid Highlight;outline-offset:2px}' +
  '.back svg{display:block;fill:currentColor}';

// ---- What the page calls.

// Of the part that asks. It is there once this is answered, or cannot be had.
const call = (name, ...given) =>
  ui()
    .then(module => module?.[name](...given))
    .catch(() => {});

const active = () => decision().granted.some(slot => slot[2]);

const apply = quiet(() => {
  release().catch(() => {});
  const frames = [...document.querySelectorAll('iframe[data-consent]')];
  host.ui ? host.ui.place() : before.at && frames.some(frame => !permitted(frame)) && call('place');
  offer();
  active() && act();
});

let started;
const api = {
  ready: new Promise(resolve => (started = resolve)),
  consent,
  open: () => call('open'),
  accept: (...purposes) => call('accept', purposes),
  reject: () => call('refuse'),
  withdraw: () => call('refuse'),
  // What happens without a grant is not kept for one that may come.
  track(name, properties) {
    const at = Date.now();
    if (active()) host.act ? host.act.track(name, properties, at) : act().then(quiet(part => part.track(name, properties, at)));
  },
  on(name, listener) {
    const heard = event => listener(event.detail);
    document.addEventListener('ashiato:' + name, heard);
    return () => document.removeEventListener('ashiato:' + name, heard);
  },
  // For calls made before this script came: `(window.ashiato ||= []).push(['open'])`.
  push: quiet(([name, ...given]) => api[name](...given)),
};

const start = quiet(() => {
  before = decision();
  before.at || call('ask');
  const pending = quiet(() => localStorage.ashiato_pending)();
  if (pending || (before.granted[0] && !before.receipt)) call('confirm', pending);
  // No decision is left that the visitor's number could rest on.
  if (!cookie('ashiato_consent') && cookie('ashiato_visitor')) document.cookie = 'ashiato_visitor=;path=/;max-age=0';

  const listen = (target, names, action) => names.split(' ').forEach(name => target?.addEventListener(name, quiet(action)));
  const within = (event, selector) => event.target.closest?.(selector);
  listen(self, 'click', event => {
    if (within(event, OPENER)) {
      event.preventDefault();
      api.open();
    }
  });
  listen(self, 'focusin input', event => within(event, 'form[data-ashiato-lead]') && act());
  // A choice made in another tab, or before the page came back from the cache.
  listen(self.cookieStore, 'change', host.sync);
  listen(self, 'pageshow', host.sync);
  listen(document, 'visibilitychange', host.sync);
  listen(document, 'DOMContentLoaded', apply);
  const ours = `[data-consent],${OPENER}`;
  new MutationObserver(quiet(changes => {
    if (changes.some(({ addedNodes }) => [...addedNodes].some(node => node.matches?.(ours) || node.querySelector?.(ours)))) apply();
    if (root && !root.host.isConnected) host.root();
  })).observe(document, { childList: true, subtree: true });
  apply();

  started(consent());
  tell('ready');
});

const early = self.ashiato;
if (!early?.ready) {
  self.ashiato = api;
  document.prerendering ? document.addEventListener('prerenderingchange', start, { once: true }) : start();
  early?.forEach?.(api.push);
}
