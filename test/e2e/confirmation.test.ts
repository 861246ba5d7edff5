import { mkdtempSync, writeFileSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { Workbench } from '../support/editor.ts'
import { fleetPatience, openFleetWorkbench, showsAgents } from '../support/fleetWorkbench.ts'

const folder = mkdtempSync(path.join(tmpdir(), 'gate-'))
const gate = path.join(folder, 'gate')
const waiting = `until [ -e ${gate} ]; do sleep 0.2; done; echo through`
const longCommand = Array.from({ length: 60 }, (_, index) => `echo line ${index}`).join('\n')

const task = (name: string, more: object) => ({
  ...{ label: name, type: 'ec2-collective', problemMatcher: [], filter: '*' },
  ...more,
})
const tasks = {
  version: '2.0.0',
  tasks: [
    task('short', { environment: 'testing', command: 'echo one\u202e\necho two' }),
    task('long', { environment: 'testing', command: longCommand }),
    task('rollout', {
      environment: 'production',
      command: waiting,
      rollout: { canary: 1 },
    }),
  ],
}

let workbench: Workbench

beforeAll(async () => {
  workbench = await openFleetWorkbench({ files: { '.vscode/tasks.json': JSON.stringify(tasks) } })
  await workbench.view('Environments').expand('production')
  await showsAgents(workbench, 'production', 3)
})
beforeEach((context) => workbench.record(context))
afterAll(async () => {
  await workbench?.close()
  await rm(folder, { recursive: true, force: true })
})

describe('The question before a run', () => {
  it('holds the whole command with what cannot be seen, and the hosts, in a dialog', async () => {
    await runTask('short')
    const text = await workbench.dialog.text()
    expect(text).toContain('echo one<U+202E>')
    expect(text).toContain('echo two')
    expect(text).toContain('Targets (6 of 6 agents): batch-01,cache-01,db-01,web-[01-03]')
    await workbench.dialog.press('Cancel')
  })

  it('stands beside a document where a dialog has no room, and takes it along', async () => {
    const { quickInput, page } = workbench
    await runTask('long')
    await quickInput.titled('Run on testing?')
    await expect.poll(() => workbench.tabs(), fleetPatience).toContain('Run on testing')
    // The question stays open while the document is read.
    const editor = page.locator('.editor-instance .view-lines').last()
    await editor.click()
    await page.keyboard.press('Control+End')
    await expect.poll(() => editor.innerText(), fleetPatience).toMatch(/web-03/)
    expect((await quickInput.items()).map(({ label }) => label)).toEqual(['Send nothing', 'Run'])
    await quickInput.pick('Send nothing')
    await expect.poll(() => workbench.tabs(), fleetPatience).not.toContain('Run on testing')
  })
})

describe('A rollout in a protected environment', () => {
  it('is paused by a reload, and continued once its name is typed', { timeout: 180_000 }, async () => {
    const { quickInput } = workbench
    await runTask('rollout')
    await quickInput.titled('production is protected')
    await quickInput.type('production')
    await quickInput.accept()
    const history = workbench.view('History')
    // The only run so far. What the row shows of the command is cut.
    const row = async () => (await history.rows()).find(({ level }) => level === 2)
    await expect.poll(async () => (await row())?.description, fleetPatience).toContain('0 of 3 done')
    const label = (await row())?.label ?? ''
    await workbench.reload()
    await showsAgents(workbench, 'production', 3)
    await workbench.view('History').choose(label, 'Open Run')
    const page = workbench.webview()
    const meta = page.locator('.head-meta')
    await meta
      .filter({ hasText: 'paused: it was resumed, and the environment is protected' })
      .waitFor({ timeout: fleetPatience.timeout })
    writeFileSync(gate, '')
    await page.getByRole('button', { name: /1 succeeded/ }).waitFor({ timeout: fleetPatience.timeout })
    await page.getByRole('button', { name: 'Continue' }).click()
    await quickInput.titled('production is protected')
    expect(await quickInput.message()).toContain(
      'continue the rollout on production with the remaining agents (2)',
    )
    await quickInput.cancel()
    await quickInput.closed()
    await meta.filter({ hasText: 'paused: ' }).waitFor()
    await page.getByRole('button', { name: 'Continue' }).click()
    await quickInput.titled('production is protected')
    await quickInput.type('production')
    await quickInput.accept()
    await page.getByText('3 agents, all accounted for').waitFor({ timeout: fleetPatience.timeout })
  })
})

async function runTask(name: string): Promise<void> {
  await workbench.runCommand('Tasks: Run Task')
  await workbench.quickInput.type(name)
  await workbench.quickInput.pick(name)
}
