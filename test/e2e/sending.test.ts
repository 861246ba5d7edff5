import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { Workbench } from '../support/editor.ts'
import { fleetPatience, openFleetWorkbench, showsAgents } from '../support/fleetWorkbench.ts'

let workbench: Workbench
/** A run waits for a file in it. */
let gate: string

const staging = 'environments:\n  staging:\n    region: eu-west-1\n'
const report = '#!/bin/sh\nprintf "%s|" "$@"\necho "on $(hostname)"\n'

beforeAll(async () => {
  gate = await mkdtemp(path.join(tmpdir(), 'gate-'))
  workbench = await openFleetWorkbench({
    roots: ['alpha', 'beta'],
    files: {
      'alpha/.vscode/ec2-collective.yaml': `${staging}  mistyped: { region: Ireland }\nsnippets:\n  Of alpha:\n    command: uptime\n`,
      'beta/.vscode/ec2-collective.yaml': `${staging}snippets:\n  Of beta:\n    command: uptime\n`,
      'alpha/report.sh': report,
    },
    keybindings: [
      {
        key: 'ctrl+alt+1',
        command: 'ec2-collective.runCommand',
        args: { environment: 'testing', filter: 'role=db', command: 'echo by key', confirm: false },
      },
      {
        key: 'ctrl+alt+2',
        command: 'ec2-collective.runCommand',
        args: { environment: 'testing', filter: 'role=web', command: 'echo asked', rollout: { canary: 1 } },
      },
      {
        key: 'ctrl+alt+3',
        command: 'ec2-collective.runCommand',
        args: { environment: 'testing', filter: '*', command: untilOpen(gate), confirm: false },
      },
      { key: 'ctrl+alt+4', command: 'ec2-collective.ping', args: { environment: 'staging', filter: '*' } },
      { key: 'ctrl+alt+5', command: 'ec2-collective.runCommand', args: { enviroment: 'testing' } },
    ],
  })
})
beforeEach((context) => workbench.record(context))
afterAll(async () => {
  await workbench?.close()
  await rm(gate, { recursive: true })
})

const untilOpen = (folder: string) => `until [ -e ${folder}/open ]; do sleep 0.2; done`

/** Waits for a run's line in the history, and for its page: keys that are pressed while that loads are lost. */
const ended = async (command: string, counts: string) => {
  await expect
    .poll(async () => (await workbench.view('History').row(command)).description, fleetPatience)
    .toContain(counts)
  await workbench.webview().locator('.head-command', { hasText: command }).waitFor()
}

describe('A workspace of several folders', () => {
  it('shows what each of them declares, and where it comes from', async () => {
    const environments = await workbench.view('Environments').rows()
    const ofFiles = environments.filter(({ label }) => label === 'staging')
    expect(ofFiles.map(({ description }) => description)).toEqual(['alpha', 'beta'])
    const snippets = await workbench.view('Snippets').text()
    expect(snippets).toContain('Of alpha')
    expect(snippets).toContain('Of beta')
  })

  it('shows what is declared and cannot be used, with the reason', async () => {
    const view = workbench.view('Environments')
    const { description, icon } = await view.row('mistyped')
    expect([description, icon]).toEqual(['“region” must be an AWS region such as eu-west-1.', 'error'])
    await view.click('mistyped')
    await workbench.page.locator('.tab.active', { hasText: 'ec2-collective.yaml' }).waitFor()
  })

  it('is never guessed which of two environments of one name is meant', async () => {
    await workbench.page.keyboard.press('Control+Alt+4')
    await workbench.notifications.shows('2 environments are named “staging”. Rename all but one')
    await workbench.notifications.dismiss('2 environments are named')
  })
})

