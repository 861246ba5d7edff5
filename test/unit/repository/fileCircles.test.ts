import { readdir, readFile } from 'node:fs/promises'
import path from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'

/** The sources that each file imports: types, and what is loaded later, too. */
let imports: ReadonlyMap<string, ReadonlySet<string>>

beforeAll(async () => {
  imports = new Map(
    await Promise.all((await sources()).map(async (file) => [file, await importsOf(file)] as const)),
  )
})

describe('the files of the sources', () => {
  it('import each other in no circle: two halves that need each other are one file', () => {
    expect(circleIn(imports)).toBeUndefined()
    expect([...imports.values()].reduce((sum, { size }) => sum + size, 0)).toBeGreaterThan(500)
  })

  it('are not named as the rest of another file', () => {
    const rest = /(Helpers?|Utils?|Parts?|Common|Misc|Impl|[0-9])\.ts$/
    expect([...imports.keys()].filter((file) => rest.test(file))).toEqual([])
  })
})

describe('a circle of imports', () => {
  it('is found, whatever leads into it', () => {
    const planted = new Map([
      ['a', new Set(['b', 'd'])],
      ['b', new Set<string>()],
      ['c', new Set(['d'])],
      ['d', new Set(['c'])],
    ])
    expect(circleIn(planted)).toEqual(['d', 'c', 'd'])
  })
})

/** Undefined where there is none. */
function circleIn(graph: ReadonlyMap<string, ReadonlySet<string>>): string[] | undefined {
  const done = new Set<string>()
  const visit = (file: string, way: readonly string[]): string[] | undefined => {
    if (way.includes(file)) return [...way.slice(way.indexOf(file)), file]
    if (done.has(file)) return undefined
    for (const next of graph.get(file) ?? []) {
      const found = visit(next, [...way, file])
      if (found !== undefined) return found
    }
    done.add(file)
    return undefined
  }
  for (const file of graph.keys()) {
    const found = visit(file, [])
    if (found !== undefined) return found
  }
  return undefined
}

async function importsOf(file: string): Promise<ReadonlySet<string>> {
  const text = await readFile(file, 'utf8')
  const found = [...text.matchAll(/(?:\bfrom|(?<!@link )\bimport\()\s*'(\.[^']+\.ts)'/g)]
  return new Set(found.map(([, specifier = '']) => path.posix.join(path.posix.dirname(file), specifier)))
}

async function sources(): Promise<string[]> {
  const found = await Promise.all(
    ['src', 'agent/src', 'webview'].map(async (top) =>
      (await readdir(top, { recursive: true })).map((file) => path.posix.join(top, file)),
    ),
  )
  return found.flat().filter((file) => file.endsWith('.ts'))
}
