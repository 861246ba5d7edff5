import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { accessibilityProblems } from '../support/axe.ts'
import { pageStates } from '../support/pageStates.ts'
import { PageBrowser, type Theme } from '../support/resultsPage.ts'
import { disksOfForty, reloadOfSixty, stoppedRollout } from '../support/scenarios.ts'
import type { SimulatedRun } from '../support/simulatedRun.ts'

let browser: PageBrowser
let runs: Record<'done' | 'running' | 'table' | 'stopped', SimulatedRun>

beforeAll(async () => {
  browser = await PageBrowser.launch()
  runs = {
    done: await reloadOfSixty(),
    running: await reloadOfSixty({ midway: true }),
    table: await disksOfForty(),
    stopped: await stoppedRollout(),
  }
})

afterAll(async () => {
  await browser.close()
  for (const run of Object.values(runs)) await run.close()
})

describe.each<Theme>(['dark', 'light', 'high-contrast', 'high-contrast-light'])(
  'axe finds nothing wrong in the theme %s',
  (theme) => {
    it.each<[keyof typeof runs, keyof typeof pageStates]>([
      ...(['done', 'running'] as const).flatMap((run) =>
        (['list', 'detail', 'menu', 'search'] as const).map((state): ['done' | 'running', typeof state] => [
          run,
          state,
        ]),
      ),
      ['table', 'table'],
      ['stopped', 'detail'],
    ])('with a run that is shown as %s, and its %s', async (run, state) => {
      const { page, close } = await browser.open({ run: runs[run].run, theme })
      try {
        await pageStates[state](page)
        expect(await accessibilityProblems(page)).toEqual([])
      } finally {
        await close()
      }
    })
  },
)
