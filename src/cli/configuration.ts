import { load } from 'js-yaml'
import * as v from 'valibot'
import { EnvironmentName, QueueName, RoleId } from '../protocol/names.ts'
import { AccountId } from '../queues/accountId.ts'
import { Endpoint } from '../queues/endpoint.ts'
import { defaultQueues, type Environment } from '../queues/environment.ts'
import { ExtraTags } from '../queues/queueTags.ts'
import { regionPattern } from '../queues/region.ts'
import { excessOfText, type TextBounds } from '../text/boundedText.ts'
import { localize } from '../text/localizable.ts'
import { inEnglish } from '../text/translate.ts'
import { type Arguments, UsageError } from './arguments.ts'
import { readBounded } from './boundedFile.ts'
import { protectingFile } from './workspaceProtection.ts'

/** Where the original EC2 Collective has its configuration. */
const defaultConfig = '/etc/ec2_collective/ec2-cmaster.json'

/** The original's file has 1 KB. A parser takes a hundred times as much memory as a text has. Bytes. */
const mostBytes = 1024 * 1024
const textBounds: TextBounds = { characters: mostBytes, marks: 100_000 }

/** The configuration file of the original: the master's read queue is the agents' reply queue. Other keys are ignored. */
const ConfigFile = v.object({
  aws: v.object({
    region: v.pipe(v.string(), v.regex(/^[a-z0-9-]{1,32}$/, 'an AWS region, as in eu-west-1')),
    sqs_write_queue: QueueName,
    sqs_read_queue: QueueName,
    sqs_facts_queue: QueueName,
    endpoint: v.optional(Endpoint),
    profile: v.optional(v.string()),
    account: v.optional(AccountId),
  }),
  general: v.optional(
    v.object({
      environment: v.optional(EnvironmentName),
      protected: v.optional(v.boolean()),
      agent_roles: v.optional(v.array(RoleId)),
      tags: v.optional(ExtraTags),
    }),
  ),
})

/**
 * The environment from the command line, the configuration file, AWS's variables and the AWS profile together. The file applies
 * only to its own environment.
 * @param regionOf the region of an AWS profile; of the usual one when it is undefined
 * @throws UsageError that says what is missing or wrong
 */
export function environmentOf(
  args: PlaceArguments,
  env: NodeJS.ProcessEnv,
  directory = process.cwd(),
  regionOf: (profile: string | undefined) => string | undefined = () => undefined,
): Environment {
  const file = readConfig(args)
  const name = args.environment ?? file?.name
  if (name === undefined) throw new UsageError(`No environment. Use --env NAME, or create ${defaultConfig}.`)
  if (!v.is(EnvironmentName, name))
    throw new UsageError(`--env ${name}: use 1 to 48 characters of A-Z a-z 0-9 _ -`)
  const own = file?.name === name ? file : undefined
  const checked = v.safeParse(v.optional(Endpoint), args.endpoint ?? own?.endpoint)
  if (!checked.success) {
    const [{ input, message }] = checked.issues
    throw new UsageError(`--endpoint ${input}: use ${message}.`)
  }
  const endpoint = checked.output
  const profile = args.profile ?? own?.profile
  const region = args.region ?? own?.region ?? (env.AWS_REGION || env.AWS_DEFAULT_REGION || regionOf(profile))
  if (region === undefined && endpoint === undefined)
    throw new UsageError('No AWS region. Use --region, for example --region eu-west-1.')
  if (region !== undefined && endpoint === undefined && !regionPattern.test(region))
    throw new UsageError(
      `“${region}” is not the name of an AWS region. Use one such as eu-west-1; other names are only for an SQS server of your own (--endpoint).`,
    )
  const isListed = env.EC2_COLLECTIVE_PROTECTED?.split(',').some((listed) => listed.trim() === name) ?? false
  return {
    name,
    region: region ?? 'us-east-1',
    ...(endpoint === undefined ? {} : { endpoint }),
    ...(profile === undefined ? {} : { profile }),
    ...(own?.account === undefined ? {} : { account: own.account }),
    ...(own?.agentRoles === undefined ? {} : { agentRoles: own.agentRoles }),
    ...(own?.tags === undefined ? {} : { tags: own.tags }),
    queues: own?.queues ?? defaultQueues(name),
    protected: isListed || own?.protected === true || protectingFile(name, directory) !== undefined,
  }
}

/** The arguments that say where the queues are. */
export type PlaceArguments = Pick<Arguments, 'environment' | 'config' | 'region' | 'profile' | 'endpoint'>

type Configured = Partial<Environment> & Pick<Environment, 'name' | 'queues'>

function readConfig(args: PlaceArguments): Configured | undefined {
  const path = args.config ?? defaultConfig
  const content = readContent(path, args.config === undefined)
  if (content === undefined) return undefined
  const { aws, general } = content
  const { region, endpoint, profile, account } = aws
  const name = general?.environment ?? /^(.+)_master$/.exec(aws.sqs_write_queue)?.[1]
  if (name === undefined) {
    throw new UsageError(
      `${path}: general.environment is missing, and aws.sqs_write_queue is not of the form NAME_master.`,
    )
  }
  return {
    ...{ name, region, protected: general?.protected ?? false },
    ...(endpoint === undefined ? {} : { endpoint }),
    ...(profile === undefined ? {} : { profile }),
    ...(account === undefined ? {} : { account }),
    ...(general?.tags === undefined ? {} : { tags: general.tags }),
    ...(general?.agent_roles === undefined ? {} : { agentRoles: general.agent_roles }),
    queues: { commands: aws.sqs_write_queue, replies: aws.sqs_read_queue, facts: aws.sqs_facts_queue },
  }
}

function readContent(path: string, isOptional: boolean): v.InferOutput<typeof ConfigFile> | undefined {
  let text: string
  try {
    text = readBounded(path, mostBytes).toString('utf8')
  } catch (cause) {
    if (isOptional && (cause as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw new UsageError(`Cannot read ${path}: ${(cause as Error).message}.`, { cause })
  }
  const excess = excessOfText(text, textBounds)
  if (excess !== undefined)
    throw new UsageError(`${path} is too large to be a configuration: ${localize(excess, inEnglish)}.`)
  let data: unknown
  try {
    data = load(text)
  } catch (cause) {
    throw new UsageError(`${path} is neither JSON nor YAML: ${(cause as Error).message.split('\n')[0]}.`, {
      cause,
    })
  }
  const parsed = v.safeParse(ConfigFile, data, { abortEarly: true })
  if (parsed.success) return parsed.output
  const [issue] = parsed.issues
  throw new UsageError(`${path}: ${v.getDotPath(issue) ?? 'the file'}: ${issue.message}`)
}
