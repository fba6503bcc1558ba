// What the part that asks leaves to a script: binding what is pressed.

let texts;
let root;
const look = new CSSStyleSheet();
const elements = [];

const page_words = path => [].concat(path.split('.').reduce((at, name) => at?.[name], texts) ?? []).join('\n');
const page_root = () => root;
const page_look = () => look;
const page_elements = () => elements;

const moment = () => host.moment();
const may = what => !!host.act?.may(what);
const decided = decision => host.decided(decision);

const buttons = { accept, reject: refuse, customise: open, close: shut, save, dismiss: later, reload: () => location.reload() };

const begin = words => {
  const { config, refused } = host;
  const { theme, layout, corner } = config.banner;
  const names = words.purposes.filter(({ key }) => refused.includes(key)).map(({ name }) => name);
  texts = words;
  if (names[0]) texts.gpc = texts.gpc.replace('{names}', new Intl.ListFormat(texts.language).format(names));
  texts.news_label = texts.changed;
  texts.news = host.last ? words.changes?.flatMap(({ revision, lines }) => (revision > host.last ? lines : [])) : [];
  look.replaceSync(style);
  place_frames();
  elements[0] = root = host.root();
  root.adoptedStyleSheets.push(look);
  Object.assign(root.host, { lang: texts.language, dir: texts.direction, className: [theme, layout, corner].join(' ') });
  root.addEventListener(
    'click',
    quiet(({ target }) => {
      const { part, checked, dataset } = target.closest('button,input') || {};
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
  return { ask, open, accept, refuse, honour, forget, sweep, dismiss, warn, release: quiet(() => place(false)) };
};
