import { readFile } from 'node:fs/promises'
import * as v from 'valibot'
import { EnvironmentName } from '../../../src/protocol/names.ts'
import { decodeText } from '../formats/decodeText.ts'
import { readJson } from '../formats/json.ts'
import { readYaml } from '../formats/yaml.ts'
import type { AuditContentMode } from '../log/audit.ts'
import type { LogLevel } from '../log/log.ts'
import { canOthersChangeFile } from '../policy/fileTrust.ts'
import {
  ConfigurationError,
  type ConfigurationFile,
  checkConfigurationFile,
  sections,
} from './configurationFile.ts'

/** Where the configuration is searched, in this order, if no file is given. */
const defaultFiles = ['json', 'yaml', 'yml'].map((type) => `/etc/ec2_collective/ec2-cagent.${type}`)

/** The agent's configuration, with defaults applied. Durations in milliseconds, sizes in bytes, paths absolute. */
export interface Configuration {
  readonly file: string
  readonly logLevel: LogLevel
  readonly agentId: string | undefined
  readonly hostname: string | undefined
  readonly environment: string
  readonly stateDir: string
  /** Path; `none` when this server has no policy on purpose; undefined for the default file. */
  readonly policyFile: string | undefined
  /** Nothing is allowed as long as there is no policy. */
  readonly requirePolicy: boolean
  readonly auditLog: string | undefined
  /** How much of a command the audit log holds. */
  readonly auditContent: AuditContentMode
  /** Nothing is executed that cannot be audited. */
  readonly auditRequired: boolean
  /** Audit lines go to standard output as well, for the journal of systemd. */
  readonly auditJournal: boolean
  readonly maxParallel: number
  /** Bytes of output kept per reply. */
  readonly outputLimitBytes: number
  /** Bytes on disk that delivered replies may take, for masters that ask for them again. */
  readonly spoolLimitBytes: number
  /** Bytes on disk that replies which SQS does not have may take: beyond that, output is left out. */
  readonly undeliveredLimitBytes: number
  readonly shell: string
  /** Between TERM and KILL. */
  readonly killGraceMs: number
  /** How long new commands are held at most for a planned restart, at its first attempt. */
  readonly restartLimitMs: number
  /** Longest pause after a receive that brought only known messages. */
  readonly pollIntervalMs: number
  readonly queues: QueuesConfiguration
  readonly facts: FactsConfiguration
  /** The most that a run may take. */
  readonly limits: { readonly processes: number | undefined; readonly memory: number | undefined }
  /** Directory for a cgroup for each run; undefined: the agent's own cgroup. */
  readonly limitsCgroup: string | undefined
  /** Sentences about problems that do not prevent starting. */
  readonly warnings: readonly string[]
}

export interface QueuesConfiguration {
  readonly region: string
  readonly endpoint: string | undefined
  readonly profile: string | undefined
  /** The account that owns the queues, where it is not that of the agent's credentials. */
  readonly account: string | undefined
  readonly commands: string
  readonly replies: string
  readonly facts: string
}

export interface FactsConfiguration {
  /** If false, the only facts are those of the agent itself and of EC2. */
  readonly enabled: boolean
  readonly refreshMs: number
  readonly publish: boolean
  /** Facts are published at least this often. */
  readonly intervalMs: number
  /** Shell command of facter. */
  readonly facterCommand: string | undefined
  /** Facter is run again after this. */
  readonly facterIntervalMs: number
  readonly paths: readonly string[]
  /** Directory of executables that print facts. */
  readonly programs: string
  readonly programTimeoutMs: number
  readonly ec2Metadata: 'auto' | 'always' | 'never'
  readonly ec2MetadataEndpoint: string
}

/**
 * Reads the configuration from `file`, or from the first default file that exists.
 * @throws ConfigurationError
 */
export async function readConfiguration(file: string | undefined): Promise<Configuration> {
  const candidates = file === undefined ? defaultFiles : [file]
  for (const candidate of candidates) {
    try {
      const { text } = decodeText(await readFile(candidate))
      const configuration = parseConfiguration(text, candidate)
      return { ...configuration, warnings: [...configuration.warnings, ...(await openTo(candidate))] }
    } catch (cause) {
      if (cause instanceof ConfigurationError) throw cause
      if ((cause as NodeJS.ErrnoException).code === 'ENOENT' && candidates.length > 1) continue
      throw new ConfigurationError(
        `Cannot read the configuration ${candidate}: ${(cause as Error).message}`,
        {
          cause,
        },
      )
    }
  }
  throw new ConfigurationError(
    `No configuration found: expected ${defaultFiles[0]} (or .yaml). Start from the sample, or give a file with --config.`,
  )
}

/**
 * Parses the JSON of the original software (both of its forms), ours, and the same as YAML, which includes JSON.
 * @throws ConfigurationError that names file, key and reason
 */
