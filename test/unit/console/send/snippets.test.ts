import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { openDocuments } from '../../../support/documents.ts'
import { snippetsOf } from '../../../support/snippetsOf.ts'

let folder: string

beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'snippets-'))
  openDocuments(folder)
})
afterEach(() => rm(folder, { recursive: true, force: true }))

describe('a snippet’s file', () => {
  const run = (file: string) =>
    snippetsOf(folder, { 'a.fleet.yaml': `snippets: { Deploy: { file: ${file} } }\n` }).draftByName(
      'Deploy',
      {},
    )

  it('is sent as it lies in the workspace folder', async () => {
    await mkdir(path.join(folder, 'ops'))
    await writeFile(path.join(folder, 'ops/deploy.sh'), '#!/bin/sh\ntrue\n')
    expect(await run('ops/deploy.sh')).toMatchObject({
      action: {
        kind: 'script',
        name: 'deploy.sh',
        content: Buffer.from('#!/bin/sh\ntrue\n').toString('base64'),
      },
    })
  })

  it.each(['../credentials', '/etc/passwd', 'ops/../../credentials', '"C:\\\\x.sh"'])(
    'is refused where it is %s',
    async (file) => {
      await expect(run(file)).rejects.toThrow('a path inside its workspace folder')
    },
  )

  it('is refused where a link leads out of the folder', async () => {
    await symlink('/etc/passwd', path.join(folder, 'deploy.sh'))
    await expect(run('deploy.sh')).rejects.toThrow('The script deploy.sh is outside its workspace folder.')
  })

  it('is missing where nothing is', async () => {
    await expect(run('deploy.sh')).rejects.toThrow('There is no script deploy.sh in the workspace.')
  })
})

describe('a snippet that is named', () => {
  it('cannot be used with a mistake in it, and says which', async () => {
    const snippets = snippetsOf(folder, { 'a.fleet.yaml': 'snippets: { A: { comand: ls } }\n' })
    await expect(snippets.named('A')).rejects.toThrow(
      'The snippet “A” cannot be used. Unknown key “comand”. Did you mean “command”? A snippet needs exactly one of command, script and file.',
    )
  })

  it('gives the run its view', async () => {
    const text = 'snippets: { Disk: { command: df, view: { columns: [Use%], sort: -Use% } } }\n'
    const draft = await snippetsOf(folder, { 'a.fleet.yaml': text }).draftByName('Disk', {})
    expect(draft).toMatchObject({ view: { columns: ['Use%'], sort: '-Use%' } })
  })

  it('is not guessed where two files have one of this name', async () => {
    const text = 'snippets: { A: { command: ls }, B: { command: ls } }\n'
    const snippets = snippetsOf(folder, { 'a.fleet.yaml': text, 'b.fleet.yaml': text.replace('B:', 'C:') })
    await expect(snippets.named('A')).rejects.toThrow(
      '2 snippets are named “A” (a.fleet.yaml, b.fleet.yaml). Rename all but one.',
    )
    expect((await snippets.named('C')).uri.path).toContain('b.fleet.yaml')
  })
})
