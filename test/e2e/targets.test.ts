import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { Workbench } from '../support/editor.ts'
import { openFleetWorkbench, showsAgents } from '../support/fleetWorkbench.ts'
import type { QuickPickRow } from '../support/workbench/quickInput.ts'

let workbench: Workbench

beforeAll(async () => {
  workbench = await openFleetWorkbench({
    files: { '.vscode/ec2-collective.yaml': 'sets:\n  canaries: [web-01, db-01]\n' },
    keybindings: [
      { key: 'ctrl+alt+1', command: 'ec2-collective.runCommand', args: { environment: 'testing' } },
      {
        key: 'ctrl+alt+2',
        command: 'ec2-collective.runCommand',
        args: { environment: 'testing', filter: '@canaries', command: 'echo a set', confirm: false },
      },
    ],
  })
})
beforeEach((context) => workbench.record(context))
afterAll(() => workbench?.close())

const openBox = async () => {
  await workbench.page.keyboard.press('Control+Alt+1')
  await workbench.quickInput.titled('Run Command · testing')
}
/** Waits until the first row says this. */
const offers = (label: string) =>
  expect.poll(async () => (await workbench.quickInput.items())[0]?.label).toBe(label)
const rows = async () =>
  (await workbench.quickInput.items()).map(({ label, detail }: QuickPickRow) => [label, detail])
const text = () => workbench.page.locator('.quick-input-widget .quick-input-box input').inputValue()

/** As from another window: the box gets what its own paste makes of it. */
const paste = async (pasted: string) => {
  const { page } = workbench
  await page.context().grantPermissions(['clipboard-read', 'clipboard-write'])
  await page.evaluate(`navigator.clipboard.writeText(${JSON.stringify(pasted)})`)
  await workbench.quickInput.type('')
  await page.locator('.quick-input-widget .quick-input-box input').press('Control+V')
}

describe('A keybinding', () => {
  it('may name a set of the workspace file', async () => {
    await workbench.page.keyboard.press('Control+Alt+2')
    await workbench.webview().locator('.head-command', { hasText: 'echo a set' }).waitFor()
    await workbench.webview().getByText('2 agents, all accounted for').waitFor()
  })
})

describe('The box for targets', () => {
  it('offers names, patterns and values as what they mean', async () => {
    const { quickInput } = workbench
    await openBox()
    for (const [typed, offered] of [
      ['web-01', 'hostname=web-01 · 1 agent'],
      ['web*', 'hostname=web* · 3 agents'],
      ['web', 'role=web · 3 agents'],
      ['Role=web', 'Did you mean role=web? 3 agents'],
      ['i-0000000c0ffee0001', 'web-01 · 1 agent'],
      ['@canaries', '2 of 6 agents match'],
    ] as const) {
      await quickInput.type(typed)
      await offers(offered)
    }
    await quickInput.type('web')
    await offers('role=web · 3 agents')
    await workbench.screenshot('targets understood, dark')
    await workbench.setTheme('light')
    await workbench.screenshot('targets understood, light')
    await workbench.setTheme('dark')
  })

  it('stays where nobody matches, and says why for each agent', async () => {
    const { quickInput } = workbench
    await quickInput.type('role=mail')
    await offers('0 of 6 agents match')
    await quickInput.accept()
    await quickInput.titled('Run Command · testing')
    await quickInput.pick('Why is an agent not matched?')
    await quickInput.titled('Not matched by role=mail')
    await quickInput.type('db-01')
    await expect.poll(rows).toEqual([['db-01', 'It does not match: role is db, which does not match mail.']])
    await quickInput.cancel()
    await quickInput.titled('Run Command · testing')
    expect(await text()).toBe('role=mail')
  })

  it('takes a list that is pasted from anywhere, and names to the end what it does not find', async () => {
    const { quickInput } = workbench
    await paste('web-01\r\nweb-02;"web-99"\n')
    await offers('web-[01-02] · 2 agents')
    expect(await rows()).toContainEqual(['1 name matches no agent', 'web-99'])
    await workbench.screenshot('pasted list, dark')
    await workbench.setTheme('light')
    await workbench.screenshot('pasted list, light')
    await workbench.setTheme('dark')
    await quickInput.accept()
    await quickInput.titled('2 chosen agents (web-[01-02])')
    await quickInput.type('echo $(hostname)')
    await quickInput.accept()
    await quickInput.titled('Run on testing')
    expect((await rows())[0]?.[1]).toBe('on web-01, web-02 of testing: all at once, for at most 60 s each')
    expect(await rows()).toContainEqual(['Names that choose no agent (1)', 'web-99'])
  })

  it('has with Back what was typed, and after Escape and a reload of the window', async () => {
    const { quickInput } = workbench
    await quickInput.press('Back')
    await quickInput.titled('2 chosen agents')
    expect(await text()).toBe('echo $(hostname)')
    await quickInput.type('echo $(hostname); uptime')
    await quickInput.cancel()
    await quickInput.closed()
    // The container that was open opens by itself: a click would close it.
    await workbench.reload()
    await showsAgents(workbench, 'testing', 6)
    await openBox()
    await offers('web-[01-02] · 2 agents')
    await quickInput.accept()
    await quickInput.titled('2 chosen agents')
    expect(await text()).toBe('echo $(hostname); uptime')
    await quickInput.accept()
    await quickInput.titled('Run on testing')
    await quickInput.accept()
    await workbench.webview().getByText('2 agents, all accounted for').waitFor()
    await openBox()
    expect(await text()).toBe('')
    await quickInput.cancel()
  })

  it('replaces with the first key what was filled in', async () => {
    const { quickInput, page } = workbench
    await openBox()
    await quickInput.type('role=web')
    await quickInput.cancel()
    await quickInput.closed()
    await openBox()
    await page.keyboard.type('db-01')
    await offers('hostname=db-01 · 1 agent')
    await quickInput.cancel()
    // The toolkit of the page tries to style its parts inline, and does without.
    expect(workbench.errors([/Applying inline style violates .*sha256-47DEQpj8HBSa/s])).toEqual([])
  })
})
