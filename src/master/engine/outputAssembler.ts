import { type Chunk, type PromisedOutput, ReplyAssembly } from '../../protocol/frames.ts'
import type { Segment } from '../../protocol/messages.ts'
import type { Gathered } from '../../run/runEvent.ts'
import type { ReplyState } from '../../run/runState.ts'
import type { Timing } from '../../run/timing.ts'
import { LocalizableError, say } from '../../text/localizable.ts'
import type { OutputLog } from '../store/outputLog.ts'

/**
 * The largest `general.output_limit` of an agent, bytes: one that sends more is hostile or broken.
 */
const mostBytes = 1024 ** 3

/** Most output of all agents of a run on disk, bytes: more is of no use to a person, and would fill a disk. */
export const mostRunBytes = 4 * 1024 ** 3

/** Output is larger than it may be: nothing more of this agent is stored. */
export class OutputCut extends LocalizableError {
  /** Whether it is more than one agent may write, or the whole run. */
  readonly by: 'agent' | 'run'

  constructor(by: 'agent' | 'run', limitBytes: number) {
    super(
      by === 'agent'
        ? say('more than {0} bytes of output: the rest is dropped', limitBytes)
        : say('the run has more than {0} bytes of output: the rest is dropped', limitBytes),
    )
    this.by = by
  }
}

/** Most output of all agents that waits in memory for missing frames, bytes. Further frames are requested again later. */
const mostHeldBytes = 256 * 1024 * 1024

/** Frames to request again, and from which agents. */
export interface MissingFrames {
  readonly agentIds: readonly string[]
  readonly frames: number[]
}

interface Open {
  /** When the result came, or the frames were last requested, milliseconds. */
  since: number
  /** How often they were requested. */
  asked: number
}

/** Assembles the outputs of a run: orders frames, writes them to the log, and requests missing ones again. */
export class OutputAssembler {
  readonly #log: OutputLog
  readonly #limitBytes: number
  readonly #runLimitBytes: number
  /**
   * `done`: everything has arrived, or nothing will; what comes now is a repetition. `broken`: the disk has lost a part, or
   * there is more than allowed; nothing is added, and it stays incomplete.
   */
  readonly #assemblies = new Map<string, ReplyAssembly | 'done' | 'broken'>()
  #heldBytes = 0
  /** Agents whose result has arrived. */
  readonly #promised = new Set<string>()
  /** Those of them whose frames are still missing and awaited. */
  readonly #open = new Map<string, Open>()

  /**
   * @param limitBytes the run's limit for each agent's output
   * @param runLimitBytes the limit for all of them together
   */
  constructor(log: OutputLog, limitBytes = mostBytes, runLimitBytes = mostRunBytes) {
    this.#log = log
    this.#runLimitBytes = runLimitBytes
    this.#limitBytes = Math.min(limitBytes, mostBytes)
  }

  /**
   * Continues where an earlier master stopped.
   * @returns also the agents whose output on disk is damaged: it stays incomplete
   */
  static async resume(
    log: OutputLog,
    replies: Iterable<ReplyState>,
    now: number,
    limitBytes?: number,
  ): Promise<{ outputs: OutputAssembler; damaged: string[] }> {
    const outputs = new OutputAssembler(log, limitBytes)
    const damaged: string[] = []
    for (const reply of replies) {
      const { agentId } = reply
      const isWhole = log.bytes(agentId) === reply.stdoutBytes + reply.stderrBytes
      const promised = promisedBy(reply)
      if (!isWhole) {
        damaged.push(agentId)
        outputs.#assemblies.set(agentId, 'broken')
        if (promised !== undefined) outputs.#promised.add(agentId)
      } else if (promised !== undefined && reply.output !== 'partial' && reply.output !== 'incomplete') {
        outputs.#assemblies.set(agentId, 'done')
      } else if (reply.frames > 0 || promised !== undefined) {
        const assembly = ReplyAssembly.resume(reply.frames, await log.read(agentId))
        outputs.#assemblies.set(agentId, assembly)
        if (promised === undefined) continue
        assembly.finish(promised)
        outputs.#promised.add(agentId)
        if (reply.output === 'partial') outputs.#open.set(agentId, { since: now, asked: 0 })
      }
    }
    return { outputs, damaged }
  }

