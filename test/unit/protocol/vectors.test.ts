import { createHash, createPrivateKey, createPublicKey, sign } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { type Decision, decide } from '../../../agent/src/intake/intake.ts'
import { principalOf } from '../../../agent/src/policy/principal.ts'
import { type Action, KnownAction } from '../../../src/protocol/action.ts'
import { actionDigest, contentDigest } from '../../../src/protocol/actionDigest.ts'
import { draftBody, openBody, sealBody } from '../../../src/protocol/envelope.ts'
import type { Facts } from '../../../src/protocol/facts.ts'
import { matchesFilter } from '../../../src/protocol/filter/match.ts'
import { parseFilter } from '../../../src/protocol/filter/parse.ts'
import { type Chunk, ReplyAssembly } from '../../../src/protocol/frames.ts'
import { messageSchemas, wireForm } from '../../../src/protocol/messages.ts'
import { mayReplyTo } from '../../../src/protocol/names.ts'
import { encodeTargetSet, isInTargetSet, isTargetSet } from '../../../src/protocol/targetSet.ts'
import { printPublicKey } from '../../../src/signing/publicKey.ts'
import { type Situation, protocolVectors as vectors } from '../../support/protocolVectors.ts'

const bytesOf = (base64: string | undefined) => Buffer.from(base64 ?? '', 'base64')

