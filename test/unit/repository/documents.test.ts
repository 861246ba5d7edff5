import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync, statSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, it } from 'vitest'

/** All that git knows or would take, relative to the root. */
const files = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard'], {
  encoding: 'utf8',
})
  .split('\n')
  .filter((file) => file !== '' && existsSync(file))

const documents = files.filter((file) => /\.(md|yml)$/.test(file) && !file.startsWith('scripts/demo/'))
const scripts: object = JSON.parse(readFileSync('package.json', 'utf8')).scripts
/** What docs/architecture.md names as what a file is not called. */
const notNames = ['inventoryManager.ts', 'utils.ts', 'helpers.ts', 'types.ts']

describe.each(documents)('%s', (document) => {
  const text = readFileSync(document, 'utf8')
  const prose = text.replace(/```[\s\S]*?```/g, '')
  const quoted = [...prose.matchAll(/`([^`\n]+)`/g)].map(([, code = '']) => code)

  it('links to what is there, and to headings that are there', () => {
    const targets = [...prose.matchAll(/\]\(([^)\s]+)\)/g)].map(([, target = '']) => target)
    const own = targets.filter((target) => !/^[a-z]+:/.test(target))
    expect(own.filter((target) => !leadsSomewhere(document, target))).toEqual([])
  })

  it('names files and folders that are there', () => {
    const words = quoted.flatMap((code) => code.split(' '))
    expect(words.filter((word) => isPath(word) && !isThere(word))).toEqual([])
    const sources = quoted.filter((code) => /^[\w-]+\.(ts|mjs|css)$/.test(code) && !notNames.includes(code))
    expect(sources.filter((name) => !files.some((file) => path.basename(file) === name))).toEqual([])
  })

  it('names scripts of package.json that are there', () => {
    const named = [...text.matchAll(/\bnpm run (?:--silent )?([a-z][\w:-]*)|\bnpm (test|start)\b/g)]
    const unknown = named.map(([, script, builtIn]) => script ?? builtIn ?? '')
    expect(unknown.filter((name) => !Object.hasOwn(scripts, name))).toEqual([])
  })

  it('names tests that are there', () => {
    const tests = quoted.flatMap((code) => {
      const [, file, sentence] = /^(\w+\/[\w/]+) › (.+)$/.exec(code) ?? []
      return file === undefined || sentence === undefined ? [] : [{ file: `test/${file}.test.ts`, sentence }]
    })
    const missing = tests.filter(
      ({ file, sentence }) => !existsSync(file) || !readFileSync(file, 'utf8').includes(sentence),
    )
    expect(missing).toEqual([])
  })
})

describe('the files of the sources', () => {
  it('are named after what they hold', () => {
    expect(files.filter((file) => notNames.includes(path.basename(file)))).toEqual([])
  })
})

describe('the documents that say what is promised', () => {
  it.each(['docs/security.md', 'docs/reliability.md', 'docs/versions.md'])(
    '%s names the tests that show it',
    (document) => {
      expect(readFileSync(document, 'utf8').match(/`\w+\/[\w/]+ › [^`]+`/g)?.length).toBeGreaterThan(10)
    },
  )
})

/** A path of this repository, without places for what differs; what is built is there after a build only. */
function isPath(code: string): boolean {
  return (
    /^(src|agent|webview|test|scripts|docs|media|l10n|\.vscode|\.github|\.ci)\/[\w./-]+$/.test(code) &&
    !/^\.vscode\/ec2-collective|\.LANGUAGE\./.test(code)
  )
}

function isThere(code: string): boolean {
  const name = code.replace(/\/$/, '')
  return (
    files.includes(name) || files.some((file) => file.startsWith(`${name}/`)) || files.includes(`${name}.ts`)
  )
}

function leadsSomewhere(document: string, target: string): boolean {
  const [file = '', anchor] = target.split('#')
  const place = file === '' ? document : path.join(path.dirname(document), file)
  if (!existsSync(place)) return false
  if (anchor === undefined) return true
  return statSync(place).isFile() && headingsOf(readFileSync(place, 'utf8')).includes(anchor)
}

/** As GitHub makes anchors of them. */
function headingsOf(text: string): string[] {
  return [...text.matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\s_-]/gu, '')
      .replaceAll(' ', '-'),
  )
}
