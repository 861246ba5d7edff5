import { readdir, readFile } from 'node:fs/promises'
import { describe, expect, it } from 'vitest'
import { bundleFile, collectStrings, folders, printBundle, stringsIn } from '../../../scripts/strings.mjs'

describe('the strings that the console shows', () => {
  it('are all in the bundle for translators: `npm run strings` puts them there', async () => {
    expect(await readFile(bundleFile, 'utf8')).toBe(printBundle(collectStrings()))
  })

  it('are those of every room with sentences to translate', async () => {
    const files = await readdir('src', { recursive: true })
    const rooms = new Set<string>()
    for (const file of files.filter((name) => name.endsWith('.ts') && name.includes('/'))) {
      const source = await readFile(`src/${file}`, 'utf8')
      if (/(?<!function )\bsay\('/.test(source)) rooms.add(`src/${file.split('/')[0]}`)
    }
    expect([...rooms].filter((room) => !folders.includes(room))).toEqual([])
  })

  it('number what is filled in without gaps', () => {
    for (const string of Object.keys(collectStrings())) {
      const holes = [...new Set([...string.matchAll(/\{(\d+)\}/g)].map((match) => Number(match[1])))].sort()
      expect([string, holes]).toEqual([string, holes.map((_, index) => index)])
    }
  })
})

describe('the strings of the manifest', () => {
  it('are all there, and all used', async () => {
    const manifest = await readFile('package.json', 'utf8')
    const texts = JSON.parse(await readFile('package.nls.json', 'utf8'))
    const used = [...manifest.matchAll(/"%([\w.-]+)%"/g)].map((match) => match[1])
    expect([...new Set(used)].sort()).toEqual(Object.keys(texts).sort())
  })

  it('are not written into the manifest itself', async () => {
    const { contributes } = JSON.parse(await readFile('package.json', 'utf8'))
    expect(plainTexts(contributes)).toEqual([])
  })
})

describe('stringsIn', () => {
  it('finds strings in one line and in several, in either quotes', () => {
    const source = [
      "vscode.l10n.t('One')",
      "t(\n  'Two {0}, it\\'s',\n  name,\n)",
      't("Three")',
      "const at = format('no')",
      "word.split('no')",
      "say('Four {0}', count)",
      "this.#say('no')",
      "this.#t('Five')",
      "view.say('no')",
    ].join('\n')
    expect(stringsIn(source, 'x.ts')).toEqual(['One', "Two {0}, it's", 'Three', 'Four {0}', 'Five'])
  })

  it.each(['t(`One`)', 'vscode.l10n.t(text)', "t('One ' + two)", 'say(text)', 'say(`One`)'])(
    'refuses %s',
    (source) => {
      expect(() => stringsIn(`\n${source}`, 'x.ts')).toThrow('x.ts:2')
    },
  )
})

/** Texts for people that are no reference to package.nls.json. The product's name is the same in all languages. */
function plainTexts(value: unknown, key = ''): string[] {
  if (Array.isArray(value)) return value.flatMap((item) => plainTexts(item, key))
  if (typeof value === 'object' && value !== null)
    return Object.entries(value).flatMap(([name, item]) => plainTexts(item, name))
  const isForPeople =
    /^(title|name|description|markdownDescription|contents|contextualTitle|accessibilityHelpContent|category)$/.test(
      key,
    )
  const isPlain = typeof value === 'string' && !value.startsWith('%') && value !== 'EC2 Collective'
  return isForPeople && isPlain ? [`${key}: ${value}`] : []
}
