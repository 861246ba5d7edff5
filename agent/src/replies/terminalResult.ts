import { createHash } from 'node:crypto'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { type Opened, openBody, sealBody } from '../../../src/protocol/envelope.ts'
import type { Outcome, ResultMessage, Segment } from '../../../src/protocol/messages.ts'
import type { SpooledReply } from '../store/spooledReply.ts'
import type { ReplyFrom } from './replyWriter.ts'

/** What the frames of a reply hold. */
export type SpooledOutput = Pick<ResultMessage, 'frames' | 'stdout' | 'stderr'>

/**
 * Reads the output of a reply without a writer. A part that was damaged by a crash of the machine is cut off with everything
 * after it, including the result, which would promise output that no longer exists.
 */
export async function readOutput(spooled: SpooledReply, runId: string): Promise<SpooledOutput> {
  const streams = {
    1: { hash: createHash('sha256'), bytes: 0 },
    2: { hash: createHash('sha256'), bytes: 0 },
  }
  for (let index = 0; index < spooled.count; index += 1) {
    // There may be a gigabyte of them: others have their turn in between.
    await nextTurn()
    const found = readBody(spooled, index, runId)
    if (found === undefined) {
      spooled.cutOff(index)
      break
    }
    let offset = 0
    for (const [stream, length] of found.segments) {
      streams[stream].hash.update(found.data.subarray(offset, offset + length))
      streams[stream].bytes += length
      offset += length
    }
  }
  const describe = (stream: 1 | 2) => ({
    bytes: streams[stream].bytes,
    sha256: streams[stream].hash.digest('hex'),
    droppedBytes: 0,
  })
  return { frames: spooled.frames, stdout: describe(1), stderr: describe(2) }
}

/** The body of a result that ends such a reply. */
export function terminalResult(
  output: SpooledOutput,
  o: { readonly runId: string; readonly from: ReplyFrom; readonly now: number; readonly outcome: Outcome },
): string {
  return sealBody({
    type: 'result',
    runId: o.runId,
    ...o.from,
    sentAt: o.now,
    outcome: o.outcome,
    durationMs: 0,
    ...output,
  })
}

interface SpooledFrame {
  readonly segments: readonly Segment[]
  readonly data: Uint8Array
}

/** The frame that the body at `index` has to be, none for a result; undefined when the body is neither. */
function readBody(spooled: SpooledReply, index: number, runId: string): SpooledFrame | undefined {
  let opened: Opened<'reply'>
  try {
    opened = openBody(spooled.body(index), 'reply')
  } catch {
    return undefined
  }
  const { message, data } = opened
  // After a crash a file may hold blocks of another one.
  if (message.type === 'output' && message.runId === runId && message.frame === index)
    return { segments: message.segments, data }
  if (message.type !== 'result' || message.runId !== runId || index < spooled.count - 1) return undefined
  const framesBefore = message.frames - (message.last === undefined ? 0 : 1)
  return framesBefore === index ? { segments: [], data } : undefined
}
