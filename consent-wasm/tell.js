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
// Calls by number: who is told, with status 0 where no answer comes, and the last answer.
const waiting = [];
const wait = reply => waiting.push({ reply }) - 1;
const awaits_decision = () => wait((status, answer) => answered(status, session_lines(answer)));
const carry = quiet((number, path, body) =>
  post(path, body, (...answer) => {
    waiting[number].answer = answer;
    replied(number, answer[0], session_lines(answer[1]));
  }),
);
const end = number => {
  const { reply, answer = [200] } = waiting[number];
  delete waiting[number];
  reply(...answer);
};

const begin = () => {
  start();
  // The part that acts has its calls signed by this one, waits for what becomes of them, and borrows the rest.
  const lent = [wasm, getArrayU8FromWasm0, getStringFromWasm0, passStringToWasm0, returnString];
  return { decided, resume, wake, sync: follow, wait, lent };
};
