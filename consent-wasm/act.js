// What the part that acts leaves to a script: fetching, and letting go what is granted.

const page_host = () => host;

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

// ---- The part, as the loader knows it.

const begin = () => start(settings()) && { may, sync: follow, track, release: released() };
