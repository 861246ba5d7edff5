import { execFileSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { protocolVectorsFile } from '../../support/protocolVectors.ts'
import { hasPython } from '../../support/python.ts'

const folder = 'test/conformance/python'

describe.skipIf(!hasPython)('an agent in Python 3, by docs/messages.md alone', () => {
  it('reads, writes and refuses all vectors', () => {
    const failed = execFileSync('python3', ['-B', `${folder}/vectors.py`, protocolVectorsFile])
    expect(JSON.parse(failed.toString())).toEqual([])
  })

  it('imports nothing but the standard library', () => {
    const names = "import sys; print('\\n'.join(sys.stdlib_module_names))"
    const standard = execFileSync('python3', ['-c', names]).toString().split('\n')
    const files = readdirSync(folder).filter((file) => file.endsWith('.py'))
    const imported = files.flatMap((file) =>
      [...readFileSync(`${folder}/${file}`, 'utf8').matchAll(/^\s*(?:import|from) ([\w.]+)/gm)].map(
        ([, name = '']) => name,
      ),
    )
    const known = [...standard, ...files.map((file) => file.replace('.py', ''))]
    expect(imported.length).toBeGreaterThan(10)
    expect(imported.filter((name) => !known.includes(name.split('.')[0] ?? ''))).toEqual([])
  })
})
