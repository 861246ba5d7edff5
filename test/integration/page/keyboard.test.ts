import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { type OpenPage, PageBrowser } from '../../support/resultsPage.ts'
import { reloadOfSixty } from '../../support/scenarios.ts'
import { type SimulatedRun, simulateRun } from '../../support/simulatedRun.ts'

let browser: PageBrowser
let simulated: SimulatedRun
let opened: OpenPage

beforeAll(async () => {
  browser = await PageBrowser.launch()
})

afterAll(() => browser.close())

afterEach(async () => {
  await opened.close()
  await simulated.close()
})

async function show(of: SimulatedRun): Promise<OpenPage['page']> {
  simulated = of
  opened = await browser.open({ run: simulated.run })
  await opened.page.locator('.agent').first().waitFor()
  return opened.page
}

/** Three thousand agents, all on the page: a large run comes in slices. */
async function showFleet(): Promise<OpenPage['page']> {
  const page = await show(await simulateRun(Array.from({ length: 3000 }, (_, index) => `web${index + 1}`)))
  await expect
    .poll(() => page.getByRole('grid', { name: 'Agents' }).getAttribute('aria-rowcount'))
    .toBe('3001')
  return page
}

/** What has the focus, and the row that it stands on. */
const focus = (page: OpenPage['page']) =>
  page.evaluate(`(() => {
    const at = document.activeElement
    const row = document.getElementById(at.getAttribute('aria-activedescendant') ?? '')
    const name = at.getAttribute('aria-label') ?? at.textContent.trim()
    return row === null ? name : name + ': ' + (row.querySelector('.host, .group-hosts') ?? row).textContent
  })()`) as Promise<string>

