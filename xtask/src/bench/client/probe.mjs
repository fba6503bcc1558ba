// What runs inside the page: when the banner is painted, and what it does to the page.

/** Watches for the banner that `find` finds. `first` is the first frame in which more than a tenth of
 *  it is in view and it is not transparent; `settled` the first of three frames in which it is
 *  opaque and does not move. */
export function watch(find) {
  const seen = (self.__seen = { first: null, settled: null });
  let last;
  let still = 0;
  // Once the frame has been handed over.
  const afterwards = action => {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => action(performance.now());
    port2.postMessage(0);
  };
  const opacity = element => {
    let product = 1;
    for (let at = element; at; at = at.parentElement ?? at.getRootNode().host) product *= getComputedStyle(at).opacity;
    return product;
  };
  const frame = () => {
    if (seen.settled === null) requestAnimationFrame(frame);
    const banner = find();
    if (!banner || !banner.checkVisibility({ visibilityProperty: true })) return;
    const { left, top, right, bottom, width, height } = banner.getBoundingClientRect();
    const across = Math.max(0, Math.min(right, innerWidth) - Math.max(left, 0));
    const down = Math.max(0, Math.min(bottom, innerHeight) - Math.max(top, 0));
    const opaque = opacity(banner);
    if (!(across * down > 0.1 * width * height && opaque > 0.1)) return;
    const now = [left, top, width, height, opaque].map(Math.round).join();
    const begins = seen.first === null;
    const moves = now !== last || opaque < 0.99;
    if (begins) seen.first = undefined;
    // Of one frame one time.
    if (begins || moves)
      afterwards(time => {
        if (begins) seen.first = time;
        if (moves) seen.since = time;
      });
    if (moves) {
      last = now;
      still = 0;
    } else if (++still === 2) {
      seen.settled = seen.since;
    }
  };
  requestAnimationFrame(frame);
}

/** Notes shifts of the page, long tasks, and how long clicks take. */
export function observe() {
  const noted = (self.__noted = { shift: 0, long: 0, click: 0 });
  const on = (type, note, more) => new PerformanceObserver(list => list.getEntries().forEach(note)).observe({ type, buffered: true, ...more });
  on('layout-shift', entry => (noted.shift += entry.hadRecentInput ? 0 : entry.value));
  on('longtask', () => noted.long++);
  on('event', entry => entry.interactionId && (noted.click = Math.max(noted.click, entry.duration)), { durationThreshold: 16 });
}
