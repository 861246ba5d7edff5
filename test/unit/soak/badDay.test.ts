import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { badDay, everyDay } from '../../soak/badDay.ts'
import type { Fault, Rule } from '../../support/faults/faultPlan.ts'

/** Faults and how often, by row of the table: the names in its third column, the rates in its fourth. */
const rows = readFileSync('docs/reliability.md', 'utf8')
  .split('\n')
  .filter((line) => line.startsWith('| '))
  .map((line) => line.split(' | ').map((cell) => cell.replace(/^\| | \|$/g, '')))
  .filter((cells) => cells.length === 4)

describe('the bad day of a soak', () => {
  it.each([...badDay, ...everyDay].map((rule) => [nameOf(rule.fault), rule] as const))(
    'strikes by %s as often as docs/reliability.md says',
    (name, rule) => {
      const told = rows
        .filter(([, , faults]) => faults?.includes(`\`${name}\``))
        .map(([, , , rates]) => rates)
      expect(told.length).toBeGreaterThan(0)
      expect(told.some((rates) => rates?.split(/[;:] /).some((rate) => rate.includes(rateOf(rule))))).toBe(
        true,
      )
    },
  )
})

function nameOf(fault: Fault): string {
  if (fault.kind === 'refuse') return fault.as
  if (fault.kind === 'cut') return fault.how
  if (fault.kind === 'fail-entry') return fault.as ?? 'InternalError'
  return fault.kind
}

function rateOf({ chance = 1 }: Rule): string {
  return chance === 1 ? 'always' : `${Number((chance * 100).toFixed(2))} %`
}
