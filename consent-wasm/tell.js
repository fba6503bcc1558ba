// What the part that tells leaves to a script: fetching, and who waits for which answer.

const sync = () => host.sync();
const forget = () => host.need().then(part => part.forget());
const random = () => Math.random() * 256;
const pause = ms => host.later(wake, ms);
// The client speaks while it is being spoken to.
const call = (...given) => queueMicrotask(quiet(() => part.signed(...given, (status, answer) => answered(status, session_lines(answer)))));

// Calls of other parts, by number: who is told, and the last answer.
const waiting = [];
const carry = (number, path, body) =>
  host.post(path, body, (...answer) => {
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