  /**
   * Adds a frame; undefined when it does not extend the output in order.
   * @throws Error when the frame is damaged, which then counts as missing; OutputCut when there is more output than allowed,
   *   and nothing more of the agent is stored from then on
   */
  take(agentId: string, frame: number, segments: readonly Segment[], data: Uint8Array): Gathered | undefined {
    const assembly = this.#assembly(agentId)
    if (typeof assembly === 'string') return undefined
    if (frame > assembly.frames && this.#heldBytes + data.length > mostHeldBytes) return undefined
    const heldBefore = assembly.heldBytes
    const chunks = assembly.add(frame, segments, data)
    this.#heldBytes += assembly.heldBytes - heldBefore
    if (chunks.length === 0) return undefined
    const [stdoutBytes, stderrBytes] = [bytesOf(chunks, 1), bytesOf(chunks, 2)]
    const bytes = stdoutBytes + stderrBytes
    const isTooMuch = this.#log.bytes(agentId) + bytes > this.#limitBytes
    if (isTooMuch || this.#log.totalBytes + bytes > this.#runLimitBytes) {
      this.#end(agentId, 'broken')
      throw isTooMuch ? new OutputCut('agent', this.#limitBytes) : new OutputCut('run', this.#runLimitBytes)
    }
    this.#log.append(agentId, chunks)
    return { stdoutBytes, stderrBytes, frames: assembly.frames }
  }

  /** Sets what a result says about the frames. False when it was already set. */
  promise(agentId: string, promised: PromisedOutput, now: number): boolean {
    const assembly = this.#assembly(agentId)
    if (assembly === 'done' || this.#promised.has(agentId)) return false
    this.#promised.add(agentId)
    if (assembly === 'broken') return true
    assembly.finish(promised)
    this.#open.set(agentId, { since: now, asked: 0 })
    return true
  }

  /** How the output ended; undefined until its last frame has arrived, or it is broken. */
  ended(agentId: string): 'complete' | 'incomplete' | undefined {
    const assembly = this.#assemblies.get(agentId)
    if (assembly === undefined || assembly === 'done') return undefined
    if (assembly === 'broken') return 'incomplete'
    const state = assembly.state()
    if (state === 'open') return undefined
    this.#end(agentId, 'done')
    return state === 'complete' ? 'complete' : 'incomplete'
  }

  /** Whether {@link due} would return anything now. */
  isDue(now: number, timing: Timing): boolean {
    for (const open of this.#open.values()) if (isDue(open, now, timing)) return true
    return false
  }

  /**
   * The frames to request now, in at most `most` requests: agents with the same missing frames share one. And the agents
   * whose frames to give up (`hopeless`).
   */
  due(now: number, timing: Timing, most: number): { missing: MissingFrames[]; hopeless: string[] } {
    const missing = new Map<string, { agentIds: string[]; frames: number[] }>()
    // Agents that were asked least often come first, so that those that never answer do not block the others.
    const due = [...this.#open]
      .filter(([, open]) => isDue(open, now, timing))
      .sort(([, a], [, b]) => a.asked - b.asked)
    const hopeless = due.filter(([, { asked }]) => asked >= timing.resendTries).map(([agentId]) => agentId)
    for (const [agentId, open] of most > 0 ? due : []) {
      const assembly = this.#assemblies.get(agentId)
      if (!(assembly instanceof ReplyAssembly) || open.asked >= timing.resendTries) continue
      const frames = assembly.missing()
      const key = frames.join()
      const question = missing.get(key) ?? { agentIds: [], frames }
      if (!missing.has(key) && missing.size >= most) continue
      missing.set(key, question)
      question.agentIds.push(agentId)
      open.since = now
      open.asked += 1
    }
    // Frames that come later are still accepted.
    for (const agentId of hopeless) this.#open.delete(agentId)
    return { missing: [...missing.values()], hopeless }
  }

  #end(agentId: string, how: 'done' | 'broken'): void {
    const assembly = this.#assemblies.get(agentId)
    if (assembly instanceof ReplyAssembly) this.#heldBytes -= assembly.heldBytes
    this.#assemblies.set(agentId, how)
    this.#open.delete(agentId)
  }

  #assembly(agentId: string): ReplyAssembly | 'done' | 'broken' {
    const known = this.#assemblies.get(agentId)
    if (known !== undefined) return known
    const assembly = new ReplyAssembly()
    this.#assemblies.set(agentId, assembly)
    return assembly
  }
}

function isDue({ since, asked }: Open, now: number, timing: Timing): boolean {
  return now >= since + timing.resendAfterMs * 2 ** Math.max(0, asked - 1)
}

function promisedBy({ outcome, promisedFrames, digest }: ReplyState): PromisedOutput | undefined {
  if (outcome === undefined || promisedFrames === undefined || digest === undefined) return undefined
  const [stdout = '', stderr = ''] = digest.split(':')
  return { frames: promisedFrames, stdout: { sha256: stdout }, stderr: { sha256: stderr } }
}

function bytesOf(chunks: readonly Chunk[], stream: 1 | 2): number {
  return chunks.reduce((sum, chunk) => (chunk.stream === stream ? sum + chunk.bytes.length : sum), 0)
}
