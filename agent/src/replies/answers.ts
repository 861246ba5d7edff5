import { createHash } from 'node:crypto'
import { sealBody } from '../../../src/protocol/envelope.ts'
import type { AckMessage, RefusalMessage, ResultMessage } from '../../../src/protocol/messages.ts'
import type { Log } from '../log/log.ts'
import type { Outbox } from './outbox.ts'
import type { ReplyFrom } from './replyWriter.ts'

/** Messages that need not outlive the agent: acknowledgements, refusals, and results of actions without effects. */
export class Answers {
  readonly #outbox: Pick<Outbox, 'post'>
  readonly #from: ReplyFrom
  readonly #log: Log
  readonly #now: () => number

  constructor(outbox: Pick<Outbox, 'post'>, from: ReplyFrom, log: Log, now: () => number) {
    this.#outbox = outbox
    this.#from = from
    this.#log = log
    this.#now = now
  }

  /** The run is queued, or being executed. */
  acknowledge(runId: string, replyTo: string, state: AckMessage['state']): void {
    this.#outbox.post(replyTo, sealBody({ type: 'ack', ...this.#head(runId), state }))
  }

  /** @param durationMs how long it took, milliseconds */
  succeed(runId: string, replyTo: string, stdout: string, durationMs: number): void {
    const data = Buffer.from(stdout)
    const message: ResultMessage = {
      type: 'result',
      ...this.#head(runId),
      outcome: { kind: 'exited', code: 0 },
      durationMs,
      frames: data.length > 0 ? 1 : 0,
      stdout: digestOf(data),
      stderr: digestOf(Buffer.alloc(0)),
      ...(data.length > 0 ? { last: { frame: 0, segments: [[1, data.length]] as [1, number][] } } : {}),
    }
    this.#outbox.post(replyTo, sealBody(message, data))
  }

  refuse(runId: string, replyTo: string, code: RefusalMessage['code'], reason: string): void {
    this.#log.warn(`Run ${runId} is refused (${code}): ${reason}`)
    const message = { type: 'refusal', ...this.#head(runId), code, reason: reason.slice(0, 1000) } as const
    this.#outbox.post(replyTo, sealBody(message))
  }

  #head(runId: string) {
    return { runId, ...this.#from, sentAt: this.#now() }
  }
}

function digestOf(bytes: Uint8Array): ResultMessage['stdout'] {
  return { bytes: bytes.length, sha256: createHash('sha256').update(bytes).digest('hex'), droppedBytes: 0 }
}
