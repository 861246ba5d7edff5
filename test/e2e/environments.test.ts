import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { openWorkbench, type Workbench } from '../support/editor.ts'
import { fleetPatience, withoutAws } from '../support/fleetWorkbench.ts'
import { type SqsServer, startSqs } from '../support/sqs.ts'

let sqs: SqsServer
let workbench: Workbench

beforeAll(async () => {
  sqs = await startSqs()
  workbench = await openWorkbench({ env: withoutAws })
  await workbench.openContainer('EC2 Collective')
})
beforeEach((context) => workbench.record(context))
afterAll(async () => {
  await workbench?.close()
  await sqs?.stop()
})

describe('An environment', () => {
  it('is added step by step, with its name and region checked', async () => {
    const { quickInput } = workbench
    await workbench.runCommand('EC2 Collective: Add Environment…')
    await quickInput.titled('Add Environment')
    await quickInput.type('a b')
    await expect.poll(() => quickInput.message(), fleetPatience).toContain('“a b” is not an environment name')
    await quickInput.type('staging')
    await quickInput.accept()
    await expect.poll(() => quickInput.message(), fleetPatience).toContain('AWS region')
    await quickInput.type('Ireland')
    await expect.poll(() => quickInput.message(), fleetPatience).toContain('an AWS region such as eu-west-1')
    await quickInput.type('eu-west-1')
    await quickInput.accept()
    await quickInput.pick('Protected: you type its name before every run')
    await quickInput.pick('purple')
    await quickInput.pick('Workspace file')
    const row = await workbench.view('Environments').row('staging')
    expect(row.description).toContain('protected')
    expect(await workspaceFile()).toBe(
      'environments:\n  staging:\n    region: eu-west-1\n    protected: true\n    colour: purple\n',
    )
  })

  it('that stands in a file is edited there', async () => {
    await workbench.view('Environments').choose('staging', 'Edit Environment')
    await expect
      .poll(() => workbench.tabs(), fleetPatience)
      .toContainEqual(expect.stringContaining('ec2-collective'))
  })

  it('is removed after a question, and its queues are left alone', async () => {
    const view = workbench.view('Environments')
    await view.choose('staging', 'Remove Environment…')
    expect(await workbench.dialog.text()).toContain('Its queues and agents stay as they are')
    await workbench.dialog.press('Remove')
    await expect.poll(() => view.welcome(), fleetPatience).toContain('No environment yet')
    expect(await workspaceFile()).toBe('environments:\n')
  })
})

function workspaceFile(): Promise<string> {
  return readFile(path.join(workbench.workspace, '.vscode/ec2-collective.yaml'), 'utf8')
}

describe('An untrusted workspace', () => {
  let untrusted: Workbench

  beforeAll(async () => {
    untrusted = await openWorkbench({
      env: withoutAws,
      trust: false,
      settings: { 'security.workspace.trust.startupPrompt': 'never' },
      files: {
        '.vscode/ec2-collective.yaml': `environments:\n  theirs:\n    region: eu-west-1\n    endpoint: ${sqs.endpoint}\nsnippets:\n  Trap:\n    environment: theirs\n    filter: "*"\n    command: id\n`,
      },
    })
    await untrusted.openContainer('EC2 Collective')
  })
  beforeEach((context) => untrusted.record(context))
  afterAll(() => untrusted?.close())

  it('shows what it brings along, connects to nothing and runs nothing', async () => {
    const view = untrusted.view('Environments')
    await view.row('theirs')
    await view.expand('theirs')
    await view.row('This workspace is not trusted, so its environments are not connected.')
    await untrusted.runCommand('EC2 Collective: Run Snippet…')
    await untrusted.quickInput.pick('Trap')
    await untrusted.notifications.shows('so its snippets cannot be run')
  })
})

describe('A workspace’s settings', () => {
  let mixed: Workbench
  const environments = (entry: object) => ({ 'ec2Collective.environments': { production: entry } })

  beforeAll(async () => {
    mixed = await openWorkbench({
      env: withoutAws,
      settings: {
        ...environments({ region: 'eu-west-1', protected: true, endpoint: sqs.endpoint }),
        'ec2-collective.environments': { old: { region: 'eu-west-1', endpoint: sqs.endpoint } },
      },
      files: {
        '.vscode/settings.json': JSON.stringify(
          environments({ protected: false, endpoint: 'https://elsewhere.example' }),
        ),
      },
    })
    await mixed.openContainer('EC2 Collective')
  })
  beforeEach((context) => mixed.record(context))
  afterAll(() => mixed?.close())

  it('change nothing of what the user’s settings say of a name', async () => {
    const view = mixed.view('Environments')
    await view.row('production')
    const rows = (await view.rows()).filter(({ label }) => label === 'production')
    expect(rows.map(({ description, icon }) => [icon === 'error', description])).toEqual([
      [false, expect.stringContaining(`protected · eu-west-1 · ${sqs.endpoint}`)],
      [true, expect.stringContaining('Your user settings define “production” differently (endpoint)')],
    ])
  })

  it('are told of by their old name, which still works, and are moved when the user says so', async () => {
    const view = mixed.view('Environments')
    expect((await view.row('old')).description).toContain('eu-west-1')
    await mixed.notifications.press('Settings with the old name still work', 'Move Settings')
    await mixed.notifications.shows('Moved: ec2Collective.environments')
    const file = path.join(mixed.workspace, '../user/User/settings.json')
    const settings = JSON.parse(await readFile(file, 'utf8'))
    expect(settings).not.toHaveProperty(['ec2-collective.environments'])
    expect(Object.keys(settings['ec2Collective.environments'])).toEqual(['production', 'old'])
    await view.row('old')
  })
})
