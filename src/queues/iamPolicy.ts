import { privateReplyQueue } from '../protocol/names.ts'
import type { Environment } from './environment.ts'
import { partitionOf } from './partitions.ts'

export type Side = 'agent' | 'master'

/**
 * Whom a policy is for. `viewer` sees agents and their facts, and commands nothing; `cleaner` removes private reply
 * queues that masters left behind, which is a master's right for its own only as far as names can tell; `administrator` may
 * create the environment's queues, and change their settings.
 */
export type PolicyRole = Side | 'viewer' | 'cleaner' | 'administrator'

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
export function statements(environment: Environment, role: PolicyRole): Statement[] {
  const { commands, replies, facts } = environment.queues
  const privateReplies = privateReplyQueue(environment.name, '*')
  switch (role) {
    case 'agent':
      return [
        { id: 'ReceiveCommands', actions: [...look, 'sqs:ReceiveMessage'], queues: [commands] },
        {
          id: 'SendRepliesAndFacts',
          actions: [...look, 'sqs:SendMessage'],
          queues: [replies, privateReplies, facts],
        },
      ]
    case 'viewer':
      return [{ id: 'ReadFacts', actions: [...look, ...put], queues: [facts] }]
    case 'cleaner':
      return [
        { id: 'FindReplyQueues', actions: ['sqs:ListQueues'], queues: ['*'] },
        {
          id: 'RemoveReplyQueues',
          actions: [...look, 'sqs:ListQueueTags', 'sqs:DeleteQueue'],
          queues: [privateReplies],
        },
      ]
    case 'administrator':
      return [
        {
          id: 'SetUpQueues',
          actions: [...look, 'sqs:CreateQueue', 'sqs:SetQueueAttributes', ...tag],
          queues: [commands, replies, facts],
        },
      ]
    case 'master':
      return [
        // Includes receiving and deleting: a command is withdrawn when its run is over.
        { id: 'SendCommands', actions: [...look, 'sqs:SendMessage', ...take], queues: [commands] },
        { id: 'TakeReplies', actions: [...look, ...take], queues: [replies, privateReplies] },
        // Without SetQueueAttributes, which would let anybody open the reply queues of others to other accounts. A master
        // sends to its own queue to end the wait of its last receive.
        {
          id: 'KeepOwnReplyQueue',
          actions: ['sqs:CreateQueue', 'sqs:DeleteQueue', 'sqs:SendMessage', ...tag],
          queues: [privateReplies],
        },
        // Includes deleting: facts that newer ones replace, so that the queue stays short.
        { id: 'ReadFacts', actions: [...look, ...take], queues: [facts] },
      ]
  }
}

/** IAM policy as JSON text, pinned to region, account and the environment's own queue names. */
export function iamPolicy(
  environment: Environment,
  list: readonly Statement[],
  /** Twelve digits, as in the queues' ARNs; `*` when absent. */
  account?: string,
  /** The KMS key that encrypts the queues, as they tell it. */
  kmsKey?: string,
): string {
  const statement: object[] = list.map(({ id, actions, queues }) => ({
    Sid: id,
    Effect: 'Allow',
    Action: actions,
    Resource: queues.map((queue) =>
      queueArn(environment.region, environment.account ?? account ?? '*', queue),
    ),
  }))
  const ofKey = kmsKey && kmsStatement(environment.region, kmsKey, environment.account ?? account)
  if (ofKey) statement.push(ofKey)
  return `${JSON.stringify({ Version: '2012-10-17', Statement: statement }, null, 2)}\n`
}

/**
 * The policy of one queue of the environment, as JSON text, which lets other accounts use it as their IAM policies say: what a
 * queue of another account needs beside those. Creating, changing and deleting queues is never allowed to other accounts.
 * @param accounts by side, each of twelve digits
 */
export function queuePolicy(
  environment: Environment,
  queue: string,
  owner: string,
  accounts: Readonly<Record<Side, readonly string[]>>,
): string {
  const resource = queueArn(environment.region, owner, queue)
  const sides: readonly Side[] = ['agent', 'master']
  const statement = sides.flatMap((side) => {
    const actions = actionsOn(environment, side, queue)
    if (accounts[side].length === 0 || actions.length === 0) return []
    const principals = accounts[side].map(
      (id) => `arn:${partitionOf(environment.region).name}:iam::${id}:root`,
    )
    return [
      {
        Sid: side === 'agent' ? 'OtherAgents' : 'OtherMasters',
        Effect: 'Allow',
        Principal: { AWS: principals },
        Action: actions,
        Resource: resource,
      },
    ]
  })
  return `${JSON.stringify({ Version: '2012-10-17', Statement: statement }, null, 2)}\n`
}

/** What a side does with one queue of the environment. @param queue its name */
export function actionsOn(environment: Environment, side: Side, queue: string): string[] {
  return statements(environment, side)
    .filter(({ queues }) => queues.includes(queue))
    .flatMap((each) => each.actions)
}

/** Encrypting what is sent, and decrypting what is received; SQS needs both of senders. */
export const kmsActions = ['kms:GenerateDataKey', 'kms:Decrypt'] as const

/** AWS's own key for SQS, which everyone in the account may use through SQS without a policy. */
export const keyOfAws = 'alias/aws/sqs'

/**
 * What SQS does in our name with a key of the account's own.
 * @param kmsKey as a queue tells it: ID, alias or ARN. IAM knows no aliases as resources, only as a condition
 * @returns undefined where the key needs no statement
 */
export function kmsStatement(region: string, kmsKey: string, account = '*') {
  const { name, dnsSuffix } = partitionOf(region)
  const keys = `arn:${name}:kms:${region}:${account}:key/`
  const [, alias] = /(?:^|:)(alias\/.+)$/.exec(kmsKey) ?? []
  if (alias === keyOfAws) return undefined
  const throughSqs = { StringEquals: { 'kms:ViaService': `sqs.${region}.${dnsSuffix}` } }
  return {
    Sid: 'UseKeyOfQueues',
    Effect: 'Allow',
    Action: kmsActions,
    Resource: [alias !== undefined ? `${keys}*` : kmsKey.startsWith('arn:') ? kmsKey : `${keys}${kmsKey}`],
    Condition:
      alias === undefined
        ? throughSqs
        : { ...throughSqs, 'ForAnyValue:StringEquals': { 'kms:ResourceAliases': alias } },
  }
}

/** The statement that fixes one refusal: `action` (as in `sqs:SendMessage`) on `queue`, and nothing else. */
export function missingPermission(action: string, queue: string): Statement {
  return { id: `Allow${action.replace(/[^A-Za-z]/g, '')}`, actions: [action], queues: [queue] }
}

export function queueArn(region: string, account: string, queue: string): string {
  return `arn:${partitionOf(region).name}:sqs:${region}:${account}:${queue}`
}

// IAM has no batch actions: the single form of an action allows both.
const look = ['sqs:GetQueueUrl', 'sqs:GetQueueAttributes']
const tag = ['sqs:ListQueueTags', 'sqs:TagQueue']
const put = ['sqs:ReceiveMessage', 'sqs:ChangeMessageVisibility']
const take = [...put, 'sqs:DeleteMessage']
