import { afterEach, describe, expect, it } from 'vitest'
import { report } from '../../../src/cli/report.ts'
import { exportJson } from '../../../src/report/runExport.ts'
import { applyEvent } from '../../../src/run/runReducer.ts'
import { readRunJson } from '../../support/runJson.ts'
import { agentIdOf, type SimulatedRun, simulateRun } from '../../support/simulatedRun.ts'
import { textOf } from '../../support/textOf.ts'

const runs: SimulatedRun[] = []
afterEach(() => Promise.all(runs.splice(0).map((run) => run.close())))

describe('report', () => {
  it('prints each group once, outliers first, then the sum and who is in trouble', async () => {
    const fleet = await begin(['web1', 'web2', 'web3', 'db1'])
    for (const host of ['web1', 'web2']) fleet.finish(host, 0, [{ stream: 1, text: 'all is well\n\n' }])
    fleet.finish('web3', 3, [
      { stream: 1, text: 'so far, so good\n' },
      { stream: 2, text: 'disk full\n' },
    ])
    await fleet.giveUp()
    const text = await textOf(report(fleet.run, { quiet: false, colours: false }))
    expect(text.replace(/in [\d.]+ s/, 'in some s')).toBe(
      [
        '── web3 · failed, exit code 3',
        'so far, so good',
        'disk full',
        '',
        '── db1 · no reply',
        '',
        '── web[1-2] (2) · succeeded',
        'all is well',
        '',
        '3 of 4 expected agents replied in some s: 1 failed, 1 no reply, 2 succeeded',
        'failed: web3',
        'no reply: db1',
        '',
      ].join('\n'),
    )
    expect(await textOf(report(fleet.run, { quiet: true, colours: false }))).toBe(
      'so far, so good\ndisk full\nall is well\n',
    )
  })

  it('says first, and in red, who executed the command without being named', async () => {
    const fleet = await simulateRun(['web1'], { unseen: 'left-out' })
    runs.push(fleet)
    fleet.finish('db1', 0, [{ stream: 1, text: 'gone\n' }])
    fleet.finish('web1', 0)
    const text = await textOf(report(fleet.run, { quiet: false, colours: true }))
    expect(text.split('\n')[0]).toBe('\x1b[31m── db1 · unexpected, exit code 0\x1b[0m')
    expect(text).toContain(
      '\x1b[31mUnexpected: 1 agent executed the command, which did not name it: db1\x1b[0m\n1 of 1',
    )
    expect(text).toContain(': 1 unexpected, 1 succeeded')
  })

  it('says whose output was cut, and that the run has more than is kept of one', async () => {
    const fleet = await begin(['web1', 'web2'])
    for (const host of ['web1', 'web2']) fleet.finish(host, 0, [{ stream: 1, text: `${host}\n` }])
    applyEvent(fleet.run.state, { kind: 'outputCut', agentId: agentIdOf('web1'), by: 'run', at: 1 })
    const text = await textOf(report(fleet.run, { quiet: false, colours: false }))
    expect(text).toContain('web1\n[this output was cut: the run has more output than is kept of a run]\n')
    expect(text).toContain('The run has more output than is kept of a run: that of 1 agent was cut.')
    const { agents } = readRunJson(await textOf(exportJson(fleet.run)))
    expect(agents.map(({ cut }) => cut)).toEqual(['run', undefined])
  })

  it('gives the terminal colours of its own only where it may', async () => {
    const fleet = await begin(['web1'])
    fleet.finish('web1', 1, [{ stream: 1, text: '\x1b]0;title\x07\x1b[2Jtext' }])
    const esc = /\x1b/
    expect(await textOf(report(fleet.run, { quiet: false, colours: false }))).not.toMatch(esc)
    expect(await textOf(report(fleet.run, { quiet: false, colours: true }))).toContain('\x1b[31m')
    expect(await textOf(report(fleet.run, { quiet: false, colours: true }))).not.toContain('title')
  })
})

async function begin(...args: Parameters<typeof simulateRun>): Promise<SimulatedRun> {
  const run = await simulateRun(...args)
  runs.push(run)
  return run
}
