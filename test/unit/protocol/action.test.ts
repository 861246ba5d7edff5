import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { invalidField, requiring } from '../../../src/protocol/action.ts'
import { type CommandMessage, parseMessage } from '../../../src/protocol/messages.ts'
import { sampleCommand as command } from '../../support/sampleCommand.ts'

const actionOf = (action: unknown) => (parseMessage({ ...command, action }) as CommandMessage).action

describe('a command that requires parts', () => {
  it('is unsupported where one of them is not known, and says which', () => {
    expect(actionOf(requiring({ kind: 'shell', command: 'true' }, ['moon', 'tide']))).toEqual({
      kind: 'unsupported',
      requested: 'requires moon, tide',
      unknown: ['moon', 'tide'],
    })
  })

  it('is an ordinary one where it requires nothing', () => {
    expect(actionOf(requiring({ kind: 'ping' }, []))).toEqual({ kind: 'ping' })
  })

  it('can be read by those that know nothing of requirements, however many parts there are', () => {
    const parts = Array.from({ length: 32 }, (_, index) => `aRatherLongNameOfAPart${index}`)
    expect(requiring({ kind: 'ping' }, parts).kind).toHaveLength(64)
  })

  it('is never taken for the same command without them, however it is written', () => {
    const written = fc.record({
      kind: fc.constantFrom('shell', 'ping', 'requires moon'),
      command: fc.constant('true'),
      requires: fc.oneof(fc.constant(['moon']), fc.jsonValue()),
      action: fc.oneof(fc.constant({ kind: 'ping' }), fc.jsonValue()),
    })
    fc.assert(
      fc.property(written, (action) => {
        const { kind } = actionOf(action)
        const isFreeOfThem = Array.isArray(action.requires) && action.requires.length === 0
        expect(kind === 'unsupported' || isFreeOfThem).toBe(true)
      }),
    )
  })
})

describe('an action that is known', () => {
  it.each([
    ['user', { user: 'two words' }, 'user: a user name'],
    ['user', { user: '--reuid' }, 'user: a user name'],
    ['user', { user: 'a:b' }, 'user: a user name'],
    ['directory', { directory: 'srv' }, 'directory: an absolute directory'],
    ['variable', { environment: { 'NOT A NAME': 'x' } }, 'a variable name'],
    ['command', { command: '' }, 'command: '],
    ['command', { command: 5 }, 'command: '],
  ])('with a %s that is not valid is refused by the name of that field: %o', (_, fields, invalid) => {
    const action = actionOf({ kind: 'shell', command: 'true', ...fields })
    expect(action).toMatchObject({ kind: 'unsupported', requested: 'shell' })
    expect((action as { invalid?: string }).invalid).toContain(invalid)
  })

  it.each([
    ...['deploy', 'john.doe', 'jdoe@example.com', 'CORP\\jdoe', 'svc$', '1000', 'Ünal', 'a'.repeat(64)],
  ])('may run as %s', (user) => {
    const action = { kind: 'shell' as const, command: 'true', user }
    expect(actionOf(action)).toEqual(action)
    expect(invalidField(action)).toBeUndefined()
  })

  it('is told from one of a later version, of which no field is judged', () => {
    expect(actionOf({ kind: 'teleport', user: 'two words' })).toEqual({
      kind: 'unsupported',
      requested: 'teleport',
    })
  })
})
