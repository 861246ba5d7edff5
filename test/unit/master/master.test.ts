import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Run } from '../../../src/master/engine/run.ts'
import { recordOfReach } from '../../../src/master/fleet/reach.ts'
import type { Master } from '../../../src/master/master.ts'
import type { MasterWarning } from '../../../src/master/masterWarning.ts'
import type { StartOutcome } from '../../../src/master/startOutcome.ts'
import { History } from '../../../src/master/store/history.ts'
import { openBody } from '../../../src/protocol/envelope.ts'
import { everyone, readFilter } from '../../../src/protocol/filter/writtenFilter.ts'
import type { Environment } from '../../../src/queues/environment.ts'
import type { Queues } from '../../../src/queues/queues.ts'
import { deferred } from '../../support/deferred.ts'
import { everyInterleaving, type Stage } from '../../support/interleavings.ts'
import { playedMaster } from '../../support/playedMaster.ts'
import { playedQueues, queueError, untilAborted } from '../../support/playedQueues.ts'
import { until } from '../../support/until.ts'

const request = { filter: everyone, action: { kind: 'ping' } as const, timeoutMs: 60_000 }
let directory: string
let history: History
const masters: Master[] = []

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'master-'))
  history = await History.open(directory)
})
afterEach(async () => {
  await Promise.all(masters.splice(0).map((master) => master.close({ forgetReplyQueue: true })))
  await rm(directory, { recursive: true, force: true })
})

describe('Starting a run', () => {
  it('says in each order of sending and aborting whether it was sent, and has its agents stopped where it was', {
    timeout: 60_000,
  }, async () => {
    const kinds = new Set<string>()
    await everyInterleaving(
      async (stage) => {
        const { master, told, taken } = masterOn(stage)
        const abort = new AbortController()
        stage.act('start', () => master.start(request, abort.signal))
        stage.act('abort', () => abort.abort())
        const { start } = await stage.play()
        const outcome = outcomeOf(start)
        kinds.add(outcome.kind)
        expect(outcome.kind === 'not-sent').toBe(!told.includes('ping'))
        if (outcome.kind === 'not-sent') expect(told).toEqual([])
        else {
          await until(() => told.includes('cancel'), 'its agents to be asked to stop')
          expect(outcome.run.state).toMatchObject({ phase: 'running', counts: { expected: 2 } })
          expect(outcome.kind === 'interrupted').toBe(!taken.includes('ping'))
        }
        await closed(master)
      },
      { usesDisk: true },
    )
    expect(kinds).toEqual(new Set(['not-sent', 'interrupted', 'sent']))
  })

  it('says in each order of sending and closing whether it was sent; what was is left to be resumed', {
    timeout: 60_000,
  }, async () => {
    const kinds = new Set<string>()
    await everyInterleaving(
      async (stage) => {
        const { master, told } = masterOn(stage)
        stage.act('start', () => master.start(request))
        stage.act('close', () => master.close({ forgetReplyQueue: true }))
        const { start } = await stage.play()
        const outcome = outcomeOf(start)
        kinds.add(outcome.kind)
        expect(told).toEqual(outcome.kind === 'not-sent' ? [] : ['ping'])
        for (const { runId, phase } of await history.list()) {
          if (outcome.kind === 'not-sent') expect(phase).toBe('over')
          // Nobody has it in hand any more.
          expect(await history.isInUse(runId)).toBe(false)
          if (phase === 'over') continue
          const { state, record } = await history.resume(runId)
          expect(state.counts.expected).toBe(2)
          await record.close()
        }
        await closed(master)
      },
      { usesDisk: true },
    )
    expect(kinds).toEqual(new Set(['not-sent', 'interrupted', 'sent']))
  })

  it('expects answers of exactly those whom the master said it would hit', async () => {
    const master = masterWith(playedQueues())
    const said = { version: '1', environment: 'testing', startedAt: 1, intervalMs: 30_000, running: [] }
    const now = Date.now()
    for (const [agentId, role] of [
      ['c', 'web'],
      ['d', 'web'],
      ['e', 'db'],
    ] as const) {
      const message = {
        type: 'facts' as const,
        ...said,
        agentId,
        hostname: agentId,
        sentAt: now,
        facts: { role },
      }
      master.inventory.recordFacts(message, now, undefined)
    }
    const audiences = [
      { filter: everyone },
      { filter: readFilter('role=web') },
      { filter: readFilter('role=web'), targets: ['d', 'e', 'nobody'] },
    ]
    for (const audience of audiences) {
      const { named } = master.reach(audience)
      const outcome = await master.start({ ...request, ...audience })
      if (outcome.kind !== 'sent') throw new Error(outcome.kind)
      expect([...outcome.run.state.replies.keys()]).toEqual(named.map(({ agentId }) => agentId))
      const { reach } = (await history.load(outcome.run.runId)).state
      expect(reach).toEqual(recordOfReach(master.reach(audience), master.environment))
    }
    const nobody = { filter: readFilter('role=mail') }
    expect(master.reach(nobody).agents).toEqual([])
    await expect(master.start({ ...request, ...nobody })).rejects.toMatchObject({ name: 'NobodyMatches' })
  })

  it.each([
    ['in a protected environment', { protected: true }, {}],
    ['beside targets', {}, { targets: ['a'] }],
    ['in a rollout', {}, { rollout: { canary: 1 } }],
  ])('does not include agents that nobody confirmed %s, and sends nothing', async (_, changes, part) => {
    const master = masterWith(playedQueues(), [], changes)
    await expect(master.start({ ...request, ...part, unseen: 'included' })).rejects.toMatchObject({
      name: 'UnseenNotAllowed',
    })
    expect(await history.list()).toEqual([])
  })

  it('is not sent with a field that every agent would refuse, which it names', async () => {
    const master = masterWith(playedQueues())
    const action = { kind: 'shell' as const, command: 'true', user: 'two words' }
    await expect(master.start({ ...request, action })).rejects.toMatchObject({
      name: 'InvalidAction',
      message: 'The command has a field that is not valid (user: a user name). Nothing was sent.',
    })
    expect(await history.list()).toEqual([])
  })

  it('is not begun when it is aborted already, and leaves nothing in the history', async () => {
    const master = masterWith(playedQueues())
    const outcome = await master.start(request, AbortSignal.abort())
    expect([outcome, await history.list()]).toEqual([{ kind: 'not-sent' }, []])
  })

  it('does not wait for an SQS that does not answer once it is aborted', async () => {
    const asked = deferred()
    const master = masterWith(
      playedQueues({
        create: (_queue, _settings, signal) => {
          asked.resolve()
          return untilAborted(signal)
        },
      }),
    )
    const abort = new AbortController()
    const starting = master.start(request, abort.signal)
    await asked.promise
    abort.abort()
    expect(await starting).toEqual({ kind: 'not-sent' })
  })

  it('is cancelled by an abort at any later time, which is said when SQS refuses that', async () => {
    const warnings: MasterWarning[] = []
    let isRefusing = false
    const queues = playedQueues({
      send: async () => {
        if (isRefusing) throw queueError('forbidden')
        return { messageId: 'sent' }
      },
    })
    const master = masterWith(queues, warnings)
    const abort = new AbortController()
    const outcome = await master.start(request, abort.signal)
    isRefusing = true
    abort.abort()
    await until(() => warnings.length > 0, 'the refusal to be told')
    expect(outcome).toMatchObject({ kind: 'sent', run: { state: { cancelRequestedAt: expect.any(Number) } } })
    expect(warnings).toMatchObject([
      {
        kind: 'run',
        error: { message: 'The agents could not be asked to stop; the command may still run: no' },
      },
    ])
  })

  it('goes on when whom the master tells of warnings throws', async () => {
    const fail = () => {
      throw new Error('a broken listener')
    }
    const master = masterWith(playedQueues({ receive: () => Promise.reject(queueError('network')) }), {
      push: fail,
    })
    expect(await master.start(request)).toMatchObject({ kind: 'sent' })
    expect(await master.start(request)).toMatchObject({ kind: 'sent' })
  })
})