describe('A keybinding', () => {
  it('sends what its arguments say, with no question where it wants none', async () => {
    await workbench.page.keyboard.press('Control+Alt+1')
    await ended('echo by key', '1 succeeded')
  })

  it('asks where it does not say otherwise, and tells how the run would spread', async () => {
    await workbench.page.keyboard.press('Control+Alt+2')
    expect(await workbench.dialog.text()).toContain(
      'Run “echo asked” on 3 of 6 agents of testing (role=web): 1 first, then all the others at once',
    )
    await workbench.dialog.press('Run')
    await ended('echo asked', '3 succeeded')
  })

  it('that is written wrong says what of it', async () => {
    await workbench.page.keyboard.press('Control+Alt+5')
    await workbench.notifications.shows('Unknown key “enviroment”. Did you mean “environment”?')
    await workbench.notifications.dismiss('Unknown key “enviroment”. Did you mean “environment”?')
  })
})

describe('The active file', () => {
  it('runs as a script with its parameters, byte for byte', async () => {
    const { quickInput } = workbench
    await workbench.runCommand('Go to File...')
    await quickInput.type('report.sh')
    await quickInput.pick('report.sh')
    // Its tab is there before its text is.
    await workbench.page.locator('.editor-instance .view-line', { hasText: 'printf' }).first().waitFor()
    await workbench.runCommand('EC2 Collective: Run Active File as Script…')
    await quickInput.titled('report.sh')
    await quickInput.type(`one "two words" '$(three)'`)
    await quickInput.accept()
    await chooseWebServers('Run Script')
    expect((await quickInput.items())[0]?.label).toBe(
      `Run the script report.sh with one 'two words' '$(three)'`,
    )
    await quickInput.pick('Rollout')
    await quickInput.titled('Rollout')
    await quickInput.pick('1 at a time with 10 s between, stopping at the first failure')
    await quickInput.titled('Run on testing')
    await quickInput.pick('Rollout')
    await quickInput.titled('Rollout')
    await quickInput.pick('All at once')
    await quickInput.titled('Run on testing')
    await quickInput.pick(`Run the script report.sh with one 'two words' '$(three)'`)
    const page = workbench.webview()
    await page.getByText('3 agents, all accounted for').waitFor()
    await page.getByText('one|two words|$(three)|on web-01').first().waitFor()
  })

  it('runs in part: what is selected, run by what runs the file', async () => {
    const { quickInput } = workbench
    await workbench.showTab(/^report\.sh/)
    await workbench.page.locator('.tab.active', { hasText: /^report\.sh/ }).waitFor()
    await workbench.page.locator('.monaco-editor.focused').waitFor()
    await workbench.page.keyboard.press('Control+End')
    await workbench.page.keyboard.press('Shift+ArrowUp')
    await workbench.runCommand('EC2 Collective: Run Selection as Script…')
    await chooseWebServers('Run Selection')
    await quickInput.accept()
    const page = workbench.webview()
    await page.getByText('3 agents, all accounted for').waitFor()
    await page
      .getByText(/^on web-01/)
      .first()
      .waitFor()
  })
})

describe('The status bar', () => {
  it('counts who has answered, through a reload, and rests when the run is over', async () => {
    await workbench.page.keyboard.press('Control+Alt+3')
    await workbench.statusBar.shows(/testing · 0\/6/)
    // From then on the editor knows of which run the page is.
    await workbench.webview().locator('.head-command', { hasText: 'until' }).waitFor()
    await workbench.reload()
    await showsAgents(workbench, 'testing', 6)
    await workbench.statusBar.shows(/testing · 0\/6/)
    await writeFile(path.join(gate, 'open'), '')
    await workbench.webview().getByText('6 agents, all accounted for').waitFor()
    await workbench.statusBar.shows(/testing$/)
  })
})

async function chooseWebServers(title: string): Promise<void> {
  const { quickInput } = workbench
  await quickInput.titled(title)
  await quickInput.pick('testing')
  await quickInput.titled('testing')
  await quickInput.type('role=web')
  await quickInput.pick('3 of 6 agents match')
  await quickInput.titled('Run on testing')
}
