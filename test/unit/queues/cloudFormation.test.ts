import { CORE_SCHEMA, defineScalarTag, load } from 'js-yaml'
import { describe, expect, it } from 'vitest'
import { cloudFormation } from '../../../src/queues/cloudFormation.ts'
import { statements } from '../../../src/queues/iamPolicy.ts'
import { testing } from './fleetQueues.ts'

interface Template {
  Resources: Record<string, { Type: string; Properties: Record<string, unknown> }>
  Outputs: Record<string, { Value: string }>
}

describe('CloudFormation template', () => {
  const template = load(cloudFormation(testing), { schema: withReferences() }) as Template

  it('has the three queues with the attributes of the original, encrypted', () => {
    const queues = Object.values(template.Resources).filter(({ Type }) => Type === 'AWS::SQS::Queue')
    expect(queues.map(({ Properties }) => Properties)).toEqual(
      [
        ['testing_master', 20],
        ['testing_agent', 0],
        ['testing_facts', 0],
      ].map(([QueueName, ReceiveMessageWaitTimeSeconds]) => ({
        QueueName,
        VisibilityTimeout: 0,
        MessageRetentionPeriod: 60,
        MaximumMessageSize: 65_536,
        ReceiveMessageWaitTimeSeconds,
        DelaySeconds: 0,
        SqsManagedSseEnabled: true,
      })),
    )
  })

  it.each([
    ['AgentPolicy', 'agent'],
    ['MasterPolicy', 'master'],
  ] as const)('gives in %s what the IAM policy of the %s gives', (resource, side) => {
    const document = template.Resources[resource]?.Properties.PolicyDocument as {
      Statement: { Sid: string; Action: string[]; Resource: string[] }[]
    }
    expect(document.Statement.map(({ Sid, Action }) => [Sid, Action])).toEqual(
      statements(testing, side).map(({ id, actions }) => [id, actions]),
    )
    const resources = document.Statement.flatMap(({ Resource }) => Resource)
    expect(new Set(resources)).toEqual(
      new Set([
        '!GetAtt CommandQueue.Arn',
        '!GetAtt ReplyQueue.Arn',
        '!GetAtt FactsQueue.Arn',
        // biome-ignore lint/suspicious/noTemplateCurlyInString: CloudFormation's own placeholders
        '!Sub arn:${AWS::Partition}:sqs:${AWS::Region}:${AWS::AccountId}:testing_*_agent',
      ]),
    )
  })

  it('has a role with an instance profile for the servers', () => {
    expect(template.Resources.AgentRole?.Properties.ManagedPolicyArns).toEqual(['!Ref AgentPolicy'])
    expect(template.Resources.AgentInstanceProfile?.Properties.Roles).toEqual(['!Ref AgentRole'])
    expect(template.Outputs.AgentInstanceProfile?.Value).toBe('!Ref AgentInstanceProfile')
  })
})

/** Reads `!Ref X` as the text `!Ref X`. */
function withReferences() {
  const tags = ['!Ref', '!Sub', '!GetAtt'].map((name) =>
    defineScalarTag(name, { resolve: (source: string) => `${name} ${source}`, identify: () => false }),
  )
  return CORE_SCHEMA.withTags(...tags)
}
