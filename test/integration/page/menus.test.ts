import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { type OpenPage, PageBrowser } from '../../support/resultsPage.ts'
import { agentIdOf, type SimulatedRun, simulateRun } from '../../support/simulatedRun.ts'

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

async function show(hosts: readonly string[]): Promise<OpenPage['page']> {
  simulated = await simulateRun(hosts)
  for (const host of hosts) simulated.finish(host, 0, [{ stream: 1, text: `ok of ${host}\nUsage 9 %\n` }])
  opened = await browser.open({ run: simulated.run })
  await opened.page.locator('.agent').first().waitFor()
  return opened.page
}

/** What the editor would give to the commands of a menu there: all contexts from the document inwards. */
const contextAt = (page: OpenPage['page'], selector: string) =>
  page.evaluate(`(() => {
    let context = {}
    for (let at = document.querySelector(${JSON.stringify(selector)}); at; at = at.parentElement)
      if (at.dataset.vscodeContext) context = { ...JSON.parse(at.dataset.vscodeContext), ...context }
    return context
  })()`)

describe('a menu of the editor on the page', () => {
  it('acts on the row under the mouse, or by keyboard on the active row', async () => {
    const page = await show(['web1', 'web2'])
    const { runId } = simulated.run.state
    const on = (host: string) => ({
      ec2Run: runId,
      ec2Row: 'agent',
      ec2Agent: agentIdOf(host),
      ec2IsInstance: true,
      preventDefaultContextMenuItems: true,
    })
    expect(await contextAt(page, '.agent[data-index="1"] .host')).toEqual(on('web2'))
    await page.getByRole('grid', { name: 'Agents' }).focus()
    expect(await contextAt(page, '#agents')).toEqual(on('web1'))
    await page.keyboard.press('ArrowDown')
    expect(await contextAt(page, '#agents')).toEqual(on('web2'))
  })

  it('acts on a group, and on the open output, where text can still be copied', async () => {
    const page = await show(['web1', 'web2'])
    expect(await contextAt(page, '.row.group')).toMatchObject({
      ec2Row: 'group',
      ec2Group: expect.any(Number),
    })
    await page.locator('.agent .host').first().click()
    await page.locator('.line-text', { hasText: 'ok of' }).first().waitFor()
    const context = await contextAt(page, '.line-text')
    expect(context).toMatchObject({ ec2Row: 'output', ec2Agent: agentIdOf('web1') })
    expect(context).not.toHaveProperty('preventDefaultContextMenuItems')
  })

  it('narrows the list to agents, says so, and shows all again', async () => {
    const page = await show(['web1', 'web2', 'web3'])
    opened.post({ type: 'show-only', agents: [agentIdOf('web2'), agentIdOf('web3')] })
    await page.getByText('Only 2 of 3 agents are listed.').waitFor()
    const rows = () => page.getByRole('grid', { name: 'Agents' }).getAttribute('aria-rowcount')
    await expect.poll(rows).toBe('3')
    await page.getByRole('button', { name: 'Run another command' }).first().click()
    await page.getByRole('menuitem', { name: 'On the agents shown' }).click()
    expect(opened.requests).toContainEqual({
      type: 'run-other',
      on: { kind: 'agents', agents: ['web2', 'web3'].map(agentIdOf) },
    })
    await page.getByRole('button', { name: 'Show all' }).click()
    await expect.poll(rows).toBe('4')
  })
})
