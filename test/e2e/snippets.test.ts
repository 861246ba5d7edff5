import { readdir, readFile } from 'node:fs/promises'
import path from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { Workbench } from '../support/editor.ts'
import { fleetPatience, openFleetWorkbench } from '../support/fleetWorkbench.ts'

let workbench: Workbench

const file = `# What we do every week.
snippets:
  Greet:
    environment: testing
    filter: role=web
    command: echo "hello $WHOM, $SIZE" && test -n "$TOKEN"
    inputs:
      WHOM: { prompt: Whom? }
      SIZE: { choices: [small, large] }
      TOKEN: { secret: true }
  Broken:
    environment: testing
    filter: role=(
    command: ls
    timout: 5
`

beforeAll(async () => {
  workbench = await openFleetWorkbench({ files: { '.vscode/ec2-collective.yaml': file } })
})
beforeEach((context) => workbench.record(context))
afterAll(() => workbench?.close())

describe('A snippet', () => {
  it('is listed with where it goes, and opens in its file', async () => {
    const view = workbench.view('Snippets')
    expect((await view.row('Greet')).description).toContain('testing · role=web')
    await view.click('Greet')
    await expect.poll(() => workbench.tabs()).toContainEqual(expect.stringContaining('ec2-collective'))
  })

  it('has a lens that says on how many agents it would run', async () => {
    await lens(/Run on testing · 3 agents/).waitFor({ timeout: fleetPatience.timeout })
  })

  it('that is wrong is marked where it is wrong, and stays in the view with the reasons', async () => {
    const row = await workbench.view('Snippets').row('Broken')
    expect(row).toMatchObject({
      icon: 'error',
      description: expect.stringContaining('Did you mean “timeout”?'),
    })
    await expect
      .poll(() => workbench.page.locator('.squiggly-error').count(), fleetPatience)
      .toBeGreaterThan(0)
    await workbench.statusBar.shows(/[1-9]/)
  })

  it('asks for its inputs, which reach the command as variables, and keeps no secret', async () => {
    const { quickInput, workspace } = workbench
    const trap = '$(touch /tmp/x); "quoted" \'too\''
    await lens(/Run on testing/).click()
    await quickInput.titled('Greet (1 of 3)')
    await quickInput.type(trap)
    await quickInput.accept()
    await quickInput.titled('Greet (2 of 3)')
    await quickInput.pick('large')
    await quickInput.titled('Greet (3 of 3)')
    await quickInput.type('s3cr3t')
    await quickInput.accept()
    await quickInput.titled('Run on testing')
    await quickInput.accept()
    const page = workbench.webview()
    await page.getByText('3 agents, all accounted for').waitFor()
    await page.getByText(`hello ${trap}, large`).first().waitFor()
    const kept = await filesBelow(path.join(workspace, '../user'))
    for (const text of kept) expect(text).not.toContain('s3cr3t')
  })
})

