import { execFileSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { matches as filterMatches, mayReplyTo } from '../../conformance/admission.ts'
import { isSignedBy, openBody, sealBody, sealPacked } from '../../conformance/body.ts'
import { Assembly } from '../../conformance/frames.ts'
import { readAction } from '../../conformance/messages.ts'
import { encodeSet, hashesOf, hashOf, isInSet } from '../../conformance/targets.ts'
import { protocolVectorsFile, protocolVectors as vectors } from '../../support/protocolVectors.ts'
import { hasPython } from '../../support/python.ts'

const folder = 'test/conformance/python'

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
})

describe.skipIf(!hasPython)('an agent in Python 3, by docs/messages.md alone', () => {
  it('reads, writes and refuses all vectors', () => {
    const failed = execFileSync('python3', ['-B', `${folder}/vectors.py`, protocolVectorsFile])
    expect(JSON.parse(failed.toString())).toEqual([])
  })

  it('imports nothing but the standard library', () => {
    const names = "import sys; print('\\n'.join(sys.stdlib_module_names))"
    const standard = execFileSync('python3', ['-c', names]).toString().split('\n')
    const files = readdirSync(folder).filter((file) => file.endsWith('.py'))
    const imported = files.flatMap((file) =>
      [...readFileSync(`${folder}/${file}`, 'utf8').matchAll(/^\s*(?:import|from) ([\w.]+)/gm)].map(
        ([, name = '']) => name,
      ),
    )
    const known = [...standard, ...files.map((file) => file.replace('.py', ''))]
    expect(imported.length).toBeGreaterThan(10)
    expect(imported.filter((name) => !known.includes(name.split('.')[0] ?? ''))).toEqual([])
  })
})
