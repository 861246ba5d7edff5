import { CORE_SCHEMA, defineScalarTag, defineSequenceTag, load } from 'js-yaml'
import { describe, expect, it } from 'vitest'
import { cloudFormation } from '../../../src/queues/cloudFormation.ts'
import type { Environment } from '../../../src/queues/environment.ts'
import { iamPolicy, queuePolicy, statements } from '../../../src/queues/iamPolicy.ts'
import { testing } from './fleetQueues.ts'

interface Statement {
  Sid: string
  Action: string[]
  Resource: string | string[]
}

interface Template {
  Parameters: Record<string, { Default: string }>
  Resources: Record<string, { Type: string; Condition?: string; Properties: Record<string, unknown> }>
  Outputs: Record<string, { Condition?: string; Value: string }>
}

describe('CloudFormation template', () => {
  const template = read(['OwnsQueues'])

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
    for (const queue of queueNames) {
      expect(template.Resources[`${queue}Policy`]?.Properties).toEqual({
        Queues: [`!Ref ${queue}`],
        PolicyDocument: {
          Version: '2012-10-17',
          Statement: [
            {
              ...{ Sid: 'TlsOnly', Effect: 'Deny', Principal: '*', Action: 'sqs:*' },
              Resource: `!GetAtt ${queue}.Arn`,
              Condition: { Bool: { 'aws:SecureTransport': 'false' } },
            },
            ...[noValue, noValue],
          ],
        },
      })
    }
  })

  it('lets other accounts do what the queue policies that the editor copies let them do', () => {
    const opened = read(['OwnsQueues', 'HasAgentAccounts', 'HasMasterAccounts'])
    const names = ['testing_master', 'testing_agent', 'testing_facts']
    queueNames.forEach((queue, index) => {
      const copied = JSON.parse(
        queuePolicy(testing, names[index] ?? '', '1', { agent: ['2'], master: ['3'] }),
      ) as { Statement: Statement[] }
      const [, ...statements] = statementsOf(opened, `${queue}Policy`)
      expect(statements).toEqual(
        copied.Statement.map((statement, side) => ({
          ...statement,
          Principal: { AWS: side === 0 ? '!Ref AgentAccounts' : '!Ref MasterAccounts' },
          Resource: `!GetAtt ${queue}.Arn`,
        })),
      )
    })
  })

  it('has in an account without the queues the policies for those of their owner, and no queues', () => {
    const elsewhere = read([])
    const isMade = ({ Condition }: { Condition?: string }) => Condition === undefined
    const made = Object.entries(elsewhere.Resources).filter(([, resource]) => isMade(resource))
    expect(made.map(([name]) => name)).toEqual([
      ...['AgentPolicy', 'MasterPolicy', 'ViewerPolicy', 'AgentRole', 'AgentInstanceProfile'],
    ])
    expect(new Set(Object.values(elsewhere.Resources).map(({ Condition }) => Condition))).toEqual(
      new Set([undefined, 'OwnsQueues']),
    )
    // CloudFormation refuses outputs and references of what is not made.
    const left = { ...Object.fromEntries(made), ...Object.values(elsewhere.Outputs).filter(isMade) }
    expect(JSON.stringify(left)).not.toMatch(
      /!(Ref|GetAtt) (CommandQueue|ReplyQueue|FactsQueue|CleanerPolicy)/,
    )
    const { Statement: copied } = JSON.parse(
      iamPolicy({ ...testing, account: '222222222222' }, statementsOfAgents),
    ) as { Statement: Statement[] }
    // biome-ignore lint/suspicious/noTemplateCurlyInString: CloudFormation's own placeholders
    const ofOwner = '!Sub arn:${AWS::Partition}:sqs:${AWS::Region}:${QueueOwner}'
    expect(statementsOf(elsewhere, 'AgentPolicy').map(({ Resource }) => Resource)).toEqual(
      copied.map(({ Resource }) =>
        [Resource].flat().map((arn) => arn.replace(/^arn:aws:sqs:[^:]+:222222222222/, () => ofOwner)),
      ),
    )
  })

  it('knows the owner of the queues where the environment names it', () => {
    const { Parameters } = read([], { ...testing, account: '222222222222' })
    expect(Parameters.QueueOwner).toMatchObject({ Default: '222222222222', AllowedPattern: '([0-9]{12})?' })
    expect(read([]).Parameters.QueueOwner?.Default).toBe('')
  })

  it('encrypts with a KMS key where one is given, and lets each side use it through SQS only', () => {
    const encrypted = read(['OwnsQueues', 'HasKmsKey'])
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

const queueNames = ['CommandQueue', 'ReplyQueue', 'FactsQueue']
const statementsOfAgents = statements(testing, 'agent')
const noValue = '!Ref AWS::NoValue'

function queuesOf({ Resources }: Template) {
  return Object.values(Resources).filter(({ Type }) => Type === 'AWS::SQS::Queue')
}

function statementsOf({ Resources }: Template, resource: string) {
  const document = Resources[resource]?.Properties.PolicyDocument as { Statement: (Statement | string)[] }
  return document.Statement.filter((statement) => typeof statement === 'object')
}

/** Reads `!Ref X` as the text `!Ref X`, and of `!If` the part that is taken where these conditions hold. */
function read(holding: readonly string[], environment: Environment = testing): Template {
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
  const conditions = ['HasKmsKey', 'OwnsQueues', 'HasAgentAccounts', 'HasMasterAccounts']
  const chosen = listTag('!If', ([condition, then, otherwise]) => {
    expect(conditions).toContain(condition)
    return holding.includes(condition as string) ? then : otherwise
  })
  const kept = ['!Not', '!Or', '!Equals', '!Join'].map((name) => listTag(name, (items) => items))
  return load(cloudFormation(environment), {
    schema: CORE_SCHEMA.withTags(...texts, chosen, ...kept),
  }) as Template
}
