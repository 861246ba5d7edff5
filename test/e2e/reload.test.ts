import { mkdtempSync, writeFileSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { Workbench } from '../support/editor.ts'
import { fleetPatience, openFleetWorkbench, showsAgents } from '../support/fleetWorkbench.ts'

const folder = mkdtempSync(path.join(tmpdir(), 'gates-'))
const gate = (name: string) => path.join(folder, name)
const openGate = (name: string) => writeFileSync(gate(name), '')

/** A rollout whose commands end only when the gate of its name is opened. */
const rollout = (name: string, environment: string) => ({
  label: name,
  ...{ type: 'ec2-collective', problemMatcher: [], filter: '*', environment },
  command: `: ${name}; until [ -e ${gate(name)} ]; do sleep 0.2; done; echo through`,
  rollout: { canary: 1 },
  confirm: false,
})
const tasks = {
  version: '2.0.0',
  tasks: [rollout('guarded', 'production'), rollout('soon', 'testing'), rollout('late', 'testing')],
}

/** A rollout goes on by itself only when it is resumed within this time, milliseconds. */
const reloadMs = 10_000

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

describe('A rollout whose window is reloaded', () => {
  it('goes on by itself, as its page opens again with the window', { timeout: 180_000 }, async () => {
    await runTask('soon')
    await openRun('soon')
    const page = workbench.webview()
    await page.getByRole('button', { name: 'Pause' }).waitFor()
    await workbench.reload()
    await showsAgents(workbench, 'testing', 6)
    openGate('soon')
    await page.getByText('6 agents, all accounted for').waitFor({ timeout: fleetPatience.timeout })
    await page.getByRole('button', { name: /6 succeeded/ }).waitFor()
  })

  it('is paused when it is opened again after more than ten seconds, and continued by an answer', {
    timeout: 180_000,
  }, async () => {
    await runTask('late')
    await startedIn('late', 6)
    await workbench.reload()
    const backAt = performance.now()
    await showsAgents(workbench, 'testing', 6)
    await expect.poll(() => performance.now() - backAt, fleetPatience).toBeGreaterThan(reloadMs)
    await openRun('late')
    await isPausedBecause('it was resumed more than 10 seconds after the window was closed')
    openGate('late')
    const page = workbench.webview()
    await page.getByRole('button', { name: /1 succeeded/ }).waitFor({ timeout: fleetPatience.timeout })
    await page.getByRole('button', { name: 'Continue' }).click()
    expect(await workbench.dialog.text()).toContain(
      'continue the rollout on testing with the remaining agents (5)',
    )
    await workbench.dialog.press('Continue')
    await page.getByText('6 agents, all accounted for').waitFor({ timeout: fleetPatience.timeout })
    await page.getByRole('button', { name: /6 succeeded/ }).waitFor()
  })

  it('is paused in a protected environment, and continued once its name is typed', {
    timeout: 180_000,
  }, async () => {
    const { quickInput } = workbench
    await runTask('guarded')
    await typeName()
    await startedIn('guarded', 3)
    await workbench.reload()
    await showsAgents(workbench, 'production', 3)
    await openRun('guarded')
    await isPausedBecause('it was resumed, and the environment is protected')
    openGate('guarded')
    const page = workbench.webview()
    await page.getByRole('button', { name: /1 succeeded/ }).waitFor({ timeout: fleetPatience.timeout })
    await page.getByRole('button', { name: 'Continue' }).click()
    await quickInput.titled('production is protected')
    expect(await quickInput.message()).toContain(
      'continue the rollout on production with the remaining agents (2)',
    )
    await quickInput.cancel()
    await quickInput.closed()
    await page.locator('.rollout', { hasText: 'Paused: ' }).waitFor()
    await page.getByRole('button', { name: 'Continue' }).click()
    await typeName()
    await page.getByText('3 agents, all accounted for').waitFor({ timeout: fleetPatience.timeout })
    await page.getByRole('button', { name: /3 succeeded/ }).waitFor()
  })
})

async function runTask(name: string): Promise<void> {
  await workbench.runCommand('Tasks: Run Task')
  await workbench.quickInput.type(name)
  await workbench.quickInput.pick(name)
}

async function typeName(): Promise<void> {
  const { quickInput } = workbench
  await quickInput.titled('production is protected')
  await quickInput.type('production')
  await quickInput.accept()
}

/** What a row shows of the command is cut: it begins with the name. */
async function historyRow(name: string) {
  const rows = await workbench.view('History').rows()
  return rows.find(({ label, level }) => level === 2 && label.includes(`: ${name}`))
}

async function startedIn(name: string, agents: number): Promise<void> {
  await expect
    .poll(async () => (await historyRow(name))?.description, fleetPatience)
    .toContain(`0 of ${agents} done`)
}

async function openRun(name: string): Promise<void> {
  await expect.poll(() => historyRow(name), fleetPatience).toBeDefined()
  await workbench.view('History').choose((await historyRow(name))?.label ?? '', 'Open Run')
}

async function isPausedBecause(why: string): Promise<void> {
  await workbench
    .webview()
    .locator('.rollout', { hasText: `Paused: ${why}` })
    .waitFor({ timeout: fleetPatience.timeout })
}
