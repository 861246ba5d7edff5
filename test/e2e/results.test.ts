import { readFile } from 'node:fs/promises'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { Workbench } from '../support/editor.ts'
import { fleetPatience, openFleetWorkbench, showsAgents } from '../support/fleetWorkbench.ts'
import { readRunNdjson } from '../support/runJson.ts'

let workbench: Workbench

beforeAll(async () => {
  workbench = await openFleetWorkbench({ settings: { 'files.simpleDialog.enable': true } })
})
beforeEach((context) => workbench.record(context))
afterAll(() => workbench?.close())

/** Runs a command on everyone in `testing`, as a user does. */
async function run(command: string): Promise<void> {
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
  await quickInput.accept()
  // The page of the run before may still be in front.
  await workbench
    .webview()
    .locator('.head-command', { hasText: command.slice(0, 20) })
    .waitFor({ timeout: fleetPatience.timeout })
}

/** Its result depends on who runs it: three outcomes. */
const threeOutcomes =
  'case $(hostname) in db-*) echo "no space left" >&2; exit 3;; batch-*) echo half; kill -9 $$;; *) echo all good; echo bye;; esac'

describe('A run with three outcomes', () => {
  it('is grouped by them, outliers first, with every agent accounted for', async () => {
    await run(threeOutcomes)
    const page = workbench.webview()
    await page.getByText('6 agents, all accounted for').waitFor()
    const groups = page.getByRole('grid', { name: 'Groups of identical replies' })
    await expect.poll(() => groups.getAttribute('aria-rowcount'), fleetPatience).toBe('3')
    const texts = () => groups.locator('.row:visible').allInnerTexts()
    // What they said comes after who they are.
    await expect
      .poll(async () => (await texts())[2], fleetPatience)
      .toMatch(/succeeded\s*cache-01,web-\[01-03\]\s*majority\s*4 agents\s*all good/)
    const rows = await texts()
    expect(rows[0]).toMatch(/failed\s*(exit 3|SIGKILL)\s*(db-01|batch-01)/)
    expect(rows[1]).toMatch(/failed\s*(exit 3|SIGKILL)\s*(db-01|batch-01)/)
  })

  it('is searched over all outputs', async () => {
    const page = workbench.webview()
    await page.getByRole('textbox', { name: 'Search all output' }).fill('SPACE LEFT')
    await page.getByText('1 in 1 output', { exact: true }).waitFor()
    await page.getByRole('textbox', { name: 'Search all output' }).press('Enter')
    await page.locator('.line.current mark', { hasText: 'space left' }).waitFor()
    await page.getByRole('textbox', { name: 'Search all output' }).press('Escape')
  })

  it('compares an outlier with the majority in the editor', async () => {
    const page = workbench.webview()
    await page.getByRole('grid', { name: 'Groups' }).getByText('db-01').click()
    await page.getByRole('button', { name: 'Compare' }).click()
    await page.getByRole('menuitem', { name: 'With the majority' }).click()
    await expect.poll(() => workbench.tabs(), fleetPatience).toContain('the majority ↔ db-01')
    await workbench.page.locator('.monaco-diff-editor .view-line', { hasText: /no\sspace\sleft/ }).waitFor()
    await workbench.page.locator('.monaco-diff-editor .view-line', { hasText: /all\sgood/ }).waitFor()
    await workbench.showTab('testing: case')
  })

  it('compares one agent with another', async () => {
    const page = workbench.webview()
    const agents = page.getByRole('grid', { name: 'Agents' })
    await agents.getByText('batch-01').click()
    await page.getByRole('button', { name: 'Compare' }).click()
    await page.getByRole('menuitem', { name: 'With another reply' }).click()
    await agents.getByText('web-03').click()
    await expect.poll(() => workbench.tabs(), fleetPatience).toContain('web-03 ↔ batch-01')
    await workbench.page.locator('.monaco-diff-editor .view-line', { hasText: /^half$/ }).waitFor()
    await workbench.showTab('testing: case')
  })

  it('opens an output as a document that cannot be changed', async () => {
    const page = workbench.webview()
    await page.getByRole('grid', { name: 'Agents' }).getByText('web-02').click()
    await page.getByRole('button', { name: 'Open as a document' }).click()
    await workbench.page.locator('.tab.active', { hasText: 'web-02.txt' }).waitFor()
    // The diff of before is still there behind it.
    await workbench.page
      .locator('.monaco-editor .view-line', { hasText: /all\sgood/ })
      .filter({ visible: true })
      .first()
      .waitFor()
    await workbench.showTab('testing: case')
  })

  it('is exported, and the export reads back as the same run', async () => {
    const page = workbench.webview()
    await page.getByRole('button', { name: 'Export' }).click()
    await page.getByRole('menuitem', { name: 'NDJSON' }).click()
    // The dialog fills in where to, and by what name, a little after it has opened.
    const where = workbench.page.locator('.quick-input-widget .quick-input-box input')
    await expect.poll(() => where.inputValue(), fleetPatience).toMatch(/testing-[\d-]+\.ndjson$/)
    const file = await where.inputValue()
    await workbench.quickInput.accept()
    const written = () => readFile(file, 'utf8').catch(() => '')
    await expect.poll(async () => (await written()).trimEnd().split('\n').length, fleetPatience).toBe(7)
    const text = await written()
    const exported = readRunNdjson(text)
    expect(exported.agents).toHaveLength(6)
    expect(exported.agents.find(({ hostname }) => hostname === 'db-01')).toMatchObject({
      state: 'failed',
      stderr: 'no space left\n',
    })
  })

  it('is repeated on the failed only after a question', async () => {
    const page = workbench.webview()
    await page.getByRole('button', { name: 'Run again', exact: true }).click()
    await page.getByRole('menuitem', { name: 'On agents that failed' }).click()
    expect(await workbench.dialog.text()).toMatch(/on (batch-01, db-01|db-01, batch-01) of testing/)
    await workbench.dialog.press('Cancel')
  })
})

