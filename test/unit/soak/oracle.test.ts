import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { History } from '../../../src/master/store/history.ts'
import { readFilter } from '../../../src/protocol/filter/writtenFilter.ts'
import { defaultQueues } from '../../../src/queues/environment.ts'
import type { RunEvent } from '../../../src/run/runEvent.ts'
import { type RunRequest, recordOf } from '../../../src/run/runRequest.ts'
import type { RecordedReach } from '../../../src/run/runState.ts'
import { type AgentFiles, agentIdOf, writeAgentFiles } from '../../soak/agentFiles.ts'
import { type Evidence, judge, type PolicyDecision } from '../../soak/oracle.ts'
import type { SoakCommand } from '../../soak/soakCommand.ts'

const runId = '0a1b2c3d-0000-4000-8000-000000000001'
const environment = {
  ...{ name: 'soak', region: 'eu-west-1', endpoint: 'http://127.0.0.1:1', protected: false },
  queues: defaultQueues('soak'),
}
/** What every agent that runs it prints. */
const output = Buffer.from('t1\n')
const request: RunRequest = {
  filter: readFilter('role=web'),
  action: { kind: 'shell', command: '# t1\necho t1' },
  timeoutMs: 1_000,
}
const command: SoakCommand = {
  ...{ token: 't1', kind: 'instant', request, cancelAfterMs: undefined },
  expected: () => ({ end: 0, stdout: output, stderr: Buffer.alloc(0) }),
}
/** Two web servers and a database. */
const [first, second, database] = [1, 2, 3].map(agentIdOf) as [string, string, string]

let directory: string
let agents: AgentFiles[]

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'oracle-'))
  agents = await Promise.all([1, 2, 3].map((number) => writeAgentFiles(directory, number, environment)))
})
afterEach(() => rm(directory, { recursive: true, force: true }))

/** A soak of one command, of which everything is well but what a test says. */
interface Soak {
  readonly expected?: readonly string[]
  readonly replies?: Readonly<Record<string, readonly RunEvent[]>>
  readonly printed?: Readonly<Record<string, string>>
  /** Lines of what the commands left in their agents' directories. */
  readonly effects?: Readonly<Record<string, readonly string[]>>
  readonly evidence?: Partial<Evidence>
  readonly given?: readonly string[]
  readonly asked?: Partial<RunRequest>
  readonly sweep?: RecordedReach['sweep']
}

const once = ['t1 start', 't1 end']

describe('The oracle of the soak', () => {
  it('has nothing to say where all is well', async () => {
    const judgement = await judged({})
    expect(judgement.violations).toEqual([])
    expect(judgement).toMatchObject({ runs: 1, replies: 2, executions: 2, outputBytes: 6 })
    expect(judgement.verdicts).toEqual({ succeeded: 2 })
  })

  it.each<[what: string, soak: Soak, complaint: RegExp]>([
    [
      'executed twice',
      { effects: { [first]: [...once, ...once], [second]: once } },
      /executed t1 2 times|began 2 times/,
    ],
    [
      'executed by who was not meant',
      { effects: { [first]: once, [second]: once, [database]: once } },
      /executed it and does not fit role=web/,
    ],
    [
      'not expected of who was meant',
      { expected: [first], effects: { [first]: once } },
      /fits and was not expected/,
    ],
    [
      'answered by who was not meant',
      { replies: { [first]: ends(first), [second]: ends(second), [database]: ends(database) } },
      /joined and does not fit/,
    ],
    [
      'executed by somebody whom it did not name',
      {
        ...{ asked: { unseen: 'left-out' }, expected: [first], effects: { [first]: once, [second]: once } },
        replies: { [first]: ends(first), [second]: ends(second) },
      },
      /executed it and was not named/,
    ],
    [
      'expected of a target that was known not to match',
      {
        ...{ asked: { targets: [first, database] }, expected: [first, database] },
        ...{ effects: { [first]: once }, replies: { [first]: ends(first), [database]: [refuses(database)] } },
      },
      /was expected and does not fit/,
    ],
    [
      'said to have ended otherwise than it did',
      { replies: { [first]: ends(first, 3), [second]: ends(second) } },
      /exit code 3 instead of 0/,
    ],
    ['said to have ended, and never began', { effects: { [first]: once } }, /it began 0 times/],
    [
      'called complete in an output that is not',
      { printed: { [first]: 't2\n' } },
      /output called complete and is not/,
    ],
    [
      'called refused, and was executed',
      {
        replies: {
          [first]: [{ kind: 'refused', ...heard(first), code: 'policy', reason: 'no' }],
          [second]: ends(second),
        },
      },
      /refused \(no\), but it began 1 times/,
    ],
    [
      'called interrupted, and nobody was killed',
      { replies: { [first]: [ended(first, { kind: 'interrupted' })], [second]: ends(second) } },
      /interrupted, but its agent was not killed/,
    ],
    [
      'called cancelled, and nobody asked for that',
      {
        replies: { [first]: [ended(first, { kind: 'cancelled', started: true })], [second]: ends(second) },
      },
      /cancelled, and nobody asked/,
    ],
    [
      'called timed out, and came to its end',
      { replies: { [first]: [ended(first, { kind: 'timed-out' })], [second]: ends(second) } },
      /timed-out, but it began 1 times/,
    ],
    [
      'called silent, and was executed',
      { replies: { [first]: [silent(first)], [second]: ends(second) } },
      /no-reply, but it began 1 times/,
    ],
    [
      'without a verdict',
      { replies: { [first]: ends(first) } },
      /is running when all is quiet|has no verdict: expected/,
    ],
    [
      'in the history of a master that was not told to',
      { given: [] },
      /a command that its master was not given/,
    ],
    [
      'in nobody’s history',
      { effects: { [first]: [...once, 't9 start'], [second]: once } },
      /executed t9, which is in nobody's history/,
    ],
  ])('finds a command that is %s', async (_, soak, complaint) => {
    const { violations } = await judged(soak)
    expect(violations.join('\n')).toMatch(complaint)
  })

  it('lets a master ask a target that was named by hand and that it did not know', async () => {
    const { violations } = await judged({
      ...{ asked: { targets: [first, database] }, sweep: 'none', expected: [first, database] },
      ...{ effects: { [first]: once }, replies: { [first]: ends(first), [database]: [refuses(database)] } },
    })
    expect(violations).toEqual([])
  })

  it('lets few answers expire unread, and no more', async () => {
    const unread = (...agentIds: string[]): Soak => ({
      replies: Object.fromEntries(
        [first, second].map((agentId) => [
          agentId,
          agentIds.includes(agentId) ? [silent(agentId)] : ends(agentId),
        ]),
      ),
      evidence: { expired: new Set(agentIds.map((agentId) => `${runId} ${agentId}`)) },
    })
    expect(await judged(unread(first))).toMatchObject({ violations: [], expiredReplies: 1 })
    const { violations } = await judged(unread(first, second))
    expect(violations).toEqual(['2 answers expired unread, more than 1'])
  })
})

