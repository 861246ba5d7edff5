import { generateKeyPairSync, randomBytes, sign } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { Broadcast } from '../../../../src/master/sending/broadcast.ts'
import { openBody } from '../../../../src/protocol/envelope.ts'
import type { CommandMessage } from '../../../../src/protocol/messages.ts'
import type { ReceivedMessage } from '../../../../src/queues/queues.ts'
import type { Signer } from '../../../../src/signing/signer.ts'
import { deferred } from '../../../support/deferred.ts'
import { playedQueues, receivedBody } from '../../../support/playedQueues.ts'

const command: CommandMessage = {
  ...{ type: 'command', runId: 'run-of-a-test', environment: 'testing', issuedAt: 0, ttlMs: 10_000 },
  ...{ issuer: { name: 'ada', host: 'laptop' }, replyTo: 'testing_agent', filter: '*' },
  ...{ action: { kind: 'ping' }, timeoutMs: 1_000 },
}

describe('A command that is over', () => {
  it('is taken off the queue in one reading, and others put back, when SQS brings one message at a time', async () => {
    const visible: ReceivedMessage[] = Array.from({ length: 9 }, (_, n) => receivedBody(`of others ${n}`))
    const hidden: ReceivedMessage[] = []
    let readings = 0
    const queues = playedQueues({
      send: async (_queue, body) => {
        visible.push(receivedBody(body, 'ours'))
        return { messageId: 'ours' }
      },
      receive: async () => {
        const brought = visible.splice(0, 1)
        hidden.push(...brought)
        return brought
      },
      delete: async (_queue, messages) => {
        for (const message of messages) hidden.splice(hidden.indexOf(message), 1)
      },
      release: async (_queue, messages) => {
        readings += 1
        for (const message of messages) visible.push(...hidden.splice(hidden.indexOf(message), 1))
      },
    })
    const broadcast = new Broadcast(queues, 'testing_master', undefined)
    expect(await broadcast.publish(command, new AbortController().signal)).toBe('sent')
    expect(await broadcast.withdraw()).toBe(0)
    expect(readings).toBe(1)
    expect(visible.map(({ messageId }) => messageId).toSorted()).toEqual(
      Array.from({ length: 9 }, (_, n) => `of others ${n}`),
    )
  })
})

describe('A command that is signed', () => {
  const { promise: never } = deferred<Uint8Array>()
  const signerOf = (sign: Signer['sign']): Signer => ({
    ...{ name: 'alice', fingerprint: undefined, mayTakeMs: 0, sign },
  })
  const play = (sign: Signer['sign']) => {
    const sent: string[] = []
    const queues = playedQueues({
      send: async (_queue, body) => {
        sent.push(body)
        return { messageId: `m${sent.length}` }
      },
    })
    return { sent, broadcast: new Broadcast(queues, 'testing_master', signerOf(sign)) }
  }

  it('is signed once, and is sent with that signature', async () => {
    const { privateKey, publicKey } = generateKeyPairSync('ed25519')
    const signed: Uint8Array[] = []
    const { broadcast, sent } = play(async (bytes) => {
      signed.push(bytes)
      return sign(null, bytes, privateKey)
    })
    expect(await broadcast.publish(command, new AbortController().signal)).toBe('sent')
    const { signature } = openBody(sent[0] ?? '', 'command')
    expect(signature?.key).toBe('alice')
    expect(signature?.verifies(publicKey)).toBe(true)
    expect([signed.length, sent.length]).toEqual([1, 1])
  })

  it('is not sent when it is stopped while a person is asked to confirm the signature', async () => {
    const asked = deferred<AbortSignal>()
    const { broadcast, sent } = play((_, signal) => {
      asked.resolve(signal)
      return never
    })
    const stop = new AbortController()
    const publication = broadcast.publish(command, stop.signal)
    const signal = await asked.promise
    stop.abort()
    expect(await publication).toBe('not-sent')
    expect(signal.aborted).toBe(true)
    expect(sent).toEqual([])
  })

  it('is not sent, not even in part, when a signature is refused', async () => {
    let signatures = 0
    const { broadcast, sent } = play(async () => {
      signatures += 1
      if (signatures === 2) throw new Error('refused')
      return new Uint8Array(64)
    })
    // Too many for one message of the queue.
    const targets = Array.from({ length: 60_000 }, () => `i-0${randomBytes(8).toString('hex')}`)
    const publication = broadcast.publish({ ...command, targets }, new AbortController().signal)
    await expect(publication).rejects.toThrow('refused')
    expect(signatures).toBe(2)
    expect(sent).toEqual([])
  })
})
