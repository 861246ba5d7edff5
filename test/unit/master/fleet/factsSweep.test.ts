import { describe, expect, it } from 'vitest'
import { sweepFacts } from '../../../../src/master/fleet/factsSweep.ts'
import { Inventory } from '../../../../src/master/fleet/inventory.ts'
import { sealBody } from '../../../../src/protocol/envelope.ts'
import type { FactsMessage } from '../../../../src/protocol/messages.ts'
import { defaultQueues } from '../../../../src/queues/environment.ts'
import { createDice } from '../../../support/faults/dice.ts'
import { createModelQueue, type ModelOptions } from '../../../support/modelQueue.ts'
import { queueError } from '../../../support/playedQueues.ts'
import { createVirtualTime } from '../../../support/virtualTime.ts'

const environment = { name: 'testing', queues: defaultQueues('testing') }

/** A facts queue in memory, and a master that reads it. */
function setUp(way: Partial<ModelOptions> = {}) {
  const dice = createDice(1)('facts')
  const time = createVirtualTime(dice)
  const model = createModelQueue({ ...way, time, dice })
  const inventory = new Inventory(time.now)
  let messages = 0
  const publish = (agentId: string, parts: Partial<FactsMessage> = {}) => {
    messages += 1
    const message: FactsMessage = {
      ...{ type: 'facts', agentId, hostname: agentId, environment: 'testing', version: '1', startedAt: 0 },
      ...{ sentAt: messages, intervalMs: 30_000, running: [], facts: { round: messages } },
      ...parts,
    }
    model.put(`${messages}`, sealBody(message))
  }
  const sweep = (queues = model.queues) =>
    time.play(sweepFacts(queues, environment, inventory, time.now, undefined, time))
  const wait = (ms: number) => time.play(time.pause(ms))
  return { model, inventory, publish, sweep, wait, time }
}

describe('A sweep of the facts queue', () => {
  it('finds every agent with its newest facts, and leaves one message of each for others', async () => {
    const { model, inventory, publish, sweep, wait } = setUp()
    for (let round = 0; round < 3; round += 1) {
      for (let agent = 0; agent < 40; agent += 1) publish(`agent-${agent}`)
      await wait(1_000)
    }
    const { end, messages } = await sweep()
    expect({ end, messages }).toEqual({ end: 'proved', messages: 120 })
    expect(inventory.agents().length).toBe(40)
    for (const { facts } of inventory.agents()) expect(facts.round).toBeGreaterThan(80)
    expect(model.messageIds.map(Number).every((number) => number > 80)).toBe(true)
  })

  it('says which messages it cannot read, and of which environment agents are not ours', async () => {
    const { model, inventory, publish, sweep } = setUp()
    publish('agent-1')
    publish('agent-2', { environment: 'production' })
    model.put('garbage')
    const { unreadable } = await sweep()
    expect(unreadable.map(({ messageId }) => messageId).toSorted()).toEqual(['2', 'garbage'])
    expect(inventory.agents().map(({ agentId }) => agentId)).toEqual(['agent-1'])
  })

  it('reads to the end once in half a minute, and is content with all known agents in between', async () => {
    const { inventory, publish, sweep, wait, time } = setUp()
    const publishAll = () => {
      for (let agent = 0; agent < 30; agent += 1) publish(`agent-${agent}`)
    }
    publishAll()
    await wait(2_000)
    expect((await sweep()).end).toBe('proved')
    const provedAt = time.now()
    expect(inventory.snapshot().look).toEqual({ kind: 'complete', at: provedAt })
    await wait(5_000)
    expect((await sweep()).end).toBe('known')
    expect(inventory.snapshot().look).toEqual({ kind: 'complete', at: provedAt })
    await wait(26_000)
    publishAll()
    await wait(2_000)
    expect((await sweep()).end).toBe('proved')
  })

  it('finds a new agent beside those that it knows', async () => {
    const { inventory, publish, sweep, wait } = setUp()
    for (let agent = 0; agent < 30; agent += 1) publish(`agent-${agent}`)
    await wait(2_000)
    await sweep()
    publish('newcomer')
    await wait(2_000)
    await sweep()
    expect(inventory.agents().length).toBe(31)
  })

  it('that did not reach the end says so, and so does what the inventory knows', async () => {
    const { model, inventory, publish, sweep, wait } = setUp()
    publish('agent-1')
    await wait(2_000)
    // Somebody hides more and more, as SQS says.
    const attributes: typeof model.queues.attributes = async (queue) => ({
      ...(await model.queues.attributes(queue)),
      notVisible: 1_000,
    })
    expect((await sweep({ ...model.queues, attributes })).end).toBe('unsure')
    expect(inventory.snapshot().look.kind).toBe('unsure')
    expect(inventory.agents().length).toBe(1)
  })

  it('puts superseded facts back where it may not delete them, and does not try again', async () => {
    const { model, inventory, publish, sweep, wait } = setUp()
    publish('agent-1')
    await wait(2_000)
    publish('agent-1')
    await wait(2_000)
    const released = new Set<string>()
    let deletes = 0
    const { notPutBack } = await sweep({
      ...model.queues,
      delete: async (_queue, messages) => {
        if (messages.length === 0) return
        deletes += 1
        throw queueError('forbidden')
      },
      release: (queue, messages) => {
        for (const { messageId } of messages) released.add(messageId)
        return model.queues.release(queue, messages)
      },
    })
    expect([notPutBack, deletes]).toMatchObject([[{ kind: 'forbidden' }], 1])
    expect([...released].toSorted()).toEqual(model.messageIds.toSorted())
    expect(inventory.agents().map(({ agentId }) => agentId)).toEqual(['agent-1'])
  })

  it('tells why messages could not be put back, and has read them all the same', async () => {
    const { model, inventory, publish, sweep, wait } = setUp()
    publish('agent-1')
    await wait(2_000)
    const release = () => Promise.reject(queueError('forbidden'))
    expect((await sweep({ ...model.queues, release })).notPutBack).toMatchObject([{ kind: 'forbidden' }])
    expect(inventory.agents().length).toBe(1)
  })

  it('ends when nobody is there', async () => {
    const { inventory, sweep } = setUp()
    expect((await sweep()).end).toBe('proved')
    expect(inventory.snapshot()).toMatchObject({ agents: [], look: { kind: 'complete' } })
  })

  it('fails when the queue cannot be read', async () => {
    const { model, sweep } = setUp()
    const receive = () => Promise.reject(queueError('forbidden'))
    await expect(sweep({ ...model.queues, receive })).rejects.toMatchObject({ kind: 'forbidden' })
  })
})
