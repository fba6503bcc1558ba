// A receiver of webhooks, as somebody else would write it: it knows nothing of Ashiato but the Standard Webhooks
// library. `node receiver.mjs FOLDER` listens on a port of its own and says where. What comes to /NAME is verified by
// the secrets in FOLDER/secret-NAME, a line each, noted in FOLDER/NAME.jsonl, and answered as NAME says.
import { appendFileSync, existsSync, readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { createServer as createSecure } from 'node:https';
import { join } from 'node:path';
import { Webhook } from 'standardwebhooks';

const folder = process.argv[2];
const seen = new Map();

/** The places, from 0, of the secrets by which it verifies. */
function verified(name, headers, body) {
  const secrets = readFileSync(join(folder, `secret-${name}`), 'utf8').trim().split('\n');
  return secrets.flatMap((secret, at) => {
    try {
      new Webhook(secret).verify(body, headers);
      return [at];
    } catch {
      return [];
    }
  });
}

async function receive(request, response) {
  const name = new URL(request.url, 'http://x').pathname.split('/')[1];
  const parts = [];
  for await (const part of request) parts.push(part);
  const body = Buffer.concat(parts).toString();
  const id = request.headers['webhook-id'];
  const before = seen.get(name + id) ?? 0;
  seen.set(name + id, before + 1);
  const by = name === 'inside' ? [] : verified(name, request.headers, body);
  const note = { id, by, before, method: request.method, body: JSON.parse(body || 'null') };
  appendFileSync(join(folder, `${name}.jsonl`), `${JSON.stringify(note)}\n`);
  if (name !== 'inside' && by.length === 0) return response.writeHead(401).end();
  switch (name) {
    case 'fails': // until it is told to be well
      return response.writeHead(existsSync(join(folder, 'well')) ? 204 : 500).end();
    case 'stumbles':
      return response.writeHead(before === 0 ? 500 : 200).end('ok');
    case 'breaks':
      if (before > 0) return response.writeHead(200).end('ok');
      response.writeHead(200, { 'content-length': 100 }).write('only this');
      return setTimeout(() => response.destroy(), 50);
    case 'hangs':
      return undefined;
    case 'holds': // the first time
      return before === 0 ? undefined : response.writeHead(204).end();
    case 'redirects':
      return response.writeHead(302, { location: '/inside' }).end();
    case 'gone':
      return response.writeHead(410).end();
    case 'talks':
      response.writeHead(200);
      for (let i = 0; i < 64; i += 1) response.write('x'.repeat(65_536));
      return response.end();
    default:
      return response.writeHead(204).end();
  }
}

const certificate = join(folder, 'cert.pem');
const server = existsSync(certificate)
  ? createSecure({ cert: readFileSync(certificate), key: readFileSync(join(folder, 'key.pem')) }, receive)
  : createServer(receive);
server.listen(0, '127.0.0.1', () => {
  const scheme = existsSync(certificate) ? 'https' : 'http';
  console.log(`listening on ${scheme}://localhost:${server.address().port}`);
});
