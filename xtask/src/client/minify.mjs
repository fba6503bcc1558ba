// Minifies a script by swc: `node minify.mjs FROM TO module|script`.

import { readFile, writeFile } from 'node:fs/promises';
import { minify } from '@swc/core';

const [from, to, kind] = process.argv.slice(2);
const module = kind == 'module';
const options = { module, ecma: 2022, compress: { ecma: 2022, module, passes: 4 }, mangle: { toplevel: module } };
await writeFile(to, (await minify(await readFile(from, 'utf8'), options)).code);
