import { parseArgs } from 'node:util'
import { checkSteps, type RolloutNames, readRollout } from '../run/rolloutText.ts'
import type { Rollout } from '../run/runRequest.ts'

/** What was asked for on the command line. */
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

/** The command line is not right. The message is a sentence; nothing was sent. */
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

Whom to send it to
      --filter EXPR      filter over facts, as in: role=web and os.release.major >= 9
  -w, --with FACT=VALUE  agents that have this fact or class (repeatable, all must hold)
  -n, --without FACT     agents that do not (repeatable)
      --everyone         every agent: never the default

Where
  -e, --env NAME         environment (queues NAME_master, NAME_agent, NAME_facts)
      --region R --profile P --endpoint URL
      --config FILE      default /etc/ec2_collective/ec2-cmaster.json
      --shared-replies   use the environment's reply queue, not one of our own
      --confirm NAME     needed for a protected environment: its name once more
      --signing-key K    NAME=FILE: sign commands for agents whose policy asks for it (ed25519, PEM)

How
  -t, --timeout SECONDS  agents stop the command after this (default 60)
      --canary N         N agents first             --batch N|N%     then so many at a time
      --pause DURATION   between steps              --max-failures N|N%  stop beyond this
      --strict           exit code 1 unless every agent succeeded
      --json             one JSON document          -q, --quiet      outputs only
  -l, --logfile FILE     append what is printed to FILE, too
  -h, --help             this text                  -V, --version

Exit code: 0 when every agent succeeded, else the last non-zero exit code of an agent (124 timed out,
126 refused, 130 cancelled, 1 silent or lost); 2 when nothing was sent because the request was not right;
3 when the filter matches nobody; 4 when SQS could not be used.

Ctrl-C, SIGTERM or SIGHUP: before the command is sent, nothing is sent. After that the agents are asked to
stop, and their replies are printed. A second signal ends ec2-cmaster at once, and the command may still
run on the servers. Where nothing was sent, and at the second signal, the exit code is 128 and the signal's
number: 130 for Ctrl-C, 143 for SIGTERM, 129 for SIGHUP. Under nohup, SIGHUP is ignored.`

/** @throws UsageError */
export function parseArguments(argv: readonly string[]): Arguments | 'help' | 'version' {
  const { values, positionals } = parse(argv)
  if (values.help === true) return 'help'
  if (values.version === true) return 'version'
  const command = values.command ?? (positionals.length > 0 ? positionals.join(' ') : undefined)
  if (values.command !== undefined && positionals.length > 0) {
    throw new UsageError(`two commands: "${values.command}" and "${positionals.join(' ')}"`)
  }
  const mode = modeOf(values.mode, command)
  if ((mode === 'cli' || mode === 'script') && (command === undefined || command.trim() === '')) {
    throw new UsageError('no command: ec2-cmaster … -- COMMAND, or -c COMMAND')
  }
  if (mode === 'script' && !command?.startsWith('file://'))
    throw new UsageError('a script is named as -c file://PATH')
  if (mode !== 'cli' && mode !== 'script' && command !== undefined)
    throw new UsageError(`--mode ${mode} takes no command, and there is "${command}"`)
  if (mode !== 'script' && values.parameter !== undefined)
    throw new UsageError('--parameter is for scripts: -c file://PATH')
  if (mode !== 'cli' && mode !== 'script' && (values.user ?? values.directory) !== undefined)
    throw new UsageError(`--mode ${mode} runs nothing: leave --user and --directory out`)
  const lists = [...(values.with ?? []), ...(values.without ?? [])]
  if (values.filter !== undefined && (lists.length > 0 || values.everyone)) {
    throw new UsageError('--filter says it all: leave --with, --without and --everyone out')
  }
  if (values.everyone && lists.length > 0)
    throw new UsageError('--everyone and --with or --without exclude one another')
  if (values.filter === undefined && lists.length === 0 && !values.everyone) {
    throw new UsageError('for whom? Say --filter, --with or --without; every agent is --everyone')
  }
  return {
    mode,
    command,
    parameters: values.parameter ?? [],
    with: values.with ?? [],
    without: values.without ?? [],
    filter: values.filter,
    everyone: values.everyone === true,
    timeoutMs: milliseconds('--timeout', values.timeout ?? '60', 7 * 24 * 3600),
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
    throw new UsageError(sentence, { cause })
  }
}

function modeOf(mode: string | undefined, command: string | undefined): Arguments['mode'] {
  if (mode === undefined || mode === 'cli') return command?.startsWith('file://') ? 'script' : 'cli'
  if (mode === 'script' || mode === 'ping' || mode === 'count' || mode === 'facts') return mode
  throw new UsageError(`--mode ${mode}: there are cli, script, ping, count, facts`)
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

function milliseconds(option: string, text: string, mostSeconds: number): number {
  const seconds = Number(text)
  if (text.trim() === '' || !(seconds > 0 && seconds <= mostSeconds)) {
    throw new UsageError(`${option} ${text}: seconds are needed, more than 0 and at most ${mostSeconds}`)
  }
  return Math.max(1, Math.round(seconds * 1000))
}