export function parseConfiguration(text: string, file: string): Configuration {
  const written = parseText(text, file)
  const { content, unknownKeys } = checkConfigurationFile(written.value, file)
  const { general, facts, limits, aws } = content
  const unknown = unknownKeys.map((key) => {
    const close = closestKey(key)
    return `Unknown key "${key}".${close === undefined ? '' : ` Did you mean "${close}"?`}`
  })
  const warnings = [...written.warnings, ...unknown].map((warning) => `${file}: ${warning}`)
  return {
    file,
    logLevel: logLevelOf(general.log_level ?? 'INFO'),
    agentId: general.agent_id,
    hostname: general.hostname,
    environment: environmentOf(content, file),
    stateDir: general.state_dir ?? '/var/lib/ec2_collective',
    policyFile: general.policy,
    requirePolicy: general.require_policy ?? false,
    auditLog:
      general.audit_log === false ? undefined : (general.audit_log ?? '/var/log/ec2_collective/audit.log'),
    auditContent: general.audit_content ?? 'digest',
    auditRequired: general.audit_required ?? false,
    auditJournal: general.audit_journal ?? false,
    maxParallel: general.max_parallel ?? 10,
    outputLimitBytes: general.output_limit ?? 10 * 1024 * 1024,
    spoolLimitBytes: general.spool_limit ?? 256 * 1024 * 1024,
    undeliveredLimitBytes: general.undelivered_limit ?? 1024 * 1024 * 1024,
    shell: general.shell ?? '/bin/sh',
    killGraceMs: 1000 * (general.kill_grace ?? 5),
    restartLimitMs: 1000 * (general.restart_limit ?? 60),
    pollIntervalMs: 1000 * (general.sqs_poll_interval ?? 1),
    queues: {
      region: aws.region,
      endpoint: aws.endpoint,
      profile: aws.profile,
      account: aws.account,
      commands: aws.sqs_read_queue,
      replies: aws.sqs_write_queue,
      facts: aws.sqs_facts_queue ?? aws.sqs_read_queue.replace(/_master$/, '_facts'),
    },
    facts: {
      enabled: facts.enabled ?? general.yaml_facts ?? true,
      refreshMs: 1000 * (facts.refresh ?? general.yaml_facts_refresh ?? 30),
      publish: facts.use_queue ?? general.use_facts_queue ?? true,
      intervalMs: 1000 * (facts.interval ?? 30),
      facterCommand: facts.use_facter ? (facts.facter_cmd ?? 'facter --yaml') : undefined,
      facterIntervalMs: 1000 * (facts.facter_interval ?? 600),
      paths: pathsOf(facts.facts_path ?? general.yaml_facts_path ?? []),
      programs: facts.programs ?? '/etc/ec2_collective/facts.d',
      programTimeoutMs: 1000 * (facts.program_timeout ?? 20),
      ec2Metadata: facts.ec2_metadata ?? 'auto',
      ec2MetadataEndpoint: facts.ec2_metadata_endpoint ?? metadataEndpoint(process.env),
    },
    limits: { processes: limits.processes, memory: limits.memory },
    limitsCgroup: limits.cgroup,
    warnings,
  }
}

/** Where the SDK asks for the credentials of an instance, by the same variables. */
export function metadataEndpoint(env: NodeJS.ProcessEnv): string {
  const { AWS_EC2_METADATA_SERVICE_ENDPOINT: named, AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE: mode } = env
  if (named !== undefined && URL.canParse(named)) return named
  return mode?.toLowerCase() === 'ipv6' ? 'http://[fd00:ec2::254]' : 'http://169.254.169.254'
}

/** The configuration names programs that the agent executes. The original software did not check, so this only warns. */
async function openTo(file: string): Promise<string[]> {
  if (!(await canOthersChangeFile(file))) return []
  return [
    `Users other than the agent's can change ${file} or put another in its place, and so execute anything through the agent. Run chown root and chmod go-w on it and on the folders above it.`,
  ]
}

function parseText(
  text: string,
  file: string,
): { readonly value: unknown; readonly warnings: readonly string[] } {
  try {
    return file.endsWith('.json') ? { value: readJson(text), warnings: [] } : readYaml(text)
  } catch (cause) {
    throw new ConfigurationError(`${file}: ${(cause as Error).message}`, { cause })
  }
}

/** Environments isolate servers, so an agent must not guess its environment from a queue name of another form. */
function environmentOf({ general, aws }: ConfigurationFile, file: string): string {
  const environment = general.environment ?? /^(.+)_master$/.exec(aws.sqs_read_queue)?.[1]
  if (!v.is(EnvironmentName, environment)) {
    throw new ConfigurationError(
      `${file}: general.environment is missing, and aws.sqs_read_queue "${aws.sqs_read_queue}" is not of the form <environment>_master`,
    )
  }
  return environment
}

function pathsOf(paths: string | readonly string[]): string[] {
  const list = typeof paths === 'string' ? paths.split(',') : paths
  return list.map((path) => path.trim()).filter((path) => path !== '')
}

function logLevelOf(level: 'DEBUG' | 'INFO' | 'WARN' | 'ERROR' | 'CRITICAL'): LogLevel {
  return level === 'CRITICAL' ? 'error' : (level.toLowerCase() as Lowercase<typeof level>)
}

/** The known key that a mistyped one most likely stands for: same letters, or the same key of another section. */
function closestKey(key: string): string | undefined {
  const known = Object.entries(sections).flatMap(([section, keys]) =>
    Object.keys(keys).map((name) => `${section}.${name}`),
  )
  const plain = (text: string) =>
    text
      .slice(text.indexOf('.') + 1)
      .toLowerCase()
      .replace(/[^a-z0-9]/g, '')
  return known.find((candidate) => plain(candidate) === plain(key))
}
