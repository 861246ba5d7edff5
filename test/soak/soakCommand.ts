import type { RunRequest } from '../../src/master/runRequest.ts'
import type { Dice } from '../support/faults/dice.ts'
import type { AgentFiles } from './agentFiles.ts'

/** One command of the soak, and what it must do on an agent that executes it to its end. */
export interface SoakCommand {
  /** In the command's text, in its side effects and in most outputs: unique. */
  readonly token: string
  readonly kind: CommandKind
  readonly request: RunRequest
  /** After so long it is cancelled, milliseconds. */
  readonly cancelAfterMs: number | undefined
  expected(agent: AgentFiles): Expected
}

export type CommandKind = (typeof kinds)[number]

/** The end of a command that is left alone; `endless` ones need a timeout or a cancel. */
export interface Expected {
  readonly end: number | 'endless'
  readonly stdout: Buffer
  readonly stderr: Buffer
}

const kinds = [
  'instant',
  'failing',
  'slow',
  'big',
  'binary',
  'script',
  'times-out',
  'deaf',
  'cancelled',
  'ping',
] as const

/** How often each kind comes, relative to one another. */
const shares: Readonly<Record<CommandKind, number>> = {
  instant: 6,
  failing: 3,
  slow: 3,
  big: 3,
  binary: 3,
  script: 3,
  'times-out': 2,
  deaf: 1,
  cancelled: 3,
  ping: 1,
}

/** Makes up a command: what, for whom, in which steps. */
export function inventCommand(token: string, dice: Dice): SoakCommand {
  const lots = kinds.flatMap((kind) => Array<CommandKind>(shares[kind]).fill(kind))
  const kind = lots[dice.between([0, lots.length - 1])] ?? 'instant'
  const { lines, expected } = shapes[kind](token, dice)
  const action: RunRequest['action'] =
    kind === 'ping'
      ? { kind: 'ping' }
      : kind === 'script'
        ? {
            kind: 'script',
            name: `${token}.sh`,
            content: Buffer.from(`#!/bin/sh\n${marked(token, lines)}`).toString('base64'),
            args: [token, 'two words', "it's"],
            environment: { SAID: `${token} $HOME` },
          }
        : { kind: 'shell', command: marked(token, lines) }
  const isStepped = dice.chance(0.2)
  return {
    token,
    kind,
    cancelAfterMs: kind === 'cancelled' ? dice.between([0, 2_000]) : undefined,
    request: {
      filter: filterOf(dice),
      action,
      timeoutMs: kind === 'times-out' || kind === 'deaf' ? dice.between([1_500, 3_000]) : 20_000,
      ...(isStepped
        ? {
            rollout: { canary: 1, batch: { percent: dice.between([20, 60]) }, maxFailures: { percent: 100 } },
          }
        : {}),
    },
    expected,
  }
}

/** The token that a run's command carries. */
export function tokenOf(action: RunRequest['action'] | { readonly kind: string }): string | undefined {
  if (!('command' in action || 'content' in action)) return undefined
  const text = 'command' in action ? action.command : Buffer.from(action.content, 'base64').toString('utf8')
  return /^# (\S+)$/m.exec(text)?.[1]
}

/** Puts on record in the agent's own directory that it was executed, and that it came to its end. */
function marked(token: string, lines: string): string {
  return `# ${token}\ncd "$TMPDIR" && echo '${token} start' >>effects\n${lines}\ncode=$?\necho '${token} end' >>effects\nexit $code`
}

function filterOf(dice: Dice): string {
  const filters = ['*', '*', 'role=web', 'not role=web', 'number < 10', 'number in (1, 2, 3)']
  const filter = filters[dice.between([0, 5])]
  return filter ?? '*'
}

type Shape = (token: string, dice: Dice) => { lines: string; expected: SoakCommand['expected'] }

const nothing = Buffer.alloc(0)
const text = (...lines: string[]) => Buffer.from(lines.map((line) => `${line}\n`).join(''))
const endless =
  (token: string): SoakCommand['expected'] =>
  () => ({
    end: 'endless',
    stdout: text(token),
    stderr: nothing,
  })

const shapes: Readonly<Record<CommandKind, Shape>> = {
  instant: (token) => ({
    lines: `echo ${token}`,
    expected: () => ({ end: 0, stdout: text(token), stderr: nothing }),
  }),
  failing: (token) => ({
    lines: `echo ${token}\necho 'went wrong' >&2\n(exit $(($(cat number) % 3)))`,
    expected: ({ number }) => ({ end: number % 3, stdout: text(token), stderr: text('went wrong') }),
  }),
  slow: (token, dice) => {
    const count = dice.between([2, 8])
    return {
      lines: `for n in $(seq ${count}); do echo ${token} $n; sleep 0.4; done`,
      expected: () => ({
        end: 0,
        stdout: text(...Array.from({ length: count }, (_, n) => `${token} ${n + 1}`)),
        stderr: nothing,
      }),
    }
  },
  big: (token, dice) => {
    const bytes = dice.between([100_000, 1_000_000])
    return {
      lines: `echo ${token}\nhead -c ${bytes} text`,
      expected: (agent) => ({
        end: 0,
        stdout: Buffer.concat([text(token), agent.text.subarray(0, bytes)]),
        stderr: nothing,
      }),
    }
  },
  binary: (token, dice) => {
    const bytes = dice.between([1_000, 300_000])
    const errors = dice.between([0, 50_000])
    return {
      lines: `echo ${token}\nhead -c ${bytes} random\nhead -c ${errors} random >&2`,
      expected: (agent) => ({
        end: 0,
        stdout: Buffer.concat([text(token), agent.random.subarray(0, bytes)]),
        stderr: agent.random.subarray(0, errors),
      }),
    }
  },
  script: (token) => ({
    lines: `for word; do echo "[$word]"; done; echo "$SAID" >&2; (exit 7)`,
    expected: () => ({
      end: 7,
      stdout: text(`[${token}]`, '[two words]', "[it's]"),
      stderr: text(`${token} $HOME`),
    }),
  }),
  'times-out': (token) => ({ lines: `echo ${token}\nsleep 300`, expected: endless(token) }),
  deaf: (token) => ({ lines: `trap '' TERM\necho ${token}\nsleep 300`, expected: endless(token) }),
  cancelled: (token) => ({ lines: `echo ${token}\nsleep 300`, expected: endless(token) }),
  ping: () => ({ lines: ':', expected: () => ({ end: 0, stdout: nothing, stderr: nothing }) }),
}
