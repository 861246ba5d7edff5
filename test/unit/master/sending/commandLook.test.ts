import { describe, expect, it } from 'vitest'
import { lookForCommand } from '../../../../src/master/sending/commandLook.ts'
import type { QueueAttributes } from '../../../../src/queues/queueAttributes.ts'
import { emptyQueue, playedQueues, receivedBody } from '../../../support/playedQueues.ts'

const sought = [
  { messageId: 'm1', targets: ['a', 'b'] },
  { messageId: 'm2', targets: ['c'] },
]

/** A look at a queue whose receives bring these ids, the last of them again and again. */
async function look(
  receives: readonly (readonly string[])[],
  attributes: Partial<QueueAttributes> = {},
  { messages = sought as Parameters<typeof lookForCommand>[2], agentIds = ['a', 'c'] } = {},
) {
  const left = [...receives]
  const hides: number[] = []
  const queues = playedQueues({
    receive: async (_queue, { visibilitySeconds, waitSeconds }) => {
      hides.push(visibilitySeconds)
      const ids = (left.length > 1 ? left.shift() : left[0]) ?? []
      // A long poll that brings nothing has waited.
      if (ids.length === 0) await new Promise((resolve) => setTimeout(resolve, waitSeconds * 1_000))
      return ids.map((id) => receivedBody('a command', id))
    },
    attributes: async () => ({ ...emptyQueue, ...attributes }),
  })
  const found = await lookForCommand(
    queues,
    'testing_master',
    messages,
    agentIds,
    new AbortController().signal,
  )
  return { found, hides }
}

describe('A look for a command on the queue', () => {
  it('finds it when there is a message for each agent, in one receive or in several', async () => {
    expect((await look([['m1', 'm2']])).found).toEqual({ kind: 'seen' })
    expect((await look([['m1', 'other'], ['other'], ['m2']])).found).toEqual({ kind: 'seen' })
  })

  it('finds one that names nobody for every agent', async () => {
    const messages = [{ messageId: 'm1', targets: undefined }]
    expect((await look([['m1']], {}, { messages })).found).toEqual({ kind: 'seen' })
  })

  it('names the agents whose message it did not find, and whether any is in flight', async () => {
    expect((await look([['m2']], { notVisible: 1 })).found).toEqual({
      ...{ kind: 'unseen', agentIds: ['a'], isHeld: true },
    })
    expect((await look([[]], { notVisible: 0 })).found).toEqual({
      ...{ kind: 'unseen', agentIds: ['a', 'c'], isHeld: false },
    })
  })

  it('hides nothing from agents', async () => {
    expect(new Set((await look([['m1'], ['m1', 'm2']])).hides)).toEqual(new Set([0]))
  })

  it.each([
    [
      'there are more messages than a receive brings',
      [Array.from({ length: 10 }, (_, n) => `other ${n}`)],
      {},
    ],
    ['more messages are visible than a receive brings', [['other']], { visible: 11 }],
    ['messages are delayed', [[]], { delayed: 1 }],
  ])('cannot tell when %s', async (_, receives, attributes) => {
    expect((await look(receives, attributes)).found).toEqual({ kind: 'inconclusive' })
  })

  it('asks nothing when no message to these agents was sent that can still be there', async () => {
    for (const messages of [[], [{ messageId: 'm3', targets: ['z'] }]]) {
      const { found, hides } = await look([['m1']], {}, { messages })
      expect([found, hides]).toEqual([{ kind: 'inconclusive' }, []])
    }
  })

  it('does not count agents that no sought message names', async () => {
    const { found } = await look([[]], {}, { agentIds: ['a', 'z'] })
    expect(found).toMatchObject({ agentIds: ['a'] })
  })
})
