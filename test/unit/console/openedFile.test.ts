import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { setImmediate } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import * as vscode from 'vscode'
import { activate } from '../../../src/extension.ts'
import { openDocuments, type TypedDocument } from '../../support/documents.ts'
import { memento } from '../../support/memento.ts'
import { type ScriptedEndpoint, startScriptedEndpoint, success } from '../../support/scriptedEndpoint.ts'
import { until } from '../../support/until.ts'
import { answers, calls } from '../../support/vscodeStandIn.mjs'

/** The whole extension, in a workspace whose file names a real endpoint and a profile that runs a program. */
let folder: string
let endpoint: ScriptedEndpoint
let document: TypedDocument
let context: vscode.ExtensionContext

beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'opened-file-'))
  endpoint = await startScriptedEndpoint((request) =>
    request.operation === 'GetQueueAttributes'
      ? {
          body: {
            Attributes: { ApproximateNumberOfMessages: '0', ApproximateNumberOfMessagesNotVisible: '0' },
          },
        }
      : success(request),
  )
  const program = path.join(folder, 'keys.sh')
  await writeFile(
    program,
    `#!/bin/sh\necho run >> ${folder}/started\necho '{"Version":1,"AccessKeyId":"AKIA1","SecretAccessKey":"s"}'\n`,
  )
  await chmod(program, 0o700)
  await writeFile(path.join(folder, 'config'), `[profile theirs]\ncredential_process = ${program}\n`)
  vi.stubEnv('AWS_CONFIG_FILE', path.join(folder, 'config'))
  vi.stubEnv('AWS_SHARED_CREDENTIALS_FILE', path.join(folder, 'none'))
  const workspace = path.join(folder, 'workspace')
  await mkdir(path.join(workspace, '.vscode'), { recursive: true })
  await writeFile(
    path.join(workspace, '.vscode/ec2-collective.yaml'),
    `environments:
  testing: { region: eu-west-1, profile: theirs, endpoint: '${endpoint.endpoint}' }
snippets:
  web: { environment: testing, filter: role=web, command: uptime }
`,
  )
  const documents = openDocuments(workspace)
  calls.length = 0
  answers['languages.match'] = 10
  context = {
    extension: { id: 'ec2-collective.ec2-collective', packageJSON: { version: '0.0.0' } },
    extensionUri: vscode.Uri.file(folder),
    globalStorageUri: vscode.Uri.file(path.join(folder, 'global')),
    storageUri: vscode.Uri.file(path.join(folder, 'storage')),
    environmentVariableCollection: { get: () => undefined, delete: () => {} },
    ...{ workspaceState: memento(), globalState: memento(), subscriptions: [] },
  } as unknown as vscode.ExtensionContext
  activate(context)
  document = await documents.open('.vscode/ec2-collective.yaml')
})
afterEach(async () => {
  for (const each of context.subscriptions.reverse()) each.dispose()
  vi.unstubAllEnvs()
  Reflect.deleteProperty(answers, 'languages.match')
  Reflect.deleteProperty(vscode.window, 'showWarningMessage')
  await endpoint.stop()
  await rm(folder, { recursive: true, force: true })
})

/** What the extension has given to the editor. */
function registered<T>(name: string, at = 1): T {
  const call = calls.findLast((each: { name: string }) => each.name === name)
  if (call === undefined) throw new Error(`${name} was not called`)
  return call.args[at] as T
}

function command(name: string): (...args: unknown[]) => Promise<unknown> {
  const call = calls.find(
    ({ name: called, args }: { name: string; args: unknown[] }) =>
      called === 'commands.registerCommand' && args[0] === `ec2-collective.${name}`,
  )
  return call?.args[1] as never
}

/** As the editor does for a file that is opened: lenses, completion, hover, diagnostics, quick fixes. */
async function openFile(): Promise<vscode.CodeLens[]> {
  const lenses = registered<vscode.CodeLensProvider>('languages.registerCodeLensProvider')
  const completion = registered<vscode.CompletionItemProvider>('languages.registerCompletionItemProvider')
  const hover = registered<vscode.HoverProvider>('languages.registerHoverProvider')
  const actions = registered<vscode.CodeActionProvider>('languages.registerCodeActionsProvider')
  registered<(opened: vscode.TextDocument) => void>('workspace.onDidOpenTextDocument', 0)(document)
  const rest = [undefined, undefined] as unknown as [never, never]
  const text = document.getText()
  Object.assign(document, { offsetAt: ({ offset }: { offset: number }) => offset })
  for (const word of ['role=', 'testing, ', 'eu-west', 'filter', 'endpoint'])
    for (const at of [text.lastIndexOf(word), text.indexOf(word) + word.length]) {
      const position = { offset: at } as unknown as vscode.Position
      await completion.provideCompletionItems(document, position, ...rest)
      await hover.provideHover(document, position, rest[0])
    }
  await actions.provideCodeActions(
    document,
    new vscode.Range({ offset: 0 } as never, { offset: text.length } as never),
    ...rest,
  )
  return (await lenses.provideCodeLenses(document, rest[0])) ?? []
}

const titles = async () => (await openFile()).map((lens) => lens.command?.title)
const programStarts = () => readFile(path.join(folder, 'started'), 'utf8').catch(() => '')

/** Everything that was begun has come to its end, or to its request. */
async function settle(): Promise<void> {
  for (let turns = 0; turns < 200; turns += 1) await setImmediate()
}

describe('Opening a workspace file', () => {
  it('connects to nothing, reads no credentials and asks nothing; connecting asks once, and then counts', async () => {
    const asked: unknown[][] = []
    let answer: string | undefined
    Object.assign(vscode.window, {
      showWarningMessage: async (...question: unknown[]) => {
        asked.push(question)
        return answer
      },
    })
    expect(await titles()).toEqual(['$(play) Run on testing · role=web', '$(plug) Connect to count agents'])
    await settle()
    expect(await titles()).toHaveLength(2)
    expect([endpoint.requests, await programStarts(), asked]).toEqual([[], '', []])

    const [, lens] = await openFile()
    expect(lens?.command?.command).toBe('ec2-collective.connect')
    await command('connect')(...(lens?.command?.arguments ?? []))
    await settle()
    expect(asked).toHaveLength(1)
    expect([endpoint.requests, await programStarts()]).toEqual([[], ''])

    answer = 'Connect'
    await command('connect')(...(lens?.command?.arguments ?? []))
    expect(asked).toHaveLength(2)
    expect(endpoint.requests.length).toBeGreaterThan(0)
    expect(endpoint.requests.map(({ operation }) => operation)).not.toContain('CreateQueue')
    expect(await programStarts()).toMatch(/run/)
    await until(async () => (await titles()).join() === '$(play) Run on testing · 0 agents', 'the count')
    expect(asked).toHaveLength(2)
  })
})
