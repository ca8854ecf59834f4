// Bundles the page into dist/: page.html, hashed scripts, styles and workers, and LICENSES.txt.
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import * as esbuild from 'esbuild';
import { notices } from './licenses.mjs';

const here = path.dirname(fileURLToPath(import.meta.url));
const dist = path.join(here, 'dist');

const shared = {
  absWorkingDir: here,
  bundle: true,
  minify: true,
  metafile: true,
  outdir: 'dist',
  entryNames: '[name]-[hash]',
  assetNames: '[name]-[hash]',
  target: ['es2022', 'chrome111', 'firefox115', 'safari16.4'],
  legalComments: 'none', // all of them are in LICENSES.txt
  logLevel: 'warning',
};

const WORKERS = {
  editor: 'monaco-editor/esm/vs/editor/editor.worker.js',
  json: 'monaco-editor/esm/vs/language/json/json.worker.js',
  graphql: 'monaco-graphql/esm/graphql.worker.js',
};

/** Return the name in dist/ of what an entry point became. */
function outputs(result, extension) {
  const found = Object.entries(result.metafile.outputs).filter(
    ([file, output]) => output.entryPoint !== undefined && file.endsWith(extension),
  );
  return found.map(([file]) => path.basename(file));
}

async function buildWorkers() {
  const entryPoints = Object.entries(WORKERS).map(([name, file]) => ({ in: file, out: `${name}.worker` }));
  const result = await esbuild.build({ ...shared, entryPoints, format: 'iife' });
  const files = outputs(result, '.js');
  const names = Object.keys(WORKERS).map(name => [name, files.find(file => file.startsWith(`${name}.`))]);
  return { result, files: Object.fromEntries(names) };
}

const buildPage = workers =>
  esbuild.build({
    ...shared,
    entryPoints: [
      { in: 'src/main.tsx', out: 'explorer' },
      { in: 'src/icon.svg', out: 'icon' },
    ],
    format: 'esm',
    jsx: 'automatic',
    loader: { '.graphql': 'text', '.ttf': 'file', '.svg': 'copy' },
    define: { WORKER_FILES: JSON.stringify(workers), 'process.env.NODE_ENV': '"production"' },
  });

async function writePage(result) {
  const files = Object.keys(result.metafile.outputs).map(file => path.basename(file));
  const asset = pattern => `graphiql/${files.find(file => pattern.test(file))}`;
  const template = await readFile(path.join(here, 'src/page.html'), 'utf8');
  const page = template
    .replace('{{icon}}', asset(/^icon-.*\.svg$/))
    .replace('{{style}}', asset(/^explorer-.*\.css$/))
    .replace('{{script}}', asset(/^explorer-.*\.js$/));
  await writeFile(path.join(dist, 'page.html'), page);
}

// Packed once here, so that the gateway never spends its event loop on it.
async function packFiles() {
  const names = (await readdir(dist)).filter(name => /\.(js|css|ttf)$/.test(name));
  for (const name of names) {
    const packed = await promisify(gzip)(await readFile(path.join(dist, name)), { level: 9 });
    await writeFile(path.join(dist, `${name}.gz`), packed);
  }
}

await rm(dist, { recursive: true, force: true });
await mkdir(dist);
const workers = await buildWorkers();
const page = await buildPage(workers.files);
await writePage(page);
await writeFile(path.join(dist, 'LICENSES.txt'), await notices(here, [workers.result, page]));
await packFiles();
