import { createInterface } from 'node:readline/promises'
import type { Audience, Reach } from '../master/fleet/reach.ts'
import type { Environment } from '../queues/environment.ts'
import { printable } from '../terminal/printable.ts'
import { type Arguments, UsageError } from './arguments.ts'
import type { Interrupts } from './interrupts.ts'

/**
 * For a protected environment, requires its name once more: with `--confirm`, or typed on the terminal. An interrupt ends
 * the question; check its signal before you send.
 * @throws UsageError: nothing was sent
 */
export async function confirm(
  { name, ...environment }: Environment,
  args: Arguments,
  { filter }: Audience,
  { agents }: Reach,
  interrupts: Pick<Interrupts, 'signal' | 'raise'>,
): Promise<void> {
  if (!environment.protected || args.confirm === name) return
  if (args.confirm !== undefined)
    throw new UsageError(`--confirm ${args.confirm}: the environment is ${name}. Nothing was sent.`)
  if (!process.stdin.isTTY)
    throw new UsageError(`${name} is protected: add --confirm ${name}. Nothing was sent.`)
  const who = agents.length === 1 ? '1 agent matches' : `${agents.length} agents match`
  const what = printable(args.command ?? args.mode)
  const answer = await ask(
    `${name} is protected. ${who} ${filter.text}, for: ${what}\nType its name to continue: `,
    interrupts,
  )
  if (interrupts.signal.aborted) return
  if (answer.trim() !== name) throw new UsageError('The name does not match. Nothing was sent.')
}

/** The typed answer; an empty string when the input ends or is interrupted. */
function ask(question: string, { signal, raise }: Pick<Interrupts, 'signal' | 'raise'>): Promise<string> {
  const terminal = createInterface({ input: process.stdin, output: process.stderr })
  return new Promise<string>((resolve) => {
    terminal.once('close', () => resolve(''))
    // Here the terminal passes Ctrl-C as a key.
    terminal.once('SIGINT', () => raise('SIGINT'))
    terminal.question(question, { signal }).then(resolve, () => resolve(''))
  }).finally(() => terminal.close())
}
