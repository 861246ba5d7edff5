import { describe, expect, it } from 'vitest'
import type { QueueAttributes } from '../../../src/queues/queueAttributes.ts'
import { tagKeys } from '../../../src/queues/queueTags.ts'
import {
  findReplyQueues,
  type QueueUse,
  removeReplyQueue,
  replyQueuesAmong,
  unusedQueueFindings,
  useOf,
} from '../../../src/queues/unusedQueues.ts'
import { emptyQueue, playedQueues } from '../../support/playedQueues.ts'
import { testing } from './fleetQueues.ts'

const day = 24 * 3600_000
const now = Date.parse('2026-06-30T12:00:00Z')
const ago = (days: number) => now - days * day
const mark = (days: number) => ({ [tagKeys.lastUsed]: new Date(ago(days)).toISOString() })

/** Of four days of retention, made and changed long ago. */
function queue(changes: Partial<QueueAttributes> = {}): QueueAttributes {
  const times = { createdAt: ago(300), modifiedAt: ago(300) }
  return { ...emptyQueue, retentionSeconds: 4 * 24 * 3600, ...times, ...changes }
}

describe('A private reply queue', () => {
  it.each([
    ['is marked today', queue(), mark(0)],
    ['is of a laptop that has slept over a long weekend', queue(), mark(4)],
    ['has a mark as old as its retention and the day between two marks', queue(), mark(5)],
    ['is new', queue({ createdAt: ago(1), modifiedAt: ago(1) }), {}],
    [
      'does not tell its retention, and could keep a message for two weeks',
      queue({ retentionSeconds: undefined }),
      mark(14),
    ],
    [
      'is new, and has tags that may not be read',
      queue({ createdAt: ago(1), modifiedAt: ago(1) }),
      undefined,
    ],
    ['was changed two days ago', queue({ modifiedAt: ago(2) }), mark(100)],
    ['holds a reply', queue({ visible: 1 }), mark(100)],
    ['holds a reply that somebody has received', queue({ notVisible: 1 }), mark(100)],
    ['keeps messages for two weeks', queue({ retentionSeconds: 14 * 24 * 3600 }), mark(14)],
    ['keeps messages for a minute, and was used yesterday', queue({ retentionSeconds: 60 }), mark(1.5)],
  ])('is used that %s', (_, attributes, tags) => {
    expect(useOf(attributes, tags, now).use).toBe('used')
  })

  it('is unused when its mark is older than its retention and a day', () => {
    expect(useOf(queue(), mark(5.1), now)).toEqual({ use: 'unused', lastUsedAt: ago(5.1) })
  })

  it('is unused when it does not tell its retention, and its mark is older than the longest and a day', () => {
    expect(useOf(queue({ retentionSeconds: undefined }), mark(15.1), now).use).toBe('unused')
  })

  it.each([
    ['has no mark', queue(), {}],
    ['has neither a mark nor tells its retention', queue({ retentionSeconds: undefined }), {}],
    ['has a mark of the future', queue(), mark(-400)],
    ['has a mark that is no time', queue(), { [tagKeys.lastUsed]: 'yesterday' }],
  ])('is unmarked that %s', (_, attributes, tags) => {
    expect(useOf(attributes, tags, now).use).toBe('unmarked')
  })

  it.each([
    ['has tags that may not be read', queue(), undefined],
    ['does not tell its messages', queue({ visible: undefined }), mark(100)],
    ['does not tell its messages, and has no mark', queue({ notVisible: undefined }), {}],
    ['does not tell its times', queue({ createdAt: undefined, modifiedAt: undefined }), {}],
  ])('is not known to be unused that %s', (_, attributes, tags) => {
    expect(useOf(attributes, tags, now).use).toBe('unknown')
  })
})

describe('Private reply queues among all names', () => {
  it('have exactly that form, and are of no environment', () => {
    const own = ['testing_0f3a9c2e-0_agent', 'testing_0f3a9c2e-1_agent']
    const others = [
      ...[
        'testing_master',
        'testing_agent',
        'testing_facts',
        'testing_eu_agent',
        'testing_eu_0f3a9c2e-1_agent',
      ],
      ...['testing_0f3a9c2e-1_facts2', 'testing_0f3a9c2e_agent', 'xtesting_0f3a9c2e-1_agent'],
      // An environment of its own with a name like that.
      ...[
        'testing_blue-1_master',
        'testing_blue-1_agent',
        'testing_blue-1_facts',
        'testing_red-2_agent',
        'testing_red-2_facts',
      ],
    ]
    expect(replyQueuesAmong([...others, ...own].reverse(), testing)).toEqual(own)
  })

  it('are not those that the environment names, whatever their form', () => {
    const queues = { ...testing.queues, replies: 'testing_all-1_agent' }
    expect(replyQueuesAmong(['testing_all-1_agent'], { ...testing, queues })).toEqual([])
  })

  it('are found with what was written on them, and without those that vanish meanwhile', async () => {
    const tags = { ...mark(100), [tagKeys.owner]: 'arn:aws:iam::1:user/ada' }
    const played = playedQueues({
      listQueues: async () => [
        'testing_b-1_agent',
        'testing_a-1_agent',
        'testing_gone-1_agent',
        'testing_agent',
      ],
      attributes: async () => queue(),
      tags: (name, signal) =>
        name.includes('gone') ? playedQueues().tags(name, signal) : Promise.resolve(tags),
    })
    const found = await findReplyQueues(played, testing)
    expect(found.map(({ queue: name, use, owner }) => [name, use, owner])).toEqual([
      ['testing_a-1_agent', 'unused', 'arn:aws:iam::1:user/ada'],
      ['testing_b-1_agent', 'unused', 'arn:aws:iam::1:user/ada'],
    ])
  })
})

describe('Unused queues', () => {
  it('are one finding of the doctor, with what to do; used and unmarked ones are none', () => {
    const state = (use: QueueUse) => ({
      queue: use,
      use,
      lastUsedAt: ago(9),
      owner: undefined,
    })
    expect(unusedQueueFindings([state('used'), state('unmarked'), state('unknown')])).toEqual([])
    expect(unusedQueueFindings([state('used'), state('unused')])).toMatchObject([
      { code: 'unused-queues', severity: 'warning', queue: 'unused', fix: 'clean-queues' },
    ])
  })
})

describe('Removing a queue', () => {
  const name = 'testing_a-1_agent'
  const removing = (tags: Record<string, string>, target = name) => {
    const deleted: string[] = []
    const played = playedQueues({
      attributes: async () => queue(),
      tags: async () => tags,
      deleteQueue: async (which) => void deleted.push(which),
    })
    return removeReplyQueue(played, testing, target, ['unused']).then((removal) => ({ removal, deleted }))
  }

  it('looks again: what was used since it was listed stays', async () => {
    const usedSince = { [tagKeys.lastUsed]: new Date().toISOString() }
    expect(await removing(usedSince)).toEqual({ removal: 'used', deleted: [] })
    expect(await removing(mark(100))).toEqual({ removal: 'removed', deleted: [name] })
  })

  it.each(['testing_agent', 'testing_master', 'production_a-1_agent'])('never touches %s', async (target) => {
    expect(await removing(mark(100), target)).toEqual({ removal: 'used', deleted: [] })
  })

  it('takes for done what somebody else has deleted', async () => {
    const played = playedQueues({ attributes: async () => queue() })
    expect(await removeReplyQueue(played, testing, name, ['unused'])).toBe('gone')
  })
})
