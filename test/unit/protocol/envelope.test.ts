import { generateKeyPairSync, randomBytes } from 'node:crypto'
import { gzipSync } from 'node:zlib'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { bodyBounds } from '../../../src/protocol/bounds.ts'
import { openBody, sealBody, tooLarge, UnreadableBody } from '../../../src/protocol/envelope.ts'
import type { AckMessage, CommandMessage, FactsMessage } from '../../../src/protocol/messages.ts'
import { anyText } from '../../support/anyText.ts'
import { sampleCommand as command } from '../../support/sampleCommand.ts'
import { sealSigned } from '../../support/sealSigned.ts'

const facts: FactsMessage = {
  ...{ type: 'facts', agentId: 'i-1', hostname: 'web01', environment: 'testing', version: '1' },
  ...{ startedAt: 1, sentAt: 2, intervalMs: 30_000, running: [], facts: {} },
}

const from = { runId: 'run-of-a-test', agentId: 'i-1', hostname: 'web01', sentAt: 2 }
const ack: AckMessage = { type: 'ack', ...from, state: 'started' }

describe('a body', () => {
  it('gives back message and data, whatever they hold, and is plain ASCII for SQS', () => {
    fc.assert(
      fc.property(anyText({ minLength: 1 }), fc.uint8Array({ maxLength: 2000 }), (text, data) => {
        const message: CommandMessage = { ...command, action: { kind: 'shell', command: text } }
        const body = sealBody(message, data)
        expect(body).toMatch(/^[\x20-\x7e]*$/)
        const opened = openBody(body, 'command')
        expect(opened.message).toEqual(JSON.parse(JSON.stringify(message)))
        expect(Buffer.from(opened.data)).toEqual(Buffer.from(data))
        expect(opened.signature).toBeUndefined()
      }),
    )
  })

  it('is gzipped where that makes it shorter', () => {
    const long = { ...command, action: { kind: 'shell' as const, command: 'echo hello; '.repeat(1000) } }
    expect(sealBody(long).length).toBeLessThan(1000)
    expect(openBody(sealBody(long), 'command').message).toEqual(long)
    expect(sealBody(command, Buffer.alloc(50_000, 'x')).length).toBeLessThan(1000)
  })

  it('holds large data as it is where some pieces of it do not shrink, and gzipped where they do', () => {
    const noise = randomBytes(200_000)
    const text = Buffer.alloc(100_000, 'some output ')
    const namesOf = (data: Uint8Array) => Object.keys(JSON.parse(sealBody(command, data)))
    expect(namesOf(noise)).toEqual(['v', 'm', 'd'])
    expect(namesOf(Buffer.concat([text, noise]))).toEqual(['v', 'm', 'dz'])
    expect(namesOf(Buffer.concat([noise, text]))).toEqual(['v', 'm', 'dz'])
    for (const data of [noise, text, Buffer.concat([noise, text])])
      expect(Buffer.from(openBody(sealBody(command, data), 'command').data).equals(data)).toBe(true)
  })

  it('of a newer agent may have fields that this version does not know', () => {
    const body = { v: 1, later: [1], m: JSON.stringify({ ...facts, later: { nested: true } }) }
    expect(openBody(JSON.stringify(body), 'facts').message).toEqual(facts)
  })

  it('of another protocol version is named as such', () => {
    expect(() => openBody('{"v":2,"m":"{}"}', 'command')).toThrow(
      /protocol version 2, but this side supports only version 1/,
    )
  })

  it('that is damaged is refused in words, wherever it was cut or changed', () => {
    const body = sealBody(command, Buffer.alloc(5000, 'some output '))
    fc.assert(
      fc.property(fc.nat(body.length - 1), fc.constantFrom('', 'A', '}', '\\', '"'), (at, changed) => {
        const damaged = changed === '' ? body.slice(0, at) : body.slice(0, at) + changed + body.slice(at + 1)
        try {
          openBody(damaged, 'command')
        } catch (error) {
          expect(error).toBeInstanceOf(UnreadableBody)
          expect((error as Error).message).not.toBe('')
        }
      }),
    )
  })

  it('that is any JSON, or none at all, never does more than to be unreadable', () => {
    fc.assert(
      fc.property(fc.oneof(fc.json(), fc.string()), (text) => {
        expect(() => openBody(text, 'facts')).toThrow(UnreadableBody)
        expect(() => openBody(JSON.stringify({ v: 1, m: text }), 'facts')).toThrow(UnreadableBody)
        expect(() => openBody(JSON.stringify({ v: 1, mz: text, dz: text }), 'facts')).toThrow(UnreadableBody)
      }),
    )
  })

  it.each([
    [
      'command',
      { ...command, action: { kind: 'script', name: 'x', content: 'QUJD'.repeat(1_100_000), args: [] } },
    ],
    ['reply', { type: 'refusal', ...from, code: 'busy', reason: 'x', later: 'x'.repeat(1024 * 1024) }],
    ['facts', { ...facts, facts: { text: 'x'.repeat(1024 * 1024) } }],
  ] as const)('with a message of more characters than a %s has is refused', (kind, message) => {
    const body = JSON.stringify({ v: 1, mz: gzipSync(JSON.stringify(message)).toString('base64') })
    expect(() => openBody(body, kind)).toThrow(`unpacks to more than ${bodyBounds[kind].characters} bytes`)
    if (kind === 'command') return
    const plain = JSON.stringify({ v: 1, m: JSON.stringify(message) })
    expect(() => openBody(plain, kind)).toThrow(/^\d+ characters, more than the limit of 1048576$/)
  })

  it.each(['command', 'reply', 'facts'] as const)(
    'with a message of more parts than a %s has is refused',
    (kind) => {
      const { marks } = bodyBounds[kind]
      const bodyOf = (count: number) => {
        const message = {
          ...{ command, reply: ack, facts }[kind],
          later: Array.from({ length: count }, () => 0),
        }
        return JSON.stringify({ v: 1, m: JSON.stringify(message) })
      }
      expect(openBody(bodyOf(marks - 100), kind).message.type).not.toBe('')
      expect(() => openBody(bodyOf(marks), kind)).toThrow(`more than ${marks} commas, colons and brackets`)
    },
  )

  it('with facts of 64 levels is read, and a deeper one of any kind is refused', () => {
    const nested = (levels: number) => ({
      v: 1,
      m: JSON.stringify(facts).replace('{}', `${'{"a":'.repeat(levels)}0${'}'.repeat(levels)}`),
    })
    expect(openBody(JSON.stringify(nested(65)), 'facts').message.type).toBe('facts')
    expect(() => openBody(JSON.stringify(nested(66)), 'facts')).toThrow('nested more than 66 levels deep')
    const deep = `${'['.repeat(100_000)}${']'.repeat(100_000)}`
    expect(() => openBody(deep, 'reply')).toThrow('nested more than 8 levels deep')
    const message = JSON.stringify(command).replace('"*"', deep)
    expect(() => openBody(JSON.stringify({ v: 1, m: message }), 'command')).toThrow(
      'nested more than 16 levels',
    )
  })

  it('with data of more than 1 MiB is refused before it is unpacked', () => {
    const dz = gzipSync(Buffer.alloc(64 * 1024 * 1024)).toString('base64')
    const body = JSON.stringify({ v: 1, m: JSON.stringify(ack), dz })
    expect(() => openBody(body, 'reply')).toThrow('unpacks to more than 1048576 bytes')
  })

  it('on a queue for messages of another kind is refused', () => {
    expect(() => openBody(sealBody(facts), 'command')).toThrow('a message of type facts on the command queue')
    expect(() => openBody(sealBody(command), 'reply')).toThrow('a message of type command on the reply queue')
    expect(() => openBody(sealBody(ack), 'facts')).toThrow('a message of type ack on the facts queue')
  })

  it('quotes no more than a line of what a stranger wrote', () => {
    const environment = { ['x'.repeat(100_000)]: 1 }
    const hostile = { ...facts, running: ['y'.repeat(100_000)] }
    const message = JSON.stringify({ ...command, [`${'z'.repeat(100_000)}`]: 1, ttlMs: environment })
    for (const [kind, text] of [
      ['facts', JSON.stringify(hostile)],
      ['command', message],
    ] as const) {
      const refused = expect(() => openBody(JSON.stringify({ v: 1, m: text }), kind))
      refused.toThrow(/^.{1,450}$/)
    }
  })

  it.each([
    ['an instant beyond what a date can be', { startedAt: 8.64e15 + 1 }],
    ['an instant that is infinite', { sentAt: 'HUGE' }],
  ])('with %s is refused', (_, part) => {
    const text = JSON.stringify({ ...facts, ...part }).replace('"HUGE"', '1e999')
    expect(() => openBody(JSON.stringify({ v: 1, m: text }), 'facts')).toThrow(UnreadableBody)
  })

  it('is not made of what the other side would not read: who sends asks before', () => {
    const script = (bytes: number) => ({
      kind: 'script' as const,
      name: 'x',
      content: Buffer.alloc(bytes).toString('base64'),
      args: [],
    })
    expect(tooLarge({ ...command, action: script(3 * 1024 * 1024 - 1024) })).toBeUndefined()
    expect(tooLarge({ ...command, action: script(3 * 1024 * 1024) })).toBeDefined()
    expect(
      tooLarge({ ...command, targets: Array.from({ length: 49_000 }, (_, index) => `i-${index}`) }),
    ).toBeUndefined()
    expect(
      tooLarge({ ...command, targets: Array.from({ length: 51_000 }, (_, index) => `i-${index}`) }),
    ).toBeDefined()
  })

  it('tells how much memory its message takes at most', () => {
    const small = openBody(sealBody(facts), 'facts').heapBytes
    const many = { ...facts, facts: { list: Array.from({ length: 10_000 }, () => ({})) } }
    expect(small).toBeLessThan(4096)
    expect(openBody(sealBody(many), 'facts').heapBytes).toBeGreaterThan(32 * 20_000)
  })

  it('brings no prototypes with it', () => {
    const message = JSON.stringify(facts).replace(
      '"facts":{}',
      '"__proto__":{"polluted":1},"facts":{"__proto__":{"polluted":1},"constructor":{"polluted":1}}',
    )
    const opened = openBody(JSON.stringify({ v: 1, m: message }), 'facts').message
    for (const object of [opened, opened.facts, {}]) {
      expect(Object.getPrototypeOf(object)).toBe(Object.prototype)
      expect('polluted' in object).toBe(false)
    }
  })
})

