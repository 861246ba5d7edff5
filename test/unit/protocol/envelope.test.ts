import { generateKeyPairSync, randomBytes } from 'node:crypto'
import { gzipSync } from 'node:zlib'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { openBody, sealBody, UnreadableBody } from '../../../src/protocol/envelope.ts'
import type { CommandMessage, FactsMessage } from '../../../src/protocol/messages.ts'
import { anyText } from '../../support/anyText.ts'

const command: CommandMessage = {
  type: 'command',
  runId: 'run-of-a-test',
  environment: 'testing',
  issuedAt: 1,
  ttlMs: 10_000,
  issuer: { name: 'ada', host: 'laptop' },
  replyTo: 'testing_agent',
  filter: '*',
  action: { kind: 'shell', command: 'uname -a' },
  timeoutMs: 60_000,
}

const facts: FactsMessage = {
  ...{ type: 'facts', agentId: 'i-1', hostname: 'web01', environment: 'testing', version: '1' },
  ...{ startedAt: 1, sentAt: 2, intervalMs: 30_000, running: [], facts: {} },
}

describe('a body', () => {
  it('gives back message and data, whatever they hold, and is plain ASCII for SQS', () => {
    fc.assert(
      fc.property(anyText({ minLength: 1 }), fc.uint8Array({ maxLength: 2000 }), (text, data) => {
        const message: CommandMessage = { ...command, action: { kind: 'shell', command: text } }
        const body = sealBody(message, data)
        expect(body).toMatch(/^[\x20-\x7e]*$/)
        const opened = openBody(body)
        expect(opened.message).toEqual(JSON.parse(JSON.stringify(message)))
        expect(Buffer.from(opened.data)).toEqual(Buffer.from(data))
        expect(opened.signature).toBeUndefined()
      }),
    )
  })

  it('is gzipped where that makes it shorter', () => {
    const long = { ...command, action: { kind: 'shell' as const, command: 'echo hello; '.repeat(1000) } }
    expect(sealBody(long).length).toBeLessThan(1000)
    expect(openBody(sealBody(long)).message).toEqual(long)
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
      expect(Buffer.from(openBody(sealBody(command, data)).data).equals(data)).toBe(true)
  })

  it('of a newer agent may have fields that this version does not know', () => {
    const body = { v: 1, later: [1], m: JSON.stringify({ ...facts, later: { nested: true } }) }
    expect(openBody(JSON.stringify(body)).message).toEqual(facts)
  })

  it('of another protocol version is named as such', () => {
    expect(() => openBody('{"v":2,"m":"{}"}')).toThrow(
      /protocol version 2, but this side supports only version 1/,
    )
  })

  it('that is damaged is refused in words, wherever it was cut or changed', () => {
    const body = sealBody(command, Buffer.alloc(5000, 'some output '))
    fc.assert(
      fc.property(fc.nat(body.length - 1), fc.constantFrom('', 'A', '}', '\\', '"'), (at, changed) => {
        const damaged = changed === '' ? body.slice(0, at) : body.slice(0, at) + changed + body.slice(at + 1)
        try {
          openBody(damaged)
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
        expect(() => openBody(text)).toThrow(UnreadableBody)
        expect(() => openBody(JSON.stringify({ v: 1, m: text }))).toThrow(UnreadableBody)
        expect(() => openBody(JSON.stringify({ v: 1, mz: text, dz: text }))).toThrow(UnreadableBody)
      }),
    )
  })

  it('with facts of more than 1 MiB is refused: kept as objects they take twenty times as much', () => {
    const bomb = { ...facts, facts: { list: Array.from({ length: 400_000 }, () => ({})) } }
    const body = sealBody(bomb)
    expect(body.length).toBeLessThan(65_536)
    expect(() => openBody(body)).toThrow(/a message of type facts that is too long: \d+ characters/)
    expect(openBody(sealBody({ ...facts, facts: { text: 'x'.repeat(1_000_000) } })).message.type).toBe(
      'facts',
    )
  })

  it('that unpacks to more than 16 MiB is refused before it does', () => {
    const bomb = gzipSync(Buffer.alloc(64 * 1024 * 1024)).toString('base64')
    expect(() => openBody(JSON.stringify({ v: 1, mz: bomb }))).toThrow(/more than 16777216 bytes/)
    const bombInData = { v: 1, m: JSON.stringify(facts), dz: bomb }
    expect(() => openBody(JSON.stringify(bombInData))).toThrow(/more than 16777216 bytes/)
  })

  it('that is nested a hundred thousand levels deep is refused', () => {
    const deep = `${'['.repeat(100_000)}${']'.repeat(100_000)}`
    expect(() => openBody(deep)).toThrow(UnreadableBody)
    const message = JSON.stringify(facts).replace('"facts":{}', `"facts":{"a":${deep}}`)
    expect(() => openBody(JSON.stringify({ v: 1, m: message }))).toThrow(/nested at most 64 levels/)
  })

  it('brings no prototypes with it', () => {
    const message = JSON.stringify(facts).replace(
      '"facts":{}',
      '"__proto__":{"polluted":1},"facts":{"__proto__":{"polluted":1},"constructor":{"polluted":1}}',
    )
    const opened = openBody(JSON.stringify({ v: 1, m: message })).message as FactsMessage
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
    const { signature } = openBody(sealBody(command, undefined, key))
    expect(signature?.key).toBe('ada@laptop')
    expect(signature?.verifies(publicKey)).toBe(true)
    expect(signature?.verifies(generateKeyPairSync('ed25519').publicKey)).toBe(false)
  })

  it('covers message and data, also when they are gzipped', () => {
    const long = { ...command, action: { kind: 'shell' as const, command: 'true; '.repeat(1000) } }
    const data = Buffer.alloc(1000, 'data')
    const body = JSON.parse(sealBody(long, data, key))
    expect(openBody(JSON.stringify(body)).signature?.verifies(publicKey)).toBe(true)
    const otherMessage = { ...body, mz: JSON.parse(sealBody({ ...long, filter: 'a' })).mz }
    expect(openBody(JSON.stringify(otherMessage)).signature?.verifies(publicKey)).toBe(false)
    const otherData = { ...body, dz: JSON.parse(sealBody(long, Buffer.alloc(1000, 'else'))).dz }
    expect(openBody(JSON.stringify(otherData)).signature?.verifies(publicKey)).toBe(false)
    const { dz: _, ...withoutData } = body
    expect(openBody(JSON.stringify(withoutData)).signature?.verifies(publicKey)).toBe(false)
  })

  it('does not verify when bytes are moved from the data to the message', () => {
    const body = JSON.parse(sealBody(command, Buffer.from(' \n'), key))
    const moved = { v: 1, m: `${body.m}\n `, d: '', sig: body.sig }
    expect(openBody(JSON.stringify(moved)).signature?.verifies(publicKey)).toBe(false)
  })

  it('that is garbage verifies nothing', () => {
    const body = { ...JSON.parse(sealBody(command)), sig: { key: 'ada@laptop', value: 'AAAA' } }
    expect(openBody(JSON.stringify(body)).signature?.verifies(publicKey)).toBe(false)
  })
})
