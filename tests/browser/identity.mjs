// A real OpenID Connect provider (npm's oidc-provider) on this machine, with people of its own and pages without a
// script: whoever writes an account's name there is that account.

import { createServer } from 'node:http';
import { Provider } from 'oidc-provider';

export const CLIENT = 'ashiato';
export const SECRET = 'a secret of the client: +/';

/** Starts one, for a collector at that address; `people` are addresses by name, and whether they are verified. */
export async function provider(collector, people) {
  const server = createServer();
  await new Promise(resolve => server.listen(0, '127.0.0.1', resolve));
  const issuer = `http://127.0.0.1:${server.address().port}`;
  const oidc = new Provider(issuer, {
    clients: [{ client_id: CLIENT, client_secret: SECRET, redirect_uris: [`${collector}/office/oidc/return`] }],
    claims: { openid: ['sub'], email: ['email', 'email_verified'] },
    pkce: { required: () => true },
    findAccount: (_, name) => people[name] && { accountId: name, claims: () => ({ sub: name, ...people[name] }) },
  });
  server.on('request', oidc.callback());
  return { issuer, stop: () => new Promise(resolve => { server.closeAllConnections(); server.close(resolve); }) };
}