describe('An earlier run', () => {
  it('is resumed once, however many ask for it, and released by a master that closes, whatever comes between', {
    timeout: 60_000,
  }, async () => {
    const first = masterWith(playedQueues())
    const begun = await first.start(request)
    await first.close({ forgetReplyQueue: true })
    if (begun.kind === 'not-sent') throw new Error('it was not sent')
    const { runId } = begun.run
    await everyInterleaving(
      async (stage) => {
        const { master } = masterOn(stage)
        const runs: Run[] = []
        const resume = async () => void runs.push(...(await master.resume()))
        stage.act('resume', resume)
        stage.act('resume again', resume)
        stage.act('close', () => master.close({ forgetReplyQueue: true }))
        await stage.play()
        expect(new Set(runs).size).toBeLessThanOrEqual(1)
        expect(await history.isInUse(runId)).toBe(false)
        // The next one finds it as it was.
        const next = masterWith(playedQueues())
        expect((await next.resume()).map(({ state }) => state.counts.expected)).toEqual([2])
        await next.close({ forgetReplyQueue: true })
      },
      { usesDisk: true },
    )
  })
})

/** A master that knows two agents, whose SQS takes its time on the stage. */
function masterOn(stage: Stage) {
  /** Kinds of the commands that SQS was told, and of those that it has taken. */
  const [told, taken]: [string[], string[]] = [[], []]
  const queues = playedQueues({
    create: () => stage.pause('creates its queue'),
    async maximumMessageSize(_queue, signal) {
      if (told.length === 0) await stage.pause('asks for the limit')
      signal?.throwIfAborted()
      return 256 * 1024
    },
    async send(queue, body, signal) {
      const { message } = openBody(body, queue.endsWith('_master') ? 'command' : 'reply')
      const kind = message.type === 'command' ? message.action.kind : message.type
      told.push(kind)
      if (kind === 'ping') await stage.pause('sends')
      signal?.throwIfAborted()
      taken.push(kind)
      return { messageId: `${told.length}` }
    },
    receive: (_queue, _options, signal) => untilAborted(signal),
  })
  return { master: masterWith(queues), told, taken }
}

function masterWith(
  queues: Queues,
  warnings: { push(warning: MasterWarning): unknown } = [],
  changes: Partial<Environment> = {},
): Master {
  const onWarning = (warning: MasterWarning) => void warnings.push(warning)
  const master = playedMaster({ queues, history, onWarning }, changes)
  masters.push(master)
  return master
}

async function closed(master: Master): Promise<void> {
  masters.splice(masters.indexOf(master), 1)
  await master.close({ forgetReplyQueue: true })
  for (const { runId } of await history.list()) await history.delete(runId)
}

function outcomeOf(end: PromiseSettledResult<unknown> | undefined): StartOutcome {
  if (end?.status !== 'fulfilled') throw end?.reason
  return end.value as StartOutcome
}
