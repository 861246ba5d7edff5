import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type CommandMessage, parseMessage } from '../../../src/protocol/messages.ts'
import { sampleCommand as command } from '../../support/sampleCommand.ts'

const from = { runId: 'run-of-a-test', agentId: 'i-1', hostname: 'web01', sentAt: 1 }

describe('parseMessage', () => {
  it('drops fields that it does not know', () => {
    const { action, ...rest } = command
    expect(parseMessage({ ...rest, later: 1, action: { ...action, later: 2 } })).toEqual(command)
  })

  it.each([
    [{ kind: 's3', bucket: 'x' }, 's3'],
    [{ kind: 'shell' }, 'shell'],
    [{ kind: 'shell', command: 'true', user: 'root; rm' }, 'shell'],
    [{ kind: 'shell', command: 'true', directory: 'relative' }, 'shell'],
    [{ kind: 'shell', command: 'true', environment: { 'a b': '1' } }, 'shell'],
    [{ kind: 'script', name: '../x', content: '', args: [] }, 'script'],
    [{ kind: 'script', name: 'x', content: 'no base64!', args: [] }, 'script'],
    [{ kind: 'cancel', runId: '../../etc' }, 'cancel'],
  ])('takes the action %j as one to be refused by name, not as none', (action, requested) => {
    const message = parseMessage({ ...command, action }) as CommandMessage
    expect(message.action).toMatchObject({ kind: 'unsupported', requested })
  })

  it.each([
    ['filter', { filter: '' }],
    ['filter', { filter: undefined }],
    ['environment', { environment: 'a/b' }],
    ['runId', { runId: '../../../../etc' }],
    ['replyTo', { replyTo: 'https://elsewhere/queue' }],
    ['timeoutMs', { timeoutMs: 0 }],
    ['timeoutMs', { timeoutMs: 8 * 24 * 3600 * 1000 }],
    ['ttlMs', { ttlMs: 1.5 }],
    ['action', { action: {} }],
    ['targets.0', { targets: ['../x'] }],
    ['type', { type: 'greeting' }],
  ])('names %s when it is wrong', (field, wrong) => {
    expect(() => parseMessage({ ...command, ...wrong })).toThrow(new RegExp(`^${field}: `))
  })

  it('does not let a host name, an agent id or a stream number through that is none', () => {
    const ack = { type: 'ack', ...from, state: 'started' }
    expect(parseMessage(ack)).toEqual(ack)
    expect(() => parseMessage({ ...ack, hostname: 'web\u001b[31m' })).toThrow(/hostname/)
    expect(() => parseMessage({ ...ack, agentId: '.hidden' })).toThrow(/agentId/)
    expect(() => parseMessage({ type: 'output', ...from, frame: 0, segments: [[3, 1]] })).toThrow(/segments/)
    expect(() => parseMessage({ type: 'output', ...from, frame: -1, segments: [] })).toThrow(/frame/)
  })

  it('takes a refusal whose code is of a later version: that it is one, and why, is what matters', () => {
    const refusal = { type: 'refusal', ...from, code: 'moonlight', reason: 'It is not full moon.' }
    expect(parseMessage(refusal)).toEqual({ ...refusal, code: 'unsupported' })
  })

  it('takes a script of several megabytes', () => {
    const content = Buffer.alloc(6 * 1024 * 1024, 'x').toString('base64')
    const action = { kind: 'script', name: 'big.sh', content, args: [] }
    expect((parseMessage({ ...command, action }) as CommandMessage).action.kind).toBe('script')
  })

  it('throws nothing but an Error with a sentence, whatever it is given', () => {
    const anything = fc.oneof(
      fc.jsonValue(),
      fc
        .tuple(fc.constantFrom(...Object.keys(command)), fc.jsonValue())
        .map(([key, value]) => ({ ...command, [key]: value })),
    )
    fc.assert(
      fc.property(anything, (json) => {
        try {
          parseMessage(json)
        } catch (error) {
          expect((error as Error).message).toMatch(/^.+: .+/s)
        }
      }),
    )
  })
})
