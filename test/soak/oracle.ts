import type { History } from '../../src/master/store/history.ts'
import type { Chunk } from '../../src/protocol/frames.ts'
import { isVerdict } from '../../src/protocol/verdict.ts'
import { recordOf } from '../../src/run/runRequest.ts'
import type { AgentFiles } from './agentFiles.ts'
import { misdirections } from './audience.ts'
import { pong } from './commandShapes.ts'
import { type Effects, noEffects, readEffects } from './effects.ts'
import { type SoakCommand, tokenOf } from './soakCommand.ts'
import { type Occurrence, outputDamage, untruth, untruthOfPing } from './truth.ts'

/** What the oracle is given: everything that was done, and by whom. */
export interface Evidence {
  readonly masters: readonly JudgedMaster[]
  readonly agents: readonly AgentFiles[]
  readonly commands: ReadonlyMap<string, SoakCommand>
  /** When each agent was killed, milliseconds since the epoch, by agent id. */
  readonly kills: ReadonlyMap<string, readonly number[]>
  /** Answers that expired before their master came for them: `<run id> <agent id>`. */
  readonly expired: ReadonlySet<string>
}

export interface JudgedMaster {
  readonly name: string
  readonly history: History
  /** Tokens of what it was told to do. */
  readonly commands: ReadonlySet<string>
  /** It knew every agent whenever it began a run. */
  readonly knewEverybody: boolean
}

export interface PolicyDecision {
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

/**
 * Of the executions of a soak, those whose answers may be lost as they expired unread: the queue keeps them for a minute, and
 * a master that is killed again and again may not come for them in time. Never fewer than one. 0 to 1.
 */
const expiredMost = 0.01

/** Judges a soak when all is quiet: every promise, for every run and every agent. */
export async function judge(evidence: Evidence): Promise<PolicyDecision> {
  const effects = new Map<string, Map<string, Effects>>()
  for (const agent of evidence.agents) effects.set(agent.agentId, await readEffects(agent))
  const trial: Trial = {
    ...{ ...evidence, effects, recorded: new Set(), violations: [], verdicts: {} },
    seen: {
      ...{ runs: 0, replies: 0, lateReplies: 0, expiredReplies: 0 },
      ...{ incompleteOutputs: 0, outputBytes: 0, executions: 0 },
    },
  }
  for (const master of evidence.masters) {
    for (const { runId } of await master.history.list()) await judgeRun(trial, master, runId)
  }
  const { seen, recorded, violations, verdicts } = trial
  for (const [agentId, tokens] of effects) {
    for (const [token, { start, end }] of tokens) {
      seen.executions += start
      if (start > 1 || end > 1) violations.push(`${agentId} executed ${token} ${Math.max(start, end)} times`)
      if (!recorded.has(token)) violations.push(`${agentId} executed ${token}, which is in nobody's history`)
    }
  }
  const most = Math.ceil(seen.executions * expiredMost)
  if (seen.expiredReplies > most)
    violations.push(`${seen.expiredReplies} answers expired unread, more than ${most}`)
  return { ...seen, verdicts, violations }
}

/** The evidence, and what was found so far. */
interface Trial extends Evidence {
  /** By agent id and token. */
  readonly effects: ReadonlyMap<string, ReadonlyMap<string, Effects>>
  /** Tokens that are in somebody's history. */
  readonly recorded: Set<string>
  readonly violations: string[]
  readonly verdicts: Record<string, number>
  readonly seen: { -readonly [what in keyof Omit<PolicyDecision, 'verdicts' | 'violations'>]: number }
}

async function judgeRun(trial: Trial, master: JudgedMaster, runId: string): Promise<void> {
  const { agents, commands, effects, recorded, seen, expired } = trial
  const { state: run, record } = await master.history.load(runId)
  const { action } = run.request
  const token = tokenOf(action)
  const command = token === undefined ? undefined : commands.get(token)
  const complain = (what: string) =>
    trial.violations.push(`${master.name} ${token ?? action.kind} ${runId}: ${what}`)
  seen.runs += 1
  if (token !== undefined) recorded.add(token)
  if (token === undefined ? action.kind !== 'ping' : !master.commands.has(token))
    complain('is a command that its master was not given')
  if (run.phase !== 'over') complain(`is ${run.phase} when all is quiet`)
  const effectsOf = (agentId: string) => effects.get(agentId)?.get(token ?? '') ?? noEffects
  const executed = (agentId: string) => effectsOf(agentId).start > 0
  const request = command === undefined ? run.request : recordOf(command.request)
  const isKnownWhole = master.knewEverybody
  for (const wrong of misdirections({ request, run, agents, executed, isKnownWhole })) complain(wrong)
  for (const reply of run.replies.values()) {
    const { agentId } = reply
    const agent = agents.find((each) => each.agentId === agentId)
    if (agent === undefined) {
      complain(`has a reply of ${agentId}, who does not exist`)
      continue
    }
    const chunks = await record.output.read(agentId)
    const found = judgeReply(trial, command, {
      ...{ run, reply, effects: effectsOf(agentId), kills: trial.kills.get(agentId) ?? [] },
      ...{
        expected: command?.expected(agent) ?? pong,
        stdout: bytesOf(chunks, 1),
        stderr: bytesOf(chunks, 2),
      },
    })
    for (const wrong of found) complain(`${agentId}: ${wrong}`)
  }
  for (const { agentId } of agents) {
    if (!executed(agentId) || run.replies.has(agentId)) continue
    // Not known to a master that had only just begun, and gone from the queue before it came for the answer.
    if (expired.has(`${runId} ${agentId}`)) seen.expiredReplies += 1
    else complain(`${agentId} executed it and is not accounted for`)
  }
}

function judgeReply(
  { seen, verdicts, expired }: Trial,
  command: SoakCommand | undefined,
  occurrence: Occurrence,
): string[] {
  const { run, reply, effects, stdout, stderr } = occurrence
  seen.replies += 1
  seen.lateReplies += Number(reply.late)
  seen.incompleteOutputs += Number(reply.output === 'incomplete')
  seen.outputBytes += stdout.length + stderr.length
  verdicts[reply.state] = (verdicts[reply.state] ?? 0) + 1
  const damage = outputDamage(occurrence)
  const found = damage === undefined ? [] : [damage]
  if (!isVerdict(reply.state)) return [`has no verdict: ${reply.state}`, ...found]
  const isSilent = reply.state === 'no-reply' || reply.state === 'lost'
  if (isSilent && effects.start > 0 && expired.has(`${run.runId} ${reply.agentId}`)) {
    seen.expiredReplies += 1
    return found
  }
  const wrong = (command === undefined ? untruthOfPing : untruth)(reply.state, occurrence)
  return wrong === undefined ? found : [wrong, ...found]
}

function bytesOf(chunks: readonly Chunk[], stream: 1 | 2): Buffer {
  return Buffer.concat(chunks.filter((chunk) => chunk.stream === stream).map(({ bytes }) => bytes))
}
