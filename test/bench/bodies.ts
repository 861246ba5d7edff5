import { createHash, randomBytes, randomUUID } from 'node:crypto'
import { sealBody } from '../../src/protocol/envelope.ts'
import { createFramePacker, maxFrameBytes } from '../../src/protocol/frames.ts'
import { privateReplyQueue } from '../../src/protocol/names.ts'

/** `MaximumMessageSize` of a master's own reply queue, bytes (src/master/replies/replyQueue.ts). */
export const replyLimitBytes = 256 * 1024

/** What `uname -a` says on a server. */
export const unameOutput = Buffer.from(
  'Linux sim 6.1.0-18-amd64 #1 SMP PREEMPT_DYNAMIC Debian 6.1.76-1 (2024-02-01) x86_64 GNU/Linux\n',
)

export interface Agent {
  readonly agentId: string
  readonly hostname: string
}

/** The command as a master sends it to everyone. */
export function commandBody(environment: string, command: string): string {
  return sealBody({
    ...{ type: 'command', runId: randomUUID(), environment, issuedAt: Date.now(), ttlMs: 120_000 },
    issuer: { name: 'bench', host: 'bench' },
    replyTo: privateReplyQueue(environment, 'bench-1'),
    filter: '*',
    action: { kind: 'shell', command },
    timeoutMs: 240_000,
  })
}

/** The result of a command that succeeded, with all of its output. */
export function resultBody(runId: string, agent: Agent, output: Uint8Array): string {
  const digest = (bytes: Uint8Array) => ({
    ...{ bytes: bytes.length, droppedBytes: 0 },
    sha256: createHash('sha256').update(bytes).digest('hex'),
  })
  return sealBody(
    {
      ...{ type: 'result', runId, ...agent, sentAt: Date.now(), outcome: { kind: 'exited', code: 0 } },
      ...{ durationMs: 1, frames: 1, stdout: digest(output), stderr: digest(new Uint8Array()) },
      last: { frame: 0, segments: [[1, output.length]] },
    },
    output,
  )
}

/** Sizes of the bodies in which an agent sends so many random bytes to a master's own queue, bytes. */
export function outputBodySizes(bytes: number): number[] {
  const from = { runId: randomUUID(), agentId: 'agent-001', hostname: 'agent-001', sentAt: Date.now() }
  const packer = createFramePacker(replyLimitBytes, (segments, data) =>
    sealBody({ type: 'output', ...from, frame: 0, segments }, data),
  )
  const random = randomBytes(maxFrameBytes)
  const sizes: number[] = []
  for (let left = bytes; left > 0; ) {
    const packed = packer.pack([{ stream: 1, bytes: random.subarray(0, left) }])
    sizes.push(packed.body.length)
    left -= packed.bytes
  }
  return sizes
}
