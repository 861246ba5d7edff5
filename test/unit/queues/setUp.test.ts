import { describe, expect, it } from 'vitest'
import { queueTags } from '../../../src/queues/queueTags.ts'
import { describeStep, type FoundQueues, planSetUp, type SetUpStep } from '../../../src/queues/setUp.ts'
import { localize } from '../../../src/text/localizable.ts'
import { inEnglish } from '../../../src/text/translate.ts'
import { goodQueue, testing } from './fleetQueues.ts'

const good: FoundQueues = {
  commands: goodQueue('commands'),
  replies: goodQueue('replies'),
  facts: goodQueue('facts'),
}
const inWords = (step: SetUpStep) => localize(describeStep(step), inEnglish)
const sentences = (found: FoundQueues) => planSetUp(testing, found).map(inWords)

describe('set-up plan', () => {
  it('creates three queues with the attributes of the original', () => {
    expect(sentences({ commands: 'missing', replies: 'missing', facts: 'missing' })).toEqual([
      'Create queue testing_master for commands: visibility timeout 0 s, message retention 60 s, maximum message size 64 KB, receive wait time 20 s, delivery delay 0 s',
      'Create queue testing_agent for replies: visibility timeout 0 s, message retention 60 s, maximum message size 64 KB, receive wait time 0 s, delivery delay 0 s',
      'Create queue testing_facts for facts: visibility timeout 0 s, message retention 60 s, maximum message size 64 KB, receive wait time 0 s, delivery delay 0 s',
    ])
  })

  it('does nothing when everything is as it should be', () => {
    expect(planSetUp(testing, good)).toEqual([])
  })

  it('changes what is wrong and nothing else', () => {
    const facts = goodQueue('facts', {
      retentionSeconds: 345_600,
      maximumMessageSize: 262_144,
      redrivePolicy: '{}',
    })
    const plan = planSetUp(testing, { ...good, facts })
    expect(plan.map(inWords)).toEqual([
      'Change queue testing_facts: message retention from 345600 s to 60 s, maximum message size from 256 KB to 64 KB, redrive policy removed',
    ])
    expect(plan[0]).toMatchObject({
      kind: 'change',
      settings: { retentionSeconds: 60, maximumMessageSize: 65_536, redrivePolicy: '' },
    })
  })

  it('gives a queue the tags that it lacks, where tags can be read, and nothing else', () => {
    const facts = { ...goodQueue('facts'), tags: { ...queueTags(testing, 'facts'), Team: 'ops' } }
    const replies = { ...goodQueue('replies'), tags: { Team: 'ops' } }
    expect(sentences({ ...good, facts, replies })).toEqual([
      'Tag queue testing_agent: ec2-collective:product = EC2 Collective, ec2-collective:environment = testing, ec2-collective:purpose = replies',
    ])
  })

  it('creates queues with the tags of who creates them', () => {
    const plan = planSetUp(testing, { ...good, facts: 'missing' }, 'arn:aws:iam::1:user/ada')
    expect(plan).toMatchObject([{ tags: { 'ec2-collective:owner': 'arn:aws:iam::1:user/ada' } }])
  })

  it('leaves alone what the engine does not tell', () => {
    const facts = goodQueue('facts', { maximumMessageSize: undefined, retentionSeconds: undefined })
    expect(planSetUp(testing, { ...good, facts })).toEqual([])
  })

  it('rejects names that are not valid, and one queue for two purposes', () => {
    const named = (replies: string) => ({ ...testing, queues: { ...testing.queues, replies } })
    expect(() => planSetUp(named('testing agent'), good)).toThrow('"testing agent" in environment testing')
    expect(() => planSetUp(named('testing_master'), good)).toThrow('three different queues')
  })
})
