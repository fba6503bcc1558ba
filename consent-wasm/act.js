// What the part that acts leaves to a script: fetching and binding. What it lets go is in release.js.

// What the part is told, by the numbers that `tell` knows; those of lead forms are in form.js.
const MAY = 0;
const FOLLOW = 1;
const VIEW = 2;
const AGAIN = 3;
const LOOK = 4;
const LEFT = 5;
const READ = 6;
const PRESS = 7;
const ADD = 8;
const RECORD = 9;
const WOKE = 10;
const BATCH = 11;
const ANSWERED = 12;
const say = (what, number = 0, ...texts) => act_tell(what, number, texts.join('\n'));
const may = what => say(MAY, 0, what);

// ---- What is lent of the page. Nothing of it may throw while the part is at work.

const at = quiet(path => path.split('.').reduce((of, name) => of[name], { document, location, navigator, host }));
const page_text = path => [at(path)] + '';
const page_draw = bytes => crypto.getRandomValues(bytes);
const page_plain = text => quiet(decodeURIComponent)(text.replace(/\+/g, ' ')) ?? text;
const page_left = () => quiet(() => localStorage.ashiato_queue)() ?? '';

// ---- Batches.

const rest = (number, ms) => host.later(() => say(WOKE, number), ms);
const reply = call => (status, body, wait) => say(ANSWERED, status, call, parseInt(wait) || 0);
const batch = (again, call, visitor) => say(BATCH, again, call, visitor) || reply(call)(0);
const send = (call, visitor) => host.later(() => batch(0, call, visitor), 0);
// The collector's clock is asked for first where it is not known: by that the events' times are written.
const awaits = (call, visitor) => host.tell.wait(visitor ? () => batch(1, call, visitor) : reply(call));

// ---- What is observed.

const listen = (target, names, action, options) => names.split(' ').forEach(name => target?.addEventListener(name, quiet(action), options));

const warn = (name, why) => console.warn('ashiato dropped', name, why);
const track = (name, properties, at = Date.now()) => {
  for (const [name, value] of Object.entries(properties || {})) say(ADD, 0, typeof value, name, typeof value == 'object' ? '' : String(value));
  say(RECORD, at, name);
};

const MARK = 'data-ashiato-event';
const of_form = (event, form) => {
  // By its attributes, for a form's properties may be its controls.
  const name = form.getAttribute('id') || form.getAttribute('name') || form.getAttribute('data-ashiato-lead');
  track(event, name && { form: name });
};

const observe = () => {
  // Ahead of the page's own listeners, which may go elsewhere or let nobody else hear of it.
  const passive = { passive: true, capture: true };
  listen(
    self,
    'click auxclick',
    ({ target, button }) => {
      if (button > 1 || !target.closest) return;
      const marked = target.closest(`[${MARK}]`);
      const link = target.closest('a[href],area[href]');
      if (marked) {
        const given = [...marked.attributes].filter(({ name }) => name.startsWith(MARK + '-'));
        track(marked.getAttribute(MARK), Object.fromEntries(given.map(({ name, value }) => [name.slice(MARK.length + 1), value])));
      }
      if (link) say(PRESS, link.hasAttribute('download'), link.href);
    },
    passive,
  );

  // A form begins with the first change of a field of it; what is written there is not looked at.
  const begun = new WeakSet();
  listen(self, 'input', ({ target: { form } }) => form && !begun.has(form) && begun.add(form) && of_form('form_start', form), passive);

  // A lead form is sent once more when it has been taken.
  listen(self, 'submit', event => host.passing || of_form('form_submit', event.target), true);

  // Where the page is scrolled to is looked at now and then only: to ask costs the browser a layout.
  let waiting;
  const measure = () => {
    const { scrollHeight, clientHeight } = document.documentElement;
    if (waiting) say(READ, ((scrollY + clientHeight) / scrollHeight) * 100);
    waiting = 0;
  };
  listen(document, 'scroll', () => (waiting ||= host.later(measure, 200)), passive);

  const watch = () => say(LOOK, !document.hidden && document.hasFocus());
  const leave = all => {
    measure();
    say(LOOK);
    say(LEFT, all);
  };
  listen(self, 'focus blur', watch);
  listen(document, 'visibilitychange', () => (document.hidden ? leave(false) : watch()));
  listen(self, 'pagehide', () => leave(true));
  listen(self, 'pageshow', ({ persisted }) => {
    if (persisted) say(AGAIN);
    watch();
  });
  listen(self, 'online', () => say(WOKE));

  // A moment later, for a router names its page after it has changed the address. Where nothing tells of
  // that, it is looked at after every press and step through the history.
  const moved = () => host.later(() => say(VIEW), 100);
  if (self.navigation) listen(navigation, 'currententrychange', moved);
  else listen(self, 'popstate click submit', moved);
  watch();
};

// ---- Lead forms. They are the matter of the part that checks them; this one has them signed.

const awaits_lead = number => host.tell.wait((status, body) => host.form.answered(number, status, body));

// ---- The part, as the loader knows it.

// What only this part's module has: the rest of it is that of the part that tells, as is what texts and bytes are
// handed over by.
let own;
let getArrayU8FromWasm0;
let getStringFromWasm0;
let passStringToWasm0;
let returnString;

export default async (given, response) => {
  host = given;
  [wasm, getArrayU8FromWasm0, getStringFromWasm0, passStringToWasm0, returnString] = host.tell.lent;
  own = await instance({ ...__wbg_get_imports(), b: wasm }, response);
  act_start();
  observe();
  const sync = () => say(FOLLOW);
  sync();
  return { may, say, sync, track, release: released() };
};