describe('A reload in the middle of a run', () => {
  it('loses nothing: what came before, what comes while nobody looks, and what comes after', {
    timeout: 120_000,
  }, async () => {
    await run('for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15; do echo step $i; sleep 1; done')
    const page = workbench.webview()
    // Rows move while agents begin.
    await page.getByRole('button', { name: '6 running' }).waitFor()
    await page.getByRole('grid', { name: 'Agents' }).getByText('web-01').click()
    await page.locator('.detail-title', { hasText: 'web-01' }).waitFor()
    await page.locator('.output').getByText('step 2', { exact: true }).waitFor()
    // The orderly way, as a user reloads: the editor then keeps what its pages keep.
    const reloaded = workbench.page.waitForEvent('load')
    await workbench.runCommand('Developer: Reload Window')
    await reloaded
    await showsAgents(workbench, 'testing', 6)
    const back = workbench.webview()
    await back.locator('.detail-title', { hasText: 'web-01' }).waitFor({ timeout: fleetPatience.timeout })
    await back.getByText('6 agents, all accounted for').waitFor({ timeout: fleetPatience.timeout })
    await back.locator('.output').getByText('step 15', { exact: true }).waitFor()
    expect(await back.locator('.output .line-text:visible').allTextContents()).toEqual(
      Array.from({ length: 15 }, (_, index) => `step ${index + 1}`),
    )
  })
})

describe('An address in an output', () => {
  it('is opened only when the editor was told so, and is the one that is shown', async () => {
    const address = 'https://status.example.org/find?q=a%26b%3Dc&page=1'
    await run(`echo 'see ${address}.'`)
    await workbench.webview().getByRole('link', { name: address }).click()
    expect(await workbench.dialog.text()).toContain(address)
    await workbench.dialog.press('Cancel')
  })
})

describe('The page', () => {
  it('breaks no content security policy but the one that the toolkit is known for', () => {
    const toolkits = /Applying inline style violates .*sha256-47DEQpj8HBSa/s
    const blocked = workbench.errors([toolkits]).filter((error) => error.includes('Content Security Policy'))
    expect(blocked).toEqual([])
  })
})
