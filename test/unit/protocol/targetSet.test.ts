import { randomBytes } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { encodeTargetSet, isInTargetSet, isTargetSet, mostTargets } from '../../../src/protocol/targetSet.ts'

const runId = '3f0c9a52-6c1e-4a0b-9f5a-0f6f6f0f7d11'
const instances = (count: number) => Array.from({ length: count }, (_, index) => `i-${index.toString(16)}`)

const agentId = fc.stringMatching(/^[A-Za-z0-9_:-][A-Za-z0-9._:-]{0,30}$/)
const agentIds = fc.uniqueArray(agentId, { minLength: 1, maxLength: 300 })

describe('A set of targets', () => {
  it('names every agent that was put in, whatever their ids and number', () => {
    fc.assert(
      fc.property(fc.stringMatching(/^[A-Za-z0-9]{8,20}$/), agentIds, (run, ids) => {
        const set = encodeTargetSet(run, ids)
        expect(isTargetSet(set)).toBe(true)
        for (const id of ids) expect(isInTargetSet(set, run, id)).toBe(true)
      }),
    )
  })

  it('names no other agent of a large fleet', () => {
    const set = encodeTargetSet(runId, instances(2_000))
    const taken = instances(22_000)
      .slice(2_000)
      .filter((id) => isInTargetSet(set, runId, id))
    expect(taken).toEqual([])
  }, 60_000)

  it('is taken at the stated rate for one that names an agent which it does not', () => {
    // 2⁻³⁰ cannot be counted. The spread of the hashes that it follows from can: their mean difference is 2³⁰, which is
    // 31.6 bits for each agent. Hashes from a smaller range would take fewer.
    const count = 20_000
    const bits = Buffer.from(encodeTargetSet(runId, instances(count)), 'base64').length * 8
    expect(bits / count).toBeGreaterThan(31.5)
    expect(bits / count).toBeLessThan(31.7)
  })

  it('depends on the run: who is named in one is not named by the same set in another', () => {
    const set = encodeTargetSet(runId, ['agent-1'])
    expect(isInTargetSet(set, 'another-run-of-it', 'agent-1')).toBe(false)
  })

  it('is the same in whatever order the agents are given', () => {
    const ids = instances(500)
    expect(encodeTargetSet(runId, ids.toReversed())).toBe(encodeTargetSet(runId, ids))
  })

  it('of 10,000 agents takes less than 53,000 characters', () => {
    expect(encodeTargetSet(runId, instances(10_000)).length).toBeLessThan(53_000)
  })

  it('holds one agent, and the most that it may hold', () => {
    expect(isInTargetSet(encodeTargetSet(runId, ['a']), runId, 'a')).toBe(true)
    const most = encodeTargetSet(runId, instances(mostTargets))
    expect(isInTargetSet(most, runId, 'i-0')).toBe(true)
  })

  it.each([0, mostTargets + 1])('is not made of %i agents', (count) => {
    expect(() => encodeTargetSet(runId, instances(count))).toThrow(RangeError)
  })
})

describe('What is not a set of targets', () => {
  const set = encodeTargetSet(runId, instances(100))
  const bytesOf = (text: string) => Buffer.from(text, 'base64')
  const changed = (change: (bytes: Buffer) => Buffer) => change(bytesOf(set)).toString('base64')

  const edited = (edit: (bytes: Buffer) => unknown) =>
    changed((bytes) => {
      edit(bytes)
      return bytes
    })

  it.each([
    ['nothing', ''],
    ['less than its head', 'AAAA'],
    ['text that is not base64', '####'],
    ['base64 with a line break', `${set.slice(0, 40)}\n${set.slice(40)}`],
    ['one that names nobody', Buffer.alloc(4).toString('base64')],
    [
      'one that claims four billion agents',
      changed((bytes) => Buffer.concat([Buffer.alloc(4, 0xff), bytes])),
    ],
    ['one that claims an agent more', edited((bytes) => bytes.writeUInt32BE(101))],
    ['one that claims an agent less', edited((bytes) => bytes.writeUInt32BE(99))],
    ['one that lacks its last byte', changed((bytes) => bytes.subarray(0, -1))],
    ['one with a byte more', changed((bytes) => Buffer.concat([bytes, Buffer.alloc(1)]))],
    ['nothing but ones', edited((bytes) => bytes.fill(0xff, 4))],
    [
      'one whose last bits are not zeros',
      edited((bytes) => bytes.writeUInt8((bytes.at(-1) ?? 0) | 1, bytes.length - 1)),
    ],
    ['a megabyte of it', Buffer.alloc(1024 * 1024).toString('base64')],
  ])('is refused, and names nobody: %s', (_, text) => {
    expect([isTargetSet(text), isInTargetSet(text, runId, 'i-1')]).toEqual([false, false])
  })

  it('is found out in whatever bytes and whatever text, without an error', () => {
    const claimed = fc
      .tuple(fc.nat({ max: 300 }), fc.uint8Array({ maxLength: 1300 }))
      .map(([count, bytes]) => {
        const head = Buffer.alloc(4)
        head.writeUInt32BE(count)
        return Buffer.concat([head, bytes]).toString('base64')
      })
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.base64String(), claimed), (text) => {
        if (!isTargetSet(text)) expect(isInTargetSet(text, runId, 'i-1')).toBe(false)
      }),
      { numRuns: 2_000 },
    )
  })

  it('is what a set becomes by most changes; a changed set names at most as many agents', () => {
    fc.assert(
      fc.property(
        fc.nat({ max: bytesOf(set).length - 1 }),
        fc.integer({ min: 1, max: 255 }),
        (at, change) => {
          const text = edited((bytes) => bytes.writeUInt8((bytes[at] ?? 0) ^ change, at))
          if (!isTargetSet(text)) return
          const named = instances(100).filter((id) => isInTargetSet(text, runId, id))
          // A change moves the hash of one agent, and those of the agents behind it.
          expect(named.length).toBeLessThan(100)
        },
      ),
    )
  })

  it('cannot be made by chance: random bytes of the right length name nobody in particular', () => {
    for (let count = 1; count < 200; count += 1) {
      const bytes = randomBytes(4 + Math.ceil(count * 3.95))
      bytes.writeUInt32BE(count)
      expect(isInTargetSet(bytes.toString('base64'), runId, 'i-1')).toBe(false)
    }
  })
})
