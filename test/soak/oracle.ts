import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { History } from '../../src/master/history.ts'
import type { ReplyState, RunState } from '../../src/master/runState.ts'
import { isVerdict, type Verdict } from '../../src/protocol/verdict.ts'
import type { AgentFiles } from './agentFiles.ts'
import { type SoakCommand, tokenOf } from './soakCommand.ts'

/** What the oracle is given: everything that was done, and by whom. */
export interface Evidence {
  readonly masters: readonly {
    readonly name: string
    readonly history: History
    readonly commands: ReadonlySet<string>
  }[]
  readonly agents: readonly AgentFiles[]
  readonly commands: ReadonlyMap<string, SoakCommand>
  /** When each agent was killed, milliseconds since the epoch, by agent id. */
  readonly kills: ReadonlyMap<string, readonly number[]>
  /** Answers that expired before their master came for them: `<run id> <agent id>`. */
  readonly expired: ReadonlySet<string>
}

export interface Judgement {
  readonly runs: number
  readonly replies: number
  readonly verdicts: Record<string, number>
  readonly lateReplies: number
  /** Agents that count as silent because their answers expired in a shared reply queue. */
  readonly expiredReplies: number
  readonly incompleteOutputs: number
  readonly outputBytes: number
  readonly executions: number
  /** What must not be, in words. */
  readonly violations: readonly string[]
}

/** How often one agent began one command, and came to its end. */
interface Effects {
  start: number
  end: number
}

/** Judges a soak when all is quiet: every promise, for every run and every agent. */
export async function judge({ masters, agents, commands, kills, expired }: Evidence): Promise<Judgement> {
  const violations: string[] = []
  const verdicts: Record<string, number> = {}
  const seen = {
    runs: 0,
    replies: 0,
    lateReplies: 0,
    expiredReplies: 0,
    incompleteOutputs: 0,
    outputBytes: 0,
    executions: 0,
  }
  const byId = new Map(agents.map((agent) => [agent.agentId, agent]))
  const effects = new Map<string, Map<string, Effects>>()
  for (const agent of agents) effects.set(agent.agentId, await readEffects(agent))
  const recorded = new Set<string>()

  for (const { name, history, commands: own } of masters) {
    for (const { runId } of await history.list()) {
      const { state, record } = await history.load(runId)
      seen.runs += 1
      const token = tokenOf(state.request.action)
      const command = token === undefined ? undefined : commands.get(token)
      const label = `${name} ${token ?? state.request.action.kind} ${runId}`
      const complain = (what: string) => violations.push(`${label}: ${what}`)
      if (token !== undefined) recorded.add(token)
      if (token !== undefined && !own.has(token)) complain('is a command of another master')
      if (state.phase !== 'over') complain(`is ${state.phase} when all is quiet`)
      for (const reply of state.replies.values()) {
        seen.replies += 1
        seen.lateReplies += Number(reply.late)
        seen.incompleteOutputs += Number(reply.output === 'incomplete')
        verdicts[reply.state] = (verdicts[reply.state] ?? 0) + 1
        const agent = byId.get(reply.agentId)
        if (agent === undefined) {
          complain(`has a reply of ${reply.agentId}, who does not exist`)
          continue
        }
        if (!isVerdict(reply.state)) complain(`${agent.agentId} has no verdict: ${reply.state}`)
        const done = effects.get(agent.agentId)?.get(token ?? '') ?? { start: 0, end: 0 }
        const isSilent = reply.state === 'no-reply' || reply.state === 'lost'
        if (isSilent && done.start > 0 && expired.has(`${runId} ${agent.agentId}`)) seen.expiredReplies += 1
        else if (command !== undefined && isVerdict(reply.state)) {
          const wrong = untruth(
            state,
            reply,
            reply.state,
            command,
            agent,
            done,
            kills.get(agent.agentId) ?? [],
          )
          if (wrong !== undefined) complain(`${agent.agentId}: ${wrong}`)
        }
        const chunks = await record.output.read(agent.agentId)
        const bytesOf = (stream: 1 | 2) =>
          Buffer.concat(chunks.filter((chunk) => chunk.stream === stream).map(({ bytes }) => bytes))
        const [stdout, stderr] = [bytesOf(1), bytesOf(2)]
        seen.outputBytes += stdout.length + stderr.length
        const damage = command && outputDamage(reply, command, agent, stdout, stderr)
        if (damage !== undefined) complain(`${agent.agentId}: ${damage}`)
      }
      for (const [agentId, tokens] of effects) {
        if (token === undefined || !tokens.has(token) || state.replies.has(agentId)) continue
        // Not known to a master that had only just begun, and gone from the queue before it came for the answer.
        if (expired.has(`${runId} ${agentId}`)) seen.expiredReplies += 1
        else complain(`${agentId} executed it and is not accounted for`)
      }
    }
  }
  for (const [agentId, tokens] of effects) {
    for (const [token, { start, end }] of tokens) {
      seen.executions += start
      if (start > 1 || end > 1) violations.push(`${agentId} executed ${token} ${Math.max(start, end)} times`)
      if (!recorded.has(token)) violations.push(`${agentId} executed ${token}, which is in nobody's history`)
    }
  }
  return { ...seen, verdicts, violations }
}

