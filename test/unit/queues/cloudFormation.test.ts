import { CORE_SCHEMA, defineScalarTag, defineSequenceTag, load } from 'js-yaml'
import { describe, expect, it } from 'vitest'
import { cloudFormation } from '../../../src/queues/cloudFormation.ts'
import { statements } from '../../../src/queues/iamPolicy.ts'
import { testing } from './fleetQueues.ts'

interface Statement {
  Sid: string
  Action: string[]
  Resource: string | string[]
}

interface Template {
  Resources: Record<string, { Type: string; Properties: Record<string, unknown> }>
  Outputs: Record<string, { Value: string }>
}

describe('CloudFormation template', () => {
  const template = read(false)

  it('has the three queues with the attributes of the original, encrypted', () => {
    const queues = queuesOf(template)
    expect(queues.map(({ Properties }) => Properties)).toEqual(
      [
        ['testing_master', 20, 'commands'],
        ['testing_agent', 0, 'replies'],
        ['testing_facts', 0, 'facts'],
      ].map(([QueueName, ReceiveMessageWaitTimeSeconds, purpose]) => ({
        QueueName,
        VisibilityTimeout: 0,
        MessageRetentionPeriod: 60,
        MaximumMessageSize: 65_536,
        ReceiveMessageWaitTimeSeconds,
        DelaySeconds: 0,
        SqsManagedSseEnabled: true,
        KmsMasterKeyId: noValue,
        Tags: [
          { Key: 'ec2-collective:product', Value: 'EC2 Collective' },
          { Key: 'ec2-collective:environment', Value: 'testing' },
          { Key: 'ec2-collective:purpose', Value: purpose },
        ],
      })),
    )
  })

  it.each([
    ['AgentPolicy', 'agent'],
    ['MasterPolicy', 'master'],
    ['ViewerPolicy', 'viewer'],
    ['CleanerPolicy', 'cleaner'],
  ] as const)('gives in %s what the IAM policy of the %s gives', (resource, side) => {
    const given = statementsOf(template, resource)
    expect(given.map(({ Sid, Action }) => [Sid, Action])).toEqual(
      statements(testing, side).map(({ id, actions }) => [id, actions]),
    )
    const named: Readonly<Record<string, string>> = {
      testing_master: '!GetAtt CommandQueue.Arn',
      testing_agent: '!GetAtt ReplyQueue.Arn',
      testing_facts: '!GetAtt FactsQueue.Arn',
      // biome-ignore lint/suspicious/noTemplateCurlyInString: CloudFormation's own placeholders
      'testing_*_agent': '!Sub arn:${AWS::Partition}:sqs:${AWS::Region}:${AWS::AccountId}:testing_*_agent',
      '*': '*',
    }
    expect(given.map(({ Resource }) => Resource)).toEqual(
      statements(testing, side).map(({ queues }) => queues.map((queue) => named[queue])),
    )
  })

  it('takes requests by TLS only', () => {
    expect(template.Resources.TlsOnly?.Properties).toMatchObject({
      Queues: ['!Ref CommandQueue', '!Ref ReplyQueue', '!Ref FactsQueue'],
      PolicyDocument: {
        Statement: [{ Effect: 'Deny', Condition: { Bool: { 'aws:SecureTransport': 'false' } } }],
      },
    })
  })

  it('encrypts with a KMS key where one is given, and lets each side use it through SQS only', () => {
    const encrypted = read(true)
    for (const { Properties } of queuesOf(encrypted)) {
      expect(Properties).toMatchObject({ KmsMasterKeyId: '!Ref KmsKeyArn', SqsManagedSseEnabled: noValue })
    }
    for (const resource of ['AgentPolicy', 'MasterPolicy', 'ViewerPolicy']) {
      expect(statementsOf(encrypted, resource).at(-1)).toEqual({
        Sid: 'UseKeyOfQueues',
        Effect: 'Allow',
        Action: ['kms:GenerateDataKey', 'kms:Decrypt'],
        Resource: '!Ref KmsKeyArn',
        // biome-ignore lint/suspicious/noTemplateCurlyInString: CloudFormation's own way to name region and partition.
        Condition: { StringEquals: { 'kms:ViaService': '!Sub sqs.${AWS::Region}.${AWS::URLSuffix}' } },
      })
    }
    expect(statementsOf(encrypted, 'CleanerPolicy')).toHaveLength(2)
  })

  it('has a role with an instance profile for the servers', () => {
    expect(template.Resources.AgentRole?.Properties.ManagedPolicyArns).toEqual(['!Ref AgentPolicy'])
    expect(template.Resources.AgentInstanceProfile?.Properties.Roles).toEqual(['!Ref AgentRole'])
    expect(template.Outputs.AgentInstanceProfile?.Value).toBe('!Ref AgentInstanceProfile')
  })
})

const noValue = '!Ref AWS::NoValue'

function queuesOf({ Resources }: Template) {
  return Object.values(Resources).filter(({ Type }) => Type === 'AWS::SQS::Queue')
}

function statementsOf({ Resources }: Template, resource: string) {
  const document = Resources[resource]?.Properties.PolicyDocument as { Statement: (Statement | string)[] }
  return document.Statement.filter((statement) => typeof statement === 'object')
}

/** Reads `!Ref X` as the text `!Ref X`, and of `!If` the part that is taken. */
function read(hasKmsKey: boolean): Template {
  const texts = ['!Ref', '!Sub', '!GetAtt'].map((name) =>
    defineScalarTag(name, { resolve: (source: string) => `${name} ${source}`, identify: () => false }),
  )
  const listTag = <Result>(name: string, finalize: (items: unknown[]) => Result) =>
    defineSequenceTag(name, {
      create: (): unknown[] => [],
      addItem: (items, item) => void items.push(item),
      finalize,
      identify: () => false,
    })
  const chosen = listTag('!If', ([condition, then, otherwise]) => {
    expect(condition).toBe('HasKmsKey')
    return hasKmsKey ? then : otherwise
  })
  const kept = ['!Not', '!Equals'].map((name) => listTag(name, (items) => items))
  return load(cloudFormation(testing), {
    schema: CORE_SCHEMA.withTags(...texts, chosen, ...kept),
  }) as Template
}
