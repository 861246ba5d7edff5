import * as v from 'valibot'
import { AgentId, EnvironmentName, Hostname, QueueName } from '../../../src/protocol/names.ts'
import { AccountId } from '../../../src/queues/accountId.ts'
import { Endpoint } from '../../../src/queues/endpoint.ts'
import { regionPattern } from '../../../src/queues/region.ts'

const Seconds = (least: number, most: number) =>
  v.pipe(
    v.number('a number of seconds'),
    v.minValue(least, `at least ${least} seconds`),
    v.maxValue(most, `at most ${most} seconds`),
  )
const Whole = (least: number, most: number) =>
  v.pipe(
    v.number('a whole number'),
    v.integer('a whole number'),
    v.minValue(least, `at least ${least}`),
    v.maxValue(most, `at most ${most}`),
  )
const Switch = v.boolean('true or false')
const Path = v.pipe(v.string('a path'), v.startsWith('/', 'an absolute path'), v.maxLength(4096))
const Paths = v.union(
  [v.string(), v.array(v.string())],
  'a path, several separated by commas, or a list of paths',
)
const Text = v.pipe(v.string('text'), v.minLength(1, 'text that is not empty'))
const bytesWords = 'bytes, at least 1 MiB: a whole number, or one with K, M or G, as in 512M'
const Bytes = v.pipe(
  v.union([v.number(), v.pipe(v.string(), v.regex(/^\d{1,15}[KMG]?$/, bytesWords))], bytesWords),
  v.transform(bytesOf),
  v.integer(bytesWords),
  v.minValue(1024 ** 2, bytesWords),
  v.maxValue(Number.MAX_SAFE_INTEGER, bytesWords),
)
const logLevels = 'one of DEBUG, INFO, WARN, ERROR, CRITICAL'
const Url = v.pipe(v.string('a URL'), v.url('a URL, as in http://127.0.0.1:4566'))

/**
 * Everything that the configuration file may contain. Section `general` and `aws` as in the original's first form,
 * `facts` as in its later release; the rest is ours. `agent/README.md` explains each key.
 */
export const sections = {
  general: {
    log_level: v.optional(
      v.pipe(
        v.string(logLevels),
        v.toUpperCase(),
        v.picklist(['DEBUG', 'INFO', 'WARN', 'ERROR', 'CRITICAL'], logLevels),
      ),
    ),
    /** The original's; commands bring their own timeout. */
    timeout: v.optional(Seconds(0, 7 * 24 * 3600)),
    sqs_poll_interval: v.optional(Seconds(0.05, 60)),
    /** The original's two names for a queue inside its own process; without effect. */
    done_queue_poll_interval: v.optional(v.number('a number of seconds')),
    queue_poll_interval: v.optional(v.number('a number of seconds')),
    yaml_facts: v.optional(Switch),
    yaml_facts_path: v.optional(Paths),
    yaml_facts_refresh: v.optional(Seconds(1, 24 * 3600)),
    use_facts_queue: v.optional(Switch),

    agent_id: v.optional(AgentId),
    hostname: v.optional(Hostname),
    environment: v.optional(EnvironmentName),
    state_dir: v.optional(Path),
    max_parallel: v.optional(Whole(1, 1000)),
    output_limit: v.optional(Whole(0, 1024 * 1024 * 1024)),
    spool_limit: v.optional(Bytes),
    undelivered_limit: v.optional(Bytes),
    shell: v.optional(Path),
    kill_grace: v.optional(Seconds(0, 300)),
    restart_limit: v.optional(Seconds(1, 7 * 24 * 3600)),
    audit_log: v.optional(v.union([Path, v.literal(false)], 'an absolute path, or false')),
    audit_content: v.optional(v.picklist(['digest', 'masked', 'full'], 'one of digest, masked, full')),
    audit_required: v.optional(Switch),
    audit_journal: v.optional(Switch),
    policy: v.optional(v.union([Path, v.literal('none')], 'an absolute path, or none')),
    require_policy: v.optional(Switch),
  },
  facts: {
    enabled: v.optional(Switch),
    refresh: v.optional(Seconds(1, 24 * 3600)),
    use_queue: v.optional(Switch),
    use_facter: v.optional(Switch),
    facter_cmd: v.optional(Text),
    facter_interval: v.optional(Seconds(1, 24 * 3600)),
    facts_path: v.optional(Paths),

    programs: v.optional(Path),
    program_timeout: v.optional(Seconds(0.1, 3600)),
    interval: v.optional(Seconds(5, 50)),
    ec2_metadata: v.optional(v.picklist(['auto', 'always', 'never'], 'one of auto, always, never')),
    ec2_metadata_endpoint: v.optional(Url),
  },
  limits: {
    processes: v.optional(Whole(1, 4_194_304)),
    memory: v.optional(Bytes),
    cgroup: v.optional(Path),
  },
  aws: {
    region: v.pipe(
      v.string('an AWS region, as in eu-west-1'),
      v.regex(/^[a-z0-9-]{1,32}$/, 'an AWS region, as in eu-west-1'),
    ),
    sqs_read_queue: QueueName,
    sqs_write_queue: QueueName,
    sqs_facts_queue: v.optional(QueueName),
    endpoint: v.optional(Endpoint),
    profile: v.optional(Text),
    account: v.optional(AccountId),
  },
}

