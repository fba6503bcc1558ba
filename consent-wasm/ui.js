// What the module that asks borrows of the browser. Only numbers and texts pass between them: elements are
// numbers here, cookies and calls are texts there.

const bake = (name, value, seconds, domain) => {
  const plain = location.protocol == 'http:' && /^(localhost|127\.0\.0\.1)$/.test(location.hostname);
  document.cookie = `${name}=${value};path=/;samesite=lax;max-age=${seconds}${domain ? ';domain=' + domain : ''}${plain ? '' : ';secure'}`;
};

// Keeps a cookie for so many days, or deletes it; whether the browser let it.
const keep = (name, value, days) => {
  quiet(bake)(name, value, days * 86400);
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

const sync = () => host.sync();
const pause = ms => host.later(wake, ms);

let session;
const post = (path, body) =>
  host.post(path, body, (status, answer) => {
    session = answer;
    answered(status, ['session', 'key', 'expires', 'now', 'revision', 'receipt_id', 'visitor'].map(name => answer?.[name] ?? '').join('\n'));
  });

// Hands the last session to the part that acts, which would have to open one of its own otherwise.
const hand_over = ahead => (host.session = [session.session, session.key, session.expires, ahead].join('\n'));

// ---- What is shown.

let texts;
let root;
let status;
const elements = [];
const find = path => path.split('.').reduce((of, name) => of[name], texts);

const add = (parent, tag, given, text) => {
  const element = document.createElement(tag);
  for (const pair of given.split(';')) {
    const [name, value] = pair.split('=');
    if (name) element.setAttribute(name, value.replace(/^@(.*)/, (_, path) => find(path)));
  }
  if (text) element.textContent = find(text);
  if (tag == 'a') {
    element.href = texts.policy_url;
    elements[parent].append(' ');
  }
  elements[parent].append(element);
  return elements.push(element) - 1;
};

const fact = (parent, label, text) => {
  const said = [].concat(find(text));
  if (said[0]) add(parent, 'dt', '', label + '_label');
  for (const words of said) elements[add(parent, 'dd', '', '')].textContent = words;
};

// A layer, and room for what has the focus: it must not be hidden by the first one (WCAG 2.2, 2.4.11).
const room = height => (document.documentElement.style.scrollPaddingBottom = height);
const show = quiet(layer => {
  const element = elements[layer];
  if (element.showModal) {
    element.showModal();
  } else {
    element.showPopover?.();
    room(element.offsetHeight + 16 + 'px');
  }
});
const hide = quiet(layer => {
  const element = elements[layer];
  element.close ? element.close() : room('');
  element.remove();
});
const turn = (number, on) => (root.querySelectorAll('input')[number].checked = on);
const saved = () => (status.textContent = texts.saved);

// ---- In place of a blocked frame.

// A placeholder of the frame's own size in front of it, so that nothing moves when one gives way to the other.
const places = new WeakMap();
const stand = quiet((frame, permitted) => {
  const { consent, service = '' } = frame.dataset;
  const purpose = texts.purposes.find(({ key }) => key == consent);
  const named = service ? purpose?.services.find(({ key }) => key == service) : purpose;
  let place = places.get(frame);
  if (permitted && place) {
    place.remove();
    places.delete(frame);
    frame.style.removeProperty('display');
  }
  if (permitted || !named || place?.isConnected) return;
  places.set(frame, (place = document.createElement('ashiato-blocked')));
  const inside = place.attachShadow({ mode: 'open' });
  inside.adoptedStyleSheets = [look];
  const { offsetWidth: width, offsetHeight: height } = frame;
  const box = document.createElement('div');
  const words = document.createElement('p');
  const button = document.createElement('button');
  place.className = root.host.className;
  box.className = 'blocked';
  box.role = 'group';
  box.lang = texts.language;
  box.dir = texts.direction;
  if (width && height) Object.assign(box.style, { width: width + 'px', aspectRatio: width / height });
  words.textContent = texts.blocked.replace('{name}', () => named.name);
  button.textContent = texts.unblock;
  button.part = 'unblock';
  button.onclick = quiet(() => accept(consent + ' ' + service));
  box.append(words, button);
  inside.append(box);
  frame.before(place);
  frame.style.setProperty('display', 'none', 'important');
});

// ---- The part, as the loader knows it.

const look = new CSSStyleSheet();

const begin = words => {
  const { theme, layout } = host.config.banner;
  texts = words;
  look.replaceSync(style);
  root = host.root();
  root.adoptedStyleSheets.push(look);
  root.host.lang = texts.language;
  root.host.dir = texts.direction;
  elements[0] = root;
  status = elements[add(0, 'p', 'class=unseen;role=status', '')];
  root.addEventListener(
    'click',
    quiet(({ target }) => {
      const { part, checked, dataset } = target.closest('button,input') || {};
      if (part) press(dataset.purpose ? dataset.purpose + ' ' + (dataset.service || '') : part[0], !!checked);
    }),
  );
  root.host.className = theme + ' ' + layout;
  return start(settings()) && { ask, open, accept, refuse, may, sync: follow, confirm, wake, stand };
};
