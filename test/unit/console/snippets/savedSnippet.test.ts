import { describe, expect, it } from 'vitest'
import { declarationOf } from '../../../../src/console/snippets/snippetCommands.ts'
import type { RecordedRequest } from '../../../../src/run/runRequest.ts'

const save = (request: Partial<RecordedRequest>) =>
  declarationOf(
    { filter: 'role=web', timeoutMs: 60_000, action: { kind: 'shell', command: 'df' }, ...request },
    'testing',
    'role=web',
    60_000,
  )

describe('a command that is saved as a snippet', () => {
  it('keeps its variables as inputs with their values, and of secrets only the names', () => {
    const action = {
      kind: 'shell',
      command: 'find "$DIR" -mtime +"$DAYS" -delete',
      environment: { DIR: '/var/cache', DAYS: '7', TOKEN: 'hunter2' },
    } as const
    const saved = save({ action, secrets: ['TOKEN'] })
    expect(saved).toMatchObject({
      inputs: { DIR: { default: '/var/cache' }, DAYS: { default: '7' }, TOKEN: { secret: true } },
    })
    expect(JSON.stringify(saved)).not.toContain('hunter2')
  })

  it('has no inputs without variables, and leaves out agents that were chosen by hand', () => {
    expect(save({})).toEqual({ environment: 'testing', filter: 'role=web', command: 'df' })
    expect(save({ targets: ['i-1'] })).toEqual({ environment: 'testing', command: 'df' })
  })

  it('keeps the view that its page was opened with', () => {
    const view = { columns: ['Use%', 'fact:az'], sort: '-Use%' }
    expect(save({ view })).toMatchObject({ view })
  })

  it('is neither a ping nor a look at facts', () => {
    expect(() => save({ action: { kind: 'ping' } })).toThrow('Only commands and scripts')
  })
})
