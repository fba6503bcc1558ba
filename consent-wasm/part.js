// What the modules borrow of the browser, and how they are started: the end of wasm-bindgen's script, in
// place of its own initialisation.

let host;
let wasm;

const quiet = action => (...given) => {
  try {
    return action(...given);
  } catch {}
};

const page_window = () => self;
const page_cookie = name => host.cookie(name) || '';
const page_domain = () => host.domain;
const page_config = () => host.config;

// The purposes, as `Settings::read` and `Asked::of` read them, after what else they read.
const purposes = ahead => {
  const service = ({ key, events }) => key + ':' + events;
  const lines = host.config.purposes.map(({ key, kind, services }) => [key, kind, ...services.map(service)].join(' '));
  return [...ahead, ...lines].join('\n');
};

const page_asked = () => {
  const { site, revision, consent_days, visitor_days, banner } = host.config;
  return purposes([revision, consent_days * 86400, host.refused.join(' '), site, banner.version, host.language, visitor_days * 86400]);
};

const settings = () => {
  const { site, revision, consent_days, banner } = host.config;
  return purposes([site, revision, consent_days, banner.version, host.language]);
};

// What the collector answers to a session or a decision, as `Answer::read` reads it.
const session_lines = answer =>
  ['session', 'key', 'expires', 'now', 'revision', 'receipt_id', 'visitor'].map(name => answer?.[name] ?? '').join('\n');

// Starts the part: `response` is its module, which is on its way already. Answers what the loader calls.
export default async (given, response, words) => {
  host = given;
  wasm = (await WebAssembly.instantiateStreaming(response, __wbg_get_imports())).instance.exports;
  wasm.__wbindgen_start();
  return begin(words);
};
