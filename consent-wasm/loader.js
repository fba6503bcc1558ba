// The loader: reads the visitor's decision and fetches what it calls for. Nothing more after a refusal;
// the part that asks (`ui`) where a decision is due; the part that tells (`tell`) once there is something
// to tell; the part that acts (`act`) under a grant; with it the part that checks lead forms (`form`), once
// somebody starts to fill one in.
//
// It fetches and binds; what is shown and decided is Rust. No error of it may surface in the page: what
// the browser calls is wrapped in `quiet`, and no promise that leaves it rejects.
//
// `__ASHIATO_CONFIG__` becomes the site's configuration (`consent_core::client::Config`), `__ASHIATO_CARRIED__` a
// list of what comes along.

const config = __ASHIATO_CONFIG__;
const { src, nonce } = document.currentScript;
// The part that asks, a function of texts, and those in some languages: where the collector could tell that it is called for.
const [carried, spoken] = __ASHIATO_CARRIED__;

const quiet = action => (...given) => {
  try {
    return action(...given);
  } catch {}
};
const once = make => {
  let made;
  return () => (made ??= make());
};

// ---- The decision: `REVISION.TIME.BITS[.RECEIPT]`, with a bit for each switch (consent_core::cookie).

// All cookies are handed over where they have been read already.
const cookie = quiet((name, all = document.cookie) => all.split('; ').find(pair => pair.startsWith(name + '='))?.slice(name.length + 1));

// On which our cookies stand, where the collector shares it with this page.
const domain = ('.' + location.hostname).endsWith('.' + config.domain) ? config.domain : '';

const slots = config.purposes
  .filter(({ kind }) => kind != 'necessary')
  .flatMap(({ key, services }) => (services[0] ? services : [{}]).map(service => [key, service.key]));

// While something is to be taken back before anything may go on.
let held;
const read = all => {
  const [revision, time, bits, receipt] = (cookie('ashiato_consent', all) || '').split('.');
  const at = parseInt(time, 36);
  if (revision != config.revision || !/^[\da-f]+$/.test(bits) || !(Date.now() < at + config.consent_days * 864e5)) return { granted: [], last: +revision };
  const is = index => (BigInt('0x' + bits) >> BigInt(index)) & 1n;
  // The bit above all switches: granted by hand, though the browser refuses it by a signal.
  return { at, bits, receipt, granted: held ? [] : slots.filter((_, index) => is(index)), by_hand: is(slots.length) };
};
// It is read once the script has run.
let decision = { granted: [] };

// What the browser refuses by a signal: Global Privacy Control. Asked only where it matters.
const refusal = () => (navigator.globalPrivacyControl && config.gpc) || [];

// ---- Google Consent Mode: everything denied ahead of all tags, then one update for each decision.

const google = config.consent_mode;
function gtag() {
  (self.dataLayer ||= []).push(arguments);
}
if (google && !self.ashiato?.ready) {
  google.defaults.forEach(values => gtag('consent', 'default', values));
  Object.entries(google.set || {}).forEach(pair => gtag('set', ...pair));
}

let signalled;
const signal = () => {
  const decided = decision.at + ':' + decision.bits;
  // Where something is granted, the gate has the word, and it comes with the part that acts.
  if (!google || signalled == decided || (!decision.at && !signalled) || (decision.granted[0] && !host.act)) return;
  signalled = decided;
  const values = {};
  for (const [purpose, service] of slots)
    for (const name of google.signals[service] || []) {
      const granted = values[name] == 'granted' || (decision.granted[0] && host.act.may(purpose + ' ' + service));
      values[name] = granted ? 'granted' : 'denied';
    }
  gtag('consent', 'update', values);
};

// What the visitor chose, for the page's own code.
const consent = all => {
  const { at, receipt, granted } = read(all);
  const [purposes, services] = [0, 1].map(part => Object.fromEntries(slots.filter(slot => slot[part]).map(slot => [slot[part], granted.some(yes => yes[part] == slot[part])])));
  return { decided: !!at, at, receipt, revision: config.revision, purposes, services };
};

