// Unpack the test browser that npm brought (a compressed Chromium) into the folder given as argument, with the
// system libraries that come with it for machines that lack them. Prints the program's path.
import { createReadStream, mkdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { createBrotliDecompress } from 'node:zlib';

const folder = resolve(process.argv[2]);
mkdirSync(folder, { recursive: true });
process.env.TMPDIR = folder; // where the package unpacks its program

const { default: chromium } = await import('@sparticuz/chromium');
const { default: tar } = await import('tar-fs');
const program = await chromium.executablePath();
await pipeline(
  createReadStream(join('node_modules', '@sparticuz', 'chromium', 'bin', 'al2023.tar.br')),
  createBrotliDecompress(),
  tar.extract(join(folder, 'libraries')),
);
console.log(program);