describe('docs/protocol-vectors.json', () => {
  it('has every type of message, every action, and every outcome', () => {
    const messages = vectors.messages.map(({ message }) => message)
    const kindsOf = (field: string) => messages.map((message) => (message[field] as { kind?: string })?.kind)
    expect(new Set(messages.map(({ type }) => type))).toEqual(new Set(Object.keys(messageSchemas)))
    for (const { entries } of KnownAction.options)
      expect(kindsOf('action')).toContain(entries.kind.pipe[0].literal)
    const outcomes = messageSchemas.result.entries.outcome.pipe[0].options
    for (const { entries } of outcomes) expect(kindsOf('outcome')).toContain(entries.kind.pipe[0].literal)
  })

  it.each(vectors.messages)('is read by our code: $name', ({ queue, message, data, body }) => {
    const opened = openBody(body, queue)
    expect(wireForm(opened.message)).toEqual(message)
    expect(Buffer.from(opened.data)).toEqual(bytesOf(data))
  })

  it.each(vectors.messages.filter(({ body }) => !/"(mz|dz)":/.test(body)))(
    'is what our code writes: $name',
    ({ queue, data, body }) => {
      expect(sealBody(openBody(body, queue).message, bytesOf(data))).toBe(body)
    },
  )

  it('has bodies that are gzipped: the message, and the data', () => {
    for (const name of ['mz', 'dz'])
      expect(vectors.messages.filter(({ body }) => body.includes(`"${name}":`))).not.toEqual([])
  })

  it.each(vectors.unreadable)('is not read by our code: $name', ({ queue, body }) => {
    expect(() => openBody(body, queue)).toThrow()
  })

  it.each(vectors.refusedActions)('is refused by our agent: $name', ({ body, field, parts }) => {
    const { action } = openBody(body, 'command').message
    expect(action).toMatchObject({ kind: 'unsupported', ...(parts === undefined ? {} : { unknown: parts }) })
    if (field !== undefined)
      expect((action as { invalid?: string }).invalid).toMatch(new RegExp(`^${field}\\b`))
  })

  it.each(vectors.signatures)(
    'is $isValid of a signature: $name',
    ({ queue, body, signedBytes, isValid }) => {
      const { message, data, signature } = openBody(body, queue)
      const { seed = '', publicKey } = vectors.keys[signature?.key ?? ''] ?? {}
      const pkcs8 = Buffer.from(`302e020100300506032b657004220420${seed}`, 'hex')
      const privateKey = createPrivateKey({ key: pkcs8, format: 'der', type: 'pkcs8' })
      expect(printPublicKey(createPublicKey(privateKey))).toBe(publicKey)
      expect(signature?.verifies(createPublicKey(privateKey))).toBe(isValid)
      if (signedBytes === undefined) return
      const draft = draftBody(message, data)
      expect(Buffer.from(draft.bytesToSign())).toEqual(bytesOf(signedBytes))
      if (!body.includes('"mz":'))
        expect(draft.signedBy(signature?.key ?? '', sign(null, draft.bytesToSign(), privateKey))).toBe(body)
    },
  )

  it.each(vectors.targetSets)('is the set of $agentIds.length agents for our code', (vector) => {
    const { runId, agentIds, hashes, set, doesNotName } = vector
    expect(encodeTargetSet(runId, agentIds.toReversed())).toBe(set)
    expect(hashes).toHaveLength(agentIds.length)
    for (const agentId of agentIds) expect(isInTargetSet(set, runId, agentId)).toBe(true)
    for (const agentId of doesNotName) expect(isInTargetSet(set, runId, agentId)).toBe(false)
  })

  it('has the hashes of the set’s definition', () => {
    for (const { runId, agentIds, hashes } of vectors.targetSets)
      expect(hashes).toEqual(
        agentIds.map((agentId) => {
          const digest = createHash('sha256').update(`ec2-collective/targets\n${runId}\n${agentId}`).digest()
          return Number((digest.readBigUInt64BE() * BigInt(agentIds.length)) >> 34n)
        }),
      )
  })

  it.each(vectors.notSets)('is no set for our code: $name', ({ set }) => {
    expect(isTargetSet(set)).toBe(false)
  })

  it.each(vectors.replyQueues)(
    'allows $replyTo: $isAllowed',
    ({ environment, configured, replyTo, isAllowed }) => {
      expect(mayReplyTo(environment, configured, replyTo)).toBe(isAllowed)
    },
  )

  it.each(vectors.frames)('is assembled by our code: $name', ({ bodies, stdout, stderr, order }) => {
    const assembly = new ReplyAssembly()
    const chunks: Chunk[] = []
    for (const body of bodies) {
      const { message, data } = openBody(body, 'reply')
      if (message.type === 'output') chunks.push(...assembly.add(message.frame, message.segments, data))
      if (message.type !== 'result') continue
      assembly.finish(message)
      if (message.last) chunks.push(...assembly.add(message.last.frame, message.last.segments, data))
    }
    expect(assembly.state()).toBe('complete')
    const bytes = Buffer.concat(chunks.map((chunk) => chunk.bytes))
    let at = 0
    const streams = { 1: Buffer.alloc(0), 2: Buffer.alloc(0) }
    for (const [stream, length] of order) {
      streams[stream] = Buffer.concat([streams[stream], bytes.subarray(at, at + length)])
      at += length
    }
    expect(streams[1]).toEqual(bytesOf(stdout))
    expect(streams[2]).toEqual(bytesOf(stderr))
  })

  it.each(vectors.digests)('has the digests of a $action.kind', ({ action, sha256, actionSha256 }) => {
    expect(contentDigest(action as Action)).toBe(sha256)
    expect(actionDigest(action as Action)).toBe(actionSha256)
  })

  it.each(vectors.filters)('has the filter $filter, which matches: $matches', ({ filter, matches }) => {
    expect(matchesFilter(parseFilter(filter), vectors.facts as Facts)).toBe(matches)
  })

  it.each(vectors.notFilters)('has %j, which is no filter', (text) => {
    expect(() => parseFilter(text)).toThrow()
  })

  it.each(vectors.decisions)(
    'has what our agent decides: $name',
    ({ body, situation, decision, code, to, isRecorded }) => {
      const decided = decidedBy(body, { ...vectors.situation, ...situation })
      expect(decided).toEqual({
        decision,
        ...(decision === 'refuse' ? { code, to, isRecorded } : {}),
      })
    },
  )

  it('has every row of the table that depends on the command and on what the agent remembers', () => {
    const rows = new Set(vectors.decisions.map(({ row }) => row))
    expect([...rows].sort((one, other) => one - other)).toEqual([
      1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 15,
    ])
  })
})

/** By an agent without a policy. */
function decidedBy(
  body: string,
  { senderId, sentAt, replyQueue, known, resent, startedBy, ...rest }: Situation,
) {
  const open = { kind: 'open', why: 'never-set' } as const
  const decision = decide(
    { messageId: 'message-1', body, receiptHandle: '', sentAt, senderId, receiveCount: 1 },
    {
      ...rest,
      configuredReplyQueue: replyQueue,
      facts: { ...rest.facts },
      knows: (runId) => known.includes(runId),
      knowsOrder: (runId) => resent.includes(runId),
      ownerOf: (runId) =>
        startedBy !== undefined && known.includes(runId) ? principalOf(startedBy, undefined) : undefined,
      policy: open,
      policyNow: async () => open,
      ownUser: 'root',
    },
  )
  return seenFromOutside(decision)
}

function seenFromOutside(decision: Decision) {
  switch (decision.kind) {
    case 'accepted':
      return { decision: 'do' }
    case 'repeated':
      return { decision: 'repeat' }
    case 'refused': {
      const { code, replyTo: to, stands: isRecorded } = decision
      return to === undefined ? { decision: 'silence' } : { decision: 'refuse', code, to, isRecorded }
    }
    default:
      return { decision: 'silence' }
  }
}
