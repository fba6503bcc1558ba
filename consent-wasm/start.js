// How a part with a module of its own is started: the end of wasm-bindgen's script, in place of its own
// initialisation. `response` is the module, which is on its way already. Answers what the loader calls.
export default async (given, response, words) => {
  host = given;
  wasm = (await WebAssembly.instantiateStreaming(response, __wbg_get_imports())).instance.exports;
  return begin(words);
};
