import { describe, expect, it } from 'vitest'
import { Agreement } from '../../../src/answers/agreement.ts'
import { columnReader } from '../../../src/answers/columnValues.ts'
import { fleetTable } from '../../../src/answers/fleetTable.ts'
import { lineTokens } from '../../../src/answers/lineTokens.ts'
import { findRecords, recordLimits } from '../../../src/answers/records.ts'
import { patternLimits, replyPattern } from '../../../src/answers/replyPattern.ts'
import { findTable } from '../../../src/answers/table.ts'
import { comparableValue } from '../../../src/answers/valueOrder.ts'
import { valuesRecord } from '../../../src/answers/valuesRecord.ts'
import { type commands, fleetSays, type Said } from '../../support/everydayOutputs.ts'

const seeds = [1, 20, 300]
const both = (names: readonly string[]) =>
  names.flatMap((command) => seeds.map((seed) => [command, seed] as [keyof typeof commands, number]))

describe('an everyday command on 240 servers of three distributions, a third of which differ', () => {
  it.each(both(['uptime', 'rpm -qa']))('is at most five groups: %s, seed %i', (command, seed) => {
    const agreement = agreementOf(fleetSays(command, seed))
    const level = agreement.suggestedLevel()
    expect(level).toBeDefined()
    expect(agreement.groups(level ?? 'identical').length).toBeLessThanOrEqual(5)
  })

  it.each(both(['df -h', 'free -m', 'docker ps', 'dpkg -l', 'ps aux', 'curl localhost/health']))(
    'is one table with a row for each row of each server: %s, seed %i',
    (command, seed) => {
      const said = fleetSays(command, seed)
      const table = fleetTable(
        said.map(({ host, output }) => ({
          ...{ agentId: host.name, hostname: host.name },
          records: findRecords(output.split('\n')),
        })),
        undefined,
      )
      expect(table.without).toEqual([])
      const meant = said.flatMap(({ host, cells }) => cells.map((own) => ({ host: host.name, ...own })))
      const shown = table.rows.map(({ hostname, values }, index) =>
        Object.fromEntries(
          Object.keys(meant[index] ?? {}).map((name) => [
            name,
            name === 'host' ? hostname : values[table.columns.indexOf(name)],
          ]),
        ),
      )
      expect(shown).toEqual(meant)
    },
  )

  it.each(seeds)('is the table of what has failed, where something has, seed %i', (seed) => {
    const said = fleetSays('systemctl list-units --failed', seed)
    const table = fleetTable(
      said.map(({ host, output }) => ({
        ...{ agentId: host.name, hostname: host.name },
        records: findRecords(output.split('\n')),
      })),
      undefined,
    )
    const failed = said.flatMap(({ cells }) => cells.map(({ UNIT }) => UNIT))
    expect(table.rows.map(({ values }) => values[table.columns.indexOf('UNIT')])).toEqual(failed)
  })
})

describe('hostile output', () => {
  const thousandDigits = '9'.repeat(1000)

  it('of 100,000 columns is no table, and no other values than those at its beginning', () => {
    const wide = Array.from({ length: 100_000 }, (_, index) => `C${index}`).join('  ')
    const values = Array.from({ length: 100_000 }, (_, index) => index).join('  ')
    for (const separator of ['  ', '\t', '|']) {
      const lines = [wide, values].map((line) => line.replaceAll('  ', separator))
      expect(findTable(lines)).toBeUndefined()
      expect(findRecords(lines)).toBeUndefined()
    }
    expect(valuesRecord([values])).toBeUndefined()
  })

  it('in one line of 10 MiB is cut into a few tokens, and equal only to itself', () => {
    const long = `took 5s ${'7'.repeat(10 * 1024 * 1024)}`
    expect(lineTokens(long).length).toBeLessThan(5000)
    expect(
      lineTokens(long)
        .map(({ text }) => text)
        .join(''),
    ).toBe(long)
    expect(long.length).toBeGreaterThan(recordLimits.characters)
    expect(findRecords([long])).toBeUndefined()
    const head = long.slice(0, patternLimits.characters)
    const pattern = (rest: string) => replyPattern([{ stream: 1, text: head }], { rest, names: [] })
    expect(pattern('one').plain).not.toBe(pattern('other').plain)
  })

  it('with numbers of a thousand digits has words there, which are not compared as numbers', () => {
    expect(comparableValue(thousandDigits)).toEqual({ family: 'text' })
    expect(comparableValue(`${thousandDigits}%`)).toEqual({ family: 'text' })
    const agreement = agreementOfTexts([`took ${thousandDigits}`, `took ${thousandDigits.replace('9', '8')}`])
    expect(agreement.groups('pattern')).toHaveLength(2)
  })

  it('with look-alike digits has words there, which differ', () => {
    const agreement = agreementOfTexts(['took 5 s', 'took ５ s', 'took ٥ s', 'took 𝟝 s'])
    expect(agreement.groups('shape')).toHaveLength(4)
  })

  it('is searched for a value in linear time', async () => {
    // An expression that goes back and forth would need hours for these: the test would not end.
    const read = columnReader([
      { kind: 'key', name: 'a' },
      { kind: 'capture', expression: '(a+)+$' },
      { kind: 'json', path: 'a' },
    ])
    const lines = ['a'.repeat(100_000), '[ '.repeat(50_000), `${'a='.repeat(2000)}x`, ' '.repeat(100_000)]
    expect([...(await read([...lines, `a: ${' '.repeat(100_000)}x`], () => {})).keys()]).toEqual([
      'key:a',
      'capture:(a+)+$',
    ])
  })
})

function agreementOf(said: readonly Said[]): Agreement {
  return agreementOfTexts(
    said.map(({ output }) => output),
    (index) => [said[index]?.host.name ?? ''],
  )
}

function agreementOfTexts(
  outputs: readonly string[],
  names: (index: number) => string[] = () => [],
): Agreement {
  const agreement = new Agreement()
  for (const [index, output] of outputs.entries()) {
    const lines = output.split('\n').map((text) => ({ stream: 1 as const, text }))
    agreement.set({
      ...{ id: `a${index}`, end: 'succeeded', output },
      pattern: replyPattern(lines, { names: names(index) }),
    })
  }
  return agreement
}
