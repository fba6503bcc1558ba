// The module of the part that people wait for stands in its script, as letters of the same numbers as its bytes:
// each request costs the page time. `__ASHIATO_MODULE__` becomes them.
const instance = async imports => {
  const letters = __ASHIATO_MODULE__;
  const bytes = new Uint8Array(letters.length);
  for (let at = 0; at < bytes.length; at++) bytes[at] = letters.charCodeAt(at);
  // What is so small is compiled sooner than another thread has been found for it; older browsers insist on one.
  const module = quiet(() => new WebAssembly.Module(bytes))() ?? (await WebAssembly.compile(bytes));
  return new WebAssembly.Instance(module, imports).exports;
};

