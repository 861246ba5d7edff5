// @ts-check
// `npm run pictures`: takes the pictures of the results page in docs/images. They look as they should where the fonts
// Inter and JetBrains Mono are installed (on Debian: fonts-inter, fonts-jetbrains-mono).
//
// `npm run pictures -- console [NAME…]`: every view and flow of the console, or those named, in all themes, into
// .cache/pictures: to be looked at.
import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import * as esbuild from 'esbuild'
import { build } from './build.mjs'

const root = fileURLToPath(new URL('..', import.meta.url))
const ofConsole = process.argv[2] === 'console'
const [entry, target] = ofConsole
  ? ['test/support/consolePictures.ts', `${root}.cache/pictures`]
  : ['test/support/resultsPictures.ts', root]
// A production build takes away what an editor that runs from dist/ may still ask for.
await build({ production: !ofConsole })
await esbuild.build({
  absWorkingDir: root,
  entryPoints: [entry],
  outfile: `${root}.cache/bench/pictures.mjs`,
  bundle: true,
  platform: 'node',
  format: 'esm',
  target: 'node20',
  logLevel: 'warning',
  packages: 'external',
  external: ['../../scripts/*'],
})
const child = spawn(
  process.execPath,
  [`${root}.cache/bench/pictures.mjs`, target, ...process.argv.slice(3)],
  { stdio: 'inherit' },
)
child.on('exit', (code, signal) => process.exit(signal === null ? (code ?? 1) : 1))
