import { execFile } from 'node:child_process'
import { copyFile, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { folderFrom, linterRules, rooms, withDocumentation } from '../../../scripts/rooms.mjs'

const names = rooms.map(({ room }) => room)

describe('the table of rooms', () => {
  it('has every folder of the sources once', async () => {
    const folders = new Set((await sources()).map((file) => path.dirname(file)))
    expect([...names].sort()).toEqual([...folders].sort())
  })

  it('lets a room import only rooms before it, so that nothing runs up or in a circle', () => {
    for (const [index, { room, imports = [] }] of rooms.entries()) {
      expect(names.slice(0, index), room).toEqual(expect.arrayContaining(imports))
    }
  })

  it('lets a room import all that it imports, and nothing that it does not', async () => {
    const files = await sources()
    const wrong: string[] = []
    for (const { room, imports = [], packages = [], alone = {} } of rooms) {
      const unused = new Set([...imports, ...packages, ...Object.values(alone).flat()])
      for (const file of files.filter((file) => path.dirname(file) === room)) {
        const allowed = [...imports, ...packages, ...(alone[path.basename(file)] ?? [])]
        for (const specifier of importsOf(await readFile(file, 'utf8'))) {
          const name = named(room, specifier)
          const allowance = !allowed.includes(name) && name.startsWith('node:') ? 'node' : name
          unused.delete(allowance)
          if (name !== room && !allowed.includes(allowance)) wrong.push(`${file} imports ${specifier}`)
        }
      }
      wrong.push(...[...unused].map((name) => `nothing in ${room} imports ${name}`))
    }
    expect(wrong, 'what rooms import, against scripts/rooms.mjs').toEqual([])
  })

  it('gives a package that much depends on one home', () => {
    const homes = (wanted: (name: string) => boolean) =>
      rooms.filter(({ packages = [] }) => packages.some(wanted)).map(({ room }) => room)
    expect(homes((name) => /^@(aws-sdk|smithy)\//.test(name))).toEqual(['src/queues'])
    expect(homes((name) => /webview-ui-toolkit|@microsoft\/fast/.test(name))).toEqual(['webview/ui'])
    for (const room of homes((name) => name === 'vscode')) expect(room).toMatch(/^src(\/console(\/|$)|$)/)
  })

  it('lets few start programs', () => {
    const starting = rooms.flatMap(({ room, packages = [], alone = {} }) => [
      ...(packages.includes('node:child_process') ? [room] : []),
      ...Object.keys(alone).map((file) => `${room}/${file}`),
    ])
    expect(starting).toEqual(['src/localFleet', 'agent/src/execution', 'agent/src/process/ownProgram.ts'])
  })

  it('keeps the model of a run, the language and the page free of input and output', () => {
    const computing = ['node:crypto', 'node:zlib']
    for (const { room, packages = [] } of rooms) {
      if (!/^(src\/(protocol|hosts|run|report|page)|webview)(\/|$)/.test(room)) continue
      const ofNode = packages.filter((name) => /^node(:|$)/.test(name))
      expect(computing, room).toEqual(expect.arrayContaining(ofNode))
      if (/^(src\/page|webview)/.test(room)) expect(ofNode, room).toEqual([])
    }
  })

  it('is what the linter and the document have (npm run rooms)', async () => {
    expect(JSON.parse(await readFile('biome.rooms.json', 'utf8'))).toEqual(linterRules())
    const document = await readFile('docs/architecture.md', 'utf8')
    expect(document).toBe(withDocumentation(document))
  })
})

/** All that the table names, and what it must not name. */
const packages = [
  ...rooms.flatMap(({ packages = [] }) => packages).filter((name) => name !== 'node'),
  ...[
    'node:fs',
    'node:fs/promises',
    'node:crypto',
    'fs',
    '@aws-sdk/client-sts',
    '@smithy/core/protocols',
    'left-pad',
  ],
  ...['../../../test/support/x.ts', '../../../scripts/x.mjs', '..'],
]

describe('the linter', () => {
  let folder: string
  let reported: Map<string, Set<string>>

  beforeAll(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'import-rules-'))
    for (const file of ['biome.json', 'biome.rooms.json']) await copyFile(file, path.join(folder, file))
    for (const { room, alone = {} } of rooms) {
      await mkdir(path.join(folder, room), { recursive: true })
      for (const file of ['plant.ts', ...Object.keys(alone)]) {
        await writeFile(path.join(folder, room, file), everything(room).map(importing).join('\n'))
      }
    }
    reported = await lint(folder)
  }, 120_000)

  afterAll(() => rm(folder, { recursive: true, force: true }))

  for (const { room, imports = [], packages = [], alone = {} } of rooms) {
    for (const [file, more] of Object.entries({ 'plant.ts': [], ...alone })) {
      it(`reports what ${room}${file in alone ? `/${file}` : ''} may not import, and nothing else`, () => {
        const allowed = [room, ...imports, ...packages, ...more]
        const forbidden = everything(room).filter((specifier) => {
          const name = named(room, specifier)
          const isOfNode = name.startsWith('node:') && name !== 'node:child_process'
          return !allowed.includes(name) && !(isOfNode && allowed.includes('node'))
        })
        expect([...(reported.get(`${room}/${file}`) ?? [])].sort()).toEqual([...new Set(forbidden)].sort())
      })
    }
  }

  it('reports type imports, re-exports and import() as well', async () => {
    const file = 'src/protocol/forms.ts'
    const forms = [
      "import type { A } from '../queues/a.ts'",
      "export type { B } from '../queues/b.ts'",
      "export { c } from '../queues/c.ts'",
      "export const d = import('../queues/d.ts')",
      "import '../queues/e.ts'",
    ]
    await writeFile(path.join(folder, file), forms.join('\n'))
    const found = (await lint(folder, file)).get(file)
    expect(found).toEqual(new Set(['a', 'b', 'c', 'd', 'e'].map((name) => `../queues/${name}.ts`)))
  })
})

