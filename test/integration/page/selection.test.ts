import type { Locator, Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { type OpenPage, PageBrowser } from '../../support/resultsPage.ts'
import { type Output, simulateRun } from '../../support/simulatedRun.ts'

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

/** Two servers with the same output. */
async function show(output: readonly Output[]): Promise<OpenPage> {
  const simulated = await simulateRun(['web1', 'web2'])
  for (const host of ['web1', 'web2']) simulated.finish(host, 0, output)
  const opened = await browser.open({ run: simulated.run })
  closing.push(
    () => opened.close(),
    () => simulated.close(),
  )
  // As the browser hands it to the clipboard, after the page had its say.
  await opened.page.evaluate(`
    window.addEventListener('copy', (event) => {
      window.copied = event.defaultPrevented
        ? event.clipboardData.getData('text/plain')
        : String(document.getSelection())
    })`)
  return opened
}

const rows = (count: number) => Array.from({ length: count }, (_, index) => `row ${index + 1}`)

/** Opens an agent and then the group, so that the lines of the page are used again. */
async function openTwice(page: Page): Promise<void> {
  await page.getByRole('grid', { name: 'Agents' }).getByText('web1').click()
  await line(page, 'row 1').waitFor()
  await page.getByRole('grid', { name: 'Groups' }).getByText('web[1-2]').click()
  await page.locator('.detail-title', { hasText: 'web[1-2]' }).waitFor()
  await line(page, 'row 1').waitFor()
}

const line = (page: Page, text: string): Locator =>
  page.locator('.output .line:not([hidden]) .line-text').getByText(text, { exact: true })

async function drag(page: Page, from: Locator, to: Locator): Promise<void> {
  const [start, end] = [await from.boundingBox(), await to.boundingBox()]
  if (start === null || end === null) throw new Error('not visible')
  await page.mouse.move(start.x + 1, start.y + start.height / 2)
  await page.mouse.down()
  await page.mouse.move(end.x + end.width, end.y + end.height / 2, { steps: 8 })
  await page.mouse.up()
}

async function copied(page: Page): Promise<string | undefined> {
  await page.evaluate('window.copied = undefined')
  await page.keyboard.press('Control+c')
  return page.evaluate('window.copied')
}

describe('selected output', () => {
  it('is copied from the first to the last selected line, whichever reply was open before', async () => {
    const { page } = await show([{ stream: 1, text: `${rows(12).join('\n')}\n` }])
    await openTwice(page)
    await drag(page, line(page, 'row 3'), line(page, 'row 5'))
    expect(await copied(page)).toBe('row 3\nrow 4\nrow 5')
    await drag(page, line(page, 'row 11'), line(page, 'row 2'))
    expect(await copied(page)).toMatch(/^ ?2?(\n?row [3-9]|\n?row 10)+\n$/)
  })

  it('is in the document in the order of the lines, also after scrolling to and fro', async () => {
    const { page } = await show([{ stream: 1, text: `${rows(5000).join('\n')}\n` }])
    await openTwice(page)
    const output = page.locator('.output')
    for (const top of [4000, 1500, 60_000, 300, 0]) {
      await output.evaluate((scroller, to) => scroller.scrollTo({ top: to }), top)
      const first = Math.floor(top / 19) + 1
      await line(page, `row ${first + 1}`).waitFor()
      const indexes = await output.evaluate((scroller) =>
        [...scroller.querySelectorAll('.line:not([hidden])')].map((row) =>
          Number(row.getAttribute('data-index')),
        ),
      )
      expect(indexes).toEqual(indexes.toSorted((one, other) => one - other))
    }
  })

  it('keeps its start while one scrolls, and takes the lines between from the host', async () => {
    const { page, requests } = await show([{ stream: 1, text: `${rows(5000).join('\n')}\n` }])
    await openTwice(page)
    await line(page, 'row 2').click({ clickCount: 1, position: { x: 1, y: 5 } })
    await page.locator('.output').evaluate((scroller) => scroller.scrollTo({ top: 80_000 }))
    await line(page, 'row 4220').click({ modifiers: ['Shift'], position: { x: 1, y: 5 } })
    await copied(page)
    await expect
      .poll(() => requests)
      .toContainEqual({
        type: 'copy-lines',
        view: expect.any(Number),
        from: { line: 1, column: 0 },
        to: { line: 4219, column: 0 },
      })
  })

  it('is all of the open output after "select all", and not the buttons around it', async () => {
    const { page, session, requests } = await show([{ stream: 1, text: `${rows(50_000).join('\n')}\n` }])
    await openTwice(page)
    await page.keyboard.press('Control+a')
    await copied(page)
    const request = () => requests.findLast(({ type }) => type === 'copy-lines')
    await expect.poll(() => request()?.type).toBe('copy-lines')
    const asked = request()
    if (asked?.type !== 'copy-lines') throw new Error('nothing was asked for')
    const text = await session.textOf(asked)
    expect(text === rows(50_000).join('\n')).toBe(true)
  })

  it('is as the server wrote it, also where the page shows codes, colours and streams', async () => {
    const text = 'a\u202eb \x1b[31mred\x1b[0m\n'
    const { page } = await show([
      { stream: 1, text: 'row 1\n' },
      { stream: 2, text },
    ])
    await openTwice(page)
    await page.keyboard.press('Control+a')
    expect(await copied(page)).toBe('row 1\na\u202eb red')
  })

  it('stays while more output arrives', async () => {
    const simulated = await simulateRun(['web1'])
    simulated.ack('web1')
    simulated.write('web1', 1, `${rows(5).join('\n')}\n`)
    const { page, close } = await browser.open({ run: simulated.run })
    closing.push(close, () => simulated.close())
    await line(page, 'row 4').waitFor()
    await drag(page, line(page, 'row 2'), line(page, 'row 4'))
    simulated.write('web1', 1, 'row 6\n')
    await line(page, 'row 6').waitFor()
    expect(await page.evaluate('String(document.getSelection())')).toContain('row 3')
  })
})
