import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { Workbench } from '../support/editor.ts'
import { fleetPatience, openFleetWorkbench, showsAgents } from '../support/fleetWorkbench.ts'

let workbench: Workbench

const tasks = {
  version: '2.0.0',
  tasks: [
    {
      label: 'protected without a question',
      type: 'ec2-collective',
      problemMatcher: [],
      environment: 'production',
      filter: '*',
      command: 'true',
      confirm: false,
    },
    {
      label: 'failing without a question',
      type: 'ec2-collective',
      problemMatcher: [],
      environment: 'testing',
      filter: 'role=db',
      command: 'echo disk full; exit 3',
      confirm: false,
      exitCode: 'last-non-zero',
    },
    {
      label: 'taking long',
      type: 'ec2-collective',
      problemMatcher: [],
      environment: 'testing',
      filter: 'role=db',
      command: 'sleep 300',
      timeout: '10m',
      confirm: false,
    },
  ],
}

beforeAll(async () => {
  workbench = await openFleetWorkbench({
    files: { '.vscode/tasks.json': JSON.stringify(tasks) },
    // The terminal's text is then on the page, and not on a canvas.
    settings: { 'terminal.integrated.gpuAcceleration': 'off' },
  })
  await workbench.view('Environments').expand('production')
  await showsAgents(workbench, 'production', 3)
})
beforeEach((context) => workbench.record(context))
afterAll(() => workbench?.close())

describe('Everyone', () => {
  it('is never what nothing typed means', async () => {
    const { quickInput } = workbench
    await workbench.runCommand('EC2 Collective: Run Command…')
    await quickInput.pick('testing')
    await quickInput.titled('testing')
    await quickInput.type('')
    await expect.poll(async () => (await quickInput.items()).length, fleetPatience).toBeGreaterThan(3)
    const [first] = await quickInput.items()
    // Enter on an empty box completes the name of a fact; it selects nobody.
    expect(first?.label).not.toMatch(/Everyone|match/)
    await quickInput.accept()
    expect(await quickInput.title()).toContain('testing')
    await quickInput.cancel()
  })

  it('is chosen by name, and said in capitals before the run', async () => {
    const { quickInput } = workbench
    await workbench.runCommand('EC2 Collective: Run Command…')
    await quickInput.pick('testing')
    await quickInput.titled('testing')
    await quickInput.type('*')
    await quickInput.pick('6 of 6 agents match')
    await quickInput.titled('*')
    await quickInput.type('true')
    await quickInput.accept()
    await quickInput.titled('Run on testing')
    expect((await quickInput.items())[0]?.detail).toContain('on EVERY agent of testing (6 known)')
    await quickInput.cancel()
  })
})

describe('A protected environment', () => {
  const refuses = async () => {
    const { quickInput } = workbench
    await quickInput.titled('production is protected')
    expect(await quickInput.message()).toContain('Type production to run it')
    await quickInput.type('testing')
    await quickInput.accept()
    await quickInput.titled('production is protected')
    await quickInput.cancel()
    await quickInput.closed()
  }
  const runsInHistory = async () =>
    (await workbench.view('History').rows()).filter(({ level }) => level === 2).length

  it('refuses a run from the palette until its name is typed', async () => {
    const { quickInput } = workbench
    const before = await runsInHistory()
    await workbench.runCommand('EC2 Collective: Run Command…')
    await quickInput.pick('production')
    await quickInput.titled('production')
    await quickInput.type('role=web')
    await quickInput.pick('2 of 3 agents match')
    await quickInput.titled('role=web')
    await quickInput.type('echo $(hostname)')
    await expect
      .poll(async () => (await quickInput.items())[0]?.label, fleetPatience)
      .toBe('echo $(hostname)')
    await quickInput.accept()
    await quickInput.titled('Run on production')
    expect((await quickInput.items())[0]?.label).toContain('“echo $(hostname)”')
    await quickInput.accept()
    await quickInput.titled('production is protected')
    expect(await quickInput.message()).toContain(
      'Run “echo $(hostname)” on 2 of 3 agents of production (role=web)',
    )
    await refuses()
    expect(await runsInHistory()).toBe(before)
  })

  it('refuses a run from the tree until its name is typed', async () => {
    const { quickInput } = workbench
    const view = workbench.view('Environments')
    await view.collapse('testing')
    await view.choose('web', 'Run Command…')
    await quickInput.titled('Run Command')
    await quickInput.type('hostname')
    await quickInput.accept()
    await quickInput.titled('Run on production')
    await quickInput.accept()
    await refuses()
    await view.expand('testing')
  })

  it('refuses a task that wants no question until its name is typed', async () => {
    await runTask('protected without a question')
    await refuses()
    await terminalSays('Nothing was sent.')
  })

  it('runs when its name is typed, and refuses the page that asks to run it again', async () => {
    const { quickInput } = workbench
    await runTask('protected without a question')
    await quickInput.titled('production is protected')
    await quickInput.type('production')
    await quickInput.accept()
    await terminalSays('3 agents: 3 succeeded')
    const history = workbench.view('History')
    // It is listed anew when it is over: a menu that is open then is of no row.
    await expect
      .poll(async () => (await history.row('true')).description, fleetPatience)
      .toContain('3 succeeded')
    await history.choose('true', 'Open Run')
    const page = workbench.webview()
    await page.getByText('3 agents, all accounted for').waitFor()
    await page.getByRole('button', { name: 'Run again' }).click()
    await page.getByRole('menuitem').first().click()
    await refuses()
  })
})

describe('A task', () => {
  it('ends with the exit code of its run', async () => {
    await runTask('failing without a question')
    await terminalSays('disk full')
    await workbench.page
      .getByText(/terminated with exit code: 3|exit code: 3/)
      .first()
      .waitFor()
  })

  it('lets its run go on when it is ended, and stops it on the servers when the user says so', async () => {
    await runTask('taking long')
    await terminalSays('Sent to testing; replies expected: 1.')
    // VS Code lists a task a moment after its terminal has said something.
    await expect
      .poll(async () => {
        await workbench.runCommand('Tasks: Terminate Task')
        const [first] = await workbench.quickInput.items()
        if (first?.label !== 'taking long') await workbench.quickInput.cancel()
        return first?.label
      }, fleetPatience)
      .toBe('taking long')
    await workbench.quickInput.pick('taking long')
    const goesOn = 'The run on testing continues: 1 of 1 agents have not finished.'
    await workbench.notifications.press(goesOn, 'Stop on the Servers')
    const history = workbench.view('History')
    const row = async () => (await history.row('sleep 300')).description
    await expect.poll(row, fleetPatience).toContain('1 cancelled')
  })
})

async function runTask(label: string): Promise<void> {
  await workbench.runCommand('Tasks: Run Task')
  await workbench.quickInput.type(label)
  await workbench.quickInput.pick(label)
}

async function terminalSays(text: string): Promise<void> {
  const terminal = workbench.page.locator('.terminal-wrapper.active .xterm-rows')
  await expect
    .poll(async () => (await terminal.allInnerTexts()).join('\n').replaceAll('\u00a0', ' '), fleetPatience)
    .toContain(text)
}
