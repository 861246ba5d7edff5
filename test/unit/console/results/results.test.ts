import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Results } from '../../../../src/console/results/results.ts'
import type { Shown } from '../../../../src/console/results/shownRun.ts'
import { everyInterleaving } from '../../../support/interleavings.ts'
import { playedPanel, playResults as playedResults } from '../../../support/playedPanel.ts'
import { simulateRun } from '../../../support/simulatedRun.ts'
import { calls } from '../../../support/vscodeStandIn.mjs'

/** Pages of an editor whose panels are played, and whose history takes its time. */
function playResults(find: () => Promise<Shown | undefined>) {
  const played = playedResults(find)
  results = played.results
  return played
}

let shown: Shown
let results: Results | undefined
let state: unknown
let close: () => Promise<void>

beforeEach(async () => {
  calls.length = 0
  const simulated = await simulateRun(['web-01'])
  close = () => simulated.close()
  shown = { run: simulated.run, environment: { name: 'testing', protected: false } }
  state = { v: 1, runId: shown.run.state.runId }
})
afterEach(async () => {
  results?.dispose()
  await close()
})

describe('The page of a run', () => {
  it('is there once and whole, in whatever order it is restored, shown from the history, and shown again', async () => {
    await everyInterleaving(async (stage) => {
      const { results, panels, restore, warnings } = playResults(async () => {
        await stage.pause('the history')
        return shown
      })
      const restored = playedPanel()
      panels.push(restored)
      stage.act('restore', () => restore(restored, state))
      stage.act('show', () => results.show(shown))
      stage.act('show again', () => results.show(shown))
      for (const end of Object.values(await stage.play())) expect(end.status).toBe('fulfilled')
      const open = panels.filter(({ isClosed }) => !isClosed)
      expect(open.map(({ hasPage }) => hasPage)).toEqual([true])
      expect(warnings).toEqual([])
      for (const panel of panels) panel.dispose()
    })
  })

  it('can be closed at any moment of its being restored, and leaves nothing behind', async () => {
    for (const found of ['the run', 'nothing', 'a failure']) {
      await everyInterleaving(async (stage) => {
        const { results, panels, restore } = playResults(async () => {
          await stage.pause('the history')
          if (found === 'a failure') throw new Error('the disk is away')
          return found === 'the run' ? shown : undefined
        })
        const restored = playedPanel()
        stage.act('restore', () => {
          stage.act('close', () => restored.dispose())
          return restore(restored, state)
        })
        const { restore: end } = await stage.play()
        expect(end?.status).toBe('fulfilled')
        await results.show(shown)
        expect(panels.map(({ hasPage }) => hasPage)).toEqual([true])
        panels[0]?.dispose()
      })
    }
  })

  it('that could not be restored does not stand for the run when it is shown', async () => {
    const { results, panels, restore, warnings } = playResults(async () => shown)
    const restored = playedPanel()
    const { onDidChangeViewState } = restored
    restored.onDidChangeViewState = () => {
      restored.onDidChangeViewState = onDidChangeViewState
      throw new Error('out of memory')
    }
    await restore(restored, state)
    expect(warnings).toEqual(['Error: out of memory'])
    restored.send({ type: 'ready' })
    expect(restored.messages.map(({ type }) => type)).toEqual(['not-kept'])
    await results.show(shown)
    restored.send({ type: 'ready' })
    expect(restored.messages.at(-1)?.type).toBe('snapshot')
    expect(panels).toEqual([])
    restored.dispose()
  })
})
