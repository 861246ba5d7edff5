import { describe, expect, it } from 'vitest'
import { confirmationFor, type SendOrigin } from '../../../../src/console/send/confirmation.ts'
import { everyone } from '../../../../src/protocol/filter/writtenFilter.ts'
import type { RunRequest } from '../../../../src/run/runRequest.ts'
import { declared } from '../../../support/declared.ts'

const origins: SendOrigin[] = [
  { kind: 'flow' },
  { kind: 'arguments', confirm: true },
  { kind: 'arguments', confirm: false },
  { kind: 'task', confirm: true },
  { kind: 'task', confirm: false },
  { kind: 'task' },
  { kind: 'page' },
]
const actions: RunRequest['action'][] = [
  { kind: 'shell', command: 'true' },
  { kind: 'ping' },
  { kind: 'facts' },
]

const ask = (
  isProtected: boolean,
  origin: SendOrigin,
  action: RunRequest['action'] = { kind: 'shell', command: 'true' },
) =>
  confirmationFor(
    {
      environment: declared('production', { protected: isProtected }),
      request: { filter: everyone, action, timeoutMs: 1000 },
    },
    origin,
  )

describe('confirmationFor', () => {
  it('asks for the name of a protected environment, whatever is sent and wherever it comes from', () => {
    for (const origin of origins) {
      for (const action of actions)
        expect(ask(true, origin, action)).toEqual({ kind: 'type-name', name: 'production' })
    }
  })

  it('asks no more of somebody who has just read the sentence', () => {
    expect(ask(false, { kind: 'flow' })).toEqual({ kind: 'none' })
    expect(ask(false, { kind: 'task' })).toEqual({ kind: 'none' })
  })

  it('asks callers with arguments, unless they want no question', () => {
    expect(ask(false, { kind: 'task', confirm: true })).toEqual({ kind: 'ask' })
    expect(ask(false, { kind: 'arguments', confirm: true })).toEqual({ kind: 'ask' })
    expect(ask(false, { kind: 'arguments', confirm: false })).toEqual({ kind: 'none' })
    expect(ask(false, { kind: 'arguments', confirm: true }, { kind: 'ping' })).toEqual({ kind: 'none' })
  })

  it('never lets a page send by itself', () => {
    for (const action of actions) expect(ask(false, { kind: 'page' }, action)).toEqual({ kind: 'ask' })
  })
})
