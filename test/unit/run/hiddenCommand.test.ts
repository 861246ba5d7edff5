import { describe, expect, it } from 'vitest'
import { report } from '../../../src/cli/report.ts'
import { runHeader } from '../../../src/console/results/headerProjection.ts'
import { exportJson } from '../../../src/report/runExport.ts'
import { exportText } from '../../../src/report/runTables.ts'
import { hiddenSentence } from '../../../src/run/hiddenCommand.ts'
import { localize } from '../../../src/text/localizable.ts'
import { inEnglish } from '../../../src/text/translate.ts'
import { withSimulatedRun } from '../../support/simulatedRun.ts'
import { textOf } from '../../support/textOf.ts'

const hidden = { what: 'command', how: 'held', agents: 2, at: 1_000 } as const

describe('A hidden command', () => {
  it('is told as that, and not as silence: who has it, and what to look for', () => {
    const said = (what: 'command' | 'cancel', how: 'held' | 'gone') =>
      localize(hiddenSentence({ ...hidden, what, how }), inEnglish)
    expect(said('command', 'held')).toMatch(
      /another reader of the command queue was holding the command.*2 had not replied/,
    )
    expect(said('command', 'gone')).toMatch(
      /the command was no longer on the command queue, and this master had not deleted it/,
    )
    expect(said('cancel', 'held')).toMatch(/was holding the cancel.*2 had not stopped/)
    expect(said('cancel', 'gone')).toMatch(/the cancel was no longer on the command queue/)
  })

  it('is in the head of the page, in the text and in the JSON of the run, and in the report of ec2-cmaster', () =>
    withSimulatedRun(['web1', 'web2'], {}, async ({ run }) => {
      run.state.hidden.push(hidden)
      const sentence = localize(hiddenSentence(hidden), inEnglish)
      const environment = { name: 'production', protected: false }
      const header = runHeader(run.state, environment as never, { live: true, now: 2_000, t: inEnglish })
      expect(header.hidden).toEqual([sentence])
      expect(await textOf(report(run, { quiet: false, colours: false }))).toContain(`${sentence}\n`)
      expect(await textOf(exportText(run))).toContain(`\n${sentence}\n`)
      expect(JSON.parse(await textOf(exportJson(run))).hidden).toEqual([
        { what: 'command', how: 'held', agents: 2, at: '1970-01-01T00:00:01.000Z' },
      ])
    }))
})
