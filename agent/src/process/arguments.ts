import { parseArgs } from 'node:util'
import { type PolicyInvocation, parsePolicyInvocation } from './policyArguments.ts'
import { UsageError } from './usageError.ts'

/** What the command line asks for. */
export type Invocation =
  | { readonly kind: 'help' }
  | { readonly kind: 'version' }
  /** Print the facts and where each comes from. */
  | { readonly kind: 'facts'; readonly configFile: string | undefined; readonly json: boolean }
  /** Check configuration, facts and queues, and print what is wrong. */
  | {
      readonly kind: 'check'
      readonly configFile: string | undefined
      /** Where the service's variables come from; the usual files when absent. */
      readonly environmentFile: string | undefined
    }
  /** Check only whether the agent can start with its configuration, and say nothing if so. */
  | { readonly kind: 'check-configuration'; readonly configFile: string | undefined }
  /** Ask the running agent to restart when nothing runs. */
  | {
      readonly kind: 'restart-when-idle'
      readonly configFile: string | undefined
      /** Wait for the new agent for at most this long; undefined: do not wait. */
      readonly waitSeconds: number | undefined
    }
  | PolicyInvocation
  /** Check that nothing is missing in audit logs; the configured one when none is named. */
  | {
      readonly kind: 'audit-verify'
      readonly configFile: string | undefined
      /** The oldest first. */
      readonly files: readonly string[]
    }
  | ServeInvocation

export interface ServeInvocation {
  readonly kind: 'serve'
  readonly configFile: string | undefined
  /** `background`: start a background process and return; `terminal`: log to stderr; `supervised`: log to the file. */
  readonly mode: 'background' | 'terminal' | 'supervised'
  readonly logFile: string
  readonly pidFile: string
  /** End when stdin closes: the agent then never outlives the process that started it. */
  readonly untilStdinCloses: boolean
  /** After a planned restart start the new agent: there is no supervisor. */
  readonly restartsItself: boolean
}

export const usage = `ec2-cagent: executes the commands that an EC2 Collective master sends through AWS SQS

Usage: ec2-cagent [options]              start the agent
       ec2-cagent facts [--json]         print the facts of this server, and where each comes from
       ec2-cagent --check                check configuration, facts and queues
       ec2-cagent restart-when-idle      let the running agent finish its commands, and restart
       ec2-cagent policy init|test …     write a first policy, or ask which rule decides (policy --help)
       ec2-cagent audit verify [FILE …]  check that no line of the audit log was changed or removed (the oldest file first)

  -f, --foreground       stay in the foreground, log to stderr
  -s, --supervisor       stay in the foreground, log to the log file (for supervisors)
  -l, --logfile FILE     log file (/var/log/ec2_collective/ec2-cagent.log)
  -p, --pidfile FILE     pid file (/var/run/ec2_collective/ec2-cagent.pid)
  -c, --config FILE      configuration, JSON or YAML (/etc/ec2_collective/ec2-cagent.json)
      --until-stdin-closes   end when standard input closes
      --restarts-itself  start the new agent after a planned restart, without a supervisor (in the background always)
      --check            exit code 0: all checks passed; 1: problems found
      --check-configuration  check only whether the agent can start with its configuration (for supervisors)
      --environment-file FILE   with --check: variables of the service (/etc/ec2_collective/environment)
      --wait SECONDS     with restart-when-idle: wait for the new agent; exit code 1 if it has not come by then
      --version
  -h, --help
`

/** @throws UsageError */
export function parseInvocation(argv: readonly string[]): Invocation {
  if (argv[0] === 'policy') return parsePolicyInvocation(argv.slice(1))
  const { values, positionals } = parse(argv)
  if (values.help) return { kind: 'help' }
  if (values.version) return { kind: 'version' }
  const [word, ...more] = positionals
  if (word === 'audit' && more[0] === 'verify')
    return { kind: 'audit-verify', configFile: values.config, files: more.slice(1) }
  if (more.length > 0 || (word !== undefined && word !== 'facts' && word !== 'restart-when-idle')) {
    throw new UsageError(`Unknown argument "${positionals.join(' ')}".`)
  }
  if (word === 'restart-when-idle')
    return { kind: word, configFile: values.config, waitSeconds: secondsOf(values.wait) }
  if (values.wait !== undefined) throw new UsageError('--wait can only be used with "restart-when-idle".')
  if (word === 'facts') return { kind: 'facts', configFile: values.config, json: values.json === true }
  if (values.json) throw new UsageError('--json can only be used with "facts".')
  if (values['check-configuration']) return { kind: 'check-configuration', configFile: values.config }
  const environmentFile = values['environment-file']
  if (values.check) return { kind: 'check', configFile: values.config, environmentFile }
  if (environmentFile !== undefined) throw new UsageError('--environment-file can only be used with --check.')
  return {
    kind: 'serve',
    configFile: values.config,
    mode: values.supervisor ? 'supervised' : values.foreground ? 'terminal' : 'background',
    logFile: values.logfile ?? '/var/log/ec2_collective/ec2-cagent.log',
    pidFile: values.pidfile ?? '/var/run/ec2_collective/ec2-cagent.pid',
    untilStdinCloses: values['until-stdin-closes'] === true,
    restartsItself: values['restarts-itself'] === true,
  }
}

function secondsOf(text: string | undefined): number | undefined {
  if (text === undefined) return undefined
  const seconds = /^\d{1,6}$/.test(text) ? Number(text) : 0
  if (seconds < 1) throw new UsageError(`--wait ${text}: expected whole seconds, at least 1.`)
  return seconds
}

function parse(argv: readonly string[]) {
  try {
    return parseArgs({
      args: [...argv],
      allowPositionals: true,
      options: {
        foreground: { type: 'boolean', short: 'f' },
        supervisor: { type: 'boolean', short: 's' },
        logfile: { type: 'string', short: 'l' },
        pidfile: { type: 'string', short: 'p' },
        config: { type: 'string', short: 'c' },
        'until-stdin-closes': { type: 'boolean' },
        'restarts-itself': { type: 'boolean' },
        wait: { type: 'string' },
        check: { type: 'boolean' },
        'check-configuration': { type: 'boolean' },
        'environment-file': { type: 'string' },
        json: { type: 'boolean' },
        version: { type: 'boolean' },
        help: { type: 'boolean', short: 'h' },
      },
    })
  } catch (cause) {
    throw new UsageError((cause as Error).message, { cause })
  }
}
