import { type Chunk, type PromisedOutput, ReplyAssembly } from '../../protocol/frames.ts'
import type { Segment } from '../../protocol/messages.ts'
import type { Gathered } from '../../run/runEvent.ts'
import type { ReplyState } from '../../run/runState.ts'
import type { Timing } from '../../run/timing.ts'
import { LocalizableError, say } from '../../text/localizable.ts'
import type { OutputLog } from '../store/outputLog.ts'

/**
 * The most that an agent can be configured to keep (`general.output_limit`), bytes: one that sends more means harm.
 */
const mostBytes = 1024 ** 3

/** Output of all agents together that waits in memory for missing frames, bytes. What comes beyond is asked for again. */
const mostHeldBytes = 256 * 1024 * 1024

/** Frames to be asked for again, and of which agents. */
export interface MissingFrames {
  readonly agentIds: readonly string[]
  readonly frames: number[]
}

interface Open {
  /** When the result came, or the frames were last asked for, milliseconds. */
  since: number
  /** How often they were asked for. */
  asked: number
}

/** The outputs of a run on their way from frames to the log: put in order, kept, and asked for again where they have gaps. */
export class OutputAssembler {
  readonly #log: OutputLog
  readonly #limitBytes: number
  /**
   * `done`: all is here, or nothing is to come. What comes now is an echo. `broken`: the disk has lost a part, or there is
   * more than may be; nothing is added, and it is incomplete for good.
   */
  readonly #assemblies = new Map<string, ReplyAssembly | 'done' | 'broken'>()
  #heldBytes = 0
  /** Agents whose result is here. */
  readonly #promised = new Set<string>()
  /** Those of them whose frames are not, and are waited for. */
  readonly #open = new Map<string, Open>()

  /** @param limitBytes what the run allows each agent, where it does */
  constructor(log: OutputLog, limitBytes = mostBytes) {
    this.#log = log
    this.#limitBytes = Math.min(limitBytes, mostBytes)
  }

  /**
   * Picks up where an earlier master stood.
   * @returns with the agents of whose output the disk has lost a part: it is incomplete for good
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
   * Takes a frame; undefined when it brings no output that is in order.
   * @throws Error when the frame is damaged, which then counts as missing; or when there is more output than may be, of
   *   which nothing is kept from then on
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
    if (this.#log.bytes(agentId) + stdoutBytes + stderrBytes > this.#limitBytes) {
      this.#end(agentId, 'broken')
      throw new LocalizableError(say('more than {0} bytes of output: the rest is dropped', this.#limitBytes))
    }
    this.#log.append(agentId, chunks)
    return { stdoutBytes, stderrBytes, frames: assembly.frames }
  }

  /** Takes what a result says of the frames. False when it was there already. */
  promise(agentId: string, promised: PromisedOutput, now: number): boolean {
    const assembly = this.#assembly(agentId)
    if (assembly === 'done' || this.#promised.has(agentId)) return false
    this.#promised.add(agentId)
    if (assembly === 'broken') return true
    assembly.finish(promised)
    this.#open.set(agentId, { since: now, asked: 0 })
    return true
  }

  /** How the output ended, when its last frame is here, or when it is broken. */
  ended(agentId: string): 'complete' | 'incomplete' | undefined {
    const assembly = this.#assemblies.get(agentId)
    if (assembly === undefined || assembly === 'done') return undefined
    if (assembly === 'broken') return 'incomplete'
    const state = assembly.state()
    if (state === 'open') return undefined
    this.#end(agentId, 'done')
    return state === 'complete' ? 'complete' : 'incomplete'
  }

  /**
   * What is to be asked for again now, in `most` questions at most: agents that miss the same frames share one. And what is not
   * to be waited for any longer.
   */
  due(now: number, timing: Timing, most: number): { missing: MissingFrames[]; hopeless: string[] } {
    const missing = new Map<string, { agentIds: string[]; frames: number[] }>()
    const isDue = ({ since, asked }: Open) =>
      now >= since + timing.resendAfterMs * 2 ** Math.max(0, asked - 1)
    // Who was asked least often comes first: those that never answer must not keep the others from being asked.
    const due = [...this.#open].filter(([, open]) => isDue(open)).sort(([, a], [, b]) => a.asked - b.asked)
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
    // What comes all the same is still taken.
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

function promisedBy({ outcome, promisedFrames, digest }: ReplyState): PromisedOutput | undefined {
  if (outcome === undefined || promisedFrames === undefined || digest === undefined) return undefined
  const [stdout = '', stderr = ''] = digest.split(':')
  return { frames: promisedFrames, stdout: { sha256: stdout }, stderr: { sha256: stderr } }
}

function bytesOf(chunks: readonly Chunk[], stream: 1 | 2): number {
  return chunks.reduce((sum, chunk) => (chunk.stream === stream ? sum + chunk.bytes.length : sum), 0)
}
