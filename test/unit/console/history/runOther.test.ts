import { describe, expect, it } from 'vitest'
import { runOther } from '../../../../src/console/history/runOther.ts'
import type { ShownRuns } from '../../../../src/console/history/shownRuns.ts'
import type { Draft } from '../../../../src/console/send/runPlan.ts'
import type { SendOutcome } from '../../../../src/console/send/runs.ts'
import type { Sending } from '../../../../src/console/send/sending.ts'
import { declared } from '../../../support/declared.ts'
import { simulateRun } from '../../../support/simulatedRun.ts'

const environment = declared('testing')

/** What the boxes were given, and which origins were remembered. */
async function ask(outcome: SendOutcome, targets: readonly string[]) {
  const simulated = await simulateRun(['web01', 'web02', 'db1'])
  const drafts: Draft[] = []
  const origins: (readonly string[])[] = []
  const sending = {
    ask: async (draft: Draft) => {
      drafts.push(draft)
      return outcome
    },
  }
  const shownRuns = {
    declaredFor: async () => environment,
    rememberOrigin: async (...pair: [string, string]) => void origins.push(pair),
  }
  const { state } = simulated.run
  await runOther(sending as unknown as Sending, shownRuns as unknown as ShownRuns, state, targets)
  await simulated.close()
  return { drafts, origins, runId: state.runId }
}

describe('another command on agents of a run', () => {
  it('goes to exactly these, as a list: the filter of the first run could match others by now', async () => {
    const { drafts } = await ask({ kind: 'not-sent', why: 'declined' }, ['i-1', 'i-2'])
    expect(drafts).toEqual([
      { environment, targets: ['i-1', 'i-2'], filter: expect.objectContaining({ text: '*' }) },
    ])
  })

  it('has no command yet, so that every box is shown, and the review last', async () => {
    const [draft] = (await ask({ kind: 'not-sent', why: 'declined' }, ['i-1'])).drafts
    expect(draft).not.toHaveProperty('action')
  })

  it('is remembered as started from the run, once it was sent', async () => {
    const started = { run: { runId: 'the-next-run' }, environment, origin: 'flow' } as never
    const sent = await ask({ kind: 'sent', started }, ['i-1'])
    expect(sent.origins).toEqual([['the-next-run', sent.runId]])
    expect((await ask({ kind: 'not-sent', why: 'declined' }, ['i-1'])).origins).toEqual([])
  })
})
