// What stands in place of a frame that may not run yet: a box that lies where the frame would and is as
// large, so that nothing moves when one gives way to the other.
//
// The frame itself is never touched: a rule hides it while a placeholder stands before it.

const MARKED = 'iframe[data-consent]';
// What of a frame's style says where it lies and how large it is.
const LAID =
  'display,position,inset,float,width,height,box-sizing,margin,padding,border,border-radius,flex,order,grid-area,place-self,vertical-align,z-index,transform'.split(',');

// Measured, since the page's rules say nothing of a placeholder; the frame shows while that is hidden.
const lay = (place, frame) => {
  place.hidden = true;
  place.style.cssText = 'display:none';
  const style = getComputedStyle(frame);
  // A box with something in it keeps its size in a line as inline-block only.
  const laid = LAID.map(name => `${name}:${style.getPropertyValue(name).replace(/^inline$/, 'inline-block')}!important`);
  place.style.cssText = 'all:initial!important;overflow:hidden!important;' + laid.join(';');
  place.hidden = false;
};

const named = ({ consent, service }) => {
  const is = wanted => ({ key }) => key == wanted;
  const purpose = texts.purposes.find(is(consent));
  return service ? purpose?.services.find(is(service)) : purpose;
};

// Of no use to a page without frames, and a rule in the page's own style is one that all of it is held against.
let prepared;
const prepare = () => {
  if (prepared) return;
  prepared = sheet('ashiato-blocked:not([hidden])+iframe{display:none!important}');
  document.adoptedStyleSheets.push(prepared);
  for (const name of ['resize', 'load']) self.addEventListener(name, () => place(true));
};

// Puts a placeholder before each frame that may not run, and takes those away that may; with `anew`, lays
// those that stand as the page is by now.
const place = quiet(anew => {
  for (const old of document.querySelectorAll('ashiato-blocked'))
    // What it stood for has left, or has moved on.
    old.nextElementSibling?.matches(MARKED) || old.remove();
  for (const frame of document.querySelectorAll(MARKED)) {
    const { dataset, previousElementSibling: before } = frame;
    const stands = before?.localName == 'ashiato-blocked' && before;
    const what = dataset.consent + ' ' + (dataset.service || '');
    const of = named(dataset);
    if (!of || may(what)) {
      // Whoever pressed the button goes on in the frame.
      const focused = stands && stands.matches(':focus-within');
      stands && stands.remove();
      focused && frame.focus();
    } else if (!stands) {
      prepare();
      const place = document.createElement('ashiato-blocked');
      const within = place.attachShadow({ mode: 'open' });
      place.className = root.host.className;
      within.adoptedStyleSheets = looks();
      texts.said = texts.blocked.replace('{name}', () => of.name);
      texts.frame = what;
      make(elements.push(within) - 1, PLACEHOLDER);
      frame.before(place);
      lay(place, frame);
    } else if (anew) lay(stands, frame);
  }
});
