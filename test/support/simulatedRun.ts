import { createHash } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Run } from '../../src/master/engine/run.ts'
import { History } from '../../src/master/store/history.ts'
import { maxFrameBytes } from '../../src/protocol/frames.ts'
import type { Outcome, RefusalMessage, ResultMessage, Segment } from '../../src/protocol/messages.ts'
import type { ReceiveTrouble } from '../../src/run/receiveTrouble.ts'
import { planSteps } from '../../src/run/rollout.ts'
import type { RecordedRequest } from '../../src/run/runRequest.ts'
import { startRunState } from '../../src/run/runState.ts'
import { defaultTiming } from '../../src/run/timing.ts'

export interface Output {
  readonly stream: 1 | 2
  readonly text: string | Uint8Array
}

/** A real run whose agents are played by the test: nothing is sent, and replies are handed to it as from the queue. */
export interface SimulatedRun {
  readonly run: Run
  /** Where it is recorded. */
  readonly history: History
  ack(host: string): void
  /** More output, in frames as large as they may be. */
  write(host: string, stream: 1 | 2, text: string | Uint8Array): void
  finish(host: string, outcome: Outcome | number, output?: readonly Output[], durationMs?: number): void
  refuse(host: string, reason: string, code?: RefusalMessage['code']): void
  /** Lets so much time pass that whoever is silent by now is given up. */
  giveUp(afterMs?: number): Promise<void>
  /** SQS is away, for this reason, or back (`undefined`). Changes show with the next {@link tick}. */
  away(trouble: ReceiveTrouble | undefined): void
  tick(): Promise<void>
  /** Time in the run's eyes: milliseconds are added to it. */
  pass(ms: number): void
  close(): Promise<void>
}

export async function simulateRun(
  hosts: readonly string[],
  request: Partial<RecordedRequest> = {},
  { environment = 'production', runId = 'run-0000-0001', startedAt = Date.now() } = {},
): Promise<SimulatedRun> {
  const directory = await mkdtemp(join(tmpdir(), 'simulated-run-'))
  const history = await History.open(directory)
  const start = {
    runId,
    environment,
    request: {
      filter: '*',
      action: { kind: 'shell', command: 'uptime' },
      timeoutMs: 60_000,
      ...request,
    } as RecordedRequest,
    issuer: { name: 'anna', host: 'atlas' },
    startedAt,
  }
  let passedMs = 0
  let away: ReceiveTrouble | undefined
  const realStart = Date.now()
  const now = () => startedAt + (Date.now() - realStart) + passedMs
  const run = new Run(startRunState(start), await history.create(start), {
    timing: defaultTiming,
    now,
    publish: async () => 'sent',
    cancel: async () => {},
    resend: async () => {},
    askEveryone: async () => {},
    withdraw: async () => {},
    withdrawControl: async () => 0,
    look: async () => ({ kind: 'seen' }),
    hearing: () => (away === undefined ? 'all' : 'behind'),
    trouble: () => away,
    onWarning: (error) => {
      throw error
    },
  })
  const ids = hosts.map(agentIdOf)
  await run.begin(
    hosts.map((hostname, index) => ({ agentId: ids[index] ?? hostname, hostname })),
    planSteps(ids, request.rollout),
  )
  const written = new Map<string, Sent>()
  const sentBy = (host: string) => {
    const sent = written.get(host) ?? startSent()
    written.set(host, sent)
    return sent
  }
  const from = (host: string) => ({ runId, agentId: agentIdOf(host), hostname: host, sentAt: now() })
  const write = (host: string, output: readonly Output[]) => {
    for (const piece of output.flatMap(inFrames)) {
      const { frame, segments, data } = add(sentBy(host), [piece])
      run.receive({ type: 'output', ...from(host), frame, segments }, data, 'proven')
    }
  }
  return {
    ...{ run, history },
    ack: (host) => run.receive({ type: 'ack', ...from(host), state: 'started' }, nothing, 'proven'),
    write: (host, stream, text) => write(host, [{ stream, text }]),
    finish(host, outcome, output = [], durationMs = 120) {
      const sent = sentBy(host)
      const pieces = output.flatMap(inFrames)
      write(host, pieces.slice(0, -1))
      const last = pieces.length === 0 ? undefined : add(sent, pieces.slice(-1))
      const result: ResultMessage = {
        type: 'result',
        ...from(host),
        outcome: typeof outcome === 'number' ? { kind: 'exited', code: outcome } : outcome,
        durationMs,
        frames: sent.frames,
        stdout: digest(sent, 1),
        stderr: digest(sent, 2),
        ...(last === undefined ? {} : { last: { frame: last.frame, segments: last.segments } }),
      }
      run.receive(result, last?.data ?? nothing, 'proven')
      written.delete(host)
    },
    refuse: (host, reason, code = 'policy') =>
      run.receive({ type: 'refusal', ...from(host), code, reason }, nothing, 'proven'),
    pass(ms) {
      passedMs += ms
    },
    away(trouble) {
      away = trouble
    },
    tick: () => run.tick(),
    async giveUp(afterMs = 24 * 3_600_000) {
      // Whoever is silent is asked once more before it counts as that.
      passedMs += afterMs - lastWordMs
      await run.tick()
      passedMs += lastWordMs
      await run.tick()
      // They are asked once more.
      passedMs += defaultTiming.graceMs
      await run.tick()
    },
    async close() {
      await run.flush()
      await run.close()
      await rm(directory, { recursive: true, force: true })
    },
  }
}

/** Starts such a run, and closes it after `act`. */
export async function withSimulatedRun(
  hosts: readonly string[],
  request: Partial<RecordedRequest>,
  act: (simulated: SimulatedRun) => Promise<void>,
): Promise<void> {
  const simulated = await simulateRun(hosts, request)
  try {
    await act(simulated)
  } finally {
    await simulated.close()
  }
}

/** Every host has the id that EC2 might have given it. */
export function agentIdOf(host: string): string {
  return `i-0${createHash('sha256').update(host).digest('hex').slice(0, 16)}`
}

const nothing = new Uint8Array()
const lastWordMs = defaultTiming.republishAfterMs + 1000

interface Sent {
  frames: number
  readonly bytes: Record<1 | 2, number>
  readonly hash: Record<1 | 2, ReturnType<typeof createHash>>
}

function startSent(): Sent {
  return { frames: 0, bytes: { 1: 0, 2: 0 }, hash: { 1: createHash('sha256'), 2: createHash('sha256') } }
}

/** An output in pieces that fit into a frame each. */
function inFrames({ stream, text }: Output): Output[] {
  const bytes = typeof text === 'string' ? Buffer.from(text) : text
  const pieces: Output[] = []
  for (let from = 0; from === 0 || from < bytes.length; from += maxFrameBytes)
    pieces.push({ stream, text: bytes.subarray(from, from + maxFrameBytes) })
  return pieces
}

function add(
  sent: Sent,
  output: readonly Output[],
): { frame: number; segments: Segment[]; data: Uint8Array } {
  const parts = output.map(({ text }) => (typeof text === 'string' ? Buffer.from(text) : text))
  const segments = output.map(({ stream }, index): Segment => [stream, parts[index]?.length ?? 0])
  output.forEach(({ stream }, index) => {
    const part = parts[index] ?? nothing
    sent.bytes[stream] += part.length
    sent.hash[stream].update(part)
  })
  sent.frames += 1
  return { frame: sent.frames - 1, segments, data: Buffer.concat(parts) }
}

function digest({ bytes, hash }: Sent, stream: 1 | 2) {
  return { bytes: bytes[stream], sha256: hash[stream].digest('hex'), droppedBytes: 0 }
}
