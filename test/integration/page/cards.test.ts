import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { type OpenPage, PageBrowser } from '../../support/resultsPage.ts'
import { reloadOfSixty } from '../../support/scenarios.ts'
import { type SimulatedRun, simulateRun } from '../../support/simulatedRun.ts'

let browser: PageBrowser
let closing: (() => Promise<void>)[] = []

beforeAll(async () => {
  browser = await PageBrowser.launch()
})

afterAll(() => browser.close())

afterEach(async () => {
  for (const close of closing) await close()
  closing = []
})

async function show(simulated: SimulatedRun): Promise<OpenPage> {
  const opened = await browser.open({ run: simulated.run })
  closing.push(
    () => opened.close(),
    () => simulated.close(),
  )
  await opened.page.locator('.group').first().waitFor()
  return opened
}

const lines = (count: number) => Array.from({ length: count }, (_, index) => `row ${index + 1}\n`).join('')

async function agreeing(count: number): Promise<SimulatedRun> {
  const simulated = await simulateRun(['web1', 'web2'])
  for (const host of ['web1', 'web2']) simulated.finish(host, 0, [{ stream: 1, text: lines(count) }])
  return simulated
}

describe('the cards of groups', () => {
  it('say in what a group differs from the majority, and come trouble first, as the agents do', async () => {
    const { page } = await show(await reloadOfSixty())
    const previews = page.locator('.group .group-preview')
    await expect
      .poll(() => previews.nth(3).innerText())
      .toBe('nginx: [warn] conflicting server name "static.example.org" on 0.0.0.0:443, ignored')
    const agents = page.locator('.agent')
    await expect.poll(() => agents.first().innerText()).toMatch(/failed\s+web07/)
    await expect.poll(() => agents.nth(3).innerText()).toMatch(/no reply\s+web41/)
    expect(await page.getByRole('columnheader', { name: 'State' }).getAttribute('aria-sort')).toBe(
      'ascending',
    )
  })

  it('show the line with the hit during a search', async () => {
    const simulated = await simulateRun(['web1', 'web2'])
    simulated.finish('web1', 0, [{ stream: 1, text: `${lines(50)}a needle in it\n${lines(50)}` }])
    simulated.finish('web2', 0, [{ stream: 1, text: lines(100) }])
    const { page } = await show(simulated)
    await page.keyboard.press('Control+f')
    await page.keyboard.type('needle')
    const card = page.locator('.group:visible')
    await expect.poll(() => card.locator('.group-preview').innerText()).toBe('a needle in it')
    expect(await card.locator('mark').innerText()).toBe('needle')
    await page.keyboard.press('Escape')
    await page.locator('.group-preview', { hasText: 'row 1' }).first().waitFor()
  })

  it('have as many lines as there is room for', async () => {
    const simulated = await agreeing(10)
    const { page } = await show(simulated)
    const shown = page.locator('.group .preview-line:visible')
    await expect.poll(() => shown.count()).toBe(10)
    await page.setViewportSize({ width: 1280, height: 420 })
    await expect.poll(() => shown.count()).toBe(3)
  })

  it('of the only group is open in the end, with its whole output, until a person closes it', async () => {
    const simulated = await simulateRun(['web1', 'web2'])
    simulated.finish('web1', 0, [{ stream: 1, text: lines(30) }])
    const { page } = await show(simulated)
    await page.locator('.group .preview-line').first().waitFor()
    expect(await page.locator('.detail').isVisible()).toBe(false)
    simulated.finish('web2', 0, [{ stream: 1, text: lines(30) }])
    await page.locator('.output .line-text:visible', { hasText: 'row 20' }).waitFor()
    expect(await page.locator('.tag:visible', { hasText: 'majority' }).count()).toBe(0)
    await page.getByRole('button', { name: 'Close' }).click()
    await page.locator('.detail').waitFor({ state: 'hidden' })
    simulated.write('web2', 1, 'late\n')
    await page.locator('.group').first().waitFor()
    expect(await page.locator('.detail').isVisible()).toBe(false)
  })

  it('take a click that begins before an update and ends after it', async () => {
    const { page, session } = await show(await reloadOfSixty())
    const card = page.locator('.group .preview-line').first()
    // All that takes room above and beside it is there.
    await page.locator('.group').nth(4).waitFor()
    await page.locator('.latency').waitFor()
    await page.locator('.agent .cell-line:visible').first().waitFor()
    await card.hover({ position: { x: 5, y: 5 } })
    await page.mouse.down()
    session.receive({ type: 'group-by', by: 'identical' })
    await page.locator('.section-groups', { hasText: 'automatic' }).waitFor({ state: 'hidden' })
    await page.mouse.up()
    await page.locator('.detail-title', { hasText: 'web[07,23]' }).waitFor()
  })
})
