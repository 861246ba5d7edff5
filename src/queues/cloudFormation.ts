import type { Environment } from './environment.ts'
import { actionsOn, kmsActions, type PolicyRole, type Statement, statements } from './iamPolicy.ts'
import type { QueueTags } from './queueAttributes.ts'
import { queueTags } from './queueTags.ts'
import { type QueueRole, queueRoles, roleSettings } from './setUp.ts'

/**
 * A CloudFormation template (YAML) for one environment: its queues, which take requests by TLS only and may use a KMS key, a
 * managed policy for each role, and a role with an instance profile for the servers. The same template serves all accounts: that
 * of the queues, which lets the others in, and the others, which get policies for queues of that one. Names are validated and
 * contain no character with a meaning in YAML.
 */
export function cloudFormation(environment: Environment): string {
  const { name } = environment
  return `AWSTemplateFormatVersion: '2010-09-09'
Description: 'EC2 Collective, environment ${name}: queues, IAM policies, and a role for the servers'

Parameters:
  KmsKeyArn:
    Type: String
    Default: ''
    Description: 'KMS key to encrypt the queues with; empty for the key of SQS'
  QueueOwner:
    Type: String
    Default: '${environment.account ?? ''}'
    AllowedPattern: '([0-9]{12})?'
    Description: 'Account of the queues; empty for this one. Elsewhere the stack has no queues, but policies for those of that account'
  AgentAccounts:
    Type: CommaDelimitedList
    Default: ''
    Description: 'In the account of the queues: other accounts with servers, twelve digits each'
  MasterAccounts:
    Type: CommaDelimitedList
    Default: ''
    Description: 'In the account of the queues: other accounts with people who send commands'

Conditions:
  HasKmsKey: !Not [!Equals [!Ref KmsKeyArn, '']]
  OwnsQueues: !Or [!Equals [!Ref QueueOwner, ''], !Equals [!Ref QueueOwner, !Ref AWS::AccountId]]
  HasAgentAccounts: !Not [!Equals [!Join ['', !Ref AgentAccounts], '']]
  HasMasterAccounts: !Not [!Equals [!Join ['', !Ref MasterAccounts], '']]

Resources:
${queueRoles.map((role) => queueResource(environment, role)).join('')}
${queueRoles.map((role) => accessPolicy(environment, role)).join('')}
${policyResources.map(({ role, description }) => policyResource(environment, role, description)).join('\n')}
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
  ViewerPolicy:
    Description: 'Attach this policy to people who may see the servers of ${name}, and command nothing'
    Value: !Ref ViewerPolicy
  CleanerPolicy:
    Condition: OwnsQueues
    Description: 'For removing reply queues of ${name} that masters left behind'
    Value: !Ref CleanerPolicy
`
}

const resourceNames: Readonly<Record<QueueRole, string>> = {
  commands: 'CommandQueue',
  replies: 'ReplyQueue',
  facts: 'FactsQueue',
}

function queueResource(environment: Environment, role: QueueRole): string {
  const settings = roleSettings[role]
  return `  ${resourceNames[role]}:
    Type: AWS::SQS::Queue
    Condition: OwnsQueues
    Properties:
      QueueName: '${environment.queues[role]}'
      VisibilityTimeout: ${settings.visibilitySeconds}
      MessageRetentionPeriod: ${settings.retentionSeconds}
      MaximumMessageSize: ${settings.maximumMessageSize}
      ReceiveMessageWaitTimeSeconds: ${settings.waitSeconds}
      DelaySeconds: ${settings.delaySeconds}
      SqsManagedSseEnabled: !If [HasKmsKey, !Ref AWS::NoValue, true]
      KmsMasterKeyId: !If [HasKmsKey, !Ref KmsKeyArn, !Ref AWS::NoValue]
      Tags:
${tagText(queueTags(environment, role))}`
}

/** Of the characters of tags none ends a quoted text of YAML. */
function tagText(tags: QueueTags): string {
  return Object.entries(tags)
    .map(([key, value]) => `        - Key: '${key}'\n          Value: '${value}'\n`)
    .join('')
}

const policyResources = [
  { role: 'agent', description: 'For the servers of environment' },
  { role: 'master', description: 'For people who send commands to environment' },
  { role: 'viewer', description: 'For people who see the servers of environment' },
  { role: 'cleaner', description: 'For removing reply queues that masters left in environment' },
] as const

