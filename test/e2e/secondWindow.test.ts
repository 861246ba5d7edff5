import { mkdtempSync, writeFileSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import type { FrameLocator, Page } from 'playwright-core'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { Workbench } from '../support/editor.ts'
import { fleetPatience, openFleetWorkbench } from '../support/fleetWorkbench.ts'
import { treeViewOf } from '../support/workbench/treeView.ts'

const folder = mkdtempSync(path.join(tmpdir(), 'gates-'))
const gate = (name: string) => path.join(folder, name)

let workbench: Workbench
let second: Page

beforeAll(async () => {
  workbench = await openFleetWorkbench()
  second = await workbench.page.context().newPage()
  second.setDefaultTimeout(25_000)
  await second.goto(workbench.page.url())
  await second.locator('.monaco-workbench .part.statusbar').waitFor()
  await second.locator('.activitybar').getByRole('tab', { name: 'EC2 Collective' }).click()
}, 180_000)
beforeEach((context) => workbench.record(context))
afterAll(async () => {
  await workbench?.close()
  await rm(folder, { recursive: true, force: true })
})

const { timeout } = fleetPatience

/** Runs a command on everyone in `testing`, in the first window. */
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
  await workbench
    .webview()
    .locator('.head-command', { hasText: command.slice(0, 12) })
    .waitFor({ timeout })
}

const history = () => treeViewOf(second, 'History')
const rowOf = async (name: string) =>
  (await history().rows()).find(({ label, level }) => level === 2 && label.includes(name))

async function openInSecond(name: string): Promise<FrameLocator> {
  await expect.poll(() => rowOf(name), fleetPatience).toBeDefined()
  await history().choose((await rowOf(name))?.label ?? '', 'Open Run')
  const page = second
    .locator('iframe.webview')
    .filter({ visible: true })
    .contentFrame()
    .frameLocator('#active-frame')
  await page.locator('.head-command', { hasText: name }).waitFor({ timeout })
  return page
}

describe('A second window on the same workspace', () => {
  it('sees the run in progress, its replies as they come, and its end', { timeout: 180_000 }, async () => {
    await run(`: shared; echo begun; until [ -e ${gate('shared')} ]; do sleep 0.2; done; echo through`)
    const page = await openInSecond(': shared')
    await page.locator('.head-meta', { hasText: 'in progress in another window' }).waitFor({ timeout })
    await page.getByRole('grid', { name: 'Agents' }).getByText('web-01').click()
    await page.locator('.output').getByText('begun', { exact: true }).waitFor({ timeout })
    writeFileSync(gate('shared'), '')
    await page.getByText('6 agents, all accounted for').waitFor({ timeout })
    await page.locator('.output').getByText('through', { exact: true }).waitFor({ timeout })
    await expect
      .poll(async () => (await rowOf(': shared'))?.description, fleetPatience)
      .toContain('6 succeeded')
  })

  it('cancels it there, and the window that has it carries that out', { timeout: 180_000 }, async () => {
    await run(': endless; while :; do sleep 0.2; done')
    const page = await openInSecond(': endless')
    await page.getByRole('button', { name: 'Cancel run' }).click()
    await page.getByText('6 agents, all accounted for').waitFor({ timeout })
    await page.getByRole('button', { name: /6 cancelled/ }).waitFor({ timeout })
    await workbench
      .webview()
      .getByRole('button', { name: /6 cancelled/ })
      .waitFor({ timeout })
  })
})
