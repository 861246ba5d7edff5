// @ts-check
// `npm run strings`: collects what the console shows into l10n/bundle.l10n.json, for translators: its own sentences and those of
// the rooms below it. A translation
// is that file as l10n/bundle.l10n.LANGUAGE.json, and package.nls.json as package.nls.LANGUAGE.json.
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))

export const bundleFile = path.join(root, 'l10n/bundle.l10n.json')

/**
 * Every string in a call of `vscode.l10n.t`, of a `t` that was passed on (also as `#t`), of the page's own, or of `say`: the key by which VS Code
 * finds its translation.
 *
 * @returns {Record<string, string>}
 * @throws {Error} where a string is put together before it is translated: no translation can be found for it
 */
export function collectStrings() {
  const strings = new Set(
    sources().flatMap((file) => stringsIn(readFileSync(file, 'utf8'), path.relative(root, file))),
  )
  return Object.fromEntries([...strings].sort().map((string) => [string, string]))
}

/** @param {Record<string, string>} strings */
export function printBundle(strings) {
  return `${JSON.stringify(strings, undefined, 2)}\n`
}

/**
 * @param {string} source @param {string} file for messages
 * @returns {string[]}
 */
export function stringsIn(source, file) {
  return [...source.matchAll(call)].map((match) => {
    const literal = match[1]
    if (literal === undefined) {
      const line = source.slice(0, match.index).split('\n').length
      throw new Error(`${file}:${line}: text to translate has to be one string in quotes`)
    }
    return unquoted(literal)
  })
}

const call =
  /(?:\bl10n\.t|#t|(?<![\w$.#])t|(?<![\w$.#]|function )say)\(\s*(?:('(?:[^'\\\n]|\\.)*'|"(?:[^"\\\n]|\\.)*")\s*[,)])?/g

/** @param {string} literal */
function unquoted(literal) {
  return literal.slice(1, -1).replace(/\\(.)/g, (_, character) => (character === 'n' ? '\n' : character))
}

/** The console and its page, and the rooms whose sentences it translates. The command line and the agent speak English. */
export const folders = [
  'src/answers',
  'src/console',
  'src/declarations',
  'src/localFleet',
  'src/master',
  'src/network',
  'src/protocol',
  'src/queues',
  'src/report',
  'src/run',
  'src/signing',
  'src/text',
  'webview',
]

function sources() {
  const files = folders.flatMap((folder) =>
    readdirSync(path.join(root, folder), { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.ts'))
      .map((name) => path.join(root, folder, name)),
  )
  return [path.join(root, 'src/extension.ts'), ...files]
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const strings = collectStrings()
  mkdirSync(path.dirname(bundleFile), { recursive: true })
  writeFileSync(bundleFile, printBundle(strings))
  console.log(`${Object.keys(strings).length} strings in ${path.relative(root, bundleFile)}`)
}
