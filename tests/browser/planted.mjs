// Visitors as their browsers would tell of them, without the browsers: signed by an independent JOSE library.

import { randomBytes } from 'node:crypto';
import { FlattenedSign, base64url } from 'jose';

const utf8 = text => new TextEncoder().encode(text);

/** A UUIDv7 (RFC 9562, section 5.7) of that time. */
function uuid7(at) {
  const bytes = randomBytes(16);
  bytes.writeUIntBE(at, 0, 6);
  bytes[6] = (bytes[6] & 0x0f) | 0x70;
  bytes[8] = (bytes[8] & 0x3f) | 0x80;
  return bytes.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');
}

/** RFC 7515, appendix F, with the unencoded payload of RFC 7797. */
async function signed({ session, key, now }, payload) {
  const text = JSON.stringify(payload);
  const header = { alg: 'HS256', b64: false, crit: ['b64'], kid: session, iat: Math.floor(now / 1000) };
  const jws = await new FlattenedSign(utf8(text)).setProtectedHeader(header).sign(base64url.decode(key));
  return `${jws.protected}..${jws.signature}\n${text}`;
}

async function post(stack, path, body) {
  const headers = { 'content-type': 'text/plain', origin: stack.shop };
  const answer = await fetch(stack.collector + path, { method: 'POST', headers, body });
  const said = await answer.json();
  if (!answer.ok) throw new Error(`${path}: ${answer.status} ${JSON.stringify(said)}`);
  return said;
}

/**
 * Somebody who decides: `grants` names purposes, none of them for who refuses. `events` is a list of
 * `{ name, path, title, referrer, properties }`, stored where that was granted; `fields` what they send by the
 * contact form.
 */
export async function somebody(stack, { grants = [], language = 'ja', events = [], fields }) {
  const session = await post(stack, '/v1/sessions', JSON.stringify({ site: stack.site, visitor: null }));
  const all = ['functional', 'analytics', 'marketing', 'lead_link'];
  const method = { 0: 'reject_all', [all.length]: 'accept_all' }[grants.length] ?? 'custom';
  const decision = {
    id: uuid7(session.now), site: stack.site, revision: session.revision, language, page: `${stack.shop}/`, banner: 'default',
    method, decided_at: session.now, previous: null, purposes: Object.fromEntries(all.map(key => [key, grants.includes(key)])), services: {},
  };
  const decided = await post(stack, '/v1/consents', await signed(session, decision));
  if (!decided.visitor) return;
  const acting = { ...session, session: decided.session, key: decided.key };
  if (fields) {
    const lead = { site: stack.site, form: 'contact', visitor: decided.visitor, page: { url: `${stack.shop}/contact` }, fields, agreements: { email_marketing: true } };
    await post(stack, '/v1/leads', await signed(acting, lead));
  }
  if (!events.length) return;
  // A timeline begins with the link.
  const at = fields ? Date.now() : session.now;
  // One after the other.
  const batch = events.map(({ name = 'page_view', path = '/', title = '', referrer = '', properties = {} }, n) => ({
    id: uuid7(at + n), name, at: at + n, page: { url: stack.shop + path, title, referrer }, properties,
  }));
  await post(stack, '/v1/events', await signed(acting, { site: stack.site, visitor: decided.visitor, events: batch }));
}
