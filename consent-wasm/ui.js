// What the module that asks borrows of the browser, where Rust would need many times the bytes: cookies,
// the one entry of local storage, and what stands in place of a blocked frame.

const bake = (name, value, seconds, domain) => {
  const plain = location.protocol == 'http:' && /^(localhost|127\.0\.0\.1)$/.test(location.hostname);
  document.cookie = `${name}=${value};path=/;samesite=lax;max-age=${seconds}${domain ? ';domain=' + domain : ''}${plain ? '' : ';secure'}`;
};

export const lend = (host, texts, style) => {
  // Keeps a cookie for so many days, or deletes it; whether the browser let it.
  host.keep = quiet((name, value, days) => {
    bake(name, value, days * 86400);
    return host.cookie(name) == value;
  });

  // Deletes the cookies of a service, or of a purpose without one, on the host and every domain above
  // it: a script may have set them on any. Our own two follow rules of their own.
  host.erase = quiet(key => {
    for (const pattern of host.config.cookies[key] || []) {
      const [start, end] = pattern.split('*');
      for (const pair of document.cookie.split('; ')) {
        const [name] = pair.split('=');
        if ((name == pattern || (end != null && name.startsWith(start) && name.endsWith(end))) && !/^ashiato_/.test(name)) {
          bake(name, '', 0);
          for (let domain = location.hostname; domain; domain = domain.replace(/^[^.]*\.?/, '')) bake(name, '', 0, domain);
        }
      }
    }
  });

  // What the collector has to be told of a withdrawal, from the click until its answer: the only thing
  // that is ever stored outside the two cookies.
  host.leave = quiet(text => (text ? (localStorage.ashiato_pending = text) : localStorage.removeItem('ashiato_pending')));

  const make = (parent, tag, given) => {
    const element = Object.assign(document.createElement(tag), given);
    parent.append(element);
    return element;
  };

  // Puts a placeholder of a blocked frame's own size in front of it, so that nothing moves when one
  // gives way to the other, or takes it away.
  const places = new WeakMap();
  host.stand = quiet((frame, permitted) => {
    let place = places.get(frame);
    if (permitted) {
      place?.remove();
      places.delete(frame);
      if (place) frame.style.removeProperty('display');
      return;
    }
    const { consent, service } = frame.dataset;
    const purpose = texts.purposes.find(({ key }) => key == consent);
    const named = service ? purpose?.services.find(({ key }) => key == service) : purpose;
    if (!named || place?.isConnected) return;
    place = document.createElement('ashiato-blocked');
    places.set(frame, place);
    const root = place.attachShadow({ mode: 'open' });
    const look = new CSSStyleSheet();
    look.replaceSync(style);
    root.adoptedStyleSheets = [look];
    const { offsetWidth: width, offsetHeight: height } = frame;
    const box = make(root, 'div', { className: 'blocked ' + host.config.banner.theme, role: 'group', lang: texts.language, dir: texts.direction });
    if (width && height) Object.assign(box.style, { width: width + 'px', aspectRatio: width / height });
    make(box, 'p', { textContent: texts.blocked.replace('{name}', () => named.name) });
    const button = make(box, 'button', { textContent: texts.unblock, onclick: quiet(() => host.ui.accept([[consent, service]])) });
    button.setAttribute('part', 'unblock');
    frame.before(place);
    frame.style.setProperty('display', 'none', 'important');
  });
};
