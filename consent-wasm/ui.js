// What the part that asks leaves to a script: showing what is the same on every site (`consent_wasm::banner`), and
// binding what is pressed. What that decides is the module's, which comes while the banner is looked at.

// This is a function of `texts`, the site's in the visitor's language (`consent_core::client::Texts`), so that
// the collector can hand it over with them, by itself or with the loader.
let root;
const sheet = rules => {
  const made = new CSSStyleSheet();
  made.replaceSync(rules);
  return made;
};
const look = sheet(style);
// Made once it is needed.
let rest;
const looks = () => {
  if (!rest) root.adoptedStyleSheets.push((rest = sheet(more)));
  return [look, rest];
};
const elements = [];

const found = path => path.split('.').reduce((at, name) => at?.[name], texts) ?? '';
// Makes elements of pieces under the one of that number; answers by which number the first of them is known.
const make = (number, pieces) => {
  const made = [new DocumentFragment()];
  for (const piece of pieces.split('\n')) {
    const [parent, name, given, text] = piece.split('\t');
    const add = (tag, words) => {
      const element = document.createElement(tag);
      element.textContent = words;
      made[parent].append(element);
      return element;
    };
    const words = text && found(text);
    if (name == 'dd') {
      const entries = [].concat(words || []);
      // What is said under a label; nothing where there is none of it.
      entries[0] && add('dt', texts[text.split('.').pop() + '_label']);
      made.push(entries.map(entry => add(name, entry)));
      continue;
    }
    // Without the space the link runs into the text before it.
    name == 'a' && add('span', ' ');
    const element = add(name, words);
    made.push(element);
    for (const pair of given && given.split(';')) {
      const [name, value] = pair.split('=');
      element.setAttribute(name, value[0] == '@' ? found(value.slice(1)) : value);
    }
  }
  elements[number].append(made[0]);
  return elements.push(made[1]) - 1;
};
const page_root = () => root;
const page_element = number => elements[number];
const page_add = pieces => make(0, pieces);

// ---- What is shown in the page: the first layer, and the notice that a page has to be loaded again.

// Room for what has the focus: a layer must not hide it (WCAG 2.2, 2.4.11). As much as one may become: to ask how
// high it is costs the browser a layout.
const room = height => (document.documentElement.style.scrollPaddingBottom = height);
const layer = pieces => {
  let shown;
  return {
    show() {
      if (shown) return;
      shown = elements[page_add(pieces)];
      // Browsers without popovers show it by its style alone.
      shown.showPopover?.();
      room('50vh');
    },
    hide() {
      if (!shown) return;
      shown.remove();
      shown = null;
      room('');
    },
  };
};
const banner = layer(FIRST_LAYER);
const notice = layer(NOTICE);
const page_clear = () => {
  banner.hide();
  notice.hide();
};

// ---- What the module decides.

let coming;
const load = () =>
  (coming ??= instance(__wbg_get_imports(), fetch(new URL(host.config.assets['ui.wasm'], host.src)))
    .then(exports => {
      wasm = exports;
      wasm.__wbindgen_start();
      return true;
    })
    .catch(() => {
      // The next time it may come, and be what it should.
      wasm = coming = null;
    }));
// Where it cannot be had nothing can be decided, and nobody is left with a banner that does not answer.
const decides = action => async (...given) => {
  try {
    if (wasm || (await load())) return action(...given);
  } catch {}
  page_clear();
};
// Of what is pressed while it comes the last counts.
let latest;
const pressed = action => {
  const act = decides((mine, given) => mine == latest && action(...given));
  return (...given) => act((latest = {}), given);
};

const moment = () => host.moment();
const may = what => !!host.act?.may(what);
const decided = decision => {
  host.decided(decision);
  elements[1].textContent = texts.saved;
};

const choose = () => {
  looks();
  open();
};
const ask = () => {
  banner.show();
  // What it takes to answer, once somebody is there: who only passes by does not need it, nor does the page while it loads.
  for (const name of ['pointermove', 'pointerdown', 'keydown', 'scroll', 'focusin']) self.addEventListener(name, load, { once: true, passive: true, capture: true });
};
const calls = {
  open: pressed(choose),
  accept: pressed(accept),
  refuse: pressed(refuse),
  sweep: decides(sweep),
  // Answers once that is done.
  honour: decides(() => honour() ?? true),
};
const buttons = { accept: calls.accept, reject: calls.refuse, customise: calls.open, close: shut, save, dismiss: notice.hide, reload: () => location.reload() };

const begin = () => {
  // Throws where pages may have no modules, or keep nothing: nobody is asked what they could not answer.
  crypto.randomUUID();
  new WebAssembly.Module(Uint8Array.of(0, 97, 115, 109, 1, 0, 0, 0));
  const { config, refused, src } = host;
  const { theme, layout, corner } = config.banner;
  for (const name of ['policy_url', 'me_url']) texts[name] = new URL(texts[name], src).href;
  const names = texts.purposes.filter(({ key }) => refused.includes(key)).map(({ name }) => name);
  texts.gpc = names[0] ? texts.gpc.replace('{names}', new Intl.ListFormat(texts.language).format(names)) : '';
  texts.news_label = texts.changed;
  texts.news = host.last ? texts.changes?.flatMap(({ revision, lines }) => (revision > host.last ? lines : [])) : [];
  elements[0] = root = host.root();
  root.adoptedStyleSheets.push(look);
  Object.assign(root.host, { lang: texts.language, dir: texts.direction, className: [theme, layout, corner].join(' ') });
  root.addEventListener(
    'click',
    quiet(event => {
      const { target } = event;
      const { part, checked, dataset, href } = target.closest('button,input,a[part=me]') || {};
      if (href) {
        // By its own number the visitor is known there; a window that is opened later is one too many for browsers.
        const tab = host.cookie('ashiato_visitor') && self.open('', 'ashiato_me');
        if (tab) {
          event.preventDefault();
          // What it shows may be out of date once they come back.
          shut();
          host.warm().then(quiet(part => part.show(tab, href)));
        }
        return;
      }
      if (dataset?.purpose) press(dataset.purpose + ' ' + (dataset.service || ''), checked);
      else buttons[part?.[0]]?.('');
    }),
  );
  // What tells a decision is fetched once somebody reaches for a button.
  for (const name of ['pointerover', 'focusin']) root.addEventListener(name, host.warm, { once: true });
  // A placeholder stands in the page, and its button in a root of its own.
  self.addEventListener(
    'click',
    quiet(event => {
      const [{ part, value }] = event.composedPath();
      if (event.target.localName == 'ashiato-blocked' && part == 'unblock') calls.accept(value);
    }),
  );
  page_add(STATUS);
  return { ...calls, ask, dismiss: banner.hide, warn: notice.show, release: quiet(() => place(false)) };
};

export default given => {
  host = given;
  return begin();
};