describe('a signature', () => {
  const { publicKey, privateKey } = generateKeyPairSync('ed25519')
  const key = { name: 'ada@laptop', privateKey }

  it('verifies with the key that made it, and no other', () => {
    const { signature } = openBody(sealSigned(command, undefined, key), 'command')
    expect(signature?.key).toBe('ada@laptop')
    expect(signature?.verifies(publicKey)).toBe(true)
    expect(signature?.verifies(generateKeyPairSync('ed25519').publicKey)).toBe(false)
  })

  it('covers message and data, also when they are gzipped', () => {
    const long = { ...command, action: { kind: 'shell' as const, command: 'true; '.repeat(1000) } }
    const data = Buffer.alloc(1000, 'data')
    const body = JSON.parse(sealSigned(long, data, key))
    expect(openBody(JSON.stringify(body), 'command').signature?.verifies(publicKey)).toBe(true)
    const otherMessage = { ...body, mz: JSON.parse(sealBody({ ...long, filter: 'a' })).mz }
    expect(openBody(JSON.stringify(otherMessage), 'command').signature?.verifies(publicKey)).toBe(false)
    const otherData = { ...body, dz: JSON.parse(sealBody(long, Buffer.alloc(1000, 'else'))).dz }
    expect(openBody(JSON.stringify(otherData), 'command').signature?.verifies(publicKey)).toBe(false)
    const { dz: _, ...withoutData } = body
    expect(openBody(JSON.stringify(withoutData), 'command').signature?.verifies(publicKey)).toBe(false)
  })

  it('does not verify when bytes are moved from the data to the message', () => {
    const body = JSON.parse(sealSigned(command, Buffer.from(' \n'), key))
    const moved = { v: 1, m: `${body.m}\n `, d: '', sig: body.sig }
    expect(openBody(JSON.stringify(moved), 'command').signature?.verifies(publicKey)).toBe(false)
  })

  it('that is garbage verifies nothing', () => {
    const body = { ...JSON.parse(sealBody(command)), sig: { key: 'ada@laptop', value: 'AAAA' } }
    expect(openBody(JSON.stringify(body), 'command').signature?.verifies(publicKey)).toBe(false)
  })
})
