import { readdirSync, readFileSync } from 'node:fs'
import type { Facts } from '../../../../src/protocol/facts.ts'

const folder = new URL('../../../fixtures/facts/', import.meta.url)

/** What facter says on real systems, by the system's name (`debian-12`), in alphabetical order. */
export function realFacts(): Map<string, Facts> {
  const files = readdirSync(folder).filter((name) => name.endsWith('.json'))
  return new Map(
    files.sort().map((name) => {
      const facts = JSON.parse(readFileSync(new URL(name, folder), 'utf8')) as Facts
      return [name.replace('-x86_64.json', ''), facts]
    }),
  )
}
