// What the modules borrow of the browser, whichever part they are of.

let host;
let wasm;

const quiet = action => (...given) => {
  try {
    return action(...given);
  } catch {}
};

const page_window = () => self;
const page_clock = () => Date.now();
const page_cookie = name => host.cookie(name) || '';
// What follows in a cookie's line.
const page_domain = () => (host.domain ? ';domain=' + host.domain : '');
// Without TLS only the machine itself is a secure context. Where cookies are blocked, none is kept: whether one
// was is seen by reading it.
const page_bake = /* @__PURE__ */ quiet(line => {
  if (isSecureContext) document.cookie = line + (location.protocol == 'https:' ? ';secure' : '');
});
// Where storage is full or blocked, this page alone knows.
const page_leave = /* @__PURE__ */ quiet((entry, text) => (text ? (localStorage[entry] = text) : localStorage.removeItem(entry)));

// As `Asked::of` reads it.
const page_asked = () => {
  const { site, revision, consent_days, visitor_days, banner, purposes } = host.config;
  const service = ({ key, events }) => key + ':' + events;
  const lines = purposes.map(({ key, kind, services }) => [key, kind, ...services.map(service)].join(' '));
  return [revision, consent_days * 86400, host.refused.join(' '), site, banner.version, host.language, visitor_days * 86400, ...lines].join('\n');
};

// What the collector answers to a session or a decision, as `Answer::read` reads it.
const session_lines = answer =>
  ['session', 'key', 'expires', 'now', 'revision', 'receipt_id', 'visitor', 'decision'].map(name => answer?.[name] ?? '').join('\n');
