import { describe, expect, it } from 'vitest'
import {
  iamPolicy,
  missingPermission,
  type PolicyRole,
  queueArn,
  statements,
} from '../../../src/queues/iamPolicy.ts'
import { testing } from './fleetQueues.ts'

describe('IAM policies', () => {
  it('let an agent receive commands and send replies and facts, and nothing else', () => {
    expect(allowed('agent')).toEqual({
      testing_master: ['GetQueueAttributes', 'GetQueueUrl', 'ReceiveMessage'],
      testing_agent: ['GetQueueAttributes', 'GetQueueUrl', 'SendMessage'],
      'testing_*_agent': ['GetQueueAttributes', 'GetQueueUrl', 'SendMessage'],
      testing_facts: ['GetQueueAttributes', 'GetQueueUrl', 'SendMessage'],
    })
  })

  it('let a master send commands, take replies and facts, and keep a reply queue of its own', () => {
    const policy = allowed('master')
    expect(policy.testing_master).toContain('SendMessage')
    expect(policy.testing_agent).toContain('DeleteMessage')
    expect(policy.testing_agent).not.toContain('SendMessage')
    expect(policy.testing_facts).not.toContain('SendMessage')
    expect(policy['testing_*_agent']).toEqual(
      expect.arrayContaining(['CreateQueue', 'DeleteQueue', 'ReceiveMessage', 'TagQueue']),
    )
    expect(policy.testing_agent).not.toContain('CreateQueue')
    expect(JSON.stringify(policy)).not.toContain('PurgeQueue')
  })

  it('let nobody change the attributes of queues, which would open the replies of others to other accounts', () => {
    for (const role of ['agent', 'master', 'viewer', 'cleaner'] as const) {
      expect(JSON.stringify(allowed(role))).not.toMatch(/SetQueueAttributes|AddPermission/)
    }
  })

  it('let a master send to its own reply queue, by which it ends its last receive', () => {
    expect(allowed('master')['testing_*_agent']).toContain('SendMessage')
  })

  it('let a viewer see facts, and neither command nor delete anything', () => {
    expect(allowed('viewer')).toEqual({
      testing_facts: ['ChangeMessageVisibility', 'GetQueueAttributes', 'GetQueueUrl', 'ReceiveMessage'],
    })
  })

  it('let an administrator create the three queues, and change them, and nothing else', () => {
    const tags = ['ListQueueTags', 'TagQueue']
    const actions = [
      'CreateQueue',
      'GetQueueAttributes',
      'GetQueueUrl',
      'SetQueueAttributes',
      ...tags,
    ].toSorted()
    expect(allowed('administrator')).toEqual({
      testing_master: actions,
      testing_agent: actions,
      testing_facts: actions,
    })
  })

  it('let a cleaner remove reply queues, and read none of them', () => {
    expect(allowed('cleaner')).toEqual({
      '*': ['ListQueues'],
      'testing_*_agent': ['DeleteQueue', 'GetQueueAttributes', 'GetQueueUrl', 'ListQueueTags'],
    })
  })

  it('let SQS use a KMS key in our name, and nobody else', () => {
    const key = 'arn:aws:kms:eu-west-1:123456789012:key/1'
    const { Statement } = JSON.parse(iamPolicy(testing, statements(testing, 'agent'), '123456789012', key))
    expect(Statement.at(-1)).toEqual({
      Sid: 'UseKeyOfQueues',
      Effect: 'Allow',
      Action: ['kms:GenerateDataKey', 'kms:Decrypt'],
      Resource: [key],
      Condition: { StringEquals: { 'kms:ViaService': 'sqs.eu-west-1.amazonaws.com' } },
    })
  })

  it.each([
    ['1234abcd-12ab', 'arn:aws:kms:eu-west-1:123456789012:key/1234abcd-12ab', undefined],
    ['alias/queues', 'arn:aws:kms:eu-west-1:123456789012:key/*', 'alias/queues'],
    [
      'arn:aws:kms:eu-west-1:210987654321:alias/queues',
      'arn:aws:kms:eu-west-1:123456789012:key/*',
      'alias/queues',
    ],
    ['arn:aws:kms:eu-west-1:210987654321:key/1', 'arn:aws:kms:eu-west-1:210987654321:key/1', undefined],
  ])('name a key in the form that IAM knows, when a queue calls it %s', (key, resource, alias) => {
    const { Statement } = JSON.parse(iamPolicy(testing, statements(testing, 'agent'), '123456789012', key))
    expect(Statement.at(-1).Resource).toEqual([resource])
    expect(Statement.at(-1).Condition['ForAnyValue:StringEquals']?.['kms:ResourceAliases']).toBe(alias)
  })

  it.each(['alias/aws/sqs', 'arn:aws:kms:eu-west-1:123456789012:alias/aws/sqs'])(
    'say nothing of AWS’s own key, which needs no policy: %s',
    (key) => {
      expect(iamPolicy(testing, statements(testing, 'agent'), '123456789012', key)).not.toContain('kms')
    },
  )

  it('are pinned to partition, region, account and queue', () => {
    const policy = JSON.parse(iamPolicy(testing, statements(testing, 'agent'), '123456789012'))
    expect(policy.Version).toBe('2012-10-17')
    expect(policy.Statement.flatMap((statement: { Resource: string[] }) => statement.Resource)).toEqual([
      'arn:aws:sqs:eu-west-1:123456789012:testing_master',
      'arn:aws:sqs:eu-west-1:123456789012:testing_agent',
      'arn:aws:sqs:eu-west-1:123456789012:testing_*_agent',
      'arn:aws:sqs:eu-west-1:123456789012:testing_facts',
    ])
    expect(queueArn('cn-north-1', '*', 'q')).toBe('arn:aws-cn:sqs:cn-north-1:*:q')
    expect(queueArn('us-gov-west-1', '*', 'q')).toBe('arn:aws-us-gov:sqs:us-gov-west-1:*:q')
  })

  it('have ids that IAM takes, and only actions that IAM knows (none for batches)', () => {
    const roles = ['agent', 'master', 'viewer', 'cleaner', 'administrator'] as const
    const all = roles.flatMap((role) => statements(testing, role))
    for (const { id, actions } of [...all, missingPermission('sqs:SendMessage', 'testing_master')]) {
      expect(id).toMatch(/^[A-Za-z0-9]+$/)
      for (const action of actions) expect(action).toMatch(/^sqs:[A-Z][A-Za-z]+$/)
      for (const action of actions) expect(action).not.toMatch(/Batch$/)
    }
  })

  it('cure one refusal with one action on one queue', () => {
    const policy = JSON.parse(iamPolicy(testing, [missingPermission('sqs:SendMessage', 'testing_master')]))
    expect(policy.Statement).toEqual([
      {
        Sid: 'AllowsqsSendMessage',
        Effect: 'Allow',
        Action: ['sqs:SendMessage'],
        Resource: ['arn:aws:sqs:eu-west-1:*:testing_master'],
      },
    ])
  })
})

/** Actions by queue, without their prefix. */
function allowed(side: PolicyRole): Record<string, string[]> {
  const byQueue: Record<string, string[]> = {}
  for (const { actions, queues } of statements(testing, side)) {
    for (const queue of queues) {
      const names = [...(byQueue[queue] ?? []), ...actions.map((action) => action.slice('sqs:'.length))]
      byQueue[queue] = [...new Set(names)].sort()
    }
  }
  return byQueue
}
