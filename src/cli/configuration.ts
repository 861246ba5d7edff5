import { readFileSync } from 'node:fs'
import { load } from 'js-yaml'
import * as v from 'valibot'
import { EnvironmentName, QueueName } from '../protocol/names.ts'
import { defaultQueues, type Environment } from '../queues/environment.ts'
import { type Arguments, UsageError } from './arguments.ts'

/** Where the original looked for it. */
const defaultConfig = '/etc/ec2_collective/ec2-cmaster.json'

/** The original's file: for the master the read queue is the agents' reply queue. Keys that are not ours are left alone. */
const ConfigFile = v.object({
  aws: v.object({
    region: v.string(),
    sqs_write_queue: QueueName,
    sqs_read_queue: QueueName,
    sqs_facts_queue: QueueName,
    endpoint: v.optional(v.string()),
    profile: v.optional(v.string()),
  }),
  general: v.optional(
    v.object({ environment: v.optional(EnvironmentName), protected: v.optional(v.boolean()) }),
  ),
})

/**
 * The environment that the command line, the configuration file and AWS's own variables name together.
 * @throws UsageError that says what is missing or wrong
 */
export function environmentOf(args: Arguments, env: NodeJS.ProcessEnv): Environment {
  const file = readConfig(args)
  const aws = file?.aws
  const name = args.environment ?? file?.general?.environment ?? aws?.sqs_write_queue.replace(/_master$/, '')
  if (name === undefined) throw new UsageError(`which environment? Say --env NAME, or write ${defaultConfig}`)
  if (!v.is(EnvironmentName, name)) throw new UsageError(`--env ${name}: 1 to 48 of A-Z a-z 0-9 _ -`)
  const ofFile = args.environment === undefined || aws?.sqs_write_queue === `${name}_master`
  const region = args.region ?? (ofFile ? aws?.region : undefined) ?? env.AWS_REGION ?? env.AWS_DEFAULT_REGION
  const endpoint = args.endpoint ?? (ofFile ? aws?.endpoint : undefined)
  if (region === undefined && endpoint === undefined)
    throw new UsageError('which AWS region? Say --region, as in eu-west-1')
  const profile = args.profile ?? (ofFile ? aws?.profile : undefined)
  const queues =
    ofFile && aws !== undefined
      ? { commands: aws.sqs_write_queue, replies: aws.sqs_read_queue, facts: aws.sqs_facts_queue }
      : defaultQueues(name)
  return {
    name,
    region: region ?? 'us-east-1',
    ...(endpoint === undefined ? {} : { endpoint }),
    ...(profile === undefined ? {} : { profile }),
    queues,
    protected: file?.general?.protected ?? env.EC2_COLLECTIVE_PROTECTED?.split(',').includes(name) ?? false,
  }
}

function readConfig(args: Arguments): v.InferOutput<typeof ConfigFile> | undefined {
  const path = args.config ?? defaultConfig
  let text: string
  try {
    text = readFileSync(path, 'utf8')
  } catch (cause) {
    if (args.config === undefined && (cause as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw new UsageError(`${path} cannot be read: ${(cause as Error).message}`, { cause })
  }
  let data: unknown
  try {
    data = load(text)
  } catch (cause) {
    throw new UsageError(`${path} is neither JSON nor YAML: ${(cause as Error).message.split('\n')[0]}`, {
      cause,
    })
  }
  const parsed = v.safeParse(ConfigFile, data, { abortEarly: true })
  if (parsed.success) return parsed.output
  const [issue] = parsed.issues
  throw new UsageError(`${path}: ${v.getDotPath(issue) ?? 'the file'}: ${issue.message}`)
}
