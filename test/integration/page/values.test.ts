import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import type { RecordedRequest } from '../../../src/run/runRequest.ts'
import { unexpectedComplaints } from '../../support/complaints.ts'
import { type OpenPage, PageBrowser, type Theme } from '../../support/resultsPage.ts'
import { disksOfForty } from '../../support/scenarios.ts'
import { simulateRun } from '../../support/simulatedRun.ts'

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

async function showDisks(theme: Theme = 'dark', request: Partial<RecordedRequest> = {}): Promise<OpenPage> {
  const simulated = await disksOfForty(request)
  const opened = await browser.open({ run: simulated.run, theme })
  closing.push(
    () => opened.close(),
    () => simulated.close(),
  )
  return opened
}

describe('the values of replies', () => {
  it('are two groups of the same words, where each reply has its own numbers', async () => {
    const { page } = await showDisks()
    const groups = page.getByRole('grid', { name: 'Groups of replies with the same words' })
    await expect.poll(() => groups.getAttribute('aria-rowcount')).toBe('2')
    const last = groups.getByRole('row').last()
    expect(await last.innerText()).toMatch(/30 agents/)
    await expect.poll(() => last.innerText()).toMatch(/\d%–99%/)
  })

  it('become a table that is sorted by numbers, narrowed by a bar, and has one row of each host if one wants', async () => {
    const { page, requests, complaints } = await showDisks()
    // What the page opens by itself is settled then: a press is to unfold the table, not to fold it.
    await page.getByRole('grid', { name: 'Groups of replies with the same words' }).waitFor()
    await page.getByRole('button', { name: /^Table of values/ }).click()
    const table = page.getByRole('grid', { name: 'Table of values' })
    await expect.poll(() => table.getAttribute('aria-rowcount')).toBe('51')
    const heads = table.getByRole('columnheader')
    expect(await heads.allInnerTexts()).toEqual([
      'Host',
      'Filesystem',
      'Size',
      'Used',
      'Avail',
      'Use%',
      'Mounted on',
    ])
    await heads.filter({ hasText: 'Use%' }).click()
    const first = table.getByRole('row').nth(1)
    await expect.poll(() => first.innerText()).toMatch(/web-28\s+\/dev\/nvme0n1p1\s+30G\s+30G\s+0G\s+99%/)
    await page.getByText('Use%: 0% to 99%, median').waitFor()
    const bars = page.getByRole('group', { name: 'Show only rows by Use%.' }).getByRole('button')
    await bars.last().click()
    await expect.poll(() => table.getAttribute('aria-rowcount')).toBe('5')
    await bars.first().click({ modifiers: ['Shift'] })
    await expect.poll(() => table.getAttribute('aria-rowcount')).toBe('51')
    await bars.last().click()
    await expect.poll(() => table.getAttribute('aria-rowcount')).toBe('5')
    await bars.last().click()
    await expect.poll(() => table.getAttribute('aria-rowcount')).toBe('51')
    await page.getByRole('button', { name: 'Rows', exact: true }).click()
    await page.getByRole('menuitem', { name: 'Mounted on=/srv' }).click()
    await expect.poll(() => table.getAttribute('aria-rowcount')).toBe('11')
    await page.getByText('30 agents without such a row').waitFor()
    await table.getByRole('row').nth(1).click()
    await page.getByRole('heading', { level: 2, name: /^web-/ }).waitFor()
    await page.getByRole('button', { name: 'Copy the table' }).click()
    await page.getByRole('menuitem', { name: 'As Markdown' }).click()
    await expect.poll(() => requests).toContainEqual({ type: 'copy-table', format: 'markdown' })
    expect(unexpectedComplaints(complaints)).toEqual([])
  })

  it('stand under the heads of their columns, also where the table is wider than its pane', async () => {
    const { page } = await showDisks()
    await page.getByRole('button', { name: /^Table of values/ }).click()
    const table = page.getByRole('grid', { name: 'Table of values' })
    await table.getByRole('row').nth(1).click()
    await page.getByRole('heading', { level: 2, name: /^web-/ }).waitFor()
    for (const width of [1280, 640]) {
      await page.setViewportSize({ width, height: 820 })
      const [heads, cells] = await Promise.all(
        [table.getByRole('columnheader'), table.getByRole('row').nth(1).getByRole('gridcell')].map((cells) =>
          cells.evaluateAll((all) => all.map((cell) => Math.round(cell.getBoundingClientRect().right))),
        ),
      )
      expect(cells).toEqual(heads)
    }
  })

  it('are the table again after a reload, sorted as before', async () => {
    const { page, state } = await showDisks()
    await page.getByRole('button', { name: /^Table of values/ }).click()
    await page.getByRole('columnheader', { name: 'Size' }).click()
    await expect.poll(state).toMatchObject({ collapsed: [], table: { sort: { column: 'Size', down: true } } })
  })

  it('have the page as a table by themselves where nearly all replies are unique, until somebody folds it', async () => {
    const hosts = Array.from({ length: 12 }, (_, index) => `web-${index + 1}`)
    const simulated = await simulateRun(hosts, { action: { kind: 'shell', command: 'ps' } })
    const opened = await browser.open({ run: simulated.run })
    const { page } = opened
    closing.push(
      () => opened.close(),
      () => simulated.close(),
    )
    const groups = page.getByRole('button', { name: /^Groups of/ })
    const table = page.getByRole('button', { name: /^Table of values/ })
    const words = 'abcdefghijkl'
    for (const [index, host] of hosts.entries())
      simulated.finish(host, 0, [
        { stream: 1, text: `PID  COMMAND\n${index}  ${words[index]}\n77  ${words[index]}${words[index]}\n` },
      ])
    await expect.poll(() => table.getAttribute('aria-expanded')).toBe('true')
    expect(await groups.getAttribute('aria-expanded')).toBe('false')
    await expect
      .poll(() => page.getByRole('grid', { name: 'Table of values' }).getAttribute('aria-rowcount'))
      .toBe('25')
    await groups.click()
    await table.click()
    expect(await table.getAttribute('aria-expanded')).toBe('false')
    await page.getByRole('button', { name: 'Group by' }).click()
    await page.getByRole('menuitem', { name: 'Exit code' }).click()
    await page.getByRole('grid', { name: 'Groups by exit code' }).waitFor()
    expect(await table.getAttribute('aria-expanded')).toBe('false')
  })

  it('are grouped by a value in the output that somebody names, also after a reload', async () => {
    const { page, post, requests, state } = await showDisks()
    await page.getByRole('button', { name: 'Group by' }).click()
    await page.getByRole('menuitem', { name: 'Value in the output…' }).click()
    await expect.poll(() => requests).toContainEqual({ type: 'pick', what: 'capture', use: 'group' })
    const by = 'capture:(G) +\\d+% /$'
    post({ type: 'picked', use: 'group', text: by })
    const groups = page.getByRole('grid', { name: 'Groups by (G) +\\d+% /$' })
    await expect.poll(() => groups.getAttribute('aria-rowcount')).toBe('1')
    await expect.poll(() => groups.getByRole('row').innerText()).toMatch(/^succeeded\s+G\s/)
    await expect.poll(state).toMatchObject({ groupBy: by })
    await page.reload()
    await expect.poll(() => groups.getAttribute('aria-rowcount')).toBe('1')
  })

  it('have the columns that somebody chooses, with what is in the output besides, also after a reload', async () => {
    const { page, post, requests, state } = await showDisks()
    await page.getByRole('button', { name: /^Table of values/ }).click()
    const table = page.getByRole('grid', { name: 'Table of values' })
    const heads = () => table.getByRole('columnheader').allInnerTexts()
    await expect.poll(() => heads()).toHaveLength(7)
    const choose = async (name: string) => {
      await page.getByRole('button', { name: 'Columns', exact: true }).click()
      await page.getByRole('menuitem', { name, exact: true }).click()
    }
    for (const name of ['Filesystem ✓', 'Size ✓', 'Used ✓', 'Avail ✓']) await choose(name)
    await expect.poll(heads).toEqual(['Host', 'Use%', 'Mounted on'])
    await choose('Value in the output…')
    await expect.poll(() => requests).toContainEqual({ type: 'pick', what: 'capture', use: 'column' })
    const device = 'capture:/dev/(?P<device>[a-z0-9]+)'
    post({ type: 'picked', use: 'column', text: device })
    await expect.poll(heads).toEqual(['Host', 'Use%', 'Mounted on', 'device'])
    await table.getByRole('columnheader').filter({ hasText: 'Use%' }).click()
    const first = table.getByRole('row').nth(1)
    await expect.poll(() => first.innerText()).toMatch(/web-28\s+99%\s+\/\s+nvme0n1p1/)
    const kept = { columns: ['Use%', 'Mounted on', device], sort: { column: 'Use%', down: true } }
    await expect.poll(state).toMatchObject({ table: kept })
    await page.reload()
    await expect.poll(heads).toEqual(['Host', 'Use%', 'Mounted on', 'device'])
    await expect.poll(() => first.innerText()).toMatch(/web-28\s+99%\s+\/\s+nvme0n1p1/)
    await choose('Use% ✓')
    await choose('Mounted on ✓')
    await expect.poll(() => table.getAttribute('aria-rowcount')).toBe('41')
  })

  it('are columns by their names where replies are sentences with values', async () => {
    const hosts = Array.from({ length: 12 }, (_, index) => `web-${index + 1}`)
    const simulated = await simulateRun(hosts)
    for (const [index, host] of hosts.entries())
      simulated.finish(host, 0, [
        { stream: 1, text: `up ${index + 3} days, load average: 0.${index}, 1.5\n` },
      ])
    const { page, close } = await browser.open({ run: simulated.run })
    closing.push(close, () => simulated.close())
    await page.getByRole('button', { name: /^Table of values/ }).click()
    const table = page.getByRole('grid', { name: 'Table of values' })
    await expect
      .poll(() => table.getByRole('columnheader').allInnerTexts())
      .toEqual(['Host', 'up', 'load average', 'load average 2'])
  })

  it('open as the snippet of the command says: worst first, one row of each host', async () => {
    const view = { rows: 'Mounted on=/', columns: ['Use%', 'Avail'], sort: '-Use%' }
    const { page, requests } = await showDisks('dark', { view })
    const table = page.getByRole('grid', { name: 'Table of values' })
    await expect.poll(() => table.getAttribute('aria-rowcount')).toBe('41')
    expect(await table.getByRole('columnheader').allInnerTexts()).toEqual(['Host', 'Use%', 'Avail'])
    await expect.poll(() => table.getByRole('row').nth(1).innerText()).toMatch(/web-28\s+99%\s+0G/)
    expect(await page.getByRole('button', { name: /^Groups of/ }).getAttribute('aria-expanded')).toBe('false')
    await table.getByRole('row').nth(1).click()
    await page.keyboard.press('j')
    await expect.poll(() => table.locator('.row.active').innerText()).toMatch(/web-09\s+96%\s+1G/)
    await page.getByRole('columnheader', { name: 'Avail' }).click()
    await page.getByRole('button', { name: 'Columns', exact: true }).click()
    await page.getByRole('menuitem', { name: 'Save view to snippet' }).click()
    await expect.poll(() => requests).toContainEqual({ type: 'save-view', view: { ...view, sort: '-Avail' } })
  })

  it('are no table where replies are sentences without values, and the page says what to do', async () => {
    const simulated = await simulateRun(['web1', 'web2'])
    for (const host of ['web1', 'web2'])
      simulated.finish(host, 0, [{ stream: 1, text: 'everything is fine\nand stays so\n' }])
    const { page, close } = await browser.open({ run: simulated.run })
    closing.push(close, () => simulated.close())
    await page.getByText('everything is fine').first().waitFor()
    const heading = page.getByRole('button', { name: /^Table of values/ })
    expect(await heading.getAttribute('aria-expanded')).toBe('false')
    await heading.click()
    await page.getByText('The outputs are no table.').waitFor()
  })
})
