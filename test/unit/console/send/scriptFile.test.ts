import { mkdir, mkdtemp, rm, symlink, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import * as vscode from 'vscode'
import { fileScript } from '../../../../src/console/send/scriptFile.ts'
import type { Sending } from '../../../../src/console/send/sending.ts'
import type { Snippets } from '../../../../src/console/send/snippets.ts'
import { FleetTasks } from '../../../../src/console/tasks/fleetTasks.ts'
import type { Trouble } from '../../../../src/console/trouble.ts'
import { openDocuments } from '../../../support/documents.ts'

let home: string
let secret: string

beforeEach(async () => {
  home = await mkdtemp(path.join(tmpdir(), 'script-file-'))
  const folder = path.join(home, 'workspace')
  secret = path.join(home, 'secret')
  await mkdir(folder)
  await writeFile(secret, 'secret')
  await writeFile(path.join(folder, 'deploy.sh'), 'true')
  await symlink(secret, path.join(folder, 'link.sh'))
  await writeFile(path.join(folder, 'huge.sh'), '')
  await truncate(path.join(folder, 'huge.sh'), 2 ** 32)
  openDocuments(folder)
})
afterEach(() => rm(home, { recursive: true, force: true }))

const textOf = async (...args: Parameters<typeof fileScript>) =>
  Buffer.from((await fileScript(...args)).content, 'base64').toString()

describe('The script file of a task of the workspace', () => {
  it('is one of its folders', async () => {
    expect(await textOf('deploy.sh', [], undefined, 'workspace')).toBe('true')
  })

  it.each([
    ['../secret', 'The script ../secret is outside its workspace folder.'],
    ['link.sh', 'The script link.sh is outside its workspace folder.'],
    ['huge.sh', 'The script huge.sh is larger than 3145728 bytes, the most that can be sent.'],
    ['.', 'The script . is outside its workspace folder.'],
    ['none.sh', 'There is no script none.sh in the workspace.'],
  ])('is not %s', async (file, sentence) => {
    await expect(fileScript(file, [], undefined, 'workspace')).rejects.toThrow(sentence)
  })

  it('is not an absolute path, which the user may name', async () => {
    await expect(fileScript(secret, [], undefined, 'workspace')).rejects.toThrow(
      'is outside its workspace folder',
    )
    expect(await textOf(secret, [], undefined, 'anywhere')).toBe('secret')
    await expect(fileScript('/dev/zero', [], undefined, 'anywhere')).rejects.toThrow(
      '/dev/zero is not a file with a script.',
    )
  })
})

describe('A task', () => {
  it.each([
    [vscode.TaskScope.Global, 'anywhere'],
    [vscode.TaskScope.Workspace, 'workspace'],
    [{ uri: vscode.Uri.file('/w'), name: 'w', index: 0 }, 'workspace'],
    [undefined, 'workspace'],
  ])('of scope %j may name files: %s', async (scope, files) => {
    const started: unknown[][] = []
    const sending = {
      withArguments: async (...args: unknown[]) => {
        started.push(args)
        return { kind: 'not-sent', why: 'stopped' }
      },
    } as unknown as Sending
    const tasks = new FleetTasks(sending, {} as Snippets, {} as Trouble)
    const definition = { type: 'ec2-collective', file: '/x' }
    const task = tasks.resolveTask({ definition, scope, name: 'x' } as unknown as vscode.Task)
    const { callback } = task.execution as unknown as {
      callback: (definition: unknown) => Promise<vscode.Pseudoterminal>
    }
    const terminal = await callback(definition)
    const closed = new Promise((resolve) => terminal.onDidClose?.(resolve))
    terminal.open(undefined)
    await closed
    expect(started[0]?.at(-1)).toBe(files)
  })
})
