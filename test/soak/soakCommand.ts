import { readFilter } from '../../src/protocol/filter/writtenFilter.ts'
import type { RunRequest } from '../../src/run/runRequest.ts'
import type { Dice } from '../support/faults/dice.ts'
import { type AgentFiles, agentIdOf } from './agentFiles.ts'
import { type CommandKind, type Expected, surroundingsOf, throwKind, throwShape } from './commandShapes.ts'

/** One command of the soak, and what it must do on an agent that executes it. */
export interface SoakCommand {
  /** In the command's text, in its side effects and in most outputs: unique. */
  readonly token: string
  readonly kind: CommandKind
  readonly request: RunRequest
  /** After so long it is cancelled, milliseconds. */
  readonly cancelAfterMs: number | undefined
  expected(agent: AgentFiles): Expected
}

/** Makes up a command: what, for whom, in which steps. */
export function inventCommand(token: string, dice: Dice): SoakCommand {
  const kind = throwKind(dice)
  const { lines, timeoutMs = 20_000, cancelAfterMs, expected } = throwShape(kind, token, dice)
  const action: RunRequest['action'] =
    kind === 'ping'
      ? { kind: 'ping' }
      : kind === 'script'
        ? {
            kind: 'script',
            name: `${token}.sh`,
            content: Buffer.from(`#!/bin/sh\n${marked(token, lines)}`).toString('base64'),
            ...surroundingsOf(token),
          }
        : { kind: 'shell', command: marked(token, lines) }
  const isStepped = dice.chance(0.2)
  return {
    ...{ token, kind, cancelAfterMs, expected },
    request: {
      ...{ ...throwAudience(dice), action, timeoutMs },
      ...(isStepped
        ? {
            rollout: { canary: 1, batch: { percent: dice.between([20, 60]) }, maxFailures: { percent: 100 } },
          }
        : {}),
    },
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

const filters = [
  ...['*', '*', 'role=web', 'not role=web', 'number < 10', 'number in (1, 2, 3)'],
  ...['hostname=agent-0*', 'role=web and number > 1 or role=db'],
]

/** Each filter holds for one of these at least: a master waits until somebody fits. */
const some = [1, 2, 3, 5, 8, 13, 21].map(agentIdOf)

function throwAudience(dice: Dice): Pick<RunRequest, 'filter' | 'targets'> {
  const filter = readFilter(filters[dice.between([0, filters.length - 1])] ?? '*')
  return dice.chance(0.2) ? { filter, targets: some } : { filter }
}
