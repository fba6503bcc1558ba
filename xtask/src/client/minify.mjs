// Minifies a script by swc: `node minify.mjs FROM TO module|script`.
//
// Most of what is in our scripts is called at once. Chromium compiles it off the page's thread, while the script
// still comes in, where the first line says so; to the others that is a comment.

import { readFile, writeFile } from 'node:fs/promises';
import { minify } from '@swc/core';

const [from, to, kind] = process.argv.slice(2);
const module = kind == 'module';
const options = { module, ecma: 2022, compress: { ecma: 2022, module, passes: 4 }, mangle: { toplevel: module } };
const HINT = '//# allFunctionsCalledOnLoad\n';
await writeFile(to, HINT + (await minify(await readFile(from, 'utf8'), options)).code);
