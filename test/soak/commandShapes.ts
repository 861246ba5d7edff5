import type { RunRequest } from '../../src/run/runRequest.ts'
import type { Dice } from '../support/faults/dice.ts'
import type { AgentFiles } from './agentFiles.ts'

export type CommandKind = (typeof kinds)[number]

/** What a command does on an agent that executes it. */
export interface Expected {
  /** Exit code of a command that is left alone; `endless` ones need a timeout or a cancel. */
  readonly end: number | 'endless'
  /** Its timeout or its cancel comes at about its end: it may have come to it, or not. */
  readonly isClose?: boolean
  /** Of a command that came to its end; of one that did not, what was written begins so. */
  readonly stdout: Buffer
  readonly stderr: Buffer
}

/** The text of a command of some kind, and what is to be known of it. */
export interface Shape {
  /** Lines for the shell, in a directory with the files of {@link AgentFiles}. */
  readonly lines: string
  readonly timeoutMs?: number
  /** It is cancelled so long after it was sent, milliseconds. */
  readonly cancelAfterMs?: number
  expected(agent: AgentFiles): Expected
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
  'close',
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
  close: 3,
  ping: 1,
}

export function throwKind(dice: Dice): CommandKind {
  const lots = kinds.flatMap((kind) => Array<CommandKind>(shares[kind]).fill(kind))
  return lots[dice.between([0, lots.length - 1])] ?? 'instant'
}

export function throwShape(kind: CommandKind, token: string, dice: Dice): Shape {
  return shapes[kind](token, dice)
}

/** Arguments and variables of the scripts. */
export function surroundingsOf(
  token: string,
): Pick<Extract<RunRequest['action'], { kind: 'script' }>, 'args' | 'environment'> {
  return { args: [token, 'two words', "it's"], environment: { SAID: `${token} $HOME` } }
}

const nothing = Buffer.alloc(0)
const text = (...lines: string[]) => Buffer.from(lines.map((line) => `${line}\n`).join(''))

/** What comes of a ping. */
export const pong: Expected = { end: 0, stdout: nothing, stderr: nothing }

/** So long that one that is left behind is still there when the soak ends. */
const endless = 'sleep 3600'
const endlessly = (token: string) => (): Expected => ({
  end: 'endless',
  stdout: text(token),
  stderr: nothing,
})

const shapes: Readonly<Record<CommandKind, (token: string, dice: Dice) => Shape>> = {
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
  'times-out': (token, dice) => ({
    lines: `echo ${token}\n${endless}`,
    timeoutMs: dice.between([1_500, 3_000]),
    expected: endlessly(token),
  }),
  deaf: (token, dice) => ({
    lines: `trap '' TERM\necho ${token}\n${endless}`,
    timeoutMs: dice.between([1_500, 3_000]),
    expected: endlessly(token),
  }),
  cancelled: (token, dice) => ({
    lines: `echo ${token}\n${endless}`,
    cancelAfterMs: dice.between([0, 2_000]),
    expected: endlessly(token),
  }),
  close: (token, dice) => {
    const tookMs = dice.between([2_000, 3_000])
    // A cancel takes as long to an agent as the command did, within the pauses between two receives.
    const stop = dice.chance(0.5)
      ? { timeoutMs: tookMs + dice.between([-100, 150]) }
      : { cancelAfterMs: tookMs + dice.between([-800, 1_200]) }
    return {
      lines: `echo ${token}\nsleep ${tookMs / 1000}\necho done`,
      ...stop,
      expected: () => ({ end: 0, isClose: true, stdout: text(token, 'done'), stderr: nothing }),
    }
  },
  ping: () => ({ lines: ':', expected: () => pong }),
}