/** The template itself sets the queues up. */
type TemplateRole = Exclude<PolicyRole, 'administrator'>

const policyNames: Readonly<Record<TemplateRole, string>> = {
  agent: 'AgentPolicy',
  master: 'MasterPolicy',
  viewer: 'ViewerPolicy',
  cleaner: 'CleanerPolicy',
}

/**
 * What a queue itself refuses and allows, in one policy, as a queue has no second one: requests without TLS are refused, whatever a
 * client is configured to, and other accounts are let in, as their IAM policies say.
 */
function accessPolicy(environment: Environment, role: QueueRole): string {
  const queue = resourceNames[role]
  return `  ${queue}Policy:
    Type: AWS::SQS::QueuePolicy
    Condition: OwnsQueues
    Properties:
      Queues:
        - !Ref ${queue}
      PolicyDocument:
        Version: '2012-10-17'
        Statement:
          - Sid: TlsOnly
            Effect: Deny
            Principal: '*'
            Action: 'sqs:*'
            Resource: !GetAtt ${queue}.Arn
            Condition:
              Bool:
                aws:SecureTransport: 'false'
${sides.map((side) => otherAccounts(environment, role, side)).join('')}`
}

const sides = [
  { side: 'agent', id: 'OtherAgents', condition: 'HasAgentAccounts', accounts: 'AgentAccounts' },
  { side: 'master', id: 'OtherMasters', condition: 'HasMasterAccounts', accounts: 'MasterAccounts' },
] as const

function otherAccounts(
  environment: Environment,
  role: QueueRole,
  { side, id, condition, accounts }: (typeof sides)[number],
): string {
  return `          - !If
            - ${condition}
            - Sid: ${id}
              Effect: Allow
              Principal:
                AWS: !Ref ${accounts}
              Action:
${actionsOn(environment, side, environment.queues[role])
  .map((action) => `                - ${action}\n`)
  .join('')}              Resource: !GetAtt ${resourceNames[role]}.Arn
            - !Ref AWS::NoValue
`
}

/** SQS deletes and lists queues for their own account only, and without reading a message. */
const isOwnersOnly = (role: TemplateRole) => role === 'cleaner'

function policyResource(environment: Environment, role: TemplateRole, description: string): string {
  return `  ${policyNames[role]}:
    Type: AWS::IAM::ManagedPolicy${isOwnersOnly(role) ? '\n    Condition: OwnsQueues' : ''}
    Properties:
      Description: '${description} ${environment.name}'
      PolicyDocument:
        Version: '2012-10-17'
        Statement:
${statements(environment, role)
  .map((statement) => statementText(environment, statement, isOwnersOnly(role)))
  .join('')}${isOwnersOnly(role) ? '' : kmsText}`.trimEnd()
}

/** The same as `kmsStatement`, where a key is given, in whatever region and partition the stack is made. */
const kmsText = `          - !If
            - HasKmsKey
            - Sid: UseKeyOfQueues
              Effect: Allow
              Action:
${kmsActions.map((action) => `                - ${action}\n`).join('')}              Resource: !Ref KmsKeyArn
              Condition:
                StringEquals:
                  kms:ViaService: !Sub 'sqs.\${AWS::Region}.\${AWS::URLSuffix}'
            - !Ref AWS::NoValue
`

function arnIn(account: string, queue: string): string {
  return `!Sub 'arn:\${AWS::Partition}:sqs:\${AWS::Region}:\${${account}}:${queue}'`
}

function statementText(
  { queues: ours }: Environment,
  { id, actions, queues }: Statement,
  ownersOnly: boolean,
): string {
  const resources = queues.map((queue) => {
    if (queue === '*') return `'*'`
    const role = queueRoles.find((candidate) => ours[candidate] === queue)
    const own = arnIn('AWS::AccountId', queue)
    const arn = role === undefined ? own : `!GetAtt ${resourceNames[role]}.Arn`
    return ownersOnly ? arn : `!If [OwnsQueues, ${arn}, ${arnIn('QueueOwner', queue)}]`
  })
  const list = (items: readonly string[]) => items.map((item) => `              - ${item}\n`).join('')
  return `          - Sid: ${id}
            Effect: Allow
            Action:
${list(actions)}            Resource:
${list(resources)}`
}