async function judged(soak: Soak): Promise<PolicyDecision> {
  const { expected = [first, second], printed = {}, given = ['t1'], asked = {}, sweep = 'complete' } = soak
  const { replies = Object.fromEntries(expected.map((agentId) => [agentId, ends(agentId)])) } = soak
  const { effects = { [first]: once, [second]: once } } = soak
  for (const { agentId, directory: own } of agents)
    await writeFile(join(own, 'effects'), (effects[agentId] ?? []).map((line) => `${line}\n`).join(''))
  const history = await History.open(await mkdtemp(join(directory, 'history-')))
  const issuer = { name: 'soak', host: 'soak' }
  const record = await history.create({
    runId,
    environment: 'soak',
    request: recordOf({ ...request, ...asked }),
    issuer,
    startedAt: 1,
    reach: { missing: [], sweep },
  })
  const hosts = expected.map((agentId) => ({ agentId, hostname: agentId }))
  record.append({ kind: 'agentsExpected', agents: hosts, steps: [[...expected]] })
  record.append({ kind: 'stepStarted', at: 1 })
  for (const [agentId, events] of Object.entries(replies)) {
    if (events.some(({ kind }) => kind === 'resultReceived'))
      record.output.append(agentId, [{ stream: 1, bytes: Buffer.from(printed[agentId] ?? output) }])
    for (const event of events) record.append(event)
  }
  await record.close()
  const master = { name: 'master-1', history, commands: new Set(given), knewEverybody: true }
  return judge({
    ...{
      masters: [master],
      agents,
      commands: new Map([['t1', { ...command, request: { ...request, ...asked } }]]),
    },
    ...{ kills: new Map(), expired: new Set<string>(), ...soak.evidence },
  })
}

function heard(agentId: string) {
  return { agentId, hostname: agentId, at: 5, identity: 'unproven' as const }
}

function ends(agentId: string, code = 0): RunEvent[] {
  return [ended(agentId, { kind: 'exited', code })]
}

/** With all of its output. */
function ended(agentId: string, outcome: Extract<RunEvent, { kind: 'resultReceived' }>['outcome']): RunEvent {
  return {
    ...{ kind: 'resultReceived', ...heard(agentId), outcome, durationMs: 3, frames: 1 },
    ...{ digest: 'x:y', droppedBytes: 0, output: 'complete' },
    gathered: { stdoutBytes: output.length, stderrBytes: 0, frames: 1 },
  }
}

function refuses(agentId: string): RunEvent {
  return { kind: 'refused', ...heard(agentId), code: 'filter', reason: 'no longer matches' }
}

function silent(agentId: string): RunEvent {
  return { kind: 'silenceAssumed', agentId, verdict: 'no-reply', at: 9 }
}
