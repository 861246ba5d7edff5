/**
 * A named triple of queues with the way to reach it and its guard rails. Isolation lives here: an agent and a
 * master that do not share an environment never meet.
 */
export interface Environment {
  /** See `EnvironmentName` in `protocol/names.ts`. */
  readonly name: string
  /** AWS region of the queues, as in `eu-west-1`. */
  readonly region: string
  /** AWS profile; the SDK's default chain when absent. */
  readonly profile?: string
  /** SQS endpoint where it is not AWS's own, as in `http://127.0.0.1:9324`. */
  readonly endpoint?: string
  readonly queues: EnvironmentQueues
  /** Sending asks for the environment's name to be typed. */
  readonly protected: boolean
  /** How the environment is marked wherever it is shown. */
  readonly colour?: string
  /** Only the local fleet has this: a key that opens nothing but its own SQS server. Never from settings. */
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

/** The names that the original gave to the queues of environment `name`. */
export function defaultQueues(name: string): EnvironmentQueues {
  return { commands: `${name}_master`, replies: `${name}_agent`, facts: `${name}_facts` }
}
