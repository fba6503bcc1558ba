// What the part that tells leaves to a script: fetching, and who waits for which answer.

const sync = () => host.sync();
// A call of the collector. `reply` always comes, with status 0 where no answer does, and with the seconds for
// which it asks to be left alone.
const post = (path, body, reply) => {
  const { src, domain } = host;
  // The answer to a decision may set our cookies: those last longer than what a page sets.
  const shared = path.endsWith('consents') && (domain || location.hostname == new URL(src).hostname);
  fetch(new URL(path, src), { method: 'POST', body, keepalive: true, credentials: shared ? 'include' : 'omit' })
    .then(async answer => [answer.status, await answer.json().catch(() => {}), answer.headers.get('retry-after')])
    .catch(() => [0])
    .then(quiet(answer => reply(...answer)));
};
const held = () => host.cookie('ashiato_consent');
const forget = () =>
  host.need().then(
    quiet(part => {
      part.sweep();
      held() || part.ask();
    }),
  );
const random = () => Math.random() * 256;
const pause = ms => host.later(wake, ms);
// Calls by number: who is told, with status 0 where no answer comes, and the last answer.
const waiting = [];
const wait = reply => waiting.push({ reply }) - 1;
const awaits_decision = () => wait((status, answer) => answered(status, session_lines(answer)));
const carry = quiet((number, path, body) => {
  const under = held();
  const reply = (...answer) => {
    const [status, said] = (waiting[number].answer = answer);
    replied(number, status, session_lines(said));
    // The visitor may have decided on their own page: of that a session tells, if nobody has decided here since.
    if (under == held() && (said?.decision || said?.code == 'visitor_unknown')) learned(said.decision || '');
    said?.refused?.[0] && check();
  };
  path == 'me' ? reply(submit(body)) : post(path, body, reply);
});
const end = number => {
  const { reply, answer = [200] } = waiting[number];
  delete waiting[number];
  reply(...answer);
};

const check = () => host.cookie('ashiato_visitor') && show_own(wait(held), '');

// The visitor's own page, in a window that is there for it: by a form, so that what opens it stands in no address.
let own;
const submit = body => {
  const form = document.createElement('form');
  body.split('\n').forEach((value, at) => {
    const input = document.createElement('input');
    Object.assign(input, { type: 'hidden', name: at ? 'payload' : 'signature', value });
    form.append(input);
  });
  Object.assign(form, { method: 'post', ...own });
  host.root().append(form);
  form.submit();
  form.remove();
  return 200;
};
const show = (tab, action) => {
  own = { target: tab.name, action };
  // Who comes back from there may have decided.
  self.addEventListener('focus', check);
  // Who is not known there is told so by the page itself.
  show_own(wait(status => status == 200 || (tab.location = action)), JSON.stringify({ site: host.config.site, open: 'me', nonce: crypto.randomUUID() }));
};

const begin = () => {
  start();
  // The part that acts has its calls signed by this one, waits for what becomes of them, and borrows the rest.
  const lent = [wasm, getArrayU8FromWasm0, getStringFromWasm0, passStringToWasm0, returnString];
  return { decided, resume, wake, sync: follow, wait, show, lent };
};