const File = v.object({
  general: v.optional(v.object(sections.general, 'a section with keys'), {}),
  facts: v.optional(v.object(sections.facts, 'a section with keys'), {}),
  limits: v.optional(v.object(sections.limits, 'a section with keys'), {}),
  aws: v.pipe(
    v.object(sections.aws, 'a section with keys'),
    v.rawCheck(({ dataset, addIssue }) => {
      if (!dataset.typed) return
      const { region, endpoint } = dataset.value
      if (endpoint !== undefined || regionPattern.test(region)) return
      addIssue({
        message:
          'an AWS region, as in eu-west-1; other names are only for an SQS server of your own (aws.endpoint)',
        input: region,
        path: [{ type: 'object', origin: 'value', input: dataset.value, key: 'region', value: region }],
      })
    }),
  ),
})

export type ConfigurationFile = v.InferOutput<typeof File>

/** A configuration that the agent cannot start with. `message` names file, key and reason. */
export class ConfigurationError extends Error {
  override readonly name = 'ConfigurationError'
}

/**
 * Checks a parsed configuration file.
 * @param file its name, for messages
 * @returns the file, and the paths of unknown keys
 * @throws ConfigurationError that lists every wrong value
 */
export function checkConfigurationFile(
  content: unknown,
  file: string,
): { content: ConfigurationFile; unknownKeys: string[] } {
  const parsed = v.safeParse(File, content)
  if (parsed.success) return { content: parsed.output, unknownKeys: unknownKeysOf(content as object) }
  const reasons = parsed.issues.map((issue) => {
    const key = v.getDotPath(issue) ?? 'the file'
    if (issue.input === undefined) return `${key} is missing`
    return `${key} is ${JSON.stringify(issue.input).slice(0, 80)}: expected ${expectation(issue)}`
  })
  throw new ConfigurationError(`${file}: ${reasons.join('; ')}`)
}

/** As systemd reads sizes: K, M and G are powers of 1024. */
function bytesOf(written: number | string): number {
  if (typeof written === 'number') return written
  const [, digits = '', unit = ''] = /^(\d+)(\D?)$/.exec(written) ?? []
  return Number(digits) * 1024 ** (unit === '' ? 0 : 'KMG'.indexOf(unit) + 1)
}

/** Our own messages say what was expected; Valibot's default ones say "Invalid …: Expected X but received Y". */
function expectation(issue: v.BaseIssue<unknown>): string {
  const own = !issue.message.startsWith('Invalid ')
  return own
    ? issue.message
    : issue.type === 'object'
      ? 'a section with keys'
      : (issue.expected ?? issue.message)
}

function unknownKeysOf(content: object): string[] {
  return Object.entries(content).flatMap(([section, keys]) => {
    const known = Object.hasOwn(sections, section) ? sections[section as keyof typeof sections] : undefined
    if (known === undefined) return [section]
    return Object.keys(keys as object)
      .filter((key) => !Object.hasOwn(known, key))
      .map((key) => `${section}.${key}`)
  })
}
