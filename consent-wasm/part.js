// What both modules borrow of the browser, and how they are started: the end of wasm-bindgen's script, in
// place of its own initialisation.

let host;
let wasm;

const quiet = action => (...given) => {
  try {
    return action(...given);
  } catch {}
};

const now = () => Date.now();
const random = () => crypto.getRandomValues(new BigUint64Array(1))[0];
const cookie = quiet(name => document.cookie.split('; ').find(pair => pair.startsWith(name + '='))?.slice(name.length + 1));

// Where the visitor is, without what a query may tell of them.
const page = () => location.origin + location.pathname;

// The configuration, as `Settings::read` reads it.
const settings = () => {
  const { site, revision, consent_days, banner, purposes } = host.config;
  const service = ({ key, events }) => key + ':' + events;
  const lines = purposes.map(({ key, kind, services }) => [key, kind, ...services.map(service)].join(' '));
  return [site, revision, consent_days, banner.version, host.language, ...lines].join('\n');
};

// Starts the part: `response` is its module, which is on its way already. Answers what the loader calls.
export default async (given, response, words) => {
  host = given;
  wasm = (await WebAssembly.instantiateStreaming(response, __wbg_get_imports())).instance.exports;
  wasm.__wbindgen_start();
  return begin(words);
};
