// Collects the licences of every package that has code in the bundle.
import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';

const NOTICE = /^(licen[cs]e|copying|notice|thirdpartynotices)/i;

// For packages that say MIT and carry no text of it.
const MIT = `Permission is hereby granted, free of charge, to any person obtaining a copy of this software and
associated documentation files (the "Software"), to deal in the Software without restriction,
including without limitation the rights to use, copy, modify, merge, publish, distribute, sublicense,
and/or sell copies of the Software, and to permit persons to whom the Software is furnished to do so,
subject to the following conditions:

The above copyright notice and this permission notice shall be included in all copies or substantial
portions of the Software.

THE SOFTWARE IS PROVIDED "AS IS", WITHOUT WARRANTY OF ANY KIND, EXPRESS OR IMPLIED, INCLUDING BUT NOT
LIMITED TO THE WARRANTIES OF MERCHANTABILITY, FITNESS FOR A PARTICULAR PURPOSE AND NONINFRINGEMENT.
IN NO EVENT SHALL THE AUTHORS OR COPYRIGHT HOLDERS BE LIABLE FOR ANY CLAIM, DAMAGES OR OTHER
LIABILITY, WHETHER IN AN ACTION OF CONTRACT, TORT OR OTHERWISE, ARISING FROM, OUT OF OR IN CONNECTION
WITH THE SOFTWARE OR THE USE OR OTHER DEALINGS IN THE SOFTWARE.`;

/** Return the folders of the packages that the bundles took files from. */
function folders(root, results) {
  const inputs = results.flatMap(result => Object.keys(result.metafile.inputs));
  const found = inputs
    .map(file => /^(.*node_modules\/(?:@[^/]+\/)?[^/]+)\//.exec(file)?.[1])
    .filter(folder => folder !== undefined);
  return [...new Set(found)].sort().map(folder => path.join(root, folder));
}

// A licence that is neither written out nor known here must stop the build, not slip into it.
function unwritten({ name, author, license }) {
  if (license !== 'MIT') throw new Error(`${name} has the licence ${license} and no text of it`);
  return [`Copyright (c) ${author?.name ?? author ?? `the authors of ${name}`}`, '', MIT];
}

async function notice(folder) {
  const about = JSON.parse(await readFile(path.join(folder, 'package.json'), 'utf8'));
  const files = (await readdir(folder)).filter(file => NOTICE.test(file)).sort();
  const texts = await Promise.all(files.map(file => readFile(path.join(folder, file), 'utf8')));
  const title = `${about.name} ${about.version} (${about.license})`;
  const rule = '='.repeat(80);
  return [rule, title, rule, '', ...(texts.length > 0 ? texts : unwritten(about)), ''].join('\n');
}

/** Return the text of LICENSES.txt. */
export async function notices(root, results) {
  const parts = await Promise.all(folders(root, results).map(notice));
  const head = 'The explorer page contains code of the following packages.\n';
  return [head, ...parts].join('\n');
}
