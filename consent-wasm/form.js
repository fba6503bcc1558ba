// What the part that checks lead forms leaves to a script: reading controls, and saying what is wrong beside
// them. Whatever fails here, the form goes on: nothing may lose what a person has written.

// What the part that acts is told of a form, by the numbers that `act_tell` knows.
const LEAD = 13;
const CONTROL = 14;
const KNOWN = 15;
const TOLD = 16;
const FAULT = 17;
const OUTCOME = 18;

const MARK = 'data-ashiato-lead';
const PLACE = 'data-error-for';
const PURPOSE = 'data-ashiato-purpose';
const WRONG = '[aria-invalid=true]';

let texts;
const known = form => texts.forms[form.getAttribute(MARK)];
const named = (form, name) => form.querySelectorAll(`[name="${CSS.escape(name)}"]`);
const place = (form, name) => form.querySelector(`[${PLACE}="${CSS.escape(name)}"]`);

// ---- What a field holds, and what is wrong with it.

let code;
const found = fault => (code = fault);

const value = (form, name, [rule]) => {
  const held = [...named(form, name)].flatMap(({ type, checked, value, selectedOptions }) => {
    if (selectedOptions) return [...selectedOptions].map(({ value }) => value);
    if (!/^(radio|checkbox)$/.test(type)) return value;
    return checked ? (rule.startsWith('checkbox') ? 'true' : value) : [];
  });
  return held.filter(text => text).join('\n');
};

// What is said of it; nothing where it is right, or where the form has no such field for the visitor to mend.
const fault = (form, name) => {
  const own = known(form).fields[name];
  code = '';
  if (own && named(form, name)[0]) judge(own[0] + '\0' + value(form, name, own));
  return own?.[1][code];
};

// ---- What is said of a field: beside it where the page has a place for that, else by the browser.

const mark = (form, name, said) => {
  const own = place(form, name);
  if (own) {
    own.textContent = said;
    own.id ||= `ashiato-${name}-error`;
  }
  for (const control of named(form, name)) {
    const described = (control.getAttribute('aria-describedby') || '').split(' ').filter(id => id && id != own?.id);
    if (own) control.setAttribute('aria-describedby', [...described, own.id].join(' '));
    if (said) control.setAttribute('aria-invalid', true);
    else control.removeAttribute('aria-invalid');
    own || control.setCustomValidity(said);
  }
};

const clear = form => {
  for (const own of form.querySelectorAll(`[${PLACE}]`)) own.textContent = '';
  for (const control of form.elements) {
    control.removeAttribute('aria-invalid');
    control.setCustomValidity('');
  }
};

// What is said of the form as a whole.
const WHOLE = 'form';

// Says them all; the first in the page's order gets the focus.
const refuse = (form, faults) => {
  clear(form);
  begun.set(form, Date.now());
  for (const [name, said] of faults) {
    if (name == WHOLE && !place(form, name)) add(form, PLACE, name).setAttribute('role', 'alert');
    mark(form, name, said);
  }
  const input = traps.get(form);
  if (input) input.value = '';
  const first = form.querySelector(WRONG);
  first?.focus();
  place(form, first?.name || '') || first?.reportValidity();
};

const faults = form => Object.keys(known(form).fields).flatMap(name => {
  const said = fault(form, name);
  return said ? [[name, said]] : [];
});

// ---- While it is filled in.

// What somebody has written into; nobody is told of a field that they have not come to.
const written = new WeakSet();
const again = control => {
  const { form, name } = control;
  mark(form, name, fault(form, name) || '');
};

// A paragraph ahead of the button, or of whatever holds that alone.
const add = (form, name, value) => {
  const own = document.createElement('p');
  own.setAttribute(name, value);
  let end = [...form.elements].find(({ type }) => type == 'submit');
  while (end && end.parentElement != form && !end.parentElement.querySelector('input,select,textarea')) end = end.parentElement;
  end ? end.before(own) : form.append(own);
  return own;
};

// Act on the Protection of Personal Information, article 21(2): what for, and by whom, before it is sent.
const state = form => {
  const own = form.querySelector(`[${PURPOSE}]`) || add(form, PURPOSE, '');
  const link = document.createElement('a');
  Object.assign(link, { href: texts.policy_url, target: '_blank', rel: 'noopener', textContent: texts.policy });
  own.replaceChildren(known(form).purpose, ' ', link);
};