describe('the results page by keyboard alone', () => {
  it('has one tab stop for each list, however long', async () => {
    const page = await show(await reloadOfSixty())
    await page.getByRole('button', { name: 'Show all' }).focus()
    const stops: string[] = [await focus(page)]
    for (let stop = 0; stop < 30; stop += 1) {
      await page.keyboard.press('Tab')
      const name = await focus(page)
      if (name === stops[0]) break
      stops.push(name)
    }
    expect(stops.slice(0, 6)).toEqual([
      'Show all',
      'Run again',
      'Run another command',
      'Copy',
      'Export',
      'More',
    ])
    expect(stops.slice(10)).toEqual(
      [
        'Ran',
        'Search all output',
        'Match case',
        'Regular expression',
        expect.stringMatching(/^Groups of identical replies/),
        'Group by',
        'Groups of identical replies: web[07,23]',
        'Table of values',
        'Run another command on the agents in the table…',
        'Rows',
        'Columns',
        'Copy the table',
        expect.stringMatching(/^Agents/),
        'Filter hosts',
        'Agents: web07',
        expect.anything(),
      ].slice(0, stops.length - 10),
    )
    expect(stops).toContain('Agents: web07')
  })

  it('moves through agents by arrows, pages, Home and End, and sorts from the heading', async () => {
    const page = await showFleet()
    await page.getByRole('grid', { name: 'Agents' }).focus()
    const press = async (key: string) => {
      await page.keyboard.press(key)
      return focus(page)
    }
    expect(await focus(page)).toBe('Agents: web1')
    expect(await press('ArrowDown')).toBe('Agents: web2')
    expect(await press('End')).toBe('Agents: web3000')
    expect(await page.locator('.row.active').isVisible()).toBe(true)
    expect(await press('PageUp')).toMatch(/Agents: web29\d\d/)
    expect(await press('Home')).toBe('Agents: web1')
    expect(await press('ArrowUp')).toBe('Agents: State')
    expect(await press('ArrowRight')).toBe('Agents: Host')
    await press('Enter')
    await press('Enter')
    await expect
      .poll(() => page.getByRole('columnheader', { name: 'Host' }).getAttribute('aria-sort'))
      .toBe('descending')
    expect(await press('ArrowDown')).toBe('Agents: web3000')
  })

  it('keeps the row when the list scrolls away beneath it, and when the row is filtered out', async () => {
    const page = await showFleet()
    await page.getByRole('grid', { name: 'Agents' }).focus()
    await page.keyboard.press('ArrowDown')
    await page.locator('#agents').evaluate((scroller) => {
      scroller.scrollTop = 40_000
    })
    await page.locator('.agent', { hasText: 'web1700' }).waitFor()
    expect(await focus(page)).toBe('Agents: web2')
    await page.keyboard.press('ArrowDown')
    expect(await focus(page)).toBe('Agents: web3')
    await page.locator('.agent.active', { hasText: 'web3' }).waitFor()
    await page.getByRole('textbox', { name: 'Filter hosts' }).fill('web12')
    await expect
      .poll(() => page.getByRole('grid', { name: 'Agents' }).getAttribute('aria-rowcount'))
      .toBe('112')
    await page.getByRole('grid', { name: 'Agents' }).focus()
    expect(await focus(page)).toMatch(/^Agents: web12/)
  })

  it('opens a reply by Enter, turns pages by arrows, and comes back by Esc', async () => {
    const page = await show(await reloadOfSixty())
    const groups = page.getByRole('grid', { name: 'Groups' })
    await groups.focus()
    await page.keyboard.press('Enter')
    await page.locator('.detail-title', { hasText: 'web[07,23]' }).waitFor()
    expect(await groups.getByRole('row', { selected: true }).innerText()).toContain('web[07,23]')
    await page.keyboard.press('ArrowDown')
    await page.locator('.detail-title', { hasText: 'web58' }).waitFor()
    await page.keyboard.press('Enter')
    expect(await focus(page)).toBe('Output of web58')
    await page.keyboard.press('Escape')
    await page.locator('.detail').waitFor({ state: 'hidden' })
    expect(await focus(page)).toBe('Groups of identical replies: web58')
  })

  it('compares a reply with another one, and gives that up by Esc', async () => {
    const page = await show(await reloadOfSixty())
    await page.getByRole('grid', { name: 'Groups' }).focus()
    await page.keyboard.press('Enter')
    const compare = page.getByRole('button', { name: 'Compare' })
    const choose = async () => {
      await compare.focus()
      await page.keyboard.press('Enter')
      await page.keyboard.press('End')
      await page.keyboard.press('Enter')
      await page.getByRole('status').getByText('Compare web[07,23] with').waitFor()
    }
    await choose()
    expect(await focus(page)).toBe('Groups of identical replies: web[07,23]')
    // It itself is no answer.
    await page.keyboard.press('Enter')
    await page.keyboard.press('Escape')
    await page.getByText('Compare web[07,23] with').waitFor({ state: 'hidden' })
    expect(await focus(page)).toBe('Output of web[07,23]')
    await choose()
    await page.keyboard.press('ArrowDown')
    await page.keyboard.press('Enter')
    const group = { group: expect.any(Number) }
    const diffs = () => opened.requests.filter(({ type }) => type === 'diff')
    await expect.poll(diffs).toEqual([{ type: 'diff', of: group, with: group }])
    expect(await page.locator('.detail-title').innerText()).toBe('web[07,23]')
  })

  it('works menus as menus are worked', async () => {
    const page = await show(await reloadOfSixty())
    await page.getByRole('button', { name: 'Run again', exact: true }).focus()
    await page.keyboard.press('ArrowDown')
    expect(await focus(page)).toBe('On all agents that match now')
    await page.keyboard.press('ArrowDown')
    expect(await focus(page)).toMatch(/^On agents that failed/)
    await page.keyboard.press('End')
    expect(await focus(page)).toMatch(/^On agents with no reply/)
    await page.keyboard.press('Escape')
    expect(await page.getByRole('menu').count()).toBe(0)
    expect(await focus(page)).toBe('Run again')
    await page.keyboard.press('Enter')
    await page.keyboard.press('ArrowDown')
    await page.keyboard.press('Enter')
    const again = () => opened.requests.filter(({ type }) => type === 'run-again')
    await expect.poll(again).toEqual([{ type: 'run-again', on: { kind: 'failed' } }])
  })

  it('folds a section, and moves the sash', async () => {
    const page = await show(await reloadOfSixty())
    const heading = page.getByRole('button', { name: /^Groups of identical replies/ })
    await heading.focus()
    await page.keyboard.press('Enter')
    expect(await heading.getAttribute('aria-expanded')).toBe('false')
    await page.getByRole('grid', { name: 'Groups' }).waitFor({ state: 'hidden' })
    await page.getByRole('grid', { name: 'Agents' }).focus()
    await page.keyboard.press('Enter')
    const sash = page.getByRole('separator', { name: 'Size of the lists' })
    const before = Number(await sash.getAttribute('aria-valuenow'))
    await sash.focus()
    await page.keyboard.press('ArrowRight')
    expect(Number(await sash.getAttribute('aria-valuenow'))).toBe(before + 3)
  })

  it('says politely how far the run is, and not all the time', async () => {
    const page = await show(await simulateRun(['web1', 'web2', 'web3']))
    const said = page.locator('[aria-live="polite"]')
    await expect.poll(() => said.textContent()).toBe('0 of 3 answered.')
    simulated.finish('web1', 0)
    await page.getByRole('grid', { name: 'Agents' }).getByRole('row', { name: 'succeeded web1' }).waitFor()
    expect(await said.textContent()).toBe('0 of 3 answered.')
    simulated.finish('web2', 1)
    simulated.finish('web3', 0)
    await expect.poll(() => said.textContent()).toBe('The run is over, 1 failed, 2 succeeded.')
  })
})

