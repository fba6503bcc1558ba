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
const forget = () => host.need().then(quiet(part => part.forget()));
const random = () => Math.random() * 256;
const pause = ms => host.later(wake, ms);
// The client speaks while it is being spoken to.
const call = (...given) => queueMicrotask(quiet(() => part.signed(...given, (status, answer) => answered(status, session_lines(answer)))));

// Calls of other parts, by number: who is told, and the last answer.
const waiting = [];
const carry = (number, path, body) =>
  post(path, body, (...answer) => {
    waiting[number].answer = answer;
    replied(number, answer[0], session_lines(answer[1]));
  });
const end = number => {
  const { reply, answer = [200] } = waiting[number];
  delete waiting[number];
  reply?.(...answer);
};
const wait = reply => waiting.push({ reply }) - 1;

const part = {
  decided,
  resume,
  wake,
  sync: follow,
  ahead,
  // Signs a payload for the visitor, or for nobody (''), and posts it; `reply` always comes, with status 0 where no
  // answer does. Without a path only a session is opened, which tells the collector's clock (`ahead`).
  signed: (path, payload, visitor, reply) => signed(wait(reply), path, payload, visitor || '', false),
  // The same while the page goes away: whether it has been sent.
  flush: (path, payload, visitor, reply) => signed(wait(reply), path, payload, visitor || '', true),
};

const begin = () => {
  start();
  return part;
};
