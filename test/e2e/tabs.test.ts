import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { Workbench } from '../support/editor.ts'
import { fleetPatience, openFleetWorkbench } from '../support/fleetWorkbench.ts'

let workbench: Workbench

beforeAll(async () => {
  workbench = await openFleetWorkbench()
})
beforeEach((context) => workbench.record(context))
afterAll(() => workbench?.close())

const results = () => workbench.page.locator('.tabs-container .tab', { hasText: /^(testing|production): / })

/** Goes as far as the review of a command on everyone in `testing`. */
async function review(command: string): Promise<void> {
  const { quickInput } = workbench
  await workbench.runCommand('EC2 Collective: Run Command…')
  await quickInput.titled('Run Command')
  await quickInput.pick('testing')
  await quickInput.titled('testing')
  await quickInput.type('*')
  await quickInput.pick('6 of 6 agents match')
  await quickInput.titled('*')
  await quickInput.type(command)
  await quickInput.accept()
  await quickInput.titled('Run on testing')
}

async function run(command: string): Promise<void> {
  await review(command)
  await workbench.quickInput.accept()
  await workbench
    .webview()
    .locator('.head-command', { hasText: command })
    .waitFor({ timeout: fleetPatience.timeout })
}

describe('The tab of a run', () => {
  it('is there with the last Enter, and then is the page of the run, with the focus on its groups', async () => {
    await review('echo first')
    const startedAt = performance.now()
    await workbench.quickInput.accept()
    await results().first().waitFor()
    const tabMs = performance.now() - startedAt
    const page = workbench.webview()
    await page.locator('.first, .attempt, .page').filter({ visible: true }).first().waitFor()
    const paintMs = performance.now() - startedAt
    await page.locator('.head-command', { hasText: 'echo first' }).waitFor({ timeout: fleetPatience.timeout })
    const runMs = performance.now() - startedAt
    // Figures for docs/performance.md: what they are depends on the machine.
    console.log(
      `from Enter: tab ${tabMs.toFixed(0)} ms, first words ${paintMs.toFixed(0)} ms, run ${runMs.toFixed(0)} ms`,
    )
    await page.getByText('6 agents, all accounted for').waitFor({ timeout: fleetPatience.timeout })
    await expect.poll(() => page.locator(':focus').getAttribute('id'), fleetPatience).toBe('groups')
  })

  it('is used for the next run; a pinned one stays', async () => {
    await run('echo second')
    await expect.poll(() => results().count(), fleetPatience).toBe(1)
    await workbench.runCommand('EC2 Collective: Pin Results')
    await run('echo third')
    await expect.poll(() => results().count(), fleetPatience).toBe(2)
    await workbench.page.locator('.tab.sticky', { hasText: 'echo second' }).waitFor()
  })

  it('is as it was when one comes back to it, without a moment of nothing', async () => {
    const page = workbench.webview()
    await page.getByRole('grid', { name: 'Agents' }).getByText('web-01').click()
    await page.locator('.output').getByText('third', { exact: true }).waitFor()
    await workbench.showTab('echo second')
    await page.locator('.head-command', { hasText: 'echo second' }).waitFor()
    const startedAt = performance.now()
    await workbench.showTab('echo third')
    await page.locator('.head-command', { hasText: 'echo third' }).waitFor()
    console.log(`from the click on the tab: page ${(performance.now() - startedAt).toFixed(0)} ms`)
    // Not restored, which takes its time, but still there.
    expect(await page.locator('.output').getByText('third', { exact: true }).isVisible()).toBe(true)
  })

  it('goes on while it is out of sight', async () => {
    await run('for i in 1 2 3 4 5; do echo step $i; sleep 1; done')
    await workbench.showTab('echo second')
    await workbench.webview().locator('.head-command', { hasText: 'echo second' }).waitFor()
    await workbench.showTab('for i in')
    const page = workbench.webview()
    await page.getByText('6 agents, all accounted for').waitFor({ timeout: fleetPatience.timeout })
    await page.getByRole('grid', { name: 'Agents' }).getByText('web-01').click()
    await page.locator('.output').getByText('step 5', { exact: true }).waitFor()
  })
})
