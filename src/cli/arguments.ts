import { parseArgs } from 'node:util'
import { checkSteps, type RolloutNames, readRollout } from '../run/rolloutText.ts'
import type { Rollout } from '../run/runRequest.ts'
import { parseDuration } from '../text/duration.ts'

/** The command line, parsed. */
export interface Arguments {
  readonly mode: 'cli' | 'script' | 'ping' | 'count' | 'facts'
  /** A shell command, or `file://…` for a script on this machine. */
  readonly command: string | undefined
  readonly parameters: readonly string[]
  readonly with: readonly string[]
  readonly without: readonly string[]
  readonly filter: string | undefined
  readonly everyone: boolean
  readonly timeoutMs: number
  readonly environment: string | undefined
  readonly config: string | undefined
  readonly region: string | undefined
  readonly profile: string | undefined
  readonly endpoint: string | undefined
  readonly confirm: string | undefined
  readonly yes: boolean
  /** The only number of agents that the command may go to. */
  readonly expect: number | undefined
  readonly includeUnseen: boolean
  /** The id of a run, or `last`. */
  readonly resume: string | undefined
  /** See `readKeyReference`. */
  readonly signingKey: string | undefined
  readonly logFile: string | undefined
  readonly user: string | undefined
  readonly directory: string | undefined
  readonly rollout: Rollout | undefined
  readonly quiet: boolean
  readonly json: boolean
  readonly strict: boolean
  readonly sharedReplies: boolean
}

/** The command line cannot be used. The message is a sentence; nothing was sent. */
export class UsageError extends Error {
  override readonly name = 'UsageError'
}

/** @throws UsageError */
export function parseArguments(argv: readonly string[]): Arguments | 'help' | 'version' {
  const { values, positionals } = parse(argv)
  if (values.help === true) return 'help'
  if (values.version === true) return 'version'
  const { mode, command } =
    values.resume === undefined ? wantedCommand(values, positionals) : resuming(values, positionals)
  return {
    mode,
    command,
    parameters: values.parameter ?? [],
    with: values.with ?? [],
    without: values.without ?? [],
    filter: values.filter,
    everyone: values.everyone === true,
    timeoutMs: readTimeout(values.timeout ?? '60'),
    environment: values.env,
    config: values.config,
    region: values.region,
    profile: values.profile,
    endpoint: values.endpoint,
    confirm: values.confirm,
    yes: values.yes === true,
    expect: values.expect === undefined ? undefined : count(values.expect),
    includeUnseen: values['include-unseen'] === true,
    resume: values.resume,
    signingKey: values['signing-key'],
    logFile: values.logfile,
    user: values.user,
    directory: values.directory,
    rollout: rolloutOf(values),
    quiet: values.quiet === true,
    json: values.json === true,
    strict: values.strict === true,
    sharedReplies: values['shared-replies'] === true,
  }
}

/**
 * What to send, and that it is said whom to.
 * @throws UsageError
 */
function wantedCommand(values: Values, positionals: readonly string[]): Pick<Arguments, 'mode' | 'command'> {
  const command = values.command ?? (positionals.length > 0 ? positionals.join(' ') : undefined)
  if (values.command !== undefined && positionals.length > 0) {
    throw new UsageError(`Two commands: "${values.command}" and "${positionals.join(' ')}". Give one.`)
  }
  const mode = modeOf(values.mode, command)
  if ((mode === 'cli' || mode === 'script') && (command === undefined || command.trim() === '')) {
    throw new UsageError('No command. Write ec2-cmaster … -- COMMAND, or -c COMMAND.')
  }
  if (mode === 'script' && !command?.startsWith('file://'))
    throw new UsageError('--mode script needs a script: -c file://PATH.')
  if (mode !== 'cli' && mode !== 'script' && command !== undefined)
    throw new UsageError(`--mode ${mode} takes no command: remove "${command}".`)
  if (mode !== 'script' && values.parameter !== undefined)
    throw new UsageError('--parameter is for scripts: -c file://PATH.')
  if (mode !== 'cli' && mode !== 'script' && (values.user ?? values.directory) !== undefined)
    throw new UsageError(`--mode ${mode} runs no command: remove --user and --directory.`)
  const lists = [...(values.with ?? []), ...(values.without ?? [])]
  if (values.filter !== undefined && (lists.length > 0 || values.everyone)) {
    throw new UsageError('--filter cannot be combined with --with, --without or --everyone.')
  }
  if (values.everyone && lists.length > 0)
    throw new UsageError('--everyone cannot be combined with --with or --without.')
  if (values.filter === undefined && lists.length === 0 && !values.everyone) {
    throw new UsageError('No target. Use --filter, --with or --without, or --everyone for every agent.')
  }
  if (values['include-unseen'] && rolloutOf(values) !== undefined)
    throw new UsageError('--include-unseen cannot be combined with a rollout, whose steps name their agents.')
  return { mode, command }
}

