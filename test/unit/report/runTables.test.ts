import { describe, expect, it } from 'vitest'
import { exportCsv, exportText, plainOutput } from '../../../src/report/runTables.ts'
import { agentIdOf, simulateRun, withSimulatedRun } from '../../support/simulatedRun.ts'
import { textOf } from '../../support/textOf.ts'

describe('the CSV of a run', () => {
  it('quotes what needs it, and what a spreadsheet would execute', () =>
    withSimulatedRun(['web1', 'web2'], {}, async (simulated) => {
      simulated.finish('web1', 0, [{ stream: 1, text: '=HYPERLINK("http://example.org")\n' }])
      simulated.finish('web2', 1, [{ stream: 1, text: 'a, "b"\n' }])
      const [head, first, second] = (await textOf(exportCsv(simulated.run))).split('\r\n')
      expect(head).toMatch(/^host,agent,state,exit_code,/)
      expect(first).toContain(`web1,${agentIdOf('web1')},succeeded,0,`)
      expect(first).toContain(`"'=HYPERLINK(""http://example.org"")\n"`)
      expect(second).toContain('"a, ""b""\n"')
    }))
})

describe('the CSV and the text of a run', () => {
  it('are clean: what an agent says of its refusal cannot move the cursor or break the lines', () =>
    withSimulatedRun(['web1'], {}, async (simulated) => {
      simulated.refuse('web1', 'no\x1b[2J\x1b]0;title\x07\r\nweb2,succeeded\u202e')
      for (const format of [exportCsv, exportText]) {
        const written = await textOf(format(simulated.run))
        expect(written.replaceAll('\r\n', '\n')).not.toMatch(/[\x00-\x09\x0b-\x1f\u202e]/)
        expect(written.split('\n').filter((line) => line.startsWith('web2'))).toEqual([])
      }
    }))
})

describe('the text of a run', () => {
  it('has each group once, with its hosts folded and its output without control sequences', () =>
    withSimulatedRun(['web1', 'web2', 'web3'], {}, async (simulated) => {
      for (const host of ['web1', 'web2'])
        simulated.finish(host, 0, [{ stream: 1, text: '\x1b[32mok\x1b[0m\n' }])
      simulated.finish('web3', 2, [{ stream: 2, text: '\x1b]0;title\x07no\n' }])
      const written = await textOf(exportText(simulated.run))
      expect(written).toContain('---- web[1-2] (2): succeeded\nok\n')
      expect(written).toContain('---- web3 (1): failed, exit code 2\nno\n')
      expect(await plainOutput(simulated.run, agentIdOf('web3'))).toBe('no\n')
    }))

  it('is the same for runs with the same replies where it is compared, whenever they were', async () => {
    const texts: string[] = []
    for (const [runId, startedAt] of [
      ['run-0000-0001', 1_000_000],
      ['run-0000-0002', 9_000_000],
    ] as const) {
      const simulated = await simulateRun(['web1'], {}, { runId, startedAt })
      simulated.finish('web1', 0, [{ stream: 1, text: 'ok\n' }])
      texts.push(await textOf(exportText(simulated.run, { isCompared: true })))
      expect(await textOf(exportText(simulated.run))).toContain(`run ${runId}`)
      await simulated.close()
    }
    expect(texts[1]).toBe(texts[0])
  })
})
