import type { Environment } from './environment.ts'
import { type Side, type Statement, statements } from './iamPolicy.ts'
import { type QueueRole, queueRoles, roleSettings } from './setUp.ts'

/**
 * A CloudFormation template (YAML) for one environment: its queues, a managed policy for each side, and a role
 * with an instance profile for the servers. Names are validated and contain no character with a meaning in YAML.
 */
export function cloudFormation(environment: Environment): string {
  const { name, queues } = environment
  return `AWSTemplateFormatVersion: '2010-09-09'
Description: 'EC2 Collective, environment ${name}: queues, IAM policies, and a role for the servers'

Resources:
${queueRoles.map((role) => queueResource(role, queues[role])).join('')}
${policyResource(environment, 'agent', 'For the servers of environment')}
${policyResource(environment, 'master', 'For people who send commands to environment')}
  AgentRole:
    Type: AWS::IAM::Role
    Properties:
      Description: 'Servers of environment ${name} that run ec2-cagent'
      AssumeRolePolicyDocument:
        Version: '2012-10-17'
        Statement:
          - Effect: Allow
            Principal:
              Service: !Sub 'ec2.\${AWS::URLSuffix}'
            Action: sts:AssumeRole
      ManagedPolicyArns:
        - !Ref AgentPolicy
  AgentInstanceProfile:
    Type: AWS::IAM::InstanceProfile
    Properties:
      Roles:
        - !Ref AgentRole

Outputs:
  AgentInstanceProfile:
    Description: 'Instance profile for the servers'
    Value: !Ref AgentInstanceProfile
  AgentPolicy:
    Description: 'Or attach this policy to the role that the servers already have'
    Value: !Ref AgentPolicy
  MasterPolicy:
    Description: 'Attach this policy to the people who may send commands to ${name}'
    Value: !Ref MasterPolicy
`
}

const resourceNames: Readonly<Record<QueueRole, string>> = {
  commands: 'CommandQueue',
  replies: 'ReplyQueue',
  facts: 'FactsQueue',
}

function queueResource(role: QueueRole, queue: string): string {
  const settings = roleSettings[role]
  return `  ${resourceNames[role]}:
    Type: AWS::SQS::Queue
    Properties:
      QueueName: '${queue}'
      VisibilityTimeout: ${settings.visibilitySeconds}
      MessageRetentionPeriod: ${settings.retentionSeconds}
      MaximumMessageSize: ${settings.maximumMessageSize}
      ReceiveMessageWaitTimeSeconds: ${settings.waitSeconds}
      DelaySeconds: ${settings.delaySeconds}
      SqsManagedSseEnabled: true
`
}

function policyResource(environment: Environment, side: Side, description: string): string {
  const resource = side === 'agent' ? 'AgentPolicy' : 'MasterPolicy'
  return `  ${resource}:
    Type: AWS::IAM::ManagedPolicy
    Properties:
      Description: '${description} ${environment.name}'
      PolicyDocument:
        Version: '2012-10-17'
        Statement:
${statements(environment, side)
  .map((statement) => statementText(environment, statement))
  .join('')}`.trimEnd()
}

function statementText({ queues: ours }: Environment, { id, actions, queues }: Statement): string {
  const resources = queues.map((queue) => {
    const role = queueRoles.find((candidate) => ours[candidate] === queue)
    return role === undefined
      ? `!Sub 'arn:\${AWS::Partition}:sqs:\${AWS::Region}:\${AWS::AccountId}:${queue}'`
      : `!GetAtt ${resourceNames[role]}.Arn`
  })
  const list = (items: readonly string[]) => items.map((item) => `              - ${item}\n`).join('')
  return `          - Sid: ${id}
            Effect: Allow
            Action:
${list(actions)}            Resource:
${list(resources)}`
}
