import { existsSync, readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { partsOfTestName, patternOf } from '../../attack/attack.ts'
import { attacks } from '../../attack/attacks.ts'

describe('The attacks', () => {
  it('have names of their own', () => {
    const names = attacks.map(({ name }) => name)
    expect(new Set(names).size).toBe(names.length)
  })

  it.each(attacks)('$name: has tests that are there, and a defence', ({ tests, defences }) => {
    const missing = tests.filter((test) => {
      const { file, sentence } = partsOfTestName(test)
      return !existsSync(file) || !readFileSync(file, 'utf8').includes(sentence)
    })
    expect(missing).toEqual([])
    expect(tests).not.toEqual([])
    expect(defences).not.toEqual([])
  })

  it.each(
    attacks.flatMap(({ name, tests, defences }) => defences.map((defence) => ({ name, tests, ...defence }))),
  )('$name: is played by one of its tests without $what, whose code is there', ({ tests, test, changes }) => {
    const { file, sentence } = partsOfTestName(test)
    const isOneOf = tests.some((own) => {
      const parts = partsOfTestName(own)
      return parts.file === file && new RegExp(`^${patternOf(parts.sentence)}$`).test(sentence)
    })
    expect(isOneOf, test).toBe(true)
    for (const { file, code } of changes) {
      expect(readFileSync(file, 'utf8').split(code), `${file}: ${code}`).toHaveLength(2)
    }
  })
})
