// What the module that asks borrows of the browser. Only numbers and texts pass between them: elements are
// numbers here, cookies and calls are texts there.

const bake = (name, value, seconds, domain) => {
  const plain = location.protocol == 'http:' && /^(localhost|127\.0\.0\.1)$/.test(location.hostname);
  document.cookie = `${name}=${value};path=/;samesite=lax;max-age=${seconds || 0}${domain ? ';domain=' + domain : ''}${plain ? '' : ';secure'}`;
};

// Keeps one of our two cookies as long as the site says, or deletes it; whether the browser let it.
const keep = (name, value) => {
  const { consent_days, visitor_days } = host.config;
  quiet(bake)(name, value, value && (/visitor/.test(name) ? visitor_days : consent_days) * 86400);
  return cookie(name) == value;
};

// Deletes the cookies of a service, or of a purpose without one, on the host and every domain above it: a
// script may have set them on any. Our own two follow rules of their own.
const erase = quiet(key => {
  for (const pattern of host.config.cookies[key] || []) {
    const [start, end] = pattern.split('*');
    for (const pair of document.cookie.split('; ')) {
      const [name] = pair.split('=');
      if ((name == pattern || (end != null && name.startsWith(start) && name.endsWith(end))) && !/^ashiato_/.test(name)) {
        bake(name, '', 0);
        for (let domain = location.hostname; domain; domain = domain.replace(/^[^.]*\.?/, '')) bake(name, '', 0, domain);
      }
    }
  }
});

// What the collector has to be told of a withdrawal, from the click until its answer: the only thing that is
// ever stored outside the two cookies.
const leave = quiet(text => (text ? (localStorage.ashiato_pending = text) : localStorage.removeItem('ashiato_pending')));

let session;
const post = (path, body) =>
  host.post(path, body, (status, answer) => {
    session = answer;
    answered(status, ['session', 'key', 'expires', 'now', 'revision', 'receipt_id', 'visitor'].map(name => answer?.[name] ?? '').join('\n'));
  });

// ---- What is shown.

let texts;
let root;
let status;
const elements = [];
const find = path => path.split('.').reduce((of, name) => of[name], texts);

const make = (parent, tag, words) => {
  const element = document.createElement(tag);
  if (words) element.textContent = words;
  parent.append(element);
  return element;
};

const add = (number, tag, given, text) => {
  const parent = elements[number];
  const words = text && find(text);
  if (tag == 'dd') {
    if (words + '') make(parent, 'dt', texts[text.split('.').pop() + '_label']);
    for (const line of [].concat(words)) make(parent, tag, line);
    return 0;
  }
  if (tag == 'a') parent.append(' ');
  const element = make(parent, tag, words);
  for (const pair of given.split(';')) {
    const [name, value] = pair.split('=');
    if (name) element.setAttribute(name, value[0] == '@' ? find(value.slice(1)) : value);
  }
  if (tag == 'a') element.href = texts.policy_url;
  return elements.push(element) - 1;
};

// Room for what has the focus: it must not be hidden by the first layer (WCAG 2.2, 2.4.11).
const room = height => (document.documentElement.style.scrollPaddingBottom = height);
const turn = (number, on) => (root.querySelectorAll('input')[number].checked = on);

const orders = {
  sync: () => host.sync(),
  pause: ms => host.later(wake, ms),
  // Hands the last session to the part that acts, which would have to open one of its own otherwise.
  hand_over: ahead => (host.session = [session.session, session.key, session.expires, '', ahead].join('\n')),
  saved: () => (status.textContent = texts.saved),
  on: number => turn(number, true),
  off: number => turn(number, false),
  show(layer) {
    const element = elements[layer];
    if (element.showModal) return element.showModal();
    element.showPopover?.();
    room(element.offsetHeight + 16 + 'px');
  },
  hide(layer) {
    const element = elements[layer];
    element.close ? element.close() : room('');
    element.remove();
  },
};
const perform = quiet((order, number) => orders[order](number));

// ---- In place of a blocked frame.

// A placeholder of the frame's own size in front of it, so that nothing moves when one gives way to the other.
// Frames that may run are known to the part that acts, which is there where anything may.
const places = new WeakMap();
const stand = quiet(() => {
  for (const frame of document.querySelectorAll('iframe[data-consent]')) {
    const { consent, service } = frame.dataset;
    const purpose = texts.purposes.find(({ key }) => key == consent);
    const named = service ? purpose?.services.find(({ key }) => key == service) : purpose;
    const permitted = host.act?.may(consent + ' ' + (service || ''));
    const place = places.get(frame) || document.createElement('ashiato-blocked');
    if (permitted && place.isConnected) {
      place.remove();
      frame.style.removeProperty('display');
    }
    if (permitted || !named || place.isConnected) continue;
    if (!place.shadowRoot) {
      places.set(frame, place);
      place.className = root.host.className;
      place.attachShadow({ mode: 'open' }).adoptedStyleSheets = [look];
      const box = make(place.shadowRoot, 'div');
      make(box, 'p', texts.blocked.replace('{name}', () => named.name));
      const button = make(box, 'button', texts.unblock);
      const { offsetWidth: width, offsetHeight: height } = frame;
      if (height) Object.assign(box.style, { width: width + 'px', aspectRatio: width / height });
      Object.assign(box, { className: 'blocked', role: 'group', lang: texts.language, dir: texts.direction });
      button.part = 'unblock';
      button.onclick = quiet(() => accept(consent + ' ' + (service || '')));
    }
    frame.before(place);
    frame.style.setProperty('display', 'none', 'important');
  }
});

// ---- The part, as the loader knows it.

const look = new CSSStyleSheet();

const begin = words => {
  const { theme, layout } = host.config.banner;
  texts = words;
  look.replaceSync(style);
  elements[0] = root = host.root();
  root.adoptedStyleSheets.push(look);
  Object.assign(root.host, { lang: texts.language, dir: texts.direction, className: theme + ' ' + layout });
  status = elements[add(0, 'p', 'class=unseen;role=status', '')];
  root.addEventListener(
    'click',
    quiet(({ target }) => {
      const { part, checked, dataset } = target.closest('button,input') || {};
      if (part) press(dataset.purpose ? dataset.purpose + ' ' + (dataset.service || '') : part[0], !!checked);
    }),
  );
  return start(settings()) && { ask, open, accept, refuse, sync: follow, confirm, wake, release: stand };
};