const announce = (name, detail = consent()) => document.dispatchEvent(new CustomEvent('ashiato:' + name, { detail }));

// ---- The parts.

const address = name => new URL(config.assets[name], src);
const primary = tag => tag.toLowerCase().split('-')[0];
// Of several of one kind the very one.
const meets = wish => {
  const alike = config.languages.filter(have => primary(have) == primary(wish));
  return alike.find(have => have.toLowerCase() == wish.toLowerCase()) || alike[0];
};
// The page's language, then the browser's, for which the page alone has to be asked where it says none of ours.
const language = meets(document.documentElement.lang) || (navigator.languages || []).map(meets).find(met => met) || config.languages[0];

const script = async name => (await import(address(name))).default;

const module = name => fetch(address(name + '.wasm'));
// `ahead` is what has to be there before it starts; `start` fetches its script, and `wasm` what that is given.
const part = (name, ahead, start = () => script(name + '.js'), wasm = () => module(name)) =>
  once(async () => {
    try {
      // The script last: to import one keeps the page busy while the others could be on their way.
      const [response, words, begin] = await Promise.all([wasm(), ahead?.(), start()]);
      document.body || (await new Promise(done => document.addEventListener('DOMContentLoaded', done)));
      host[name] = await begin(host, response, words);
      release();
      return host[name];
    } catch {}
  });
// With the texts in it; of a page in another language than its visitor's browser, without.
const texts = async () => spoken[language] || (await fetch(address('text.' + language))).json();
// Has the browser keep the script, without anybody being asked: the collector counts those for whom it is run.
const keep = once(() => Promise.all([fetch(address('ui.' + language)), module('ui')].map(answer => answer.then(answer => answer.blob()))).catch(() => {}));
const ui = part(
  'ui',
  null,
  async () => {
    if (carried) return carried(await texts());
    decision.at && (await keep());
    return script('ui.' + language);
  },
  // It fetches that itself, once it is needed.
  () => {},
);
const tell = part('tell');
const act = part('act', tell);
const form = part('form', () => Promise.all([fetch(address('form.' + language)), act()]));
// Of the part that asks. It has been done once this is answered, or cannot be.
const call = (name, ...given) => ui().then(quiet(part => part[name](...given)));
// Of the part that tells.
const report = (name, ...given) => tell().then(quiet(part => part[name](...given)));

// ---- What the parts share.

let root;
let told;
const host = {
  config,
  language,
  src,
  nonce,
  cookie,
  domain,
  get refused() {
    return refusal();
  },
  need: ui,
  warm: tell,
  // What is known when something is pressed, or was (`Moment::of`).
  moment(then) {
    const { at, bits, receipt } = read();
    // Of a random UUID the last 80 bits, among them its five fixed ones.
    const random = crypto.randomUUID().replaceAll('-', '').slice(12);
    // Later than what it replaces, of which an answer may still be on its way: of two the later one stands.
    const now = then || Math.max(Date.now(), (at || 0) + 1);
    return [at ? bits : '', now.toString(36), location.origin + location.pathname, cookie('ashiato_visitor'), receipt, random].join('\n');
  },
  // A decision has been made on this page, and its cookie is there.
  decided(text) {
    told = text;
    const part = host.tell;
    // Of several that are made before the part is there, the last stands.
    part ? part.decided(text) : tell().then(quiet(part => told == text && part.decided(text)));
    // What was pressed goes from the screen first.
    setTimeout(host.sync);
  },
  later: (action, ms) => setTimeout(quiet(action), ms),
  // Sends a form as if its button had been pressed; by the prototype's own, whose name a control may bear.
  submit: (form, button) => HTMLFormElement.prototype.requestSubmit.call(form, button?.form == form ? button : null),
  // Where everything that we show stands: first in the page, so that the first Tab reaches it.
  root() {
    if (!root) {
      root = document.createElement('ashiato-consent').attachShadow({ mode: 'open' });
      // Whatever rules the page has.
      root.host.style.cssText = 'all:initial!important;display:block!important';
    }
    root.host.isConnected || document.body.prepend(root.host);
    return root;
  },
  // To be called after every change of the cookie, whoever made it.
  sync: quiet(() => {
    const last = decision;
    const follow = () => {
      host.tell?.sync();
      decision = read();
    };
    follow();
    // The collector's cookie of an older decision may have come between the two.
    decision.granted + '' != last.granted && follow();
    decision.at && host.ui?.dismiss();
    host.act?.sync();
    apply();
    // What is asked again is asked first.
    if (host.reload && decision.at) {
      host.reload = 0;
      call('warn');
    }
    if (decision.at != last.at || decision.granted + '' != last.granted) {
      announce('consent');
      last.granted.some(slot => !decision.granted.includes(slot)) && announce('withdraw');
    }
  }),
};