/** Why a verdict is not true; undefined when it is. */
function untruth(
  state: RunState,
  reply: ReplyState,
  verdict: Verdict,
  command: SoakCommand,
  agent: AgentFiles,
  { start, end }: Effects,
  kills: readonly number[],
): string | undefined {
  const { outcome } = reply
  const expected = command.expected(agent).end
  const facts = `it began ${start} times and came to its end ${end} times`
  switch (verdict) {
    case 'succeeded':
    case 'failed': {
      if (outcome?.kind !== 'exited')
        return `${verdict} by ${outcome?.kind} ${JSON.stringify(outcome)}; ${facts}`
      if (start === 1 && end === 1 && outcome.code === expected) return undefined
      return `exit code ${outcome.code} instead of ${expected}; ${facts}`
    }
    case 'timed-out':
      return end === 0 && expected === 'endless' ? undefined : `timed-out, but ${facts}`
    case 'cancelled': {
      if (state.cancelRequestedAt === undefined) return 'cancelled, and nobody asked for that'
      if (outcome?.kind === 'cancelled' && !outcome.started && start > 0)
        return `cancelled before it started, but ${facts}`
      return end === 0 ? undefined : `cancelled, but ${facts}`
    }
    case 'interrupted':
      return kills.some((at) => at >= state.startedAt)
        ? undefined
        : 'interrupted, but its agent was not killed'
    case 'refused':
      return start === 0 ? undefined : `refused (${reply.refusal?.reason}), but ${facts}`
    case 'not-started':
    case 'no-reply':
    case 'lost':
      return start === 0 && verdict !== 'lost' ? undefined : `${verdict}, but ${facts}`
  }
}

/** Why an output is not what it is said to be; undefined when it is. */
function outputDamage(
  reply: ReplyState,
  command: SoakCommand,
  agent: AgentFiles,
  stdout: Buffer,
  stderr: Buffer,
): string | undefined {
  const expected = command.expected(agent)
  const differs = `${stdout.length}+${stderr.length} bytes of output, expected ${expected.stdout.length}+${expected.stderr.length}`
  if (reply.outcome?.kind === 'exited' && reply.output === 'complete') {
    const isWhole = stdout.equals(expected.stdout) && stderr.equals(expected.stderr)
    return isWhole ? undefined : `output called complete and is not: ${differs}`
  }
  if (reply.outcome?.kind === 'exited' && reply.output === 'none')
    return expected.stdout.length + expected.stderr.length === 0 ? undefined : `no output: ${differs}`
  if (reply.output === 'partial') return `output still partial: ${differs}`
  const begins = (whole: Buffer, part: Buffer) => whole.subarray(0, part.length).equals(part)
  return begins(expected.stdout, stdout) && begins(expected.stderr, stderr)
    ? undefined
    : `${reply.output} output is not what it printed: ${differs}`
}

async function readEffects({ directory }: AgentFiles): Promise<Map<string, Effects>> {
  const effects = new Map<string, Effects>()
  const text = await readFile(join(directory, 'effects'), 'utf8').catch(() => '')
  for (const line of text.split('\n').slice(0, -1)) {
    const [token = '', what] = line.split(' ')
    const known = effects.get(token) ?? { start: 0, end: 0 }
    if (what === 'start' || what === 'end') known[what] += 1
    effects.set(token, known)
  }
  return effects
}
