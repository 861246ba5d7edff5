import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { requiring } from '../../../src/protocol/action.ts'
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
