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
  /** `NAME=FILE`. */
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

export const usage = `Usage: ec2-cmaster [options] [--] [COMMAND...]

Sends a command to the agents of an environment and prints their replies, grouped.

What to send
  -c, --command CMD      shell command, or file://PATH for a script on this machine
  -p, --parameter ARG    argument of the script (repeatable)
  -m, --mode MODE        cli (default), script, ping, count, facts
      --user NAME        run as this user           --directory DIR  run in DIR

Target
      --filter EXPR      filter over facts, as in: role=web and os.release.major >= 9
  -w, --with FACT=VALUE  agents that have this fact or class (repeatable, all must match)
  -n, --without FACT     agents that do not have it (repeatable)
      --everyone         every agent; never the default

Where
  -e, --env NAME         environment (queues NAME_master, NAME_agent, NAME_facts)
      --region R --profile P --endpoint URL
      --config FILE      default /etc/ec2_collective/ec2-cmaster.json
      --shared-replies   use the environment's reply queue instead of a private one
      --confirm NAME     required for a protected environment: repeat its name
      --signing-key K    NAME=FILE: sign commands for agents whose policy requires it (ed25519, PEM)

How
  -t, --timeout TIME     agents stop the command after this: 60 (seconds, the default), 90s, 10m
      --canary N         N agents first             --batch N|N%     size of the following steps
      --pause DURATION   between steps              --max-failures N|N%  stop above this number
      --strict           exit code 1 unless every agent succeeded
      --json             one JSON document          -q, --quiet      outputs only
  -l, --logfile FILE     also append the output to FILE
  -h, --help             this text                  -V, --version

Exit code: 0 if every agent succeeded, else the last non-zero exit code of an agent (124 timed out,
126 refused, 130 cancelled, 1 no reply or lost); 2 if nothing was sent because the request is not valid;
3 if no agent matches the filter; 4 if SQS could not be used; 5 if an agent executed the command although it
was not among the agents that the command names.

Ctrl-C, SIGTERM or SIGHUP: before the command is sent, nothing is sent. After that, the agents are asked to
stop, and their replies are printed. A second signal ends ec2-cmaster at once; the command may still be
running on the servers. If nothing was sent, and after a second signal, the exit code is 128 plus the
number of the signal: 130 for Ctrl-C, 143 for SIGTERM, 129 for SIGHUP. Under nohup, SIGHUP is ignored.`

/** @throws UsageError */
export function parseArguments(argv: readonly string[]): Arguments | 'help' | 'version' {
  const { values, positionals } = parse(argv)
  if (values.help === true) return 'help'
  if (values.version === true) return 'version'
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
  'signing-key': { type: 'string' },
  logfile: { type: 'string', short: 'l' },
  user: { type: 'string' },
  directory: { type: 'string' },
  canary: { type: 'string' },
  batch: { type: 'string' },
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

function rolloutOf({ canary, batch, pause, 'max-failures': maxFailures }: Values): Rollout | undefined {
  const written = { canary, batch, pause, maxFailures }
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
