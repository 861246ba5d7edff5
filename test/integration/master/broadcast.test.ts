import { randomBytes, randomUUID } from 'node:crypto'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { names } from '../../../agent/src/intake/admission.ts'
import { Broadcast } from '../../../src/master/sending/broadcast.ts'
import { openBody } from '../../../src/protocol/envelope.ts'
import type { CommandMessage } from '../../../src/protocol/messages.ts'
import type { Environment } from '../../../src/queues/environment.ts'
import { QueueError } from '../../../src/queues/queueError.ts'
import { createQueues, type Queues, type ReceivedMessage } from '../../../src/queues/queues.ts'
import { startFaultProxy } from '../../support/faultProxy.ts'
import { type SqsServer, startSqs } from '../../support/sqs.ts'
import { until } from '../../support/until.ts'

let sqs: SqsServer
let queues: Queues

beforeAll(async () => {
  sqs = await startSqs()
  queues = sqs.connect()
})
afterEach(async () => {
  await Promise.all(endings.splice(0).map((end) => end()))
})
afterAll(() => sqs?.stop())

const endings: (() => Promise<void>)[] = []

async function behindProxy(name: string) {
  const environment = await sqs.environment(name)
  const proxy = await startFaultProxy({ endpoint: sqs.endpoint, seed: 7 })
  const ours = createQueues({ ...environment, endpoint: proxy.endpoint })
  endings.push(async () => {
    ours.close()
    await proxy.stop()
  })
  const queue = environment.queues.commands
  return { broadcast: new Broadcast(ours, queue, undefined), proxy, queue }
}

