import { createHash } from 'node:crypto'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { openBody, sealBody } from '../../src/protocol/envelope.ts'
import type { Outcome } from '../../src/protocol/messages.ts'
import type { ReplyFrom } from './replyWriter.ts'
import type { SpooledReply } from './spooledReply.ts'

/**
 * The body of a result that ends a reply whose writer is gone, or never was: its frames are those that made it into
 * the spool.
 */
export async function closingResult(
  spooled: SpooledReply | undefined,
  o: { readonly runId: string; readonly from: ReplyFrom; readonly now: number; readonly outcome: Outcome },
): Promise<string> {
  const streams = {
    1: { hash: createHash('sha256'), bytes: 0 },
    2: { hash: createHash('sha256'), bytes: 0 },
  }
  const frames = spooled?.frames ?? 0
  for (let frame = 0; frame < frames; frame += 1) {
    // There may be a gigabyte of them: others have their turn in between.
    await nextTurn()
    const { message, data } = openBody(spooled?.body(frame) ?? '')
    if (message.type !== 'output')
      throw new Error(`frame ${frame} of run ${o.runId} holds a ${message.type} message`)
    let offset = 0
    for (const [stream, length] of message.segments) {
      streams[stream].hash.update(data.subarray(offset, offset + length))
      streams[stream].bytes += length
      offset += length
    }
  }
  const describe = (stream: 1 | 2) => ({
    bytes: streams[stream].bytes,
    sha256: streams[stream].hash.digest('hex'),
    droppedBytes: 0,
  })
  return sealBody({
    type: 'result',
    runId: o.runId,
    ...o.from,
    sentAt: o.now,
    outcome: o.outcome,
    durationMs: 0,
    frames,
    stdout: describe(1),
    stderr: describe(2),
  })
}
