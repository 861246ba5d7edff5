import fc from 'fast-check'
import * as v from 'valibot'
import { describe, expect, it } from 'vitest'
import {
  createTagged,
  ExtraTags,
  missingTags,
  queueTags,
  readTags,
  tagKeys,
  tagValue,
} from '../../../src/queues/queueTags.ts'
import { anyText } from '../../support/anyText.ts'
import { playedQueues, queueError } from '../../support/playedQueues.ts'
import { testing } from './fleetQueues.ts'

const settings = { visibilitySeconds: 0 }

describe('The tags of a queue', () => {
  it('say what it belongs to, what it is for and whose it is, beside those that the organisation demands', () => {
    const arn = 'arn:aws:sts::123456789012:assumed-role/ops/ada@example.com'
    expect(queueTags({ ...testing, tags: { CostCenter: '42' } }, 'private-replies', arn)).toEqual({
      CostCenter: '42',
      'ec2-collective:product': 'EC2 Collective',
      'ec2-collective:environment': 'testing',
      'ec2-collective:purpose': 'private-replies',
      'ec2-collective:owner': arn,
    })
    expect(queueTags(testing, 'facts')).not.toHaveProperty(tagKeys.owner)
  })

  it('have values that SQS takes, whatever the text', () => {
    fc.assert(
      fc.property(anyText(), (text) => {
        expect(v.is(ExtraTags, { key: tagValue(text) })).toBe(true)
      }),
    )
    expect(tagValue("O'Hara\n(ops)")).toBe('O_Hara__ops_')
    expect(tagValue('x'.repeat(300))).toHaveLength(256)
  })

  it.each([
    ['a key of AWS', { 'aws:x': '1' }],
    ['one of our keys', { 'ec2-collective:owner': 'me' }],
    ['a key with other characters', { 'cost*': '1' }],
    ['a key of 129 characters', { ['k'.repeat(129)]: '1' }],
    ['a value with other characters', { cost: 'a;b' }],
    ['a value of 257 characters', { cost: 'x'.repeat(257) }],
    [
      'more than SQS takes beside ours',
      Object.fromEntries(Array.from({ length: 46 }, (_, i) => [`k${i}`, ''])),
    ],
  ])('cannot be %s in settings', (_, tags) => {
    expect(v.is(ExtraTags, tags)).toBe(false)
  })

  it('that are missing are those that are not there, and those with another value', () => {
    expect(missingTags({ a: '1', b: '2', other: 'x' }, { a: '1', b: '3', c: '4' })).toEqual({
      b: '3',
      c: '4',
    })
  })
})

describe('Creating a queue with tags', () => {
  it('falls back to none where tagging is refused', async () => {
    const asked: unknown[] = []
    const queues = playedQueues({
      create: async (_queue, _settings, _signal, tags) => {
        asked.push(tags)
        if (tags !== undefined) throw queueError('forbidden')
      },
    })
    await createTagged(queues, 'q', settings, { a: '1' })
    expect(asked).toEqual([{ a: '1' }, undefined])
  })

  it('asks with tags first, as an organisation may refuse queues without', async () => {
    const asked: unknown[] = []
    const queues = playedQueues({
      create: async (_queue, _settings, _signal, tags) => {
        asked.push(tags)
        if (tags === undefined) throw queueError('forbidden')
      },
    })
    await createTagged(queues, 'q', settings, { CostCenter: '42' })
    expect(asked).toEqual([{ CostCenter: '42' }])
  })

  it.each(['network', 'throttled', 'credentials'] as const)('is not tried without after %s', async (kind) => {
    let creations = 0
    const create = async () => {
      creations += 1
      throw queueError(kind)
    }
    await expect(createTagged(playedQueues({ create }), 'q', settings, {})).rejects.toMatchObject({ kind })
    expect(creations).toBe(1)
  })
})

describe('Reading tags', () => {
  it('says that a queue is missing, and nothing of one whose tags may not be read', async () => {
    await expect(readTags(playedQueues(), 'q')).rejects.toMatchObject({ kind: 'missing-queue' })
    const refused = Object.assign(queueError('forbidden'), { action: 'sqs:ListQueueTags' })
    expect(await readTags(playedQueues({ tags: () => Promise.reject(refused) }), 'q')).toBeUndefined()
  })
})
