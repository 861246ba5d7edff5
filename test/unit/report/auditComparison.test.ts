import { describe, expect, it } from 'vitest'
import { describeCommand, describeEnd } from '../../../agent/src/log/audit.ts'
import { AuditLog } from '../../../agent/src/log/auditLog.ts'
import { chainLine, chainStart } from '../../../src/chain/hashChain.ts'
import type { CommandMessage, Outcome } from '../../../src/protocol/messages.ts'
import { type AuditFile, readAudits } from '../../../src/report/agentAudit.ts'
import { chainFindings, compareRun, foreignRuns } from '../../../src/report/auditComparison.ts'
import { applyEvent } from '../../../src/run/runReducer.ts'
import { type RunState, startRunState } from '../../../src/run/runState.ts'

type Action = Extract<CommandMessage['action'], { kind: 'shell' | 'script' }>

const runIds = ['run-00000001', 'run-00000002', 'run-00000003'] as const
const shell = (command: string): Action => ({ kind: 'shell', command })
const exited = (code: number): Outcome => ({ kind: 'exited', code })

const commandOf = (runId: string, action: Action) =>
  ({
    ...{
      type: 'command',
      runId,
      environment: 'testing',
      issuedAt: 0,
      ttlMs: 60_000,
      replyTo: 'testing_agent',
    },
    ...{
      issuer: { name: 'ada', host: 'laptop' },
      filter: '*',
      targets: ['web1', 'web2'],
      action,
      timeoutMs: 1_000,
    },
  }) as CommandMessage

/** The lines that an agent writes, as it writes them. */
function auditOf(agentId: string, work: (log: AuditLog) => void): string[] {
  const lines: string[] = []
  let now = Date.parse('2026-06-01T00:00:00Z')
  const tick = () => {
    now += 1_000
    return now
  }
  const log = new AuditLog({
    ...{ agentId, file: undefined, copy: (line: string) => lines.push(line.trim()) },
    ...{ log: { error: () => {}, warn: () => {} }, now: tick },
  })
  log.started({ version: '1' })
  work(log)
  return lines
}

function execute(log: AuditLog, runId: string, action = shell(`echo ${runId}`), code = 0): void {
  const audited = describeCommand(commandOf(runId, action), 'AIDA1', {
    claimed: undefined,
    verified: undefined,
  })
  log.note('received', audited)
  log.note('ended', audited, describeEnd(exited(code), 5))
}

function executeAll(
  log: AuditLog,
  action: (command: string) => Action = shell,
  ids: readonly string[] = runIds,
): void {
  for (const runId of ids) execute(log, runId, action(`echo ${runId}`))
}

/** What a master has recorded of a run on web1 and web2. */
function recorded(
  runId: string,
  action = shell(`echo ${runId}`),
  agents = ['web1', 'web2'],
  outcome = exited(0),
): RunState {
  const request = { filter: '*', action, timeoutMs: 1_000 }
  const startedAt = Date.parse('2026-06-01T00:00:00Z')
  const state = startRunState({
    runId,
    environment: 'testing',
    request,
    issuer: { name: 'ada', host: 'laptop' },
    startedAt,
  })
  const expected = agents.map((agentId) => ({ agentId, hostname: agentId }))
  applyEvent(state, { kind: 'agentsExpected', agents: expected, steps: [agents] })
  applyEvent(state, { kind: 'stepStarted', at: startedAt })
  for (const { agentId, hostname } of expected)
    applyEvent(state, {
      ...{ kind: 'resultReceived', agentId, hostname, at: startedAt + 1_000, identity: 'proven', outcome },
      ...{ durationMs: 5, frames: 0, digest: 'x:y', droppedBytes: 0 },
    })
  return state
}

const web1 = () => auditOf('web1', (log) => executeAll(log))
const web2 = () => auditOf('web2', (log) => executeAll(log))
/** With the line that begins a file after logrotate. */
const rotated = () =>
  recomputed(
    web1().toSpliced(
      5,
      0,
      JSON.stringify({ time: '2026-06-01T00:00:05Z', agentId: 'web1', event: 'continued' }),
    ),
  )
const fileOf = (name: string, lines: readonly string[]): AuditFile => ({
  name,
  text: `${lines.join('\n')}\n`,
})
const history = () => runIds.map((runId) => recorded(runId))

function compared(files: readonly AuditFile[], states = history()): { problems: string[]; notes: string[] } {
  const audits = readAudits(files)
  const known = new Set(states.map(({ runId }) => runId))
  const all = audits.flatMap((audit) => [
    chainFindings(audit),
    ...states.map((state) => compareRun(state, audit)),
    foreignRuns(audit, known, Number.NEGATIVE_INFINITY),
  ])
  return { problems: all.flatMap(({ problems }) => problems), notes: all.flatMap(({ notes }) => notes) }
}

