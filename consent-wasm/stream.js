// A module that is a file of its own is compiled as it comes in: `response` is on its way already.
const instance = async (imports, response) => (await WebAssembly.instantiateStreaming(response, imports)).instance.exports;

