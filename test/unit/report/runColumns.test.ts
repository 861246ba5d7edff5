import { describe, expect, it } from 'vitest'
import { columnsOfRows } from '../../../src/report/runColumns.ts'
import { exportJson } from '../../../src/report/runExport.ts'
import { exportCsv, exportText } from '../../../src/report/runTables.ts'
import { readRunJson } from '../../support/runJson.ts'
import { agentIdOf, type SimulatedRun, withSimulatedRun } from '../../support/simulatedRun.ts'
import { textOf } from '../../support/textOf.ts'

const rows = [
  { agentId: agentIdOf('web1'), values: ['9%', '/'] },
  { agentId: agentIdOf('web1'), values: ['-5', undefined] },
  { agentId: agentIdOf('web2'), values: ['=1+1', '/srv'] },
]
const columns = columnsOfRows(['Use%', 'state'], rows)

function withThree(act: (simulated: SimulatedRun) => Promise<void>) {
  return withSimulatedRun(['web1', 'web2', 'web3'], {}, async (simulated) => {
    for (const host of ['web1', 'web2', 'web3'])
      simulated.finish(host, 0, [{ stream: 1, text: 'the output\n' }])
    await act(simulated)
  })
}

describe('values that are exported with a run', () => {
  it('are fields of each agent in JSON, a list since there may be several rows', () =>
    withThree(async ({ run }) => {
      const { agents } = readRunJson(await textOf(exportJson(run, { columns })))
      expect(agents.map(({ values }) => values)).toEqual([
        [{ 'Use%': '9%', state: '/' }, { 'Use%': '-5' }],
        [{ 'Use%': '=1+1', state: '/srv' }],
        [],
      ])
      expect(agents[0]).toMatchObject({ stdout: 'the output\n' })
      const without = readRunJson(await textOf(exportJson(run)))
      expect(Object.keys(without.agents[0] ?? {})).not.toContain('values')
    }))

  it('are columns in CSV, where an agent has a line for each row, and its output once', () =>
    withThree(async ({ run }) => {
      const lines = (await textOf(exportCsv(run, { columns }))).split('\r\n')
      expect(lines[0]).toMatch(/,Use%,state 2,output$/)
      expect(lines.map((line) => line.split(',')[0])).toEqual(['host', 'web1', 'web1', 'web2', 'web3', ''])
      expect(lines[1]).toMatch(/,9%,\/,"the output\n"$/)
      expect(lines[2]).toMatch(/,-5,,$/)
      expect(lines[3]).toMatch(/,'=1\+1,\/srv,"the output\n"$/)
      expect(lines[4]).toMatch(/,,,"the output\n"$/)
    }))

  it('are a table in the text, before the groups', () =>
    withThree(async ({ run }) => {
      const text = await textOf(exportText(run, { columns }))
      expect(text).toContain(
        '| host | Use% | state |\n| --- | --- | --- |\n| web1 | 9% | / |\n| web1 | -5 |  |\n',
      )
      expect(text.indexOf('| host |')).toBeLessThan(text.indexOf('---- web'))
    }))

  it('keep columns of one title apart', () => {
    expect(columnsOfRows(['a', 'a', 'a 2'], []).titles).toEqual(['a', 'a 2', 'a 2 2'])
  })
})