describe('Broadcast', () => {
  it.each([
    ['names 10,000 targets in one message', 6_000, 1],
    [
      'spreads them over several where its script leaves too little room, each target in one of them',
      28_000,
      2,
    ],
  ])('%s, and takes all of it away', async (_, scriptBytes, messages) => {
    const { commands } = (await sqs.environment(`spread${messages}`)).queues
    const content = randomBytes(scriptBytes).toString('base64')
    const action = { kind: 'script' as const, name: 'deploy.sh', content, args: [] }
    const targets = Array.from({ length: 10_000 }, () => `i-${randomUUID().replaceAll('-', '').slice(0, 17)}`)
    const broadcast = new Broadcast(queues, commands, undefined)
    await broadcast.publish({ ...command, action, targets }, unstopped)
    const sent = await commandsOn(commands)
    expect(sent.length).toBe(messages)
    for (const target of targets.filter((__, index) => index % 500 === 0))
      expect(sent.filter((message) => names(message, target) === true)).toHaveLength(1)
    expect(new Set(sent.map(({ runId }) => runId)).size).toBe(1)
    await broadcast.withdraw()
    expect(await commandsOn(commands)).toEqual([])
  })

  it('sends nothing of a command that cannot be sent whole', async () => {
    const { commands } = (await sqs.environment('large')).queues
    const broadcast = new Broadcast(queues, commands, undefined)
    const script = { kind: 'shell', command: randomBytes(80_000).toString('base64') } as const
    await expect(
      broadcast.publish({ ...command, action: script, targets: ['a', 'b'] }, unstopped),
    ).rejects.toThrow(/takes \d+ bytes, and the MaximumMessageSize of the queue is 65536/)
    expect(await commandsOn(commands)).toEqual([])
  })

  it("takes its own commands away and leaves others' alone", async () => {
    const { commands } = (await sqs.environment('others')).queues
    const [ours, theirs] = [
      new Broadcast(queues, commands, undefined),
      new Broadcast(queues, commands, undefined),
    ]
    for (let n = 0; n < 3; n += 1) {
      await ours.publish({ ...command, runId: `ours-000${n}` }, unstopped)
      await theirs.publish({ ...command, runId: `theirs-0${n}` }, unstopped)
    }
    await queues.send(commands, 'garbage')
    await ours.withdraw()
    const left = await commandsOn(commands)
    expect(left.map(({ runId }) => runId).toSorted()).toEqual(['theirs-00', 'theirs-01', 'theirs-02'])
  })

  it('finds its commands although others take theirs away at the same time', async () => {
    const { commands } = (await sqs.environment('crowd')).queues
    const crowd = Array.from({ length: 9 }, () => new Broadcast(queues, commands, undefined))
    await Promise.all(crowd.map((each, n) => each.publish({ ...command, runId: `crowd-00${n}` }, unstopped)))
    await Promise.all(crowd.map((each) => each.withdraw()))
    expect(await commandsOn(commands)).toEqual([])
  })

  it('finds its commands among many others, which all stay', async () => {
    const { commands } = (await sqs.environment('many')).queues
    const theirs = new Broadcast(queues, commands, undefined)
    const ours = new Broadcast(queues, commands, undefined)
    const runIds = Array.from({ length: 120 }, (_, n) => `theirs-${String(n).padStart(3, '0')}`)
    for (const runId of runIds.slice(0, 100)) await theirs.publish({ ...command, runId }, unstopped)
    await ours.publish({ ...command, runId: 'ours-0001' }, unstopped)
    for (const runId of runIds.slice(100)) await theirs.publish({ ...command, runId }, unstopped)
    await ours.publish({ ...command, runId: 'ours-0002' }, unstopped)
    expect(await ours.withdraw()).toBe(0)
    expect(await allOn(commands)).toEqual(runIds)
  })

  it('remembers for the next time what another consumer hides at the moment', async () => {
    const { commands } = (await sqs.environment('hidden')).queues
    const broadcast = new Broadcast(queues, commands, undefined)
    await broadcast.publish(command, unstopped)
    const hidden = await queues.receive(commands, { waitSeconds: 0, visibilitySeconds: 60 })
    expect(await broadcast.withdraw()).toBe(1)
    await queues.release(commands, hidden)
    expect(await broadcast.withdraw()).toBe(0)
    expect(await commandsOn(commands)).toEqual([])
  })

  it('takes away control messages of some time ago alone, and the command of the run stays', async () => {
    const { commands } = (await sqs.environment('control')).queues
    const broadcast = new Broadcast(queues, commands, undefined)
    const cancel = { kind: 'cancel', runId: command.runId, issuedAt: 1 } as const
    await broadcast.publish(command, unstopped)
    await broadcast.publish({ ...command, runId: 'order-001', action: cancel }, unstopped)
    expect(await broadcast.withdraw(undefined, ({ at, isControl }) => isControl && at < 0)).toBe(0)
    expect(await commandsOn(commands)).toHaveLength(2)
    expect(await broadcast.withdraw(undefined, ({ isControl }) => isControl)).toBe(0)
    expect((await commandsOn(commands)).map(({ runId }) => runId)).toEqual([command.runId])
  })

  it('sends a command four times in all when SQS never takes it', async () => {
    const { broadcast, proxy, queue } = await behindProxy('never')
    await queues.maximumMessageSize(queue)
    proxy.inject({ fault: { kind: 'refuse', as: 'ServiceUnavailableException' }, actions: ['SendMessage'] })
    await expect(broadcast.publish(command, unstopped)).rejects.toMatchObject({ kind: 'network' })
    expect(proxy.struck.ServiceUnavailableException).toBe(4)
  })

  it('leaves what it publishes while it takes the rest away', async () => {
    const { commands } = (await sqs.environment('meanwhile')).queues
    const broadcast = new Broadcast(queues, commands, undefined)
    await broadcast.publish({ ...command, runId: 'the-first-step' }, unstopped)
    const withdrawing = broadcast.withdraw()
    await broadcast.publish({ ...command, runId: 'the-second-step' }, unstopped)
    await withdrawing
    expect((await commandsOn(commands)).map(({ runId }) => runId)).toEqual(['the-second-step'])
    await broadcast.withdraw()
    expect(await commandsOn(commands)).toEqual([])
  })

  it('says that a command was not sent when it is stopped before SQS was told of it', async () => {
    const { broadcast, proxy, queue } = await behindProxy('unsaid')
    proxy.inject({ fault: { kind: 'slow', ms: [60_000, 60_000] }, actions: ['GetQueueAttributes'] })
    const stop = new AbortController()
    const publishing = broadcast.publish(command, stop.signal)
    await until(() => proxy.requests > 1, 'the question how large a message may be')
    stop.abort()
    expect(await publishing).toBe('not-sent')
    expect(await broadcast.publish(command, stop.signal)).toBe('not-sent')
    expect(await commandsOn(queue)).toEqual([])
  })

  it('says that it was interrupted when it is stopped while SQS is told, and takes away what SQS took all the same', async () => {
    const { broadcast, proxy, queue } = await behindProxy('half-said')
    // SQS takes the command, and its answers get lost: nobody learns the message's id.
    const mend = proxy.inject({ fault: { kind: 'cut', how: 'reset' }, actions: ['SendMessage'] })
    const stop = new AbortController()
    const publishing = broadcast.publish(command, stop.signal)
    await until(() => proxy.struck.reset !== undefined, 'a broken answer')
    stop.abort()
    expect(await publishing).toBe('interrupted')
    expect((await commandsOn(queue)).length).toBeGreaterThan(0)
    mend()
    await broadcast.withdraw()
    expect(await commandsOn(queue)).toEqual([])
  })

  it('tries again when SQS throttles or a connection breaks, says so when it refuses, and takes away later what it could not', async () => {
    const environment: Environment = await sqs.environment('shaky')
    const proxy = await startFaultProxy({ endpoint: sqs.endpoint, seed: 7 })
    const shaky = createQueues({ ...environment, endpoint: proxy.endpoint })
    const broadcast = new Broadcast(shaky, environment.queues.commands, undefined)
    await shaky.maximumMessageSize(environment.queues.commands)
    const mend = proxy.outage({ actions: ['SendMessage'] })
    const requests = proxy.requests
    const publishing = broadcast.publish(command, unstopped)
    await until(() => proxy.requests > requests, 'the first try')
    mend()
    await publishing
    expect((await commandsOn(environment.queues.commands)).length).toBeGreaterThan(0)
    const mendReceives = proxy.outage({ actions: ['ReceiveMessage'] })
    await expect(broadcast.withdraw()).rejects.toThrow(QueueError)
    mendReceives()
    await broadcast.withdraw()
    expect(await commandsOn(environment.queues.commands)).toEqual([])
    await expect(
      new Broadcast(shaky, 'not_there', undefined).publish(command, unstopped),
    ).rejects.toMatchObject({
      kind: 'missing-queue',
    })
    shaky.close()
    await proxy.stop()
  })
})

