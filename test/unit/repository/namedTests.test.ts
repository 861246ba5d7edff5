import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'

const documents = ['docs/security.md', 'docs/reliability.md', 'docs/versions.md']

describe.each(documents)('%s', (document) => {
  const named = [...readFileSync(document, 'utf8').matchAll(/`(\w+\/[\w/]+) › ([^`]+)`/g)]

  it('names tests', () => {
    expect(named.length).toBeGreaterThan(10)
  })

  it.each(named.map(([, file, sentence]) => [file, sentence]))(
    'names a test that is there: %s › %s',
    (file, sentence) => {
      expect(readFileSync(`test/${file}.test.ts`, 'utf8')).toContain(sentence)
    },
  )
})
