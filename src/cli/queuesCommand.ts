import { parseArgs } from 'node:util'
import type { Environment } from '../queues/environment.ts'
import { createQueues, type Queues } from '../queues/queues.ts'
import {
  findReplyQueues,
  type QueueUse,
  type ReplyQueueState,
  removeReplyQueue,
} from '../queues/unusedQueues.ts'
import { printable } from '../terminal/printable.ts'
import { UsageError } from './arguments.ts'
import { environmentOf, type PlaceArguments } from './configuration.ts'
import { Declined } from './confirm.ts'
import { listenToInterrupts } from './interrupts.ts'
import { type Person, personAtTerminal } from './person.ts'

/** What `ec2-cmaster queues --help` prints. */
export const queuesUsage = `Usage: ec2-cmaster queues check [options]   list the private reply queues of an environment
       ec2-cmaster queues clean [options]   delete those that nobody has used for longer than their retention

A master that is in use marks its queue each day. A queue is unused when its mark is older than the retention of its
messages and a day, and it holds no message: nothing is lost with it, and a master that comes back, as on a laptop that
slept, creates it again. The environment's three queues, and names of any other form, are never touched.

  -e, --env NAME         environment; --config FILE, --region R, --profile P, --endpoint URL as for commands
      --unmarked         clean: also queues without a mark, of masters that may not tag queues or are of an earlier
                         version. Such a master may be running: end it, or start it again afterwards. Queues whose
                         messages, times or tags cannot be read are never deleted
  -y, --yes              clean: do not ask
      --confirm NAME     clean: the name of a protected environment, instead of --yes

Allowed by the policy for cleaners: sqs:ListQueues, and sqs:GetQueueUrl, sqs:GetQueueAttributes, sqs:ListQueueTags
and sqs:DeleteQueue on NAME_*_agent.

Exit code: 0 if everything was done; 1 if a queue could not be deleted; 2 if the request is not valid, or you said no;
4 if SQS could not be used; after Ctrl-C 130.`

/**
 * @param argv what follows `queues`
 * @returns the exit code
 * @throws UsageError, Declined: nothing was deleted; QueueError
 */
export async function queuesCommand(argv: readonly string[], write: (line: string) => void): Promise<number> {
  const { values, positionals } = parse(argv)
  const [verb, ...others] = positionals
  if (values.help === true) {
    write(queuesUsage)
    return 0
  }
  if ((verb !== 'check' && verb !== 'clean') || others.length > 0)
    throw new UsageError('Write ec2-cmaster queues check, or ec2-cmaster queues clean.')
  const environment = environmentOf(targetOf(values), process.env)
  const uses: QueueUse[] = values.unmarked === true ? ['unused', 'unmarked'] : ['unused']
  const interrupts = listenToInterrupts(() => {})
  const { signal } = interrupts
  const queues = createQueues(environment)
  try {
    const found = await findReplyQueues(queues, environment, signal)
    for (const state of found) write(lineOf(state))
    const chosen = found.filter(({ use }) => uses.includes(use))
    write(summaryOf(found))
    if (verb === 'check' || chosen.length === 0) return 0
    await agree(environment, values, chosen.length, personAtTerminal(interrupts))
    signal.throwIfAborted()
    return await removeAll({ queues, environment, chosen, uses, write, signal })
  } catch (error) {
    if (!signal.aborted) throw error
    write('Interrupted: the remaining queues were not deleted.')
    return (signal.reason as { exitCode: number }).exitCode
  } finally {
    interrupts.stop()
    queues.close()
  }
}

interface Cleaning {
  readonly queues: Queues
  readonly environment: Environment
  readonly chosen: readonly ReplyQueueState[]
  readonly uses: readonly QueueUse[]
  readonly write: (line: string) => void
  readonly signal: AbortSignal
}

async function removeAll({ queues, environment, chosen, uses, write, signal }: Cleaning): Promise<number> {
  let exitCode = 0
  for (const { queue } of chosen) {
    try {
      write(`${queue}: ${sentences[await removeReplyQueue(queues, environment, queue, uses, signal)]}`)
    } catch (error) {
      signal.throwIfAborted()
      exitCode = 1
      write(`${queue}: not deleted: ${printable((error as Error).message)}`)
    }
  }
  return exitCode
}

const sentences = {
  removed: 'deleted',
  gone: 'was already deleted',
  used: 'not deleted: somebody has used it since',
}

type Values = ReturnType<typeof parse>['values']

/** @throws UsageError, Declined */
async function agree({ name, ...environment }: Environment, values: Values, count: number, person: Person) {
  if (values.confirm !== undefined && values.confirm !== name)
    throw new UsageError(`--confirm ${values.confirm}: the environment is ${name}. Nothing was deleted.`)
  if (values.confirm === name || (values.yes === true && !environment.protected)) return
  if (!person.isThere) {
    const option = environment.protected ? `--confirm ${name}` : '--yes'
    throw new UsageError(`There is no terminal to ask at: add ${option} to delete them. Nothing was deleted.`)
  }
  const what = count === 1 ? 'this queue' : `these ${count} queues`
  const isYes = environment.protected
    ? (await person.ask(`${name} is protected. Type its name to delete ${what}: `)).trim() === name
    : /^(y|yes)$/i.test((await person.ask(`Delete ${what} of ${name}? [y/N] `)).trim())
  if (!isYes) throw new Declined('Nothing was deleted.')
}

function lineOf({ queue, use, lastUsedAt, owner }: ReplyQueueState): string {
  const when = lastUsedAt === undefined ? 'never seen' : new Date(lastUsedAt).toISOString().slice(0, 10)
  const by = owner === undefined ? '' : `  ${printable(owner)}`
  return `${use.padEnd(9)}${when}  ${queue}${by}`
}

function summaryOf(found: readonly ReplyQueueState[]): string {
  const count = (use: QueueUse) => found.filter((state) => state.use === use).length
  const [unused, unmarked, unknown] = [count('unused'), count('unmarked'), count('unknown')]
  const all = found.length === 1 ? '1 private reply queue' : `${found.length} private reply queues`
  const sentences = [
    `${all}, of which ${unused} ${unused === 1 ? 'is' : 'are'} unused.`,
    unmarked === 0 ? '' : ` Without a mark: ${unmarked}; nobody can say whether they are used (--unmarked).`,
    unknown === 0
      ? ''
      : ` Unknown: ${unknown}; their messages, times or tags cannot be read, so they are never deleted. Check that sqs:ListQueueTags is allowed.`,
  ]
  return sentences.join('')
}

function parse(argv: readonly string[]) {
  const options = {
    env: { type: 'string', short: 'e' },
    config: { type: 'string' },
    region: { type: 'string' },
    profile: { type: 'string' },
    endpoint: { type: 'string' },
    unmarked: { type: 'boolean' },
    yes: { type: 'boolean', short: 'y' },
    confirm: { type: 'string' },
    help: { type: 'boolean', short: 'h' },
  } as const
  try {
    return parseArgs({ args: [...argv], options, allowPositionals: true, strict: true })
  } catch (cause) {
    const [sentence = ''] = (cause as Error).message.split('. ')
    throw new UsageError(`${sentence.replace(/\.$/, '')}.`, { cause })
  }
}

function targetOf({ env, config, region, profile, endpoint }: Values): PlaceArguments {
  return { environment: env, config, region, profile, endpoint }
}
