// Asks the browser for a passkey where a form says so, and sends with the form what it answers. Without this script
// such forms stay hidden; everything else works without it.
'use strict';

const bytes = text => Uint8Array.from(atob(text.replaceAll('-', '+').replaceAll('_', '/')), letter => letter.charCodeAt(0));
const text = buffer => btoa(String.fromCharCode(...new Uint8Array(buffer))).replaceAll('+', '-').replaceAll('/', '_').replace(/=+$/, '');
const credentials = ids => ids.map(id => ({ type: 'public-key', id: bytes(id) }));

async function make({ challenge, rp, user, email, algorithms, own }) {
  const { response } = await navigator.credentials.create({
    publicKey: {
      challenge: bytes(challenge),
      rp: { id: rp, name: 'Ashiato' },
      user: { id: bytes(user), name: email, displayName: email },
      pubKeyCredParams: algorithms.map(alg => ({ type: 'public-key', alg })),
      authenticatorSelection: { residentKey: 'required', requireResidentKey: true, userVerification: 'required' },
      attestation: 'none',
      excludeCredentials: credentials(own),
    },
  });
  return { clientDataJSON: text(response.clientDataJSON), attestationObject: text(response.attestationObject) };
}

async function show({ challenge, rp, own }) {
  const { rawId, response } = await navigator.credentials.get({
    publicKey: { challenge: bytes(challenge), rpId: rp, userVerification: 'required', allowCredentials: credentials(own) },
  });
  return {
    id: text(rawId),
    clientDataJSON: text(response.clientDataJSON),
    authenticatorData: text(response.authenticatorData),
    signature: text(response.signature),
    userHandle: response.userHandle ? text(response.userHandle) : null,
  };
}

for (const form of document.querySelectorAll('form[data-passkey]')) {
  if (!window.PublicKeyCredential) break;
  const options = JSON.parse(form.dataset.options);
  const said = form.querySelector(':scope > [role=alert]');
  const button = form.querySelector('[type=submit]');
  form.hidden = false;
  form.addEventListener('submit', async event => {
    event.preventDefault();
    button.disabled = true;
    said.hidden = true;
    try {
      form.elements.credential.value = JSON.stringify(await (form.dataset.passkey === 'make' ? make : show)(options));
      form.submit();
    } catch (error) {
      said.textContent = error.name === 'InvalidStateError' ? form.dataset.known : form.dataset.failed;
      said.hidden = false;
      button.disabled = false;
    }
  });
}
// Beside the password: what a passkey says takes the place of a code, and the form goes on as if that had been typed.
for (const proof of document.querySelectorAll('[data-passkey-proof]')) {
  if (!window.PublicKeyCredential) break;
  const said = proof.querySelector('[role=alert]');
  const button = proof.querySelector('button');
  const { form } = button;
  const { second, shown } = form.elements;
  proof.hidden = false;
  button.addEventListener('click', async () => {
    button.disabled = true;
    said.hidden = true;
    second.required = false;
    try {
      if (!form.reportValidity()) {
        second.required = true;
        return;
      }
      shown.value = JSON.stringify(await show(JSON.parse(proof.dataset.options)));
      form.requestSubmit(form.querySelector('[type=submit]'));
    } catch {
      second.required = true;
      said.textContent = proof.dataset.failed;
      said.hidden = false;
    } finally {
      button.disabled = false;
    }
  });
}
for (const other of document.querySelectorAll('[data-without-passkeys]')) other.hidden = Boolean(window.PublicKeyCredential);
