import { describe, expect, it } from 'vitest'
import { runs } from '../../../../src/console/snippets/saveView.ts'
import type { SnippetDeclaration } from '../../../../src/declarations/snippet.ts'
import type { RecordedRequest } from '../../../../src/run/runRequest.ts'

const shell = { kind: 'shell', command: 'df -h' } as const
const script: RecordedRequest['action'] = {
  kind: 'script',
  name: 'disk.sh',
  content: Buffer.from('#!/bin/sh\ndf\n').toString('base64'),
  args: [],
}

describe('the snippet that a view is saved to', () => {
  it.each<[SnippetDeclaration, boolean]>([
    [{ command: 'df -h' }, true],
    [{ command: 'df -h', filter: 'role=db', user: 'root' }, true],
    [{ command: 'df' }, false],
    [{ script: 'df -h' }, false],
    [{ file: 'df -h' }, false],
  ])('is one that runs that command: %j', (declaration, isIt) => {
    expect(runs({ declaration }, shell)).toBe(isIt)
  })

  it.each<[SnippetDeclaration, boolean]>([
    [{ script: '#!/bin/sh\ndf\n' }, true],
    [{ script: '#!/bin/sh\ndu\n' }, false],
    [{ file: 'scripts/disk.sh' }, true],
    [{ file: 'scripts/disc.sh' }, false],
    [{ command: 'disk.sh' }, false],
  ])('is one that runs that script, or the file of that name: %j', (declaration, isIt) => {
    expect(runs({ declaration }, script)).toBe(isIt)
  })

  it('is none of a ping', () => {
    expect(runs({ declaration: { command: 'ping' } }, { kind: 'ping' })).toBe(false)
  })
})