/** @throws UsageError when more than the run is said: what it sends, and whom to, is in its record */
function resuming(values: Values, positionals: readonly string[]): Pick<Arguments, 'mode' | 'command'> {
  const others = (
    [
      ...[
        'command',
        'parameter',
        'mode',
        'with',
        'without',
        'filter',
        'everyone',
        'timeout',
        'user',
        'directory',
      ],
      ...['canary', 'batch', 'window', 'pause', 'max-failures', 'expect', 'include-unseen'],
    ] as (keyof Values)[]
  ).filter((name) => values[name] !== undefined)
  if (positionals.length > 0) throw new UsageError('--resume takes no command: the run has its own.')
  const [other] = others
  if (other !== undefined) throw new UsageError(`--resume cannot be combined with --${other}.`)
  return { mode: 'cli', command: undefined }
}

const options = {
  command: { type: 'string', short: 'c' },
  parameter: { type: 'string', short: 'p', multiple: true },
  mode: { type: 'string', short: 'm' },
  with: { type: 'string', short: 'w', multiple: true },
  without: { type: 'string', short: 'n', multiple: true },
  filter: { type: 'string' },
  everyone: { type: 'boolean' },
  timeout: { type: 'string', short: 't' },
  env: { type: 'string', short: 'e' },
  config: { type: 'string' },
  region: { type: 'string' },
  profile: { type: 'string' },
  endpoint: { type: 'string' },
  confirm: { type: 'string' },
  yes: { type: 'boolean', short: 'y' },
  expect: { type: 'string' },
  'include-unseen': { type: 'boolean' },
  resume: { type: 'string' },
  'signing-key': { type: 'string' },
  logfile: { type: 'string', short: 'l' },
  user: { type: 'string' },
  directory: { type: 'string' },
  canary: { type: 'string' },
  batch: { type: 'string' },
  window: { type: 'string' },
  pause: { type: 'string' },
  'max-failures': { type: 'string' },
  'shared-replies': { type: 'boolean' },
  quiet: { type: 'boolean', short: 'q' },
  json: { type: 'boolean' },
  strict: { type: 'boolean' },
  help: { type: 'boolean', short: 'h' },
  version: { type: 'boolean', short: 'V' },
} as const

function parse(argv: readonly string[]) {
  try {
    return parseArgs({ args: [...argv], options, allowPositionals: true, strict: true })
  } catch (cause) {
    const [sentence = ''] = (cause as Error).message.split('. ')
    throw new UsageError(`${sentence.replace(/\.$/, '')}.`, { cause })
  }
}

function modeOf(mode: string | undefined, command: string | undefined): Arguments['mode'] {
  if (mode === undefined || mode === 'cli') return command?.startsWith('file://') ? 'script' : 'cli'
  if (mode === 'script' || mode === 'ping' || mode === 'count' || mode === 'facts') return mode
  throw new UsageError(`--mode ${mode}: use cli, script, ping, count or facts.`)
}

type Values = ReturnType<typeof parse>['values']

function rolloutOf({
  canary,
  batch,
  window,
  pause,
  'max-failures': maxFailures,
}: Values): Rollout | undefined {
  const written = { canary, batch, window, pause, maxFailures }
  try {
    checkSteps(written, rolloutNames)
    return readRollout(written, rolloutNames)
  } catch (cause) {
    throw new UsageError((cause as Error).message, { cause })
  }
}

const rolloutNames: RolloutNames = {
  canary: '--canary',
  batch: '--batch',
  window: '--window',
  pause: '--pause',
  maxFailures: '--max-failures',
}

/** Agents get milliseconds. Any number counts as seconds, as in versions that knew no units: also `.5`, `1e3`, `0.0001`. */
function readTimeout(text: string): number {
  const seconds = Number(text)
  const timeoutMs =
    parseDuration(text) ??
    (seconds > 0 ? parseDuration(`${Math.max(1, Math.round(seconds * 1000))}ms`) : undefined)
  if (timeoutMs !== undefined) return timeoutMs
  throw new UsageError(`--timeout ${text}: use a duration of up to 7 days, such as 60 (seconds), 90s or 10m.`)
}

function count(text: string): number {
  if (/^[1-9]\d{0,8}$/.test(text)) return Number(text)
  throw new UsageError(`--expect ${text}: use a number of agents, 1 or more.`)
}
