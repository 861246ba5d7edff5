import { execFileSync } from 'node:child_process'
import { mkdir, mkdtemp, rm, symlink, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import * as vscode from 'vscode'
import {
  workspaceFilePath as file,
  WorkspaceFiles,
} from '../../../../src/console/declarations/workspaceFiles.ts'
import { addEntry } from '../../../../src/declarations/editEntries.ts'
import { parseWorkspaceFile } from '../../../../src/declarations/workspaceFile.ts'
import { type Documents, openDocuments } from '../../../support/documents.ts'

let folder: string
let documents: Documents
let files: WorkspaceFiles
let changes = 0

const written = 'snippets:\n  A: { command: a }\n'
const uri = () => vscode.Uri.file(path.join(folder, file))
const add = (name: string) => files.edit(uri(), (text) => addEntry(text, 'snippets', name, { command: name }))
const namesIn = (text: string) => parseWorkspaceFile(text).names.snippets

beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'workspace-files-'))
  documents = openDocuments(folder)
  files = new WorkspaceFiles()
  changes = 0
  files.onDidChange(() => {
    changes += 1
  })
})
afterEach(async () => {
  files.dispose()
  await rm(folder, { recursive: true, force: true })
})

async function write(text = written): Promise<void> {
  await mkdir(path.join(folder, '.vscode'), { recursive: true })
  await writeFile(path.join(folder, file), text)
}

describe('an edit of a workspace file', () => {
  it('makes the file and its folder where they are missing, and says so', async () => {
    const { isSaved } = await add('B')
    expect(isSaved).toBe(true)
    expect(await documents.onDisk(file)).toBe('snippets:\n  B:\n    command: B\n')
    expect(changes).toBe(1)
  })

  it('goes through the editor and is saved', async () => {
    await write()
    const document = await documents.open(file)
    const { isSaved } = await add('B')
    expect(isSaved).toBe(true)
    expect(document.getText()).toBe(`${written}  B:\n    command: B\n`)
    expect(await documents.onDisk(file)).toBe(document.getText())
  })

  it('keeps what somebody has typed and not saved, and leaves it unsaved', async () => {
    await write()
    const document = await documents.open(file)
    document.type(`${written}  Typed: { command: t }\n`)
    const { isSaved } = await add('B')
    expect(isSaved).toBe(false)
    expect(namesIn(document.getText())).toEqual(['A', 'Typed', 'B'])
    expect(document.isDirty).toBe(true)
    expect(await documents.onDisk(file)).toBe(written)
    expect(changes).toBe(0)
  })

  it('is repeated on top of what is typed at that moment', async () => {
    await write()
    const document = await documents.open(file)
    documents.beforeNextEdit(() => document.type(`${written}  Typed: { command: t }\n`))
    const { isSaved } = await add('B')
    expect(isSaved).toBe(false)
    expect(namesIn(document.getText())).toEqual(['A', 'Typed', 'B'])
  })

  it('is made in the file that somebody else makes at that moment', async () => {
    documents.beforeNextEdit(() => write())
    await add('B')
    expect(namesIn(await documents.onDisk(file))).toEqual(['A', 'B'])
  })

  it('waits for the one before', async () => {
    await Promise.all([add('B'), add('C'), add('D')])
    expect(namesIn(await documents.onDisk(file))).toEqual(['B', 'C', 'D'])
  })

  it('that fails stops none after it', async () => {
    const failing = add('B').then(() => add('B'))
    await expect(failing).rejects.toThrow('“B” already exists in snippets.')
    await add('C')
    expect(namesIn(await documents.onDisk(file))).toEqual(['B', 'C'])
  })

  it('that the editor refuses again and again, or cannot save, is an error', async () => {
    await write()
    const document = await documents.open(file)
    for (let n = 0; n < 5; n++) documents.beforeNextEdit(() => document.type(document.getText()))
    await expect(add('B')).rejects.toThrow(`Cannot change ${file}.`)
    await document.save()
    document.refuseToSave = true
    await expect(add('B')).rejects.toThrow(`Changed ${file}, but could not save it.`)
    expect(changes).toBe(0)
  })

  it.each([
    ['at the end', (text: string) => `${text}  Z: z\n`],
    ['in the middle', (text: string) => text.replace('command: a', 'command: b')],
    ['at the start', (text: string) => `# New.\n${text}`],
    ['everywhere', () => 'x\r\ny\r\n'],
    ['nowhere', (text: string) => text],
    ['to nothing', () => ''],
    ['by a line twice', (text: string) => text.replace('  A: { command: a }\n', (line) => line + line)],
  ])('gives what was asked for when it changes %s', async (_, change) => {
    const text = 'snippets:\r\n  A: { command: a }\n  A: { command: a }\n'
    await write(text)
    await files.edit(uri(), change)
    expect(await documents.onDisk(file)).toBe(change(text))
  })
})

describe('what workspace files declare', () => {
  it('is what is saved, not what somebody is typing', async () => {
    await write()
    const document = await documents.open(file)
    document.type('snippets:\n  Half a th')
    expect(await files.read()).toMatchObject([{ folder: path.basename(folder), text: written }])
    await document.save()
    expect(await files.read()).toMatchObject([{ text: 'snippets:\n  Half a th' }])
  })
})

describe('what a workspace file holds now', () => {
  it('is what stands in the editor, else on disk, else nothing', async () => {
    expect(await files.current(uri())).toBe('')
    await write()
    expect(await files.current(uri())).toBe(written)
    const document = await documents.open(file)
    document.type('typed')
    expect(await files.current(uri())).toBe('typed')
  })
})

describe('what is no file', () => {
  it('is skipped: links to pipes and devices are neither waited for nor read without end', async () => {
    await write()
    execFileSync('mkfifo', [path.join(folder, 'pipe')])
    const targets = ['/dev/zero', '/dev/tty', path.join(folder, 'pipe'), 'nowhere', 'e4.fleet.yaml']
    for (const [index, target] of targets.entries())
      await symlink(target, path.join(folder, `e${index}.fleet.yaml`))
    expect((await files.read()).map(({ uri: { path: found } }) => path.basename(found))).toEqual([
      'ec2-collective.yaml',
    ])
  })

  it('has no end: only its beginning is read, which is too much to be parsed', async () => {
    await write()
    await truncate(path.join(folder, file), 2 ** 40)
    const [found] = await files.read()
    expect(parseWorkspaceFile(found?.text ?? '').problems).toHaveLength(1)
  })
})
