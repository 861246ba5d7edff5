import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { type OpenOptions, type OpenPage, PageBrowser } from '../../support/resultsPage.ts'
import { reloadOfSixty } from '../../support/scenarios.ts'
import { agentIdOf, type SimulatedRun, simulateRun } from '../../support/simulatedRun.ts'

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

async function show(simulated: SimulatedRun, options: Partial<OpenOptions> = {}): Promise<OpenPage> {
  const opened = await browser.open({ run: simulated.run, ...options })
  closing.push(
    () => opened.close(),
    () => simulated.close(),
  )
  await opened.page.locator('.group').first().waitFor()
  return opened
}

describe('the results page', () => {
  it('formats JSON and tables on request, and keeps that for the next output and a reload', async () => {
    const simulated = await simulateRun(['web1', 'web2'])
    const printed = '{"free":12345678901234567890,"free":1.0}'
    simulated.finish('web1', 0, [{ stream: 1, text: `${printed}\n` }])
    simulated.finish('web2', 0, [{ stream: 1, text: 'all is well\n' }])
    const opened = await show(simulated)
    const { page } = opened
    const lines = () => page.locator('.output .line-text:visible').allInnerTexts()
    const format = page.getByRole('button', { name: 'Format JSON and tables' })
    await page.getByRole('grid', { name: 'Agents' }).getByText('web1').click()
    await expect.poll(lines).toEqual([printed])
    await format.click()
    await expect.poll(lines).toEqual(['{', '  "free": 12345678901234567890,', '  "free": 1.0', '}'])
    await page.getByRole('textbox', { name: 'Search all output' }).fill('free')
    await page.getByText('Shown as printed while you search.').waitFor()
    await expect.poll(lines).toEqual([printed])
    await page.getByRole('textbox', { name: 'Search all output' }).fill('')
    await expect.poll(async () => (await lines()).length).toBe(4)
    await page.getByRole('grid', { name: 'Agents' }).getByText('web2').click()
    await page.getByText('neither JSON nor a table').waitFor()
    await expect
      .poll(() => opened.state())
      .toMatchObject({
        ...{ formatted: true, selected: { agent: agentIdOf('web2') } },
      })
    const again = await show(simulated, { state: await opened.state() })
    await again.page.getByText('neither JSON nor a table').waitFor()
    await again.page.getByRole('button', { name: 'Format JSON and tables', pressed: true }).waitFor()
  })

  it('unfolds a command that has more lines or no room, and folds it again', async () => {
    const simulated = await simulateRun(['web1'], {
      action: { kind: 'shell', command: 'cd /srv\nls -l\nuptime' },
    })
    simulated.finish('web1', 0)
    const { page } = await show(simulated)
    const heading = page.getByRole('heading', { level: 1 })
    await heading.getByRole('button', { name: 'Show 2 more lines' }).click()
    expect(await heading.locator('code').innerText()).toBe('cd /srv\nls -l\nuptime')
    await heading.getByRole('button', { name: 'Show less' }).click()
    expect(await heading.locator('code').innerText()).toBe('cd /srv')
    const long = await show(await reloadOfSixty(), { width: 1600 })
    const unfold = long.page.getByRole('heading', { level: 1 }).getByRole('button')
    await unfold.waitFor({ state: 'hidden' })
    await long.page.setViewportSize({ width: 360, height: 640 })
    await unfold.waitFor()
  })

  it('has room for the name of the stream only where there is stderr, and then on each of its lines', async () => {
    const simulated = await simulateRun(['web1', 'web2'])
    simulated.finish('web1', 0, [{ stream: 1, text: 'out\n' }])
    simulated.finish('web2', 0, [
      { stream: 1, text: 'out\n' },
      { stream: 2, text: 'one\ntwo\n' },
    ])
    const { page } = await show(simulated)
    const agents = page.getByRole('grid', { name: 'Agents' })
    const left = async (text: string) => {
      const line = page.locator('.output .line-text:visible').getByText(text, { exact: true })
      await line.waitFor()
      return (await line.boundingBox())?.x ?? 0
    }
    await agents.getByText('web1').click()
    const plain = await left('out')
    await agents.getByText('web2').click()
    expect(await left('two')).toBeGreaterThan(plain + 20)
    expect(await page.locator('.line:visible').allInnerTexts()).toEqual([
      '1\nout',
      '2\nerr\none',
      '3\nerr\ntwo',
    ])
    expect(await page.locator('.line-stream').first().getAttribute('title')).toContain(
      'in the order in which',
    )
  })

  it('says an exit code only where the verdict does not', async () => {
    const simulated = await simulateRun(['web1', 'web2'])
    simulated.finish('web1', 0)
    simulated.finish('web2', 3)
    const { page } = await show(simulated)
    await expect.poll(() => page.locator('.agent .cell-exit').allInnerTexts()).toEqual(['3', ''])
  })

  it('says in whole how many matches a search has, also where there is little room', async () => {
    const { page } = await show(await reloadOfSixty(), { width: 360, height: 640 })
    await page.keyboard.press('Control+f')
    await page.keyboard.type('nginx')
    const status = page.locator('.search-status', { hasText: 'outputs' })
    await status.waitFor()
    expect(await status.evaluate((text) => text.scrollWidth <= text.clientWidth)).toBe(true)
  })

  it('names what can be done with a reply where there is room', async () => {
    const { page } = await show(await reloadOfSixty(), { width: 1600 })
    await page.locator('.group').first().click()
    const again = page.locator('.detail-actions .icon-label', { hasText: 'Run again here' })
    await expect.poll(() => again.isVisible()).toBe(true)
    await page.setViewportSize({ width: 1000, height: 700 })
    await expect.poll(() => again.isVisible()).toBe(false)
  })
})
