import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Master } from '../../../src/master/master.ts'
import { History } from '../../../src/master/store/history.ts'
import { openBody } from '../../../src/protocol/envelope.ts'
import { everyone } from '../../../src/protocol/filter/writtenFilter.ts'
import { defaultTiming } from '../../../src/run/timing.ts'
import type { Signer } from '../../../src/signing/signer.ts'
import { everyInterleaving } from '../../support/interleavings.ts'
import { playedMaster } from '../../support/playedMaster.ts'
import { playedQueues } from '../../support/playedQueues.ts'
import { until } from '../../support/until.ts'

const request = { filter: everyone, action: { kind: 'ping' } as const, timeoutMs: 60_000 }
let directory: string
let history: History

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'signed-run-'))
  history = await History.open(directory)
})
afterEach(() => rm(directory, { recursive: true, force: true }))

/** A master whose signer signs as the test says, and what it has told SQS. */
function masterWith(sign: Signer['sign']) {
  const told: { readonly kind: string; readonly ttlMs: number }[] = []
  const queues = playedQueues({
    async send(_queue, body) {
      const { message } = openBody(body, 'command')
      told.push({ kind: message.action.kind, ttlMs: message.ttlMs })
      return { messageId: `${told.length}` }
    },
  })
  const signer = { name: 'alice', fingerprint: undefined, mayTakeMs: 20_000, sign }
  return { master: playedMaster({ queues, history, signer, onWarning: () => {} }), told }
}

async function closed(master: Master): Promise<void> {
  await master.close()
  for (const { runId } of await history.list()) await history.delete(runId)
}

describe('A run whose commands a person has to confirm', () => {
  it('is sent or not, in each order of confirming, refusing and aborting', { timeout: 60_000 }, async () => {
    const ends = new Set<string>()
    for (const isRefused of [false, true]) {
      await everyInterleaving(
        async (stage) => {
          const { master, told } = masterWith(async () => {
            await stage.pause('asks the person')
            if (isRefused) throw new Error('The SSH agent refused.')
            return new Uint8Array(64)
          })
          const abort = new AbortController()
          stage.act('start', () => master.start(request, abort.signal))
          stage.act('abort', () => abort.abort())
          const { start } = await stage.play()
          if (start === undefined) throw new Error('not started')
          const commands = told.filter(({ kind }) => kind === 'ping').length
          if (start.status === 'fulfilled') {
            const { kind } = start.value as { kind: string }
            ends.add(`${isRefused ? 'refused' : 'confirmed'}: ${kind}`)
            expect(commands).toBe(kind === 'not-sent' ? 0 : 1)
          } else {
            const { message } = start.reason as Error
            ends.add(`refused: ${message}`)
            expect([isRefused, commands]).toEqual([true, 0])
          }
          const isOver = async () => (await history.list()).every(({ phase }) => phase === 'over')
          if (commands === 0) await until(isOver, 'the run to be over in the history')
          await closed(master)
        },
        { usesDisk: true },
      )
    }
    expect([...ends].toSorted()).toEqual([
      'confirmed: not-sent',
      'confirmed: sent',
      'refused: The SSH agent refused.',
      'refused: not-sent',
    ])
  })

  it('has commands that are valid for longer, by the time that a person may take', async () => {
    const { master, told } = masterWith(async () => new Uint8Array(64))
    await master.start(request)
    expect(told).toEqual([{ kind: 'ping', ttlMs: defaultTiming.responseTimeoutMs + 20_000 }])
    await closed(master)
  })
})
