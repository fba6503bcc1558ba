// What the part that acts leaves to a script: fetching. What it lets go is in release.js.

const page_host = () => host;

// ---- The part, as the loader knows it.

const begin = () => start(settings()) && { may, sync: follow, track, release: released() };
