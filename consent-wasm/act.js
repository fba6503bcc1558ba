// What the module that acts borrows of the browser: where the page is, what is pressed and sent, and the way
// to the collector. Only numbers and texts pass between them.

const url = () => location.href;
const title = () => document.title;
const referrer = () => document.referrer;

// The session that the part that asks has handed over, once.
const session = () => {
  const handed = host.session || '';
  host.session = '';
  return handed;
};

const pause = ms => host.later(wake, ms);
const opened = answer => ['session', 'key', 'expires', 'now'].map(name => answer?.[name] ?? '').join('\n');
const post = (path, body) => host.post(path, body, (status, answer) => answered(status, opened(answer)));

// ---- Lead forms. Whatever fails, the form goes where it goes without us: nothing may lose what a person has
// written.

let form;
let submitter;
let passing;

const post_lead = (path, body) =>
  host.post(path, body, (status, answer) => {
    const faults = (answer?.errors || []).flatMap(({ field, code, message }) => [field, code, (message + '').replace(/\s/g, ' ')]);
    lead_answered(status, status == 422 ? faults.join('\n') : answer?.lead ? answer.lead + '\n' + answer.linked : opened(answer));
  });

// Submits the form as its owner wrote it, by the button that was pressed.
const go_on = quiet(() => {
  const sent = form;
  form = null;
  if (!sent) return;
  passing = true;
  try {
    sent.requestSubmit(submitter?.isConnected ? submitter : null);
  } catch {
    HTMLFormElement.prototype.submit.call(sent);
  } finally {
    passing = false;
  }
});

const kept = quiet((lead, linked) => {
  form?.dispatchEvent(new CustomEvent('ashiato:lead', { bubbles: true, detail: { form: form.dataset.ashiatoLead, lead, linked } }));
  go_on();
});

const every = (of, selector) => [...of.querySelectorAll(selector)];

// Says what has to be mended beside each field, in the site's own words where it has some.
const faults = lines => {
  const shown = form;
  form = null;
  host.say(
    quiet(texts => {
      const list = lines.trim().split('\n');
      let first;
      for (let at = 0; shown && at < list.length; at += 3) {
        const [name, code, message] = list.slice(at);
        const words = texts?.faults[code] || message;
        const control = every(shown, '[name]').find(control => control.name == name);
        const place = every(shown, '[data-error-for]').find(place => place.dataset.errorFor == name);
        if (place) place.textContent = words;
        control?.setAttribute('aria-invalid', true);
        if (control && !place) {
          control.setCustomValidity(words);
          control.addEventListener('input', () => control.setCustomValidity(''), { once: true });
          control.reportValidity();
        }
        first ??= control;
      }
      first?.focus();
    }),
  );
};

const sending = event => {
  const sent = event.target;
  const key = sent.dataset.ashiatoLead;
  if (passing || event.defaultPrevented || !host.config.forms.includes(key)) return;
  event.preventDefault();
  if (form) return;
  form = sent;
  submitter = event.submitter;
  for (const place of every(sent, '[data-error-for]')) place.textContent = '';
  for (const control of every(sent, '[aria-invalid]')) control.removeAttribute('aria-invalid');
  const values = [...sent.elements].flatMap(({ name, type, checked, value }) => [name, type, !!checked, value]);
  submit([key, ...values].map(value => (value + '').replace(/\0/g, '')).join('\0'));
  host.later(() => form == sent && go_on(), 3e3);
};

// ---- What is blocked until it is granted. Whether something may run is the gate's to say (`may`, in Rust).

const released = () => {
  const { config, nonce } = host;

  // The name may be given to one policy only.
  let trusted;
  const trust = () => {
    const rules = { createScript: text => text, createScriptURL: url => url };
    return (trusted ??= self.trustedTypes ? trustedTypes.createPolicy('ashiato', rules) : rules);
  };

  const run = quiet((element, src, type = '') => {
    const script = document.createElement('script');
    for (const { name, value } of element.attributes) /^(type|data-(consent|src|type))$/.test(name) || script.setAttribute(name, value);
    script.nonce = element.nonce || nonce;
    script.type = type;
    script.async = false;
    if (src) {
      script.src = trust().createScriptURL(src);
      order = new Promise(done => (script.onload = script.onerror = done));
    } else {
      script.text = trust().createScript(element.text);
    }
    element.replaceWith(script);
  });

  const warned = {};
  const known = ({ consent, service }) => {
    const purpose = config.purposes.find(({ key }) => key == consent);
    const name = service ? `data-service="${service}"` : `data-consent="${consent}"`;
    if (purpose && (!service || purpose.services.some(({ key }) => key == service))) return true;
    warned[name] ??= console.warn(
      `ashiato: ${name} stays blocked; write one of: ${(service && purpose ? purpose.services : config.purposes).map(({ key }) => key).join(', ')}`,
    ) || 1;
  };

  // Runs what is permitted, in the page's order: scripts once, in new elements; an inline one after the
  // external ones before it. Frames, images and links go back and forth with the decision.
  let order;
  const all = async () => {
    for (const element of document.querySelectorAll('[data-consent]')) {
      const { consent, service, src, href, type } = element.dataset;
      const script = element.localName == 'script';
      if (script && !src) await order;
      const yes = known(element.dataset) && may(consent + ' ' + (service || ''));
      if (script) {
        if (yes && element.type == 'text/plain' && element.isConnected) run(element, src, type);
      } else {
        const frame = element.localName == 'iframe';
        const name = href ? 'href' : 'src';
        if (yes) {
          if (element.getAttribute(name) != (href || src)) element.setAttribute(name, href || src);
        } else if (element.hasAttribute(name)) {
          frame ? (element.src = 'about:blank') : element.removeAttribute(name);
        }
        if (frame && !yes) host.need();
      }
    }
  };
  return () => all().catch(() => {});
};

// ---- What is observed.

// Plain values only; anything else is the page's mistake, and the event is dropped.
const report = (name, properties, at) => {
  const values = Object.values(properties || {});
  if (values.every(value => /string|boolean/.test(typeof value) || Number.isFinite(value))) track(name + '', values[0] == null ? undefined : JSON.stringify(properties), at);
};

const begin = () => {
  if (!start(settings() + '\0' + host.config.url_parameters.join('\n'))) return;
  const listen = (target, name, action, first) => target.addEventListener(name, quiet(action), first);
  listen(self, 'click', ({ target }) => {
    const name = target.closest?.('[data-ashiato-event]')?.dataset.ashiatoEvent;
    if (name) report(name, null, Date.now());
  });
  listen(self, 'pageshow', ({ persisted }) => persisted && again());
  listen(self, 'pagehide', leave);
  listen(self, 'online', wake);
  listen(document, 'visibilitychange', () => document.hidden && leave());
  listen(self, 'submit', sending);
  // In front of the page's own listeners, so that they hear of a submission once.
  listen(self, 'submit', event => passing && event.stopImmediatePropagation(), true);
  if (self.navigation) {
    listen(navigation, 'currententrychange', view);
  } else {
    // Nothing tells of `pushState` here: it is looked at after every press and step through the history.
    for (const name of ['popstate', 'click', 'submit']) listen(self, name, () => host.later(view, 0));
  }
  follow();
  return { may, sync: follow, track: report, release: released() };
};