describe('The history', () => {
  it('saves a command as a snippet, and leaves the rest of the file alone', async () => {
    const { quickInput } = workbench
    await send('echo one; hostname')
    await workbench.runCommand('EC2 Collective: Save Last Command as Snippet…')
    await quickInput.titled('Save as Snippet')
    await quickInput.type('Who is there')
    await quickInput.accept()
    await workbench.view('Snippets').row('Who is there')
    const text = await readFile(path.join(workbench.workspace, '.vscode/ec2-collective.yaml'), 'utf8')
    expect(text.startsWith(file)).toBe(true)
    expect(text.slice(file.length)).toContain('command: echo one; hostname')
    expect(text.slice(file.length)).not.toContain('timeout')
  })

  it('saves a command beside what somebody is typing, and saves none of that for them', async () => {
    const { quickInput, page } = workbench
    const saved = await readFile(path.join(workbench.workspace, '.vscode/ec2-collective.yaml'), 'utf8')
    await workbench.view('Snippets').click('Greet')
    await page.locator('.editor-instance .monaco-editor.focused').first().waitFor()
    await page.keyboard.press('Control+Home')
    await page.keyboard.type('# Half a thought')
    await page.keyboard.press('Enter')
    await workbench.runCommand('EC2 Collective: Save Last Command as Snippet…')
    await quickInput.titled('Save as Snippet')
    await quickInput.type('Beside it')
    await quickInput.accept()
    await workbench.notifications.shows('has unsaved changes of yours')
    await page.locator('.view-line', { hasText: 'Beside it:' }).first().waitFor()
    const file = path.join(workbench.workspace, '.vscode/ec2-collective.yaml')
    expect(await readFile(file, 'utf8')).toBe(saved)
    await workbench.notifications.press('has unsaved changes of yours', 'Save')
    await workbench.view('Snippets').row('Beside it')
    const text = await readFile(file, 'utf8')
    expect(text.startsWith(`# Half a thought\n${saved}`)).toBe(true)
    expect(text.slice(text.indexOf('Beside it'))).toContain('command: echo one; hostname')
  })

  it('compares two runs', async () => {
    await send('echo two; hostname')
    const history = workbench.view('History')
    await history.click('echo one; hostname')
    await history.click('echo two; hostname', { with: 'Control' })
    await history.choose('echo two; hostname', 'Compare Runs')
    await expect
      .poll(() => workbench.tabs(), fleetPatience)
      .toContain('echo one; hostname ↔ echo two; hostname')
  })

  it('is searched by command, filter, environment and result', async () => {
    const { quickInput } = workbench
    await workbench.runCommand('EC2 Collective: Search History…')
    await quickInput.titled('Search History')
    for (const text of ['role=web', '3 succeeded']) {
      await quickInput.type(text)
      await expect
        .poll(async () => (await quickInput.items()).map(({ label }) => label), fleetPatience)
        .toEqual([expect.stringContaining('echo "hello $WHOM')])
    }
    await quickInput.type('echo one')
    await quickInput.pick('echo one; hostname')
    await workbench.webview().locator('.head-command', { hasText: 'echo one; hostname' }).waitFor()
  })

  it('runs again against today’s fleet, after asking', async () => {
    const history = workbench.view('History')
    await history.choose('echo two; hostname', 'Run This Command Again…')
    expect(await workbench.dialog.text()).toContain(
      'Run “echo two; hostname” on 1 of 6 agents of testing (role=db)',
    )
    await workbench.dialog.press('Cancel')
  })

  it('deletes a run with its outputs, after a question', async () => {
    const history = workbench.view('History')
    // Two rows are selected since they were compared.
    await history.click('echo one; hostname')
    await history.choose('echo one; hostname', 'Delete from History…')
    expect(await workbench.dialog.text()).toContain('Delete this run and its output?')
    await workbench.dialog.press('Delete')
    await expect
      .poll(async () => (await history.rows()).map(({ label }) => label), fleetPatience)
      .not.toContain('echo one; hostname')
    await history.row('echo two; hostname')
  })
})

function lens(text: RegExp) {
  return workbench.page.locator('.codelens-decoration a', { hasText: text }).first()
}

async function send(command: string): Promise<void> {
  const { quickInput } = workbench
  await workbench.runCommand('EC2 Collective: Run Command…')
  await quickInput.pick('testing')
  await quickInput.titled('testing')
  await quickInput.type('role=db')
  await quickInput.pick('1 of 6 agents match')
  await quickInput.titled('role=db')
  await quickInput.type(command)
  await quickInput.accept()
  await quickInput.titled('Run on testing')
  await quickInput.accept()
  await quickInput.closed()
  await expect
    .poll(async () => (await workbench.view('History').row(command)).description, fleetPatience)
    .toContain('1 succeeded')
}

async function filesBelow(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true })
  const runs = entries.filter(
    (entry) => entry.isFile() && /runs|logs/.test(entry.parentPath) && !entry.name.endsWith('.new'),
  )
  return Promise.all(runs.map((entry) => readFile(path.join(entry.parentPath, entry.name), 'latin1')))
}
