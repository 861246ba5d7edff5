import { createHash } from 'node:crypto'

/**
 * Three queues under one name, how to reach them, and their protection. Environments are isolated: an agent and a master
 * of different environments never exchange messages.
 */
export interface Environment {
  /** See `EnvironmentName` in `protocol/names.ts`. */
  readonly name: string
  /** AWS region of the queues, as in `eu-west-1`. */
  readonly region: string
  /** AWS profile; the SDK's default chain when absent. */
  readonly profile?: string
  /** SQS endpoint where it is not AWS's default, as in `http://127.0.0.1:9324`. */
  readonly endpoint?: string
  /** Twelve digits: the account that owns the queues, where it is not that of the credentials. See {@link AccountId}. */
  readonly account?: string
  readonly queues: EnvironmentQueues
  /** Sending asks for the environment's name to be typed. */
  readonly protected: boolean
  /** IDs (`AROA…`) of the roles that prove an instance. Without it, each is pinned to the first role that does. */
  readonly agentRoles?: readonly string[]
  /** Tags of queues that are created, additional to ours. */
  readonly tags?: Readonly<Record<string, string>>
  /** Colour that marks the environment wherever it is shown. */
  readonly colour?: string
  /** Only for the local fleet: a key that is valid only for its own SQS server. Never from settings. */
  readonly credentials?: StaticCredentials
}

/** Names of the three queues of an environment. */
export interface EnvironmentQueues {
  /** Broadcast: master → agents. */
  readonly commands: string
  /** Shared replies: agents → masters that have no queue of their own. */
  readonly replies: string
  /** Agents → masters. */
  readonly facts: string
}

/** An access key. */
export interface StaticCredentials {
  readonly accessKeyId: string
  readonly secretAccessKey: string
}

/**
 * Tells fleets apart whose environments have the same name, in other accounts and regions: 8 hex digits. The profile is not part of
 * it, as instance IDs are AWS's own.
 */
export function fleetIdOf({ name, region, endpoint, account, queues }: Environment): string {
  const place = JSON.stringify([name, region, endpoint ?? '', queues.facts, ...(account ? [account] : [])])
  return createHash('sha256').update(place).digest('hex').slice(0, 8)
}

/** The names that the original EC2 Collective uses for the queues of environment `name`. */
export function defaultQueues(name: string): EnvironmentQueues {
  return { commands: `${name}_master`, replies: `${name}_agent`, facts: `${name}_facts` }
}
