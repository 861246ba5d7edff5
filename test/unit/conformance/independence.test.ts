import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, it } from 'vitest'

const folder = 'test/conformance'

describe('the agent and master of test/conformance', () => {
  it.each(readdirSync(folder).filter((file) => file.endsWith('.ts')))(
    'share no code with the product: %s imports Node and its own folder',
    (file) => {
      const source = readFileSync(path.join(folder, file), 'utf8')
      const imported = [...source.matchAll(/^import\b[^'"]*['"]([^'"]+)['"]/gm)].map(([, name = '']) => name)
      expect(imported).toHaveLength(source.match(/^import\b/gm)?.length ?? 0)
      expect(imported.filter((name) => !/^node:/.test(name) && !/^\.\/\w+\.ts$/.test(name))).toEqual([])
      expect(source).not.toMatch(
        /\brequire\(|\bimport\(|createRequire|^export (?:type )?(?:\*|\{[^}]*\}) from/m,
      )
    },
  )
})
