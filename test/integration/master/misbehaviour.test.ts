import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { describeWarning } from '../../../src/master/masterWarning.ts'
import { everyone } from '../../../src/protocol/filter/writtenFilter.ts'
import type { CommandMessage } from '../../../src/protocol/messages.ts'
import type { Environment } from '../../../src/queues/environment.ts'
import { createQueues } from '../../../src/queues/queues.ts'
import type { RunRequest } from '../../../src/run/runRequest.ts'
import { say } from '../../../src/text/localizable.ts'
import { startFaultProxy } from '../../support/faultProxy.ts'
import { createMasters, type Masters, type OpenMaster, outputOf, startRun } from '../../support/masters.ts'
import { repliesOf, type ScriptedAgent, startScriptedAgent } from '../../support/scriptedAgent.ts'
import { type SqsServer, startSqs } from '../../support/sqs.ts'
import { until } from '../../support/until.ts'

let sqs: SqsServer
let masters: Masters
const agents: ScriptedAgent[] = []

beforeAll(async () => {
  sqs = await startSqs()
  masters = createMasters(sqs)
})
afterAll(async () => {
  await Promise.all(agents.map((agent) => agent.stop()))
  await masters?.close()
  await sqs?.stop()
})

describe('a master', () => {
  it('puts together what comes in any order, more than once, and after the result', async () => {
    const { master } = await withAgent('shuffled', async ({ runId, replyTo }, agent) => {
      const { ack, frame, result } = repliesOf('shuffled', runId)
      const texts = ['zero ', 'one ', 'two ', 'three']
      const frames = texts.map((text, n) => frame(n, text))
      await agent.send(replyTo, ...frames.slice(2).reverse(), result(texts), ack(), result(texts))
      await agent.send(replyTo, ...frames.slice(0, 2).reverse(), ...frames, ack(), result(texts))
    })
    const run = await startRun(master, ping)
    expect((await run.ended).replies.get('shuffled')).toMatchObject({
      state: 'succeeded',
      output: 'complete',
      late: false,
    })
    expect(await outputOf(run, 'shuffled')).toBe('zero one two three')
  })

  it('asks for frames that are missing, and gets them', async () => {
    const { master } = await withAgent(
      'forgetful',
      async ({ runId, replyTo, action }, agent) => {
        const texts = ['zero ', 'one ', 'two']
        const send = (id: string, numbers: readonly number[]) =>
          agent.send(replyTo, ...numbers.map((n) => repliesOf('forgetful', id).frame(n, texts[n] ?? '')))
        if (action.kind === 'resend') return send(action.runId, action.missing)
        await send(runId, [1])
        await agent.send(replyTo, repliesOf('forgetful', runId).result(texts))
      },
      { resendAfterMs: 50, resendTries: 12 },
    )
    const run = await startRun(master, ping)
    expect((await run.ended).replies.get('forgetful')?.output).toBe('complete')
    expect(await outputOf(run, 'forgetful')).toBe('zero one two')
  })

  it('says so when frames are missing for good, and when output is not what was sent', async () => {
    const { master } = await withAgent(
      'liar',
      async ({ runId, replyTo, action }, agent) => {
        if (action.kind === 'resend') return
        const { frame, result } = repliesOf('liar', runId)
        if (action.kind === 'ping') await agent.send(replyTo, frame(0, 'here'), result(['here', 'gone']))
        else await agent.send(replyTo, frame(0, 'what it says'), result(['what it sent']))
      },
      { resendAfterMs: 20, resendTries: 2 },
    )
    const missing = await startRun(master, ping)
    expect((await missing.ended).replies.get('liar')).toMatchObject({
      state: 'succeeded',
      output: 'incomplete',
    })
    const wrong = await startRun(master, { ...ping, action: { kind: 'facts' } })
    expect((await wrong.ended).replies.get('liar')).toMatchObject({
      state: 'succeeded',
      output: 'incomplete',
    })
  })

  it('publishes again to an agent that has missed the command, and gives up one that stays silent', async () => {
    let heard = 0
    const { master } = await withAgent(
      'deaf',
      async ({ runId, replyTo }, agent) => {
        heard += 1
        if (heard === 2) await agent.send(replyTo, repliesOf('deaf', runId).result([]))
      },
      { republishAfterMs: 100, responseTimeoutMs: 5000 },
    )
    const first = await startRun(master, ping)
    expect((await first.ended).counts.succeeded).toBe(1)
    expect(heard).toBe(2)
  })

  it('asks once more for a result whose time is over, and gets it', async () => {
    const { master } = await withAgent(
      'unheard',
      async ({ runId, replyTo, action }, agent) => {
        if (action.kind === 'ping') await agent.send(replyTo, repliesOf('unheard', runId).ack())
        if (action.kind === 'resend' && action.result)
          await agent.send(replyTo, repliesOf('unheard', action.runId).result([]))
      },
      { graceMs: 50 },
    )
    const run = await startRun(master, { ...ping, timeoutMs: 50 })
    expect((await run.ended).counts.succeeded).toBe(1)
  })

  it('gives agents that still do not reply the verdict lost', async () => {
    const { master } = await withAgent(
      'dying',
      async ({ runId, replyTo, action }, agent) => {
        if (action.kind === 'ping') await agent.send(replyTo, repliesOf('dying', runId).ack())
      },
      { republishAfterMs: 3_000, responseTimeoutMs: 3_000, graceMs: 50 },
    )
    const run = await startRun(master, { ...ping, timeoutMs: 50 })
    expect((await run.ended).counts.lost).toBe(1)
  })

  it('has its cancel refused, and waits for the result all the same', async () => {
    const { master, troubles } = await withAgent('stubborn', async ({ runId, replyTo, action }, agent) => {
      if (action.kind === 'ping') return agent.send(replyTo, repliesOf('stubborn', runId).ack())
      if (action.kind !== 'cancel') return
      await agent.send(replyTo, repliesOf('stubborn', runId).refusal('not by you'))
      await agent.send(replyTo, repliesOf('stubborn', action.runId).result(['done anyway']))
      await agent.send(replyTo, repliesOf('stubborn', action.runId).frame(0, 'done anyway'))
    })
    const run = await startRun(master, ping)
    await until(() => run.state.counts.running === 1, 'the agent to be at it')
    await run.cancel()
    expect((await run.ended).replies.get('stubborn')).toMatchObject({
      state: 'succeeded',
      cancelRefused: 'not by you',
    })
    expect(troubles).toMatchObject([
      { kind: 'run', error: { message: 'host-stubborn refused to cancel: not by you' } },
    ])
  })

  it.each([
    ['calls an agent unexpected that the command does not name', 'left-out', 'unexpected'],
    ['lets an agent join where those are included that nobody knows', 'included', 'succeeded'],
  ] as const)('%s', async (_, unseen, state) => {
    const { master } = await withAgent(`known-${unseen}`, async ({ runId, replyTo }, agent) => {
      await agent.send(replyTo, repliesOf('newcomer', runId).result([]))
      await agent.send(replyTo, repliesOf(agent.agentId, runId).result([]))
    })
    const run = await startRun(master, { ...ping, unseen })
    const { replies } = await run.ended
    expect(replies.get('newcomer')).toMatchObject({ state, expected: false })
  })

  it.each(['private', 'shared'] as const)(
    'continues when there are unreadable and foreign messages on its %s queue, and reports which it rejected',
    async (replyQueue) => {
      const name = `noisy-${replyQueue}`
      const { master, troubles } = await withAgent(
        name,
        async ({ runId, replyTo }, agent) => {
          await agent.send(replyTo, 'garbage', '{"v":9,"m":"{}"}', repliesOf(name, randomUUID()).result([]))
          await agent.send(replyTo, repliesOf(name, runId).result([]))
        },
        {},
        replyQueue,
      )
      const run = await startRun(master, ping)
      expect((await run.ended).counts.succeeded).toBe(1)
      // On a shared queue, a reply to another run is another master's.
      const foreign = replyQueue === 'private' ? 1 : 0
      await until(
        () => master.rejected.unreadable + master.rejected.foreign === 2 + foreign,
        'all to be counted',
      )
      expect(master.rejected).toEqual({ unreadable: 2, forged: 0, foreign })
      expect(troubles).toHaveLength(1 + foreign)
      const sentences = troubles.map((warning) => describeWarning(warning)).join('\n')
      expect(sentences).toMatch(
        /Ignored unreadable message \S+ on the reply queue: (not JSON|protocol version 9)/,
      )
      if (foreign > 0) expect(sentences).toContain(`Rejected a reply of ${name} to run `)
    },
  )

  it('rejects replies and facts that another instance sent under the name of an agent', async () => {
    const [real, forger] = ['i-0aaaaaaaaaaaaaaaa', 'i-0bbbbbbbbbbbbbbbb'] as const
    const senderIds = { REAL: `AROAEXAMPLE:${real}`, FORGER: `AROAEXAMPLE:${forger}` }
    const proxy = await startFaultProxy({ endpoint: sqs.endpoint, seed: 1, senderIds })
    const environment = { ...(await sqs.environment('forged')), endpoint: proxy.endpoint }
    const clientOf = (accessKeyId: string) =>
      createQueues({ ...environment, credentials: { accessKeyId, secretAccessKey: 'test' } })
    const clients = [clientOf('REAL'), clientOf('FORGER'), clientOf('MASTER')] as const
    const honest = await startScriptedAgent(clients[0], environment, real, async () => {})
    const liar = await startScriptedAgent(
      clients[1],
      environment,
      forger,
      async ({ runId, replyTo }, agent) => {
        await agent.send(replyTo, repliesOf(real, runId).result([], { kind: 'exited', code: 66 }))
        await agent.send(replyTo, repliesOf(forger, runId).result([]))
        await honest.send(replyTo, repliesOf(real, runId).result([]))
      },
    )
    const { master, troubles, discover } = await masters.open(environment, { queues: clients[2] })
    await discover(2)
    const run = await startRun(master, ping)
    const { replies, counts } = await run.ended
    expect(counts).toMatchObject({ succeeded: 2, failed: 0 })
    expect(replies.get(real)?.identity).toBe('proven')
    expect(troubles).toMatchObject([{ kind: 'forged', agentId: real, senderId: senderIds.FORGER }])
    // The same with facts: it says that it is somebody else.
    const impostor = await startScriptedAgent(clients[1], environment, real, async () => {})
    expect((await master.refresh()).unreadable).toMatchObject([
      { reason: say('facts under the name of {0}, sent by {1}', real, senderIds.FORGER) },
    ])
    await Promise.all([honest, liar, impostor].map((agent) => agent.stop()))
    await master.close()
    for (const client of clients) client.close()
    await proxy.stop()
  })

  it('expects each of a list of targets, known or not, tells them by one message, and nobody else obeys', async () => {
    const timing = { republishAfterMs: 500, responseTimeoutMs: 1_000 }
    const { master, environment, queues } = await withAgent(
      'one',
      async ({ runId, replyTo }, agent) => agent.send(replyTo, repliesOf('one', runId).result([])),
      timing,
    )
    const bystander = await startScriptedAgent(sqs.connect(), environment, 'bystander', async () => {})
    agents.push(bystander)
    const before = queues.requests.byOperation.SendMessage?.requests ?? 0
    const others = Array.from({ length: 9_000 }, () => randomUUID())
    const run = await startRun(master, { ...ping, targets: [...others, 'one'] })
    expect((queues.requests.byOperation.SendMessage?.requests ?? 0) - before).toBe(1)
    await until(() => run.state.counts.succeeded === 1, 'the reply of the agent that is there')
    expect((await run.ended).counts['no-reply']).toBe(others.length)
    expect(bystander.commands).toEqual([])
  })
})

const ping: RunRequest = { filter: everyone, action: { kind: 'ping' }, timeoutMs: 60_000 }

/** A master, and one agent in an environment of its name. */
async function withAgent(
  name: string,
  obey: (command: CommandMessage, agent: ScriptedAgent) => Promise<void>,
  timing: NonNullable<Parameters<Masters['open']>[1]>['timing'] = {},
  replyQueue: 'private' | 'shared' = 'private',
): Promise<OpenMaster & { environment: Environment }> {
  const environment = await sqs.environment(name)
  agents.push(await startScriptedAgent(sqs.connect(), environment, name, obey))
  const opened = await masters.open(environment, { timing, replyQueue })
  await opened.discover(1)
  return { ...opened, environment }
}
