import { describe, expect, it } from 'vitest'
import { decide, matches as filterMatches, mayReplyTo } from '../../conformance/admission.ts'
import { isSignedBy, openBody, sealBody, sealPacked } from '../../conformance/body.ts'
import { Assembly } from '../../conformance/frames.ts'
import { readAction } from '../../conformance/messages.ts'
import { encodeSet, hashesOf, hashOf, isInSet } from '../../conformance/targets.ts'
import { protocolVectors as vectors } from '../../support/protocolVectors.ts'

const bytesOf = (base64: string | undefined) => Buffer.from(base64 ?? '', 'base64')

describe('an implementation by docs/messages.md alone', () => {
  it.each(vectors.messages)('reads $name', ({ queue, message, data, body }) => {
    const opened = openBody(body, queue)
    expect(opened.message).toEqual(message)
    expect(opened.data).toEqual(bytesOf(data))
  })

  it.each(vectors.messages)('writes $name, gzipped or not', ({ queue, message, data, body }) => {
    if (!/"(mz|dz)":/.test(body)) expect(sealBody(message, bytesOf(data))).toBe(body)
    const packed = openBody(sealPacked(message, bytesOf(data)), queue)
    expect(packed.message).toEqual(message)
    expect(packed.data).toEqual(bytesOf(data))
  })

  it.each(vectors.unreadable)('cannot read $name', ({ queue, body }) => {
    expect(() => openBody(body, queue)).toThrow()
  })

  it.each(vectors.refusedActions)('refuses $name', ({ body, field, parts }) => {
    const read = readAction(openBody(body, 'command').message.action)
    expect(read).toHaveProperty('unsupported')
    for (const named of [field ?? [], parts ?? []].flat())
      expect((read as { unsupported: string }).unsupported).toContain(named)
  })

  it.each(vectors.signatures)('finds that it is $isValid: $name', ({ queue, body, signedBytes, isValid }) => {
    const opened = openBody(body, queue)
    expect(isSignedBy(opened, vectors.keys[opened.sig?.key ?? '']?.publicKey ?? '')).toBe(isValid)
    if (signedBytes !== undefined) expect(opened.signedBytes).toEqual(bytesOf(signedBytes))
  })

  it.each(vectors.targetSets)('makes and reads the set of $agentIds.length agents', (vector) => {
    const { runId, agentIds, hashes, set, doesNotName } = vector
    expect(agentIds.map((agentId) => Number(hashOf(runId, agentId, agentIds.length)))).toEqual(hashes)
    expect(encodeSet(runId, agentIds)).toBe(set)
    expect(agentIds.every((agentId) => isInSet(set, runId, agentId))).toBe(true)
    expect(doesNotName.some((agentId) => isInSet(set, runId, agentId))).toBe(false)
  })

  it.each(vectors.notSets)('reads no set where $name', ({ set }) => {
    expect(hashesOf(set)).toBeUndefined()
  })

  it.each(vectors.frames)('puts together $name', ({ bodies, stdout, stderr, order }) => {
    const assembly = new Assembly()
    for (const body of bodies) {
      const { message, data } = openBody(body, 'reply')
      assembly.add(message, data)
    }
    expect(assembly.isComplete).toBe(true)
    expect(assembly.of(1)).toEqual(bytesOf(stdout))
    expect(assembly.of(2)).toEqual(bytesOf(stderr))
    const joined: [number, number][] = []
    for (const { stream, bytes } of assembly.pieces) {
      const last = joined.at(-1)
      if (last?.[0] === stream) last[1] += bytes.length
      else joined.push([stream, bytes.length])
    }
    expect(joined).toEqual(order)
  })

  it.each(vectors.filters)('knows the filter $filter, or says that it does not', ({ filter, matches }) => {
    expect([matches, 'unknown']).toContain(filterMatches(filter, vectors.facts as Record<string, unknown>))
  })

  it.each(vectors.notFilters)('does not take %j for a filter', (text) => {
    expect(filterMatches(text, vectors.facts as Record<string, unknown>)).toBe('unknown')
  })

  it.each(vectors.replyQueues)(
    'replies to $replyTo: $isAllowed',
    ({ environment, configured, replyTo, isAllowed }) => {
      expect(mayReplyTo(environment, configured, replyTo)).toBe(isAllowed)
    },
  )

  // It does not keep who started a run.
  it.each(vectors.decisions.filter(({ situation }) => situation?.startedBy === undefined))(
    'decides: $name',
    ({ body, situation, decision, code, to }) => {
      const { known, resent, sentAt, ...rest } = { ...vectors.situation, ...situation }
      const decided = decide(
        { id: 'message-1', handle: '', body, senderId: rest.senderId, sentAt },
        {
          ...rest,
          knows: (runId) => known.includes(runId),
          resent: (orderId) => resent.includes(orderId),
          objection: () => undefined,
        },
      )
      expect(decided.kind).toBe(decision === 'silence' ? 'silent' : decision)
      if (decided.kind === 'refuse') expect({ code: decided.code, to: decided.to }).toEqual({ code, to })
    },
  )
})
