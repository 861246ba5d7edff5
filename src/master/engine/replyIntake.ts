import type { ReplyMessage, ResultMessage } from '../../protocol/messages.ts'
import type { FromAgent, Gathered, RunEvent } from '../../run/runEvent.ts'
import { LocalizableError, say, sentenceOf } from '../../text/localizable.ts'
import { type OutputAssembler, OutputCut } from './outputAssembler.ts'

export interface ReplyIntakeParts {
  readonly outputs: OutputAssembler
  readonly apply: (event: RunEvent) => void
  /** Called when there is more output of an agent. */
  readonly onOutput: (agentId: string) => void
  readonly onWarning: (error: Error) => void
}

/** Turns the replies to one run into events, and writes their output to its log. */
export class ReplyIntake {
  readonly #parts: ReplyIntakeParts
  #isRunCut = false

  constructor(parts: ReplyIntakeParts) {
    this.#parts = parts
  }

  take(reply: ReplyMessage, data: Uint8Array, heard: FromAgent): void {
    const { outputs, apply } = this.#parts
    const { agentId, at } = heard
    switch (reply.type) {
      case 'ack':
        apply({ kind: 'acknowledged', ...heard, started: reply.state === 'queued' ? 'queued' : 'yes' })
        return
      case 'refusal':
        apply({ kind: 'refused', ...heard, code: reply.code, reason: reply.reason })
        return
      case 'output': {
        const gathered = this.#takeFrame(heard, reply, data)
        if (gathered !== undefined) apply({ kind: 'outputReceived', ...heard, ...gathered })
        break
      }
      case 'result': {
        const isNews = outputs.promise(agentId, reply, at)
        // Even of a repeated result: a last frame that was lost with an earlier master arrives this way.
        const gathered = reply.last && this.#takeFrame(heard, reply.last, data)
        if (isNews) {
          this.#finish(heard, reply, gathered)
          return
        }
        if (gathered !== undefined) apply({ kind: 'outputReceived', ...heard, ...gathered })
      }
    }
    const output = outputs.ended(agentId)
    if (output !== undefined) apply({ kind: 'outputSettled', agentId, output, at })
  }

  #finish(heard: FromAgent, result: ResultMessage, gathered: Gathered | undefined): void {
    const { outcome, durationMs, frames, stdout, stderr } = result
    const output = this.#parts.outputs.ended(heard.agentId)
    this.#parts.apply({
      kind: 'resultReceived',
      ...heard,
      ...{ outcome, durationMs, frames },
      digest: `${stdout.sha256}:${stderr.sha256}`,
      droppedBytes: stdout.droppedBytes + stderr.droppedBytes,
      ...(gathered === undefined ? {} : { gathered }),
      ...(output === undefined ? {} : { output }),
    })
  }

  /** The output that the frame adds; undefined when it does not extend the output in order. */
  #takeFrame(
    { agentId, hostname, at }: FromAgent,
    { frame, segments }: { frame: number; segments: [1 | 2, number][] },
    data: Uint8Array,
  ): Gathered | undefined {
    try {
      const gathered = this.#parts.outputs.take(agentId, frame, segments, data)
      if (gathered !== undefined) this.#parts.onOutput(agentId)
      return gathered
    } catch (error) {
      if (error instanceof OutputCut) this.#parts.apply({ kind: 'outputCut', agentId, by: error.by, at })
      // Of the run's limit it is enough to be told once.
      if (error instanceof OutputCut && error.by === 'run') {
        if (this.#isRunCut) return undefined
        this.#isRunCut = true
      }
      this.#parts.onWarning(
        new LocalizableError(say('{0}: {1}', hostname, sentenceOf(error)), { cause: error }),
      )
      return undefined
    }
  }
}
