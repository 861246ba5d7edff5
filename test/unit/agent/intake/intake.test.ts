import { generateKeyPairSync } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { decide, type IntakeContext } from '../../../../agent/src/intake/intake.ts'
import { parsePolicy } from '../../../../agent/src/policy/policy.ts'
import { sealBody } from '../../../../src/protocol/envelope.ts'
import type { CommandMessage } from '../../../../src/protocol/messages.ts'
import { admissionContext, command, sentAt } from '../../../support/admissionScene.ts'
import { sealSigned } from '../../../support/sealSigned.ts'

const context: IntakeContext = {
  ...admissionContext,
  ownerOf: () => undefined,
  knowsOrder: () => false,
  policy: { kind: 'open', why: 'never-set' },
  policyNow: async () => ({ kind: 'open', why: 'never-set' }),
  ownUser: 'root',
}

const pingsOnly = {
  kind: 'policy',
  policy: parsePolicy('rules: [{ actions: [ping] }]', 'policy.yaml'),
  digest: '',
} as const

const received = (body: string) => ({
  messageId: 'message-1',
  body,
  receiptHandle: '',
  sentAt,
  senderId: 'AIDAEXAMPLE',
  receiveCount: 1,
})

const given = (change: Partial<CommandMessage>, other: Partial<IntakeContext> = {}) =>
  decide(received(sealBody({ ...command, ...change })), { ...context, ...other })