/** The chain computed again, as somebody does who knows how it is made. */
function recomputed(lines: readonly string[]): string[] {
  let head = chainStart
  return lines.map((line) => {
    const { seq: _, prev: __, ...entry } = JSON.parse(line)
    const next = chainLine(head, entry)
    head = next.head
    return next.line.trim()
  })
}

describe('audit logs and a history that are as they were written', () => {
  it('agree, also in parts, in any order, and from a collector that has mixed the lines of agents', () => {
    const nothing = { problems: [], notes: [] }
    expect(compared([fileOf('a', web1()), fileOf('b', web2())])).toEqual(nothing)
    expect(
      compared([fileOf('audit.log', rotated().slice(5)), fileOf('audit.log.1', rotated().slice(0, 5))]),
    ).toEqual(nothing)
    const mixed = web1().flatMap((line, at) => [line, web2()[at] ?? ''])
    expect(compared([fileOf('all.log', mixed)])).toEqual(nothing)
  })

  it('agree where older lines are not given: what they would say is a note', () => {
    const { problems, notes } = compared([fileOf('a', rotated().slice(5))])
    expect(problems).toEqual([])
    expect(notes).toEqual([
      'web1: entries before 6 are not in these files.',
      'web1, run run-00000001: the audit log begins later.',
      'web1, run run-00000002: the audit log begins later.',
    ])
  })

  it('agree where an earlier version wrote lines without a chain', () => {
    const { problems, notes } = compared([
      fileOf('a', ['{"time":"2026-05-01T00:00:00Z","runId":"run-00000001"}', ...web1()]),
    ])
    expect(problems).toEqual([])
    expect(notes).toContain('web1: 1 lines are of a version without a chain.')
  })

  it('agree on a run that has not ended, and on what the history could not hear', () => {
    const state = recorded('run-00000001', undefined, ['web2'])
    applyEvent(state, {
      kind: 'agentsExpected',
      agents: [{ agentId: 'web1', hostname: 'web1' }],
      steps: [['web1']],
    })
    const lines = auditOf('web1', (log) => execute(log, 'run-00000001'))
    expect(compared([fileOf('a', lines)], [state])).toEqual({
      problems: [],
      notes: ['web1, run run-00000001: it was executed there, and the history has no result of it.'],
    })
  })

  it('may have forgotten older runs', () => {
    const [audit] = readAudits([fileOf('a', web1())])
    const later = Date.parse('2026-07-01T00:00:00Z')
    if (audit === undefined) throw new Error('no audit')
    expect(foreignRuns(audit, new Set(), later)).toEqual({
      problems: [],
      notes: ['web1: 3 runs are older than what the histories know all of.'],
    })
  })
})

describe('reading an audit log', () => {
  it('takes linear time, however many lines a server writes about one run', () => {
    const line = `${JSON.stringify({ time: '2026-06-01T00:00:00Z', agentId: 'web1', runId: 'run-00000001' })}\n`
    const [audit] = readAudits([{ name: 'a', text: line.repeat(100_000) }])
    expect(audit?.runs.get('run-00000001')).toHaveLength(100_000)
  })
})

