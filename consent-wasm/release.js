// What a page has marked with a purpose: let go in the page's order where the gate says so (`may`, in
// Rust), taken back where it does not any more.
//
// It must never fetch or run anything ahead of the gate, never lend a script a nonce, and never throw into
// the page. An element with a fault stays blocked, and its owner is told once what to write.

const released = () => {
  const {
    config: { purposes },
    nonce,
  } = host;
  const LIVE = ['src', 'srcset', 'href', 'data', 'poster'];

  // ---- What is wrong with an element, and what to write.

  const said = {};
  const warn = ({ localName, dataset: { consent, service } }, fault) => {
    const text = `ashiato: <${localName} data-consent="${consent}"${service ? ` data-service="${service}"` : ''}> ${fault}`;
    said[text] ||= console.warn(text) || 1;
  };

  const is = wanted => own => own.key == wanted;
  const oneOf = (name, list) => `stays blocked: write in data-${name} one of: ` + (list.map(own => own.key).join(', ') || 'none');
  const key = ({ dataset: { consent, service } }) => consent + ' ' + (service || '');
  const source = element => element.dataset.src || element.getAttribute('src');

  // Nothing where there is none.
  const fault = element => {
    const { localName, dataset, type } = element;
    const { consent, service } = dataset;
    if (localName != 'script' && !LIVE.some(name => dataset[name])) {
      let text = 'is empty: write data-src';
      for (const name of LIVE) {
        const value = element.getAttribute(name);
        if (!value || /^(about|data):/.test(value)) continue;
        // From now on it goes the way of the rest.
        dataset[name] = value;
        text = `loads before anybody is asked: write data-${name}`;
      }
      return text;
    }
    const purpose = purposes.find(is(consent));
    if (!purpose) return oneOf('consent', purposes);
    const { services } = purpose;
    if (service && !services.some(is(service))) {
      const other = purposes.find(({ services }) => services.some(is(service)));
      return other ? oneOf('consent', [other]) : oneOf('service', services);
    }
    if (localName != 'script') return;
    if (type != 'text/plain') return 'runs before anybody is asked: write type="text/plain"';
    if (!source(element) && !element.text.trim()) return 'is empty: write data-src or code';
    // Whoever can smuggle an element into a page must not get it run by us.
    if (nonce && element.nonce != nonce) return "stays blocked: write the page's nonce";
  };

  const may_run = element => {
    const text = fault(element);
    return text ? warn(element, text) : may(key(element));
  };

  // ---- Frames, images, styles and media go back and forth with the decision.

  // The name may be given to one policy only; a page may forbid it.
  let policy;
  const trusted = (kind, value) => {
    const same = value => value;
    const rules = { createScript: same, createScriptURL: same };
    return (policy ??= quiet(() => self.trustedTypes.createPolicy('ashiato', rules))() || rules)[kind](value);
  };

  const turn = (element, yes) => {
    const { localName, dataset } = element;
    let turned;
    for (const name of LIVE) {
      const value = dataset[name];
      const own = (name == 'src' && { link: 'href', object: 'data' }[localName]) || name;
      if (!value || (element.getAttribute(own) == value) == yes) continue;
      turned = true;
      if (!yes) element.removeAttribute(own);
      // What is embedded may be a script.
      else element.setAttribute(own, trusted('createScriptURL', value));
    }
    if (!turned) return;
    // Put in anew, a frame is empty, and leaves nothing in the history to go back to.
    yes || element.after(element);
    element.closest('video,audio')?.load();
  };

  // ---- Scripts run once, in elements of their own: the page's stay, for whoever put them there.

  // Each that has run. One that is put in again, as it was, is the same.
  const done = [];
  const again = element => done.some((old, at) => old == element || (!old.isConnected && old.isEqualNode(element) && (done[at] = element)));

  // Of what has run, whether it may still.
  const ran = {};

  // Until the external script that was put in last has run, or has failed.
  let order;
  const run = element => {
    const src = source(element);
    // With its nonce, which no attribute shows.
    const script = element.cloneNode();
    done.push(element);
    delete script.dataset.consent;
    script.type = element.dataset.type || '';
    script.async = element.hasAttribute('async');
    if (src) {
      script.src = trusted('createScriptURL', src);
      // Only these are sure to say that they have.
      if (!script.async && !script.noModule && /^$|module|javascript/.test(script.type))
        order = new Promise(end => ['load', 'error'].forEach(name => script.addEventListener(name, end)));
    } else script.text = trusted('createScript', element.text);
    ran[key(element)] = true;
    element.before(script);
  };

  const attempt = (action, element, yes) => {
    try {
      action(element, yes);
    } catch {
      warn(element, 'stays blocked: write trusted-types ashiato in the CSP');
    }
  };

  // What can fetch or run: whatever has a source, links (as pictures they know sizes) and objects.
  const marked = () => [...document.querySelectorAll('[data-consent]')].filter(element => ['src', 'sizes', 'data'].some(name => name in element));

  // Those that wait for none come first; last what browsers leave until the page has been read.
  const rank = element => (element.defer || element.dataset.type == 'module' ? 1 : source(element) && element.hasAttribute('async') ? -1 : 0);

  const scripts = async () => {
    waits = 0;
    for (const element of marked().sort((one, other) => rank(one) - rank(other))) {
      // The page may be in the middle of its last script.
      if (element.localName != 'script' || (document.readyState == 'loading' && (rank(element) > 0 || element == [...document.scripts].at(-1)))) continue;
      if (!source(element) && !rank(element)) await order;
      if (element.isConnected && !again(element) && may_run(element)) attempt(run, element);
    }
  };

  // One pass after another, and one at most that waits.
  let passes = Promise.resolve();
  let waits;

  const sweep = () => host.need().then(quiet(ui => ui.sweep()));

  return quiet(() => {
    for (const what in ran) {
      const yes = may(what);
      // What runs cannot be stopped, and may set again what has just been deleted.
      if (ran[what] && !yes) {
        host.reload = true;
        sweep();
        self.addEventListener('pagehide', sweep);
      }
      ran[what] = yes;
    }
    for (const element of marked()) {
      if (element.localName == 'script') continue;
      // Once more, where it was put right.
      const yes = may_run(element) ?? may_run(element);
      attempt(turn, element, !!yes);
      yes === false && element.localName == 'iframe' && host.need();
    }
    waits ||= passes = passes.then(scripts).catch(() => {});
  });
};

