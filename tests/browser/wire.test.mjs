// The wire against an independent JOSE library: what it signs the collector takes, and what the
// collector signs it verifies.

import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { after, before, test } from 'node:test';
import { FlattenedSign, base64url, compactVerify, createRemoteJWKSet } from 'jose';
import { start } from './stack.mjs';

let stack;
before(async () => (stack = await start()));
after(() => stack?.end());

const utf8 = text => new TextEncoder().encode(text);

/** A UUIDv7 (RFC 9562, section 5.7) of that time. */
function uuid7(at) {
  const bytes = randomBytes(16);
  bytes.writeUIntBE(at, 0, 6);
  bytes[6] = (bytes[6] & 0x0f) | 0x70;
  bytes[8] = (bytes[8] & 0x3f) | 0x80;
  return bytes.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');
}

async function post(path, body) {
  const headers = { 'content-type': 'text/plain', origin: stack.shop };
  const answer = await fetch(stack.collector + path, { method: 'POST', headers, body });
  return { status: answer.status, ...(await answer.json()) };
}

/** RFC 7515, appendix F, with the unencoded payload of RFC 7797. */
async function signed({ session, key, now }, payload, changes = {}) {
  const text = JSON.stringify(payload);
  const header = { alg: 'HS256', b64: false, crit: ['b64'], kid: session, iat: Math.floor(now / 1000), ...changes };
  const jws = await new FlattenedSign(utf8(text)).setProtectedHeader(header).sign(base64url.decode(key));
  return `${jws.protected}..${jws.signature}\n${text}`;
}

const open = (visitor = null) => post('/v1/sessions', JSON.stringify({ site: 'shop', visitor }));

const decision = ({ revision, now }, purposes) => ({
  id: uuid7(now),
  site: 'shop',
  revision,
  language: 'ja',
  page: `${stack.shop}/`,
  banner: 'default',
  method: 'custom',
  decided_at: now,
  previous: null,
  purposes,
  services: {},
});

test('a decision, a batch and a form signed by jose are taken', async () => {
  const session = await open();
  const decided = await post('/v1/consents', await signed(session, decision(session, { analytics: true, lead_link: true })));
  assert.equal(decided.status, 201, JSON.stringify(decided));
  const acting = { ...session, session: decided.session, key: decided.key };
  const event = { id: uuid7(session.now), name: 'page_view', at: session.now, page: { url: `${stack.shop}/?a=雪`, title: '日和 \u2028"\\', referrer: '' }, properties: { plan: 'プロ', n: 1.5e-3 } };
  const batch = { site: 'shop', visitor: decided.visitor, events: [event] };
  const stored = await post('/v1/events', await signed(acting, batch));
  assert.deepEqual(stored, { status: 200, stored: 1, duplicate: 0, refused: [] });
  const form = { site: 'shop', form: 'contact', visitor: decided.visitor, page: { url: `${stack.shop}/contact` }, fields: { name: '花子', email: 'hanako@example.jp', message: 'jose' }, agreements: {} };
  const lead = await post('/v1/leads', await signed(acting, form));
  assert.equal(lead.status, 201, JSON.stringify(lead));
  assert.equal(lead.linked, true);
});

test('other headers than those of the wire are refused, though jose signs them well', async () => {
  const session = await open();
  const body = changes => signed(session, decision(session, { analytics: true }), changes);
  assert.equal((await post('/v1/consents', await body({ kid: 'someone' }))).status, 401);
  assert.equal((await post('/v1/consents', await body({ iat: 0 }))).status, 401);
  assert.equal((await post('/v1/consents', await body({ typ: 'JWT' }))).status, 401);
  assert.equal((await post('/v1/consents', await body({ b64: true, crit: undefined }))).status, 401);
});

test('a receipt verifies by the published keys, and an altered one does not', async () => {
  const session = await open();
  const { receipt, receipt_id } = await post('/v1/consents', await signed(session, decision(session, { analytics: true })));
  const keys = createRemoteJWKSet(new URL(`${stack.collector}/.well-known/jwks.json`));
  const { payload, protectedHeader } = await compactVerify(receipt, keys);
  assert.ok(['Ed25519', 'EdDSA'].includes(protectedHeader.alg));
  const said = JSON.parse(new TextDecoder().decode(payload));
  assert.equal(said.record_id, receipt_id);
  assert.equal(said.site, 'shop');
  const [header, , signature] = receipt.split('.');
  const altered = base64url.encode(utf8(JSON.stringify({ ...said, site: 'shoq' })));
  await assert.rejects(compactVerify(`${header}.${altered}.${signature}`, keys), /signature verification failed/);
});