describe('comparing audit logs with a history', () => {
  const other = shell('rm -rf /')
  it.each<[what: string, files: () => AuditFile[], told: RegExp]>([
    ['a line that was removed', () => [fileOf('a', web1().toSpliced(3, 1))], /does not follow entry 3/],
    [
      'a line that was changed',
      () => [
        fileOf(
          'a',
          web1().map((line) => line.replace('"exitCode":0', '"exitCode":1')),
        ),
      ],
      /does not follow/,
    ],
    [
      'lines in another order',
      () => [fileOf('a', [...web1().slice(0, 3), ...web1().slice(3).reverse()])],
      /does not follow/,
    ],
    [
      'a line that stands there twice',
      () => [fileOf('a', web1().toSpliced(3, 0, web1()[3] as string))],
      /does not follow/,
    ],
    [
      'an end that was cut off',
      () => [fileOf('a', web1().slice(0, 3))],
      /^web1, run run-00000003: the history has its result \(exited 0\), and the audit log has no such line/,
    ],
    [
      'an end that was cut off and filled with other lines',
      () => [fileOf('a', recomputed([...web1().slice(0, 5), ...auditOf('web1', (log) => log.started({}))]))],
      /run run-00000003: the history has its result/,
    ],
    [
      'two servers’ logs that changed places: the lines say whose they are',
      () => [fileOf('web1.log', web2()), fileOf('web2.log', web2())],
      /web2: .*begins a new chain after entry 7/,
    ],
    [
      'a log that was emptied',
      () => [{ name: 'audit.log', text: '' }, fileOf('b', web2())],
      /^audit\.log: there is no line of a chain.*emptied/,
    ],
    [
      'a log that does not say whose it is, so that no run is missed in it',
      () => [
        fileOf(
          'a',
          recomputed(web1().slice(0, 1)).map((line) => line.replace('"agentId":"web1",', '')),
        ),
      ],
      /^a: its lines do not say of which agent they are/,
    ],
    [
      'a log that was begun again',
      () => [
        fileOf(
          'a',
          auditOf('web1', () => {}),
        ),
      ],
      /run run-00000001: the history has its result/,
    ],
    [
      'a chain that was computed again without a run',
      () => [fileOf('a', recomputed(web1().toSpliced(3, 2)))],
      /run run-00000002: the history has its result/,
    ],
    [
      'a chain that was computed again with another command',
      () => [fileOf('a', recomputed(web1().map((line) => line.replace(/"sha256":"../, '"sha256":"00'))))],
      /the SHA-256 of the command is 00/,
    ],
    [
      'a chain that was computed again with another exit code',
      () => [fileOf('a', recomputed(web1().map((line) => line.replace('"exitCode":0', '"exitCode":9'))))],
      /the exit code is 9 in the audit log, and 0 in the history/,
    ],
    [
      'a beginning that was cut off',
      () => [fileOf('a', web1().slice(3))],
      /^web1: a:1 \(entry 4\) is not how a file of the log begins: earlier lines were cut off/,
    ],
    ['a line that is not JSON', () => [fileOf('a', web1().with(3, 'x'))], /is not a line of the chain/],
    [
      'all lines without a chain',
      () => [
        fileOf(
          'a',
          web1().map((line) => line.replace(/"seq":\d+,/, '')),
        ),
      ],
      /there is no line of a chain/,
    ],
    [
      'a run of somebody else',
      () => [
        fileOf(
          'a',
          auditOf('web1', (log) => executeAll(log, shell, [...runIds, 'run-foreign-1'])),
        ),
      ],
      /^web1, run run-foreign-1: no history knows it: shell received, shell ended, .* by ada@laptop \(AIDA1\), SHA-256 [0-9a-f]{64}\.$/,
    ],
    [
      'another command under the id of a run',
      () => [
        fileOf(
          'a',
          auditOf('web1', (log) => executeAll(log, () => other)),
        ),
      ],
      /the SHA-256 of the command is/,
    ],
    [
      'the same command as another user',
      () => [
        fileOf(
          'a',
          auditOf('web1', (log) => executeAll(log, (command) => ({ ...shell(command), user: 'root' }))),
        ),
      ],
      /the SHA-256 of how it is executed is/,
    ],
    [
      'the same command with a variable more',
      () => [
        fileOf(
          'a',
          auditOf('web1', (log) =>
            executeAll(log, (command) => ({ kind: 'shell', command, environment: { LD_PRELOAD: '/tmp/x' } })),
          ),
        ),
      ],
      /the SHA-256 of how it is executed is/,
    ],
    [
      'a run on an agent that it was not sent to',
      () => [
        fileOf(
          'c',
          auditOf('web3', (log) => execute(log, 'run-00000001')),
        ),
      ],
      /^web3, run run-00000001: it was executed there, and the history did not send it there/,
    ],
    [
      'a cancel of a run that no history knows',
      () => [
        fileOf('a', [
          ...web1(),
          ...auditOf('web1', (log) =>
            log.note(
              'ended',
              {
                ...describeCommand(commandOf('order-0001', shell('')), 'AIDA1', {
                  claimed: undefined,
                  verified: undefined,
                }),
                action: 'cancel run-foreign-2',
              },
              { verdict: 'succeeded' },
            ),
          ),
        ]),
      ],
      /run run-foreign-2: no history knows it: cancel run-foreign-2 ended/,
    ],
  ])('tells of %s', (_, files, told) => {
    const { problems } = compared(files())
    expect(
      problems.filter((problem) => told.test(problem)),
      problems.join('\n'),
    ).not.toEqual([])
  })

  it('tells of an exit code that was changed in the history', () => {
    const states = [recorded('run-00000001', undefined, undefined, exited(1))]
    const lines = auditOf('web1', (log) => execute(log, 'run-00000001'))
    expect(compared([fileOf('a', lines)], states).problems).toEqual([
      'web1, run run-00000001: the exit code is 0 in the audit log, and 1 in the history.',
    ])
  })

  it('does not tell of a log that was made again as a whole from what the history knows: ship the lines away', () => {
    const secret = auditOf('web1', (log) => {
      for (const runId of runIds) execute(log, runId)
      execute(log, 'run-foreign-1')
    })
    expect(compared([fileOf('a', secret)]).problems).toHaveLength(1)
    expect(compared([fileOf('a', recomputed(secret.slice(0, -2)))]).problems).toEqual([])
  })
})
