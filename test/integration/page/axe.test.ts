import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { accessibilityProblems } from '../../support/axe.ts'
import { pageStates } from '../../support/pageStates.ts'
import { PageBrowser, type Theme } from '../../support/resultsPage.ts'
import { colourfulFailure, reloadOfSixty, stoppedRollout } from '../../support/scenarios.ts'
import type { SimulatedRun } from '../../support/simulatedRun.ts'

let browser: PageBrowser
let runs: Record<'done' | 'running' | 'colourful' | 'stopped', SimulatedRun>

beforeAll(async () => {
  browser = await PageBrowser.launch()
  runs = {
    done: await reloadOfSixty(),
    running: await reloadOfSixty({ midway: true }),
    colourful: await colourfulFailure(),
    stopped: await stoppedRollout(),
  }
})

afterAll(async () => {
  await browser.close()
  for (const run of Object.values(runs)) await run.close()
})

// All states in all themes: test/nightly/axe.test.ts.
describe('axe finds nothing wrong with the page', () => {
  it.each<[Theme, keyof typeof runs, keyof typeof pageStates]>([
    ['dark', 'done', 'menu'],
    ['dark', 'colourful', 'detail'],
    ['light', 'running', 'detail'],
    ['light', 'stopped', 'detail'],
    ['dark', 'done', 'search'],
    ['high-contrast', 'done', 'search'],
    ['high-contrast-light', 'running', 'list'],
  ])('in the theme %s, %s, with its %s', async (theme, state, opened) => {
    const environment = { name: 'production', protected: true, colour: 'red' }
    const { page, close } = await browser.open({ run: runs[state].run, theme, environment })
    try {
      await pageStates[opened](page)
      expect(await accessibilityProblems(page)).toEqual([])
    } finally {
      await close()
    }
  })
})
