import { parseArgs } from 'node:util'
import { UsageError } from './usageError.ts'

export type PolicyInvocation = { readonly kind: 'policy-help' } | PolicyInit | PolicyTest

/** Write a first policy. */
export interface PolicyInit {
  readonly kind: 'policy-init'
  readonly configFile: string | undefined
  readonly operators: readonly string[]
  readonly pipelines: readonly string[]
  readonly viewers: readonly string[]
  /** Print it instead. */
  readonly print: boolean
}

/** Which rule would decide about a command. */
export interface PolicyTest {
  readonly kind: 'policy-test'
  readonly configFile: string | undefined
  /** Another policy file than the one in force. */
  readonly policyFile: string | undefined
  readonly sender: string
  /** Name of the key that the command is supposed to be signed with, validly. */
  readonly key: string | undefined
  readonly user: string | undefined
  readonly directory: string | undefined
  readonly variables: readonly string[]
  readonly action:
    | { readonly kind: 'shell'; readonly command: string }
    | {
        readonly kind: 'script'
        readonly file: string
        readonly args: readonly string[]
        readonly interpreter: string | undefined
      }
    | { readonly kind: 'ping' | 'facts' }
}

export const policyUsage = `Usage: ec2-cagent policy init --operators ID [--pipeline ID] [--viewers ID] [--print] [-c FILE]
           writes a first policy; ID: unique id of an IAM role (AROA…) or user (AIDA…), may be repeated
           (aws iam get-role --role-name NAME --query Role.RoleId --output text)

       ec2-cagent policy test --sender SENDERID [options] -- COMMAND
           says which rule decides, and why; exit code 0: allowed, 1: not allowed
       --key NAME          as if signed with this key
       --user USER         user to run as
       --directory DIR     directory to run in
       --variable NAME     environment variable that the command brings, may be repeated; NAME=VALUE where its value counts
       --script FILE       a script instead of a command; what follows -- are its arguments
       --interpreter PROG  interpreter of the script instead of its #! line
       --action KIND       ping or facts instead of a command
       --file FILE         this policy instead of the one in force
  -c, --config FILE        configuration of the agent
`

/**
 * @param argv what follows `policy`
 * @throws UsageError
 */
export function parsePolicyInvocation(argv: readonly string[]): PolicyInvocation {
  const [word, ...rest] = argv
  if (word === '--help' || word === '-h') return { kind: 'policy-help' }
  if (word === 'init') return parseInit(rest)
  if (word === 'test') return parseTest(rest)
  throw new UsageError(
    word === undefined ? 'Use policy init or policy test.' : `Unknown argument "policy ${word}".`,
  )
}

const config = { type: 'string', short: 'c' } as const
const repeated = { type: 'string', multiple: true } as const
const once = { type: 'string' } as const

function parseInit(argv: readonly string[]): PolicyInit {
  const { values } = usable(() =>
    parseArgs({
      args: [...argv],
      options: {
        config,
        operators: repeated,
        pipeline: repeated,
        viewers: repeated,
        print: { type: 'boolean' },
      },
    }),
  )
  const { operators = [], pipeline = [], viewers = [] } = values
  if (operators.length === 0)
    throw new UsageError('policy init needs --operators: without operators, every command would be refused.')
  for (const id of [...operators, ...pipeline, ...viewers]) checkId(id)
  return {
    kind: 'policy-init',
    configFile: values.config,
    operators,
    pipelines: pipeline,
    viewers,
    print: values.print === true,
  }
}

/** SQS names senders by ids that are never used again, unlike names and ARNs. */
function checkId(id: string): void {
  if (/^(AROA|AIDA)[A-Z0-9]{8,124}$/.test(id)) return
  const name = /^arn:[\w-]+:iam::\d+:(role|user)\/(?:.*\/)?([^/]+)$/.exec(id)
  const how =
    name?.[1] === 'user'
      ? `aws iam get-user --user-name ${name[2]} --query User.UserId --output text`
      : `aws iam get-role --role-name ${name?.[2] ?? 'NAME'} --query Role.RoleId --output text`
  throw new UsageError(`"${id}" is not the unique id of a role (AROA…) or user (AIDA…). Find it with: ${how}`)
}

function parseTest(argv: readonly string[]): PolicyTest {
  const { values, positionals } = usable(() =>
    parseArgs({
      args: [...argv],
      allowPositionals: true,
      options: {
        config,
        file: once,
        sender: once,
        key: once,
        user: once,
        directory: once,
        variable: repeated,
        script: once,
        interpreter: once,
        action: once,
      },
    }),
  )
  if (values.sender === undefined)
    throw new UsageError('policy test needs --sender, as SQS names it: AROA…:session or AIDA….')
  return {
    kind: 'policy-test',
    configFile: values.config,
    policyFile: values.file,
    sender: values.sender,
    key: values.key,
    user: values.user,
    directory: values.directory,
    variables: values.variable ?? [],
    action: actionOf(
      { action: undefined, script: undefined, interpreter: undefined, ...values },
      positionals,
    ),
  }
}

function actionOf(
  { action, script, interpreter }: Readonly<Record<'action' | 'script' | 'interpreter', string | undefined>>,
  words: readonly string[],
): PolicyTest['action'] {
  if (interpreter !== undefined && script === undefined) throw new UsageError('--interpreter needs --script.')
  if (action !== undefined) {
    if (action !== 'ping' && action !== 'facts') throw new UsageError('--action must be ping or facts.')
    if (script !== undefined || words.length > 0) throw new UsageError(`--action ${action} has no command.`)
    return { kind: action }
  }
  if (script !== undefined) return { kind: 'script', file: script, args: words, interpreter }
  if (words.length === 0)
    throw new UsageError('policy test needs a command after --, or --script, or --action.')
  return { kind: 'shell', command: words.join(' ') }
}

function usable<T>(parse: () => T): T {
  try {
    return parse()
  } catch (cause) {
    throw new UsageError((cause as Error).message, { cause })
  }
}