// A field that only programs see, by its form: nobody comes to it, hears it, or has it filled in by the browser, and
// the site's own server does not get it.
const TRAP = 'homepage_url';
const traps = new WeakMap();
const trap = form => {
  const { trap } = known(form);
  if (!trap || named(form, TRAP)[0]) return;
  const aside = document.createElement('div');
  const input = document.createElement('input');
  Object.assign(input, { name: TRAP, autocomplete: 'off', tabIndex: -1, ariaLabel: trap });
  aside.inert = true;
  aside.style.cssText = 'position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%)';
  aside.append(input);
  form.append(aside);
  traps.set(form, input);
  form.addEventListener('formdata', quiet(({ formData }) => formData.delete(TRAP)));
};

// When somebody came to a form, or was last told to mend it.
const begun = new WeakMap();
const attend = form => {
  if (begun.has(form)) return;
  begun.set(form, Date.now());
  trap(form);
  state(form);
  for (const own of form.querySelectorAll(`[${PLACE}]`)) own.hasAttribute('role') || own.setAttribute('aria-live', 'polite');
};

// ---- When it is sent.

/** How long the collector may take, in milliseconds, before the form goes on without it. */
const PATIENCE = 3000;
/** Sooner than this after somebody came to it, in milliseconds, a form looks like a program's (`Spam`): it waits. */
const LEAST = 1000;
let sent;
let button;

const say = (...given) => host.act.say(...given);

// What becomes of the form is Rust's to say (`Outcome`).
const become = (outcome, body, errors) => {
  const form = sent;
  const pressed = button;
  if (!outcome) return;
  sent = 0;
  if (outcome > 2) return refuse(form, errors.map(({ field, code, message }) => [field, known(form).fields[field]?.[1][code] || texts.spam[code] || message]));
  clear(form);
  if (outcome > 1) {
    const detail = { form: form.getAttribute(MARK), lead: body.lead, linked: body.linked };
    form.dispatchEvent(new CustomEvent('ashiato:lead', { bubbles: true, detail }));
  }
  host.passing = true;
  host.submit(form, pressed);
  host.passing = false;
};

// What can be said to nobody keeps no form back.
const answered = quiet((number, status, body) => {
  const has = ({ field, code }) => (sent && named(sent, field)[0]) || texts.spam[code] || host.fields?.[field];
  const errors = (body?.errors || []).filter(error => has(error) && say(FAULT, number, error.field, error.code));
  become(say(OUTCOME, number, status), body, errors);
});

const send = (form, submitter) => {
  const { fields, agreements } = known(form);
  const number = say(LEAD, 0, form.getAttribute(MARK));
  if (!number) return;
  sent = form;
  button = submitter;
  host.later(() => become(say(OUTCOME, number, 0)), PATIENCE);
  // What the site does not ask for stays in the page.
  for (const name in fields) {
    const [control] = named(form, name);
    if (control) say(CONTROL, 0, /^(radio|checkbox)$/.test(control.type) ? 'text' : control.type, name, value(form, name, fields[name]));
  }
  for (const name of agreements) named(form, name).forEach(({ type, checked }) => say(CONTROL, checked, type, name, ''));
  for (const [name, value] of Object.entries(host.fields || {})) name in fields && typeof value == 'string' && say(KNOWN, 0, name, value);
  say(KNOWN, 0, 'ashiato_language', host.language);
  if (traps.get(form)?.value) say(CONTROL, 0, 'text', 'ashiato_trap', '1');
  const took = () => Date.now() - begun.get(form);
  host.later(() => {
    say(CONTROL, 0, 'text', 'ashiato_took', took());
    say(TOLD);
  }, LEAST - took());
  return true;
};

const listen = (names, action, capture) => names.split(' ').forEach(name => self.addEventListener(name, quiet(action), capture));
const of = event => event.target.closest?.(`[${MARK}]`);

const begin = async ([response]) => {
  texts = await response.json();
  texts.policy_url = new URL(texts.policy_url, host.src).href;
  listen('focusin input', event => {
    const form = of(event);
    if (form && known(form)) attend(form);
  });
  listen('input change', ({ target }) => {
    if (!of({ target })) return;
    written.add(target);
    if (target.matches(WRONG)) again(target);
  });
  listen('focusout', ({ target, relatedTarget }) => {
    // From one button of a group to the next, the field is not left.
    if (of({ target }) && written.has(target) && relatedTarget?.name != target.name) again(target);
  });
  // The page's own listeners hear of a submission once.
  listen('submit', event => host.passing && event.stopImmediatePropagation(), true);
  listen('submit', event => {
    const form = event.target;
    if (host.passing || event.defaultPrevented || !known(form)) return;
    attend(form);
    const wrong = sent ? [] : faults(form);
    if (wrong[0]) refuse(form, wrong);
    if (sent || wrong[0] || (host.act && send(form, event.submitter))) event.preventDefault();
  });
  // What is being filled in already.
  const form = document.activeElement?.closest(`[${MARK}]`);
  if (form && known(form)) attend(form);
  return { answered };
};
