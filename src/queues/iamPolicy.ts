import { privateReplyQueue } from '../protocol/names.ts'
import type { Environment } from './environment.ts'

export type Side = 'agent' | 'master'

/** Actions on queues of one environment; `queues` are names, in which `*` stands for any master id. */
export interface Statement {
  readonly id: string
  readonly actions: readonly string[]
  readonly queues: readonly string[]
}

/**
 * The least privileges that one side needs. An agent can neither delete a command nor read replies. IAM cannot prevent it
 * from hiding a command from the others by a visibility timeout: the doctor checks for that.
 * The private reply queues of environment `prod` are `prod_*_agent`: do not name another environment `prod_eu`.
 */
export function statements(environment: Environment, side: Side): Statement[] {
  const { commands, replies, facts } = environment.queues
  const privateReplies = privateReplyQueue(environment.name, '*')
  if (side === 'agent') {
    return [
      { id: 'ReceiveCommands', actions: [...look, 'sqs:ReceiveMessage'], queues: [commands] },
      {
        id: 'SendRepliesAndFacts',
        actions: [...look, 'sqs:SendMessage'],
        queues: [replies, privateReplies, facts],
      },
    ]
  }
  return [
    // Includes receiving and deleting: a command is withdrawn when its run is over.
    { id: 'SendCommands', actions: [...look, 'sqs:SendMessage', ...take], queues: [commands] },
    { id: 'TakeReplies', actions: [...look, ...take], queues: [replies, privateReplies] },
    { id: 'KeepOwnReplyQueue', actions: [...shape, 'sqs:DeleteQueue'], queues: [privateReplies] },
    // Includes deleting: facts that newer ones replace, so that the queue stays short.
    { id: 'ReadFacts', actions: [...look, ...take], queues: [facts] },
  ]
}

/** What "Create queues" needs in addition. */
export function setUpStatement({ queues: { commands, replies, facts } }: Environment): Statement {
  return { id: 'SetUpQueues', actions: [...look, ...shape], queues: [commands, replies, facts] }
}

/** IAM policy as JSON text, pinned to region, account and the environment's own queue names. */
export function iamPolicy(
  environment: Environment,
  list: readonly Statement[],
  /** Twelve digits, as in the queues' ARNs; `*` when absent. */
  account?: string,
): string {
  const statement = list.map(({ id, actions, queues }) => ({
    Sid: id,
    Effect: 'Allow',
    Action: actions,
    Resource: queues.map((queue) => queueArn(environment.region, account ?? '*', queue)),
  }))
  return `${JSON.stringify({ Version: '2012-10-17', Statement: statement }, null, 2)}\n`
}

/** The statement that fixes one refusal: `action` (as in `sqs:SendMessage`) on `queue`, and nothing else. */
export function missingPermission(action: string, queue: string): Statement {
  return { id: `Allow${action.replace(/[^A-Za-z]/g, '')}`, actions: [action], queues: [queue] }
}

export function queueArn(region: string, account: string, queue: string): string {
  const partition = region.startsWith('cn-') ? 'aws-cn' : region.startsWith('us-gov-') ? 'aws-us-gov' : 'aws'
  return `arn:${partition}:sqs:${region}:${account}:${queue}`
}

// IAM has no batch actions: the single form of an action allows both.
const look = ['sqs:GetQueueUrl', 'sqs:GetQueueAttributes']
const take = ['sqs:ReceiveMessage', 'sqs:DeleteMessage', 'sqs:ChangeMessageVisibility']
const shape = ['sqs:CreateQueue', 'sqs:SetQueueAttributes']