describe('the keys of the results page', () => {
  const typed = (page: OpenPage['page']) =>
    page.getByRole('textbox', { name: 'Search all output' }).inputValue()

  it('work from the beginning: the focus is on the groups when a run opens', async () => {
    const page = await show(await reloadOfSixty())
    await expect.poll(() => focus(page)).toMatch(/^Groups of identical replies: /)
  })

  it('go to the search and to the next and previous row, and open what a row says beside an open reply', async () => {
    const page = await show(await reloadOfSixty())
    await expect.poll(() => focus(page)).toMatch(/^Groups/)
    const first = await focus(page)
    await page.keyboard.press('j')
    const second = await focus(page)
    expect(second).not.toBe(first)
    await page.keyboard.press('k')
    expect(await focus(page)).toBe(first)
    await page.keyboard.press('Enter')
    const title = page.locator('.detail-title')
    await title.waitFor()
    const opened = await title.textContent()
    await page.keyboard.press('j')
    await expect.poll(() => title.textContent()).not.toBe(opened)
    await page.keyboard.press('Escape')
    await page.keyboard.press('/')
    expect(await focus(page)).toBe('Search all output')
  })

  it('are text in a field, and letters of an entry in a menu', async () => {
    const page = await show(await reloadOfSixty())
    await page.keyboard.press('/')
    await page.keyboard.type('/jkr?')
    expect(await typed(page)).toBe('/jkr?')
    await page.getByRole('button', { name: 'Export' }).click()
    await page.keyboard.press('r')
    expect(await page.getByRole('menu').count()).toBe(1)
    expect(opened.requests.filter(({ type }) => type === 'run-again')).toEqual([])
  })

  it('ask for the review of the same run, which the host shows, and only once it is over', async () => {
    const run = await simulateRun(['web-01'])
    const page = await show(run)
    await page.keyboard.press('r')
    run.finish('web-01', 0)
    await page.getByRole('button', { name: 'Run again', exact: true }).waitFor()
    await page.keyboard.press('r')
    await expect
      .poll(() => opened.requests.filter(({ type }) => type === 'run-again'))
      .toEqual([{ type: 'run-again', on: { kind: 'all' } }])
  })

  it('are listed by ?, and Escape returns to where the focus was', async () => {
    const page = await show(await reloadOfSixty())
    await expect.poll(() => focus(page)).toMatch(/^Groups/)
    const before = await focus(page)
    await page.keyboard.press('?')
    const dialog = page.getByRole('dialog', { name: 'Keys of this page' })
    await dialog.waitFor()
    await page.keyboard.press('j')
    await page.keyboard.press('Escape')
    await dialog.waitFor({ state: 'hidden' })
    expect(await focus(page)).toBe(before)
  })
})
