import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Audit } from '../../../../agent/src/log/audit.ts'
import { createLog } from '../../../../agent/src/log/log.ts'
import { Deliveries } from '../../../../agent/src/replies/deliveries.ts'
import type { Outbox } from '../../../../agent/src/replies/outbox.ts'
import { Recovery } from '../../../../agent/src/runs/recovery.ts'
import type { Configuration } from '../../../../agent/src/settings/configuration.ts'
import type { Journal } from '../../../../agent/src/store/journal.ts'
import type { BegunRun } from '../../../../agent/src/store/journalLines.ts'
import { Spool } from '../../../../agent/src/store/spool.ts'
import type { SpooledReply } from '../../../../agent/src/store/spooledReply.ts'
import { openBody, sealBody } from '../../../../src/protocol/envelope.ts'
import { ReplyAssembly } from '../../../../src/protocol/frames.ts'
import { until } from '../../../support/until.ts'

const runId = 'run-00000001'
const from = { agentId: 'agent-1', hostname: 'host' }
const sentAt = 1
const frames = ['one ', 'two ', 'three ']

let directory: string
let path: string

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'past-'))
  path = join(directory, `${runId}.reply`)
})

afterEach(() => rmSync(directory, { recursive: true, force: true }))

const frame = (number: number, text: string, of = runId) =>
  `o ${sealBody({ type: 'output', runId: of, ...from, sentAt, frame: number, segments: [[1, text.length]] }, Buffer.from(text))}\n`

const digest = { bytes: 14, sha256: '0'.repeat(64), droppedBytes: 0 }
const result = (count: number) =>
  `r ${sealBody({ type: 'result', runId, ...from, sentAt, outcome: { kind: 'exited', code: 0 }, durationMs: 1, frames: count, stdout: digest, stderr: digest })}\n`

const whole = frames.map((text, number) => frame(number, text))
const damaged = (line: string) => `${line.slice(0, 40)}${'\0'.repeat(line.length - 60)}${line.slice(-20)}`

/** Lets an agent come back that finds `spooled` on its disk; gives what a master then knows. */
async function recover(spooled: string | Buffer) {
  writeFileSync(path, spooled)
  const bodies: string[] = []
  const delivered: string[] = []
  const run = { runId, at: 1, replyTo: 'testing_agent', audited: { runId } } as BegunRun
  const journal = {
    undelivered: () => [run],
    delivered: (id: string) => delivered.push(id),
  } as Partial<Journal> as Journal
  const outbox = { send: async (_: string, body: string) => void bodies.push(body) } as unknown as Outbox
  const log = createLog('error', () => {}, Date.now)
  const spool = new Spool(directory, () => Number.POSITIVE_INFINITY)
  const verdicts: unknown[] = []
  const audit: Audit = (_event, _command, end) => {
    verdicts.push(end !== undefined && 'verdict' in end && end.verdict)
    return 'unaudited'
  }
  const configuration = () => ({ killGraceMs: 100 }) as Configuration
  const limits = { leftOf: async () => undefined }
  const context = { from, configuration, audit, limits, log, now: () => 1 }
  const deliveries = new Deliveries(context, journal, spool, outbox)
  new Recovery(context, journal, spool, outbox, deliveries).recover()
  await until(() => deliveries.isIdle, 'the reply to be delivered')
  const assembly = new ReplyAssembly()
  const output: Uint8Array[] = []
  let outcome: string | undefined
  for (const { message, data } of bodies.map((body) => openBody(body, 'reply'))) {
    if (message.type === 'output')
      output.push(...assembly.add(message.frame, message.segments, data).map(({ bytes }) => bytes))
    if (message.type !== 'result') continue
    outcome = message.outcome.kind
    assembly.finish(message)
  }
  const text = Buffer.concat(output).toString()
  return { outcome, text, state: assembly.state(), delivered, verdicts }
}

const interrupted = (text: string) => ({
  outcome: 'interrupted',
  text,
  state: 'complete',
  delivered: [runId],
  verdicts: ['interrupted'],
})

describe('a run that the death of the machine has cut short', () => {
  it.each([
    ['nothing', '', ''],
    ['frames and no result', whole.join(''), 'one two three '],
    ['NULs in place of an end', `${whole.slice(0, 2).join('')}${'\0'.repeat(5_000)}`, 'one two '],
    ['NULs in a frame', [whole[0], damaged(whole[1] as string), whole[2]].join(''), 'one '],
    ['garbage in place of a frame', [whole[0], 'x\n', whole[2], result(3)].join(''), 'one '],
    ['a frame of another run', [whole[0], frame(1, 'two ', 'run-00000002'), whole[2]].join(''), 'one '],
    ['a damaged first frame', [damaged(whole[0] as string), whole[1], result(2)].join(''), ''],
    ['a damaged result', [...whole, damaged(result(3))].join(''), 'one two three '],
    ['a result without all of its frames', [whole[0], result(3)].join(''), 'one '],
    ['a result in the middle', [whole[0], result(1), whole[1]].join(''), 'one '],
  ])('is answered as interrupted with what can be read of its output: %s', async (_, spooled, text) => {
    expect(await recover(spooled)).toEqual(interrupted(text))
    // The next restart finds a reply that is whole.
    const { outcome, text: again, verdicts } = await recover(readFileSync(path))
    expect({ outcome, text: again, verdicts }).toEqual({ outcome: 'interrupted', text, verdicts: [] })
  })

  it('and that was over keeps its result', async () => {
    const { outcome, text, verdicts } = await recover([...whole, result(3)].join(''))
    expect({ outcome, text, verdicts }).toEqual({ outcome: 'exited', text: 'one two three ', verdicts: [] })
  })

  it('whose reply cannot be read keeps no other from being answered', async () => {
    const logged: string[] = []
    const [broken, other] = [runId, 'run-00000002']
    writeFileSync(join(directory, `${other}.reply`), frame(0, 'one ', other))
    const run = (id: string) =>
      ({ runId: id, at: 1, replyTo: 'testing_agent', audited: { runId: id } }) as BegunRun
    const delivered: string[] = []
    const journal = {
      undelivered: () => [run(broken), run(other)],
      delivered: (id: string) => delivered.push(id),
    } as Partial<Journal> as Journal
    const spool = new Spool(directory, () => Number.POSITIVE_INFINITY)
    const resume = spool.resume.bind(spool)
    spool.resume = async (id) => {
      const spooled = await resume(id)
      if (id === broken) spooled?.close()
      return id === broken ? unreadable : spooled
    }
    const outbox = { send: async () => {} } as unknown as Outbox
    const log = createLog('error', (line) => logged.push(line), Date.now)
    const configuration = () => ({ killGraceMs: 100 }) as Configuration
    const limits = { leftOf: async () => undefined }
    const context = { from, configuration, audit: () => 'unaudited' as const, limits, log, now: () => 1 }
    new Recovery(context, journal, spool, outbox, new Deliveries(context, journal, spool, outbox)).recover()
    await until(() => delivered.length > 0, 'the other to be answered')
    expect(delivered).toEqual([other])
    expect(logged.join('')).toContain(`Cannot reply to run ${broken} of an earlier process: a mistake`)
  })
})

const unreadable = {
  get count(): number {
    throw new Error('a mistake')
  },
} as SpooledReply
