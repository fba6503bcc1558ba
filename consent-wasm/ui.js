// What the part that asks leaves to a script: binding what is pressed.

// Its script is a function of `texts`, the site's in the visitor's language (`consent_core::client::Texts`), so that
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
const page_root = () => root;
const page_words = path => [].concat(found(path)).join('\n');
const page_element = number => elements[number];
const page_make = (number, pieces) => {
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

const moment = () => host.moment();
const may = what => !!host.act?.may(what);
const decided = decision => host.decided(decision);

const choose = () => {
  looks();
  open();
};

const buttons = { accept, reject: refuse, customise: choose, close: shut, save, dismiss: later, reload: () => location.reload() };

const begin = () => {
  const { config, refused, src } = host;
  const { theme, layout, corner } = config.banner;
  for (const name of ['policy_url', 'me_url']) texts[name] = new URL(texts[name], src).href;
  const names = texts.purposes.filter(({ key }) => refused.includes(key)).map(({ name }) => name);
  if (names[0]) texts.gpc = texts.gpc.replace('{names}', new Intl.ListFormat(texts.language).format(names));
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
      if (event.target.localName == 'ashiato-blocked' && part == 'unblock') accept(value);
    }),
  );
  wasm.__wbindgen_start();
  start();
  return { ask, open: choose, accept, refuse, honour, forget, sweep, dismiss, warn, release: quiet(() => place(false)) };
};