/** @returns specifiers of a file in each room, of its own room too, and of packages */
function everything(room: string): string[] {
  return [...names.map((other) => `${folderFrom(room, other)}/x.ts`), ...packages]
}

/** The room or the package that a specifier means in a file of `room`. */
function named(room: string, specifier: string): string {
  if (!specifier.endsWith('.ts') || !specifier.startsWith('.')) return specifier
  return path.posix.join(room, path.posix.dirname(specifier))
}

async function sources(): Promise<string[]> {
  const found = await Promise.all(
    ['src', 'agent/src', 'webview'].map(async (top) =>
      (await readdir(top, { recursive: true })).map((file) => path.posix.join(top, file)),
    ),
  )
  return found.flat().filter((file) => file.endsWith('.ts'))
}

/** Of all forms of import, `import('…')` in a type too. */
function importsOf(code: string): string[] {
  return [...code.matchAll(/\b(?:from\s*|import\s*\(?\s*)'([^'\n]+)'/g)].map(
    ([, specifier]) => specifier ?? '',
  )
}

function importing(name: string, index: number): string {
  return `import * as x${index} from '${name}'`
}

/** @returns per file the specifiers that an import rule reports */
async function lint(folder: string, place = '.'): Promise<Map<string, Set<string>>> {
  const biome = path.resolve('node_modules/.bin/biome')
  const args = ['lint', '--vcs-enabled=false', '--reporter=json', '--max-diagnostics=none', place]
  const { stdout } = await promisify(execFile)(biome, args, { cwd: folder, maxBuffer: 2 ** 26 }).catch(
    (error) => error,
  )
  const report: { diagnostics: Diagnostic[] } = JSON.parse(stdout)
  const reported = new Map<string, Set<string>>()
  for (const { category, location } of report.diagnostics) {
    if (!category.includes('noRestrictedImports')) continue
    const lines = (await readFile(path.join(folder, location.path), 'utf8')).split('\n')
    const specifier = lines[location.start.line - 1]?.match(/'(.+)'/)?.[1] ?? 'no import'
    reported.set(location.path, (reported.get(location.path) ?? new Set()).add(specifier))
  }
  return reported
}

interface Diagnostic {
  readonly category: string
  readonly location: { readonly path: string; readonly start: { readonly line: number } }
}