const unstopped = new AbortController().signal

const command: CommandMessage = {
  ...{
    type: 'command',
    runId: 'run-of-a-test',
    environment: 'testing',
    issuedAt: 1,
    ttlMs: 10_000,
    filter: '*',
  },
  ...{ issuer: { name: 'ada', host: 'laptop' }, replyTo: 'testing_agent', timeoutMs: 1000 },
  action: { kind: 'ping' },
}

/** All runs whose commands are visible, however many. */
async function allOn(queue: string): Promise<string[]> {
  const found: ReceivedMessage[] = []
  for (let empty = 0; empty < 3; ) {
    const received = await queues.receive(queue, { waitSeconds: 0, visibilitySeconds: 60 })
    found.push(...received)
    if (received.length === 0) empty += 1
  }
  return found.map(({ body }) => openBody(body, 'command').message.runId).toSorted()
}

/** What agents see: everything that is visible, read without hiding it. */
async function commandsOn(queue: string): Promise<CommandMessage[]> {
  const seen = new Map<string, string>()
  for (let known = -1; known < seen.size; ) {
    known = seen.size
    for (const { messageId, body } of await queues.receive(queue, { waitSeconds: 0, visibilitySeconds: 0 })) {
      seen.set(messageId, body)
    }
  }
  return [...seen.values()]
    .filter((body) => body.startsWith('{'))
    .map((body) => openBody(body, 'command').message)
}
