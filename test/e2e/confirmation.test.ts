import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { Workbench } from '../support/editor.ts'
import { fleetPatience, openFleetWorkbench } from '../support/fleetWorkbench.ts'

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
  ],
}

let workbench: Workbench

beforeAll(async () => {
  workbench = await openFleetWorkbench({ files: { '.vscode/tasks.json': JSON.stringify(tasks) } })
})
beforeEach((context) => workbench.record(context))
afterAll(async () => {
  await workbench?.close()
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

async function runTask(name: string): Promise<void> {
  await workbench.runCommand('Tasks: Run Task')
  await workbench.quickInput.type(name)
  await workbench.quickInput.pick(name)
}