describe('the intake', () => {
  it('accepts a command for this agent that the policy allows, and says what is audited', () => {
    expect(given({})).toMatchObject({
      kind: 'accepted',
      command: { runId: command.runId },
      audited: {
        senderId: 'AIDAEXAMPLE',
        issuer: 'me@desk',
        action: 'shell',
        claimedKey: undefined,
        verifiedKey: undefined,
      },
    })
  })

  it('asks the policy again when it is known what the directory really is', async () => {
    const policy = {
      kind: 'policy',
      policy: parsePolicy('rules: [{ name: web, directories: [/srv/app] }]', 'policy.yaml'),
      digest: '',
    } as const
    const decision = given(
      { action: { kind: 'shell', command: 'id', directory: '/srv/app' } },
      { policy, policyNow: async () => policy },
    )
    if (decision.kind !== 'accepted') throw new Error(decision.kind)
    expect(await decision.whyNot({ path: '/srv/app', isOthers: false })).toBeUndefined()
    expect(await decision.whyNot({ path: '/tmp/x', isOthers: false })).toMatch(
      /^web does not allow the directory \/srv\/app, which really is \/tmp\/x\. /,
    )
  })

  it('asks the policy again when the run starts: it may have waited, and the policy have changed', async () => {
    const decision = given({}, { policyNow: async () => pingsOnly })
    if (decision.kind !== 'accepted') throw new Error(decision.kind)
    expect(await decision.whyNot(undefined)).toMatch(/does not allow the action shell/)
  })

  it('says why it cannot read what is no command', () => {
    expect(decide(received('garbage'), context)).toEqual({ kind: 'unreadable', why: 'not JSON' })
    const reply = { agentId: 'a', hostname: 'h', runId: 'run-00000001', sentAt }
    const ack = sealBody({ type: 'ack', ...reply, state: 'queued' })
    expect(decide(received(ack), context)).toMatchObject({
      kind: 'unreadable',
      why: expect.stringContaining('a message of type ack'),
    })
  })

  it('ignores commands for others, also where the policy would refuse them', () => {
    expect(given({ filter: 'role=db' }, { policy: pingsOnly }).kind).toBe('ignored')
  })

  it('refuses what the policy does not allow; that refusal binds nobody whom the policy allows', () => {
    expect(given({}, { policy: pingsOnly })).toMatchObject({
      kind: 'refused',
      code: 'policy',
      replyTo: command.replyTo,
      stands: false,
    })
  })

  it('does not answer again for a run that was executed when the policy no longer allows it', () => {
    const decision = given({}, { policy: pingsOnly, knows: () => true })
    expect(decision).toMatchObject({ kind: 'refused', replyTo: undefined })
  })

  it('lets the refusal of an executable command stand, when the policy allows its sender', () => {
    const late = { now: sentAt + 61_000 }
    expect(given({}, late)).toMatchObject({ kind: 'refused', code: 'expired', stands: true })
    expect(given({}, { ...late, policy: pingsOnly })).toMatchObject({ code: 'expired', stands: false })
    expect(given({ action: { kind: 'ping' } }, late)).toMatchObject({ code: 'expired', stands: false })
    expect(given({ environment: 'production' })).toMatchObject({ code: 'environment', stands: false })
  })

  it('names the key that a sender claims', () => {
    const { privateKey } = generateKeyPairSync('ed25519')
    const body = sealSigned(command, undefined, { name: 'alice', privateKey })
    expect(decide(received(body), context)).toMatchObject({
      kind: 'accepted',
      audited: { claimedKey: 'alice' },
    })
  })

  it('lets nobody read a run that somebody else started, unless a rule says so', () => {
    const own = { knows: () => true, ownerOf: () => ({ sender: 'AIDAEXAMPLE', key: undefined }) }
    const foreign = { knows: () => true, ownerOf: () => ({ sender: 'AROAOTHER', key: undefined }) }
    const resend: Partial<CommandMessage> = {
      action: { kind: 'resend', runId: 'run-other-1', missing: [], result: true },
    }
    const rules = (text: string) =>
      ({ policy: { kind: 'policy', policy: parsePolicy(text, 'policy.yaml'), digest: '' } }) as const
    expect(given({}, own).kind).toBe('repeated')
    expect(given({}, foreign)).toMatchObject({ kind: 'refused', replyTo: undefined })
    expect(given(resend, own).kind).toBe('accepted')
    expect(given(resend, foreign)).toMatchObject({ kind: 'refused', code: 'policy' })
    expect(given(resend, { ...foreign, ...rules('rules: [{}]') })).toMatchObject({ kind: 'refused' })
    expect(given(resend, { ...foreign, ...rules('rules: [{ runs: any }]') }).kind).toBe('accepted')
    expect(given({}, { ...foreign, ...rules('rules: [{ runs: any }]') }).kind).toBe('repeated')
  })

  it('takes a run that was signed for another than the same sender’s unsigned one', () => {
    const signed = { knows: () => true, ownerOf: () => ({ sender: 'AIDAEXAMPLE', key: 'alice' }) }
    expect(given({}, signed)).toMatchObject({ kind: 'refused' })
  })

  it('lets a sender that may cancel stop a run of another, without its output', () => {
    const foreign = { knows: () => true, ownerOf: () => ({ sender: 'AROAOTHER', key: undefined }) }
    const cancel = { action: { kind: 'cancel', runId: 'run-other-1' } } as const
    expect(given(cancel, foreign)).toMatchObject({ kind: 'accepted', isForeign: true })
  })

  it('knows roles by their id alone, as the session name is chosen by the one who assumes the role', () => {
    const role = (senderId: string) =>
      decide(
        { ...received(sealBody(command)), senderId },
        { ...context, knows: () => true, ownerOf: () => ({ sender: 'AROAROLE', key: undefined }) },
      ).kind
    expect(role('AROAROLE:one')).toBe('repeated')
    expect(role('AROAROLE:two')).toBe('repeated')
    expect(role('AROAROLEX:one')).toBe('refused')
  })

  it('does not send an output again for an order that was recorded and replayed', () => {
    const resend: Partial<CommandMessage> = {
      action: { kind: 'resend', runId: 'run-other-1', missing: [], result: true },
    }
    expect(given(resend).kind).toBe('accepted')
    expect(given(resend, { knowsOrder: () => true })).toMatchObject({
      kind: 'withheld',
      why: 'it was replayed',
    })
    expect(given(resend, { startedAt: sentAt + 10_000 }).kind).not.toBe('accepted')
    expect(given({ action: { kind: 'ping' } }, { knowsOrder: () => true }).kind).toBe('accepted')
  })
})
