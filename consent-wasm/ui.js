// What the part that asks leaves to a script: fetching, and binding what is pressed.

let texts;
let root;
let session;
const look = new CSSStyleSheet();
const elements = [];

const page_config = () => host.config;
const page_texts = () => texts;
const page_root = () => root;
const page_look = () => look;
const page_elements = () => elements;

const sync = () => host.sync();
const pause = ms => host.later(wake, ms);
const post = (path, body) =>
  host.post(path, body, (status, answer) => {
    session = answer;
    answered(status, ['session', 'key', 'expires', 'now', 'revision', 'receipt_id', 'visitor'].map(name => answer?.[name] ?? '').join('\n'));
  });
const hand_over = ahead => (host.session = [session.session, session.key, session.expires, '', ahead].join('\n'));

const buttons = { accept, reject: refuse, customise: open, close: shut, save };

const begin = words => {
  const { theme, layout } = host.config.banner;
  texts = words;
  look.replaceSync(style);
  elements[0] = root = host.root();
  root.adoptedStyleSheets.push(look);
  Object.assign(root.host, { lang: texts.language, dir: texts.direction, className: theme + ' ' + layout });
  root.addEventListener(
    'click',
    quiet(({ target }) => {
      const { part, checked, dataset } = target.closest('button,input') || {};
      if (dataset?.purpose) press(dataset.purpose + ' ' + (dataset.service || ''), checked);
      else buttons[part?.[0]]?.('');
    }),
  );
  // A placeholder stands in the page, and its button in a root of its own.
  self.addEventListener(
    'click',
    quiet(event => {
      const [{ part, value }] = event.composedPath();
      if (event.target.localName == 'ashiato-blocked' && part == 'unblock') accept(value);
    }),
  );
  return start(settings()) && { ask, open, accept, refuse, sync: follow, confirm, wake, release: quiet(place) };
};
