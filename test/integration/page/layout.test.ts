import type { Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { pageStates } from '../../support/pageStates.ts'
import { PageBrowser } from '../../support/resultsPage.ts'
import { disksOfForty, reloadOfSixty, stoppedRollout } from '../../support/scenarios.ts'
import type { SimulatedRun } from '../../support/simulatedRun.ts'

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

/** What each row of the page has to itself, and the least height at which it is of use, in pixels. */
const panes: Readonly<Record<string, number>> = {
  '.head': 60,
  '.progress': 30,
  '.search': 30,
  '.section-groups .section-bar': 24,
  '#groups': 60,
  '.section-table .section-bar': 24,
  '#table': 72,
  '.section-agents .section-bar': 24,
  '#agents': 96,
  '.detail-head': 40,
  '.output': 96,
}

/** Panes that are lower than they may be, overlap, or reach out of the page. */
const faults = `((panes) => {
  const found = []
  const boxes = Object.entries(panes).flatMap(([selector, least]) => {
    const element = document.querySelector(selector)
    if (element === null || !element.checkVisibility()) return []
    const box = element.getBoundingClientRect()
    const needed = Math.min(least, element.matches('.grid') ? element.scrollHeight : least)
    if (box.height < needed) found.push(selector + ' is ' + box.height + ' px high')
    if (box.left < 0 || box.right > innerWidth) found.push(selector + ' reaches out of the page')
    return [{ selector, box }]
  })
  boxes.forEach(({ selector, box }, at) => {
    for (const other of boxes.slice(at + 1)) {
      const [a, b] = [box, other.box]
      if (a.left < b.right - 1 && b.left < a.right - 1 && a.top < b.bottom - 1 && b.top < a.bottom - 1)
        found.push(selector + ' overlaps ' + other.selector)
    }
  })
  const last = Math.max(...boxes.map(({ box }) => box.bottom)) + document.body.scrollTop
  if (last > document.body.scrollHeight + 1) found.push('the end of the page cannot be reached')
  if (document.body.scrollWidth > document.body.clientWidth) found.push('the page is wider than its window')
  return found
})`

async function faultsOf(page: Page): Promise<string[]> {
  return page.evaluate(`${faults}(${JSON.stringify(panes)})`)
}

/** Width and height; 720×450 is 1440×900 at a zoom of 200 %. */
const sizes: readonly (readonly [number, number])[] = [
  ...([
    [1280, 800],
    [1024, 600],
    [880, 420],
    [720, 450],
  ] as const),
  ...([
    [670, 650],
    [670, 500],
    [360, 640],
    [320, 568],
  ] as const),
]

describe('on a page of any size down to 320 pixels', () => {
  it.each<[keyof typeof runs, keyof typeof pageStates]>([
    ['done', 'list'],
    ['done', 'detail'],
    ['running', 'detail'],
    ['table', 'table'],
    ['stopped', 'detail'],
  ])('no pane covers another or is too low to be of use: %s, with its %s', async (run, state) => {
    const { page, close } = await browser.open({ run: runs[run].run })
    try {
      await pageStates[state](page)
      for (const [width, height] of sizes) {
        await page.setViewportSize({ width, height })
        await expect.poll(() => faultsOf(page), { message: `${width}×${height}` }).toEqual([])
      }
    } finally {
      await close()
    }
  })
})

it('brings a reply that is opened below the lists into view', async () => {
  const { page, close } = await browser.open({ run: runs.done.run, width: 360, height: 640 })
  try {
    await pageStates.detail(page)
    await expect
      .poll(() => page.locator('.output').evaluate((output) => output.getBoundingClientRect().bottom))
      // What lies above may still grow by less than a line.
      .toBeLessThanOrEqual(656)
    await page.keyboard.press('Escape')
    await expect
      .poll(() => page.locator('#groups').evaluate((groups) => groups.getBoundingClientRect().top))
      .toBeGreaterThanOrEqual(0)
  } finally {
    await close()
  }
})