const OPENER = '[data-ashiato-open]';
// Of a site without forms it matches nothing: the empty selector throws.
const LEAD = config.forms.map(key => `[data-ashiato-lead="${key}"]`) + '';
const FRAME = 'iframe[data-consent]';
const find = selector => document.querySelector(selector);

const release = () => {
  signal();
  host.act?.release();
  host.ui?.release();
};

const apply = quiet(() => {
  release();
  if (decision.granted[0]) act();
  else if (decision.at && find(FRAME)) ui();
  if (document.readyState != 'loading') offer(config.banner.control != 'own' && decision.at && !find(OPENER));
});

// ---- The lasting control, where the page has none of its own.

let control;
// Two sliders, drawn: to look for a letter that shows them takes a browser longer than all the rest, and not every system has one.
const knob = at => `radial-gradient(circle at ${at}px ${at}px,currentColor 3px,#0000 3.6px)`;
const line = top => `linear-gradient(currentColor 0 0) 11px ${top}px/20px 2px no-repeat`;
const offer = needed => {
  if (needed && !control) {
    const label = config.reopen[language] || language;
    const [block, inline] = config.banner.corner.split('_');
    control = document.createElement('section');
    const button = document.createElement('button');
    button.part = 'open';
    control.lang = language;
    control.ariaLabel = button.ariaLabel = button.title = label;
    // A style of its own: a sheet costs the browser more than all of this. Pages style it by its part all the same.
    button.style.cssText =
      `all:initial;position:fixed;${block}:12px;inset-inline-${inline}:12px;z-index:2147483646;width:42px;height:42px;` +
      'border:1px solid;border-radius:50%;color-scheme:light dark;color:CanvasText;forced-color-adjust:none;cursor:pointer;outline:revert;outline-offset:2px;background:' +
      `${knob(16)},${knob(26)},${line(15)},${line(25)},Canvas`;
    button.onclick = api.open;
    control.append(button);
    host.root().append(control);
  }
  if (control) control.hidden = !needed;
};

// ---- What the page calls.

let started;
let begun;
const api = {
  ready: new Promise(resolve => (started = resolve)),
  consent: () => consent(),
  open: () => call('open'),
  accept: (...purposes) => call('accept', purposes.join('\n')),
  reject: () => call('refuse'),
  withdraw: () => call('refuse'),
  // What happens without a grant is not kept for one that may come.
  track: quiet((name, properties) => {
    const at = Date.now();
    const track = quiet(part => part.track(name, properties, at));
    if (read().granted[0]) host.act ? track(host.act) : act().then(track);
  }),
  // What the page knows of who is there, for the next lead form that leaves it out.
  identify: fields => void (host.fields = fields),
  on(name, listener) {
    const heard = event => listener(event.detail);
    // Who comes late is told at once.
    name == 'ready' && begun && listener(consent());
    document.addEventListener('ashiato:' + name, heard);
    return () => document.removeEventListener('ashiato:' + name, heard);
  },
  // For calls made before this script came: `(window.ashiato ||= []).push(['open'])`.
  push: quiet(([name, ...given]) => api[name](...given)),
};

