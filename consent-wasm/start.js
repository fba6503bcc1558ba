// How a part with a module of its own is started: the end of wasm-bindgen's script, in place of its own
// initialisation. Answers what the loader calls.
export default async (given, response, ahead) => {
  host = given;
  wasm = await instance(__wbg_get_imports(), response);
  return begin(ahead);
};