const start = quiet(all => {
  decision = read(all);
  host.last = decision.last;
  // Storage is read only where a decision has been made: before that there is nothing of ours in it.
  const known = cookie('ashiato_consent', all);
  const pending = known && quiet(() => localStorage.ashiato_pending)();
  decision.at || call('ask');
  // A signal that came after the grant is honoured, but not over what was granted in spite of it.
  const late = !decision.by_hand && decision.granted.some(([purpose]) => refusal().includes(purpose));
  if ((held = pending || late)) {
    decision = read();
    // Should a part not come, nothing goes on.
    Promise.all([pending && report('decided', pending), late && call('honour')]).then(([, honoured]) => {
      held = (pending && !host.tell) || (late && !honoured);
      host.sync();
    });
  } else if (decision.granted[0] && !decision.receipt) report('resume', host.moment(decision.at));
  // What was granted can be withdrawn though the collector does not answer: the part that asks is kept by then.
  decision.granted[0] && host.later(keep, 2000);
  // Nothing is granted that unsent events could rest on.
  !known || held || decision.granted[0] || quiet(() => localStorage.removeItem('ashiato_queue'))();
  // No decision is left that the visitor's number could rest on.
  if (!known && cookie('ashiato_visitor', all)) document.cookie = `ashiato_visitor=;path=/;max-age=0;domain=${domain}`;

  const listen = (target, names, action, capture) => names.split(' ').forEach(name => target?.addEventListener(name, quiet(action), capture));
  listen(self, 'click', event => {
    if (event.target.closest(OPENER)) {
      event.preventDefault();
      api.open();
    }
  });
  listen(self, 'focusin input', event => event.target.closest(LEAD) && form());
  // What is sent before the part is there that takes it waits for that, but not for long.
  let gone;
  listen(
    self,
    'submit',
    event => {
      const { target, submitter } = event;
      if (host.form || gone || !target.closest(LEAD)) return;
      event.preventDefault();
      event.stopImmediatePropagation();
      const go = () => {
        if (gone) return;
        gone = true;
        host.submit(target, submitter);
      };
      // Not while the browser still deals with the first: it takes no other meanwhile.
      form().then(() => host.later(go));
      host.later(go, 3000);
    },
    true,
  );
  listen(self, 'online', () => host.tell?.wake());
  // A choice made in another tab, or before the page came back from the cache.
  // To listen for that costs the page time, while somebody waits for the banner. Where all has been refused, and somebody is
  // in this page, there is none to be made before they leave it.
  const follow = () => listen(self.cookieStore, 'change', host.sync);
  if (decision.at && !decision.granted[0] && document.hasFocus()) self.addEventListener('blur', quiet(follow), { once: true });
  else host.later(follow);
  listen(self, 'pageshow', event => event.persisted && host.sync());
  listen(document, 'visibilitychange DOMContentLoaded', host.sync);
  // Ahead of what watches the page, which is not told of what we put into it.
  apply();
  const ours = `[data-consent],${OPENER}`;
  new MutationObserver(
    quiet(changes => {
      if (changes.some(({ addedNodes, removedNodes }) => [...addedNodes, ...removedNodes].some(node => node.matches?.(ours) || node.querySelector?.(ours)))) apply();
      if (root) host.root();
    }),
  ).observe(document, { childList: true, subtree: true });

  begun = true;
  const now = consent(all);
  started(now);
  announce('ready', now);
});

const early = self.ashiato;
if (!early?.ready) {
  self.ashiato = api;
  // Nothing else calls for the cookies here: Chromium notes what does, and parses all functions of that once more.
  Promise.resolve()
    .then(quiet(() => document.cookie))
    .then(
      quiet(all => {
        document.prerendering ? document.addEventListener('prerenderingchange', () => start(), { once: true }) : start(all);
        early?.forEach?.(api.push);
      }),
    );
}
