import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import * as vscode from 'vscode'
import { printReport } from '../../../../src/console/doctor/report.ts'
import { errorActionsFor } from '../../../../src/console/errorActions.ts'
import { runHeader } from '../../../../src/console/results/headerProjection.ts'
import { filterChoices } from '../../../../src/console/targets/filterChoices.ts'
import { messageOf, translated } from '../../../../src/console/text/messageOf.ts'
import { Trouble } from '../../../../src/console/trouble.ts'
import { addEntry, removeEntry } from '../../../../src/declarations/editEntries.ts'
import { parseRunArguments } from '../../../../src/declarations/runArguments.ts'
import { parseWorkspaceFile } from '../../../../src/declarations/workspaceFile.ts'
import { unknownFleet } from '../../../../src/master/fleet/fleetSnapshot.ts'
import { NobodyMatches } from '../../../../src/master/nobodyMatches.ts'
import { openBody } from '../../../../src/protocol/envelope.ts'
import { indexFacts } from '../../../../src/protocol/filter/factIndex.ts'
import { noSets } from '../../../../src/protocol/filter/filterSets.ts'
import { diagnoseProbe } from '../../../../src/queues/diagnosis.ts'
import type { Probe } from '../../../../src/queues/probe.ts'
import { type QueueError, toQueueError } from '../../../../src/queues/queueError.ts'
import { noRequests } from '../../../../src/queues/requestCounts.ts'
import {
  checkedSettings,
  describeStep,
  planSetUp,
  queueRoles,
  roleSettings,
} from '../../../../src/queues/setUp.ts'
import { because } from '../../../../src/run/runEvent.ts'
import { applyEvent } from '../../../../src/run/runReducer.ts'
import { startRunState } from '../../../../src/run/runState.ts'
import { type Localizable, localize, say, sentenceOf } from '../../../../src/text/localizable.ts'
import { declared } from '../../../support/declared.ts'
import { knownAgent } from '../../../support/knownAgent.ts'
import { englishIn, pseudoLanguage } from '../../../support/pseudoLanguage.ts'
import { calls } from '../../../support/vscodeStandIn.mjs'
import { goodQueue, testing } from '../../queues/fleetQueues.ts'

/** One code for each sentence of a QueueError. */
const codes = [
  'ThrottlingException',
  'ECONNREFUSED',
  'ECONNRESET',
  'ENOTFOUND',
  'ENETUNREACH',
  'ETIMEDOUT',
  'SyntaxError',
  'QueueDoesNotExist',
  'QueueDeletedRecently',
  'AccessDenied',
  'KmsAccessDenied',
  'ExpiredToken',
  'CredentialsProviderError',
  'InvalidClientTokenId',
  'RequestTimeTooSkewed',
  'InvalidMessageContents',
  'SomethingNew',
]

/** What is the same in every language. */
const data = [
  ...codes,
  ...Object.values(testing.queues),
  ...['testing', 'eu-west-1', 'ops', 'http://127.0.0.1:9324', 'SQS', 'STS', 'sts:GetCallerIdentity'],
  ...[
    'sqs:SendMessage',
    'sqs:GetQueueAttributes',
    'answer-of-aws',
    'host-a',
    'arn:aws:iam::1:user/anna',
    'min',
  ],
]

const errors: QueueError[] = codes.flatMap((code) => {
  const cause = { Code: code, Message: 'answer-of-aws' }
  const sending = { action: 'sqs:SendMessage', queue: 'testing_master', region: 'eu-west-1' }
  return [
    toQueueError(cause, sending),
    toQueueError(cause, { ...sending, profile: 'ops', endpoint: 'http://127.0.0.1:9324' }),
    toQueueError(cause, { ...sending, queue: '', action: 'sts:GetCallerIdentity' }),
  ]
})

/** One for each way in which a filter can be wrong. */
const wrongFilters = [
  '',
  'xx or',
  '*.xx',
  'and',
  'xx..yy',
  'xx*',
  'xx not yy',
  'xx in yy',
  'xx in (yy',
  'xx in 10.0.0/8',
  'xx > yy',
  'xx="yy',
  'xx="\\\\"\u00a0',
  'xx="\\q"',
  'xx=and',
  'xx=\u201cyy',
  'xx yy=zz',
  'xx =~ /yy',
  'xx =~ /yy/g',
  'xx =~ //',
  'xx =~ (yy|zz)',
  'xx =~ "yy\u0007"',
  `xx =~ /${'y'.repeat(600)}/`,
  'xx =~ /y{900}z{900}y{900}/',
  `xx=${'y'.repeat(20_000)}`,
  `${'not '.repeat(70)}xx`,
  `xx${'.yy'.repeat(40)}`,
  `xx=${Array(1100).fill('yy').join()}`,
  Array(600).fill('xx').join(' or '),
]

beforeEach(() => {
  vi.spyOn(vscode.l10n, 't').mockImplementation(pseudoLanguage as typeof vscode.l10n.t)
})
afterEach(() => {
  vi.restoreAllMocks()
})

/** With a key that has expired. */
const asksForSignature = {
  agent: {
    policy: {
      signatures: 'required',
      accepts: [{ name: 'host-a', fingerprint: 'host-a', expires: '1969-01-01' }],
      accepted_keys: 1,
    },
  },
}

describe('in another language than English', () => {
  it('the doctor’s report has no English sentence', () => {
    const report = printReport(
      {
        environment: declared('testing').environment,
        findings: probes().flatMap(diagnoseProbe),
        agents: [
          knownAgent('host-a', { version: '0.0.9', clockSkewMs: 400_000, facts: asksForSignature }),
          knownAgent('host-a', { state: 'stale' }),
          knownAgent('host-a', { state: 'gone', problems: ['answer-of-aws'] }),
        ],
        unreadable: unreadableBodies.map((body, index) => ({
          messageId: `${index}`,
          senderId: undefined,
          reason: reasonFor(body),
        })),
        rejected: { unreadable: 1, forged: 2, foreign: 3 },
        signing: { signer: undefined, now: 0 },
        version: '0.1.0',
        arn: 'arn:aws:iam::1:user/anna',
        requests: noRequests,
      },
      vscode.l10n.t,
    )
    expect(report.lines.length).toBeGreaterThan(50)
    expect(englishIn(report.text, data)).toEqual([])
  })

  it('the plan of a set-up has no English sentence', () => {
    const missing = planSetUp(testing, { commands: 'missing', replies: 'missing', facts: 'missing' })
    const changes = planSetUp(testing, {
      commands: goodQueue('commands', { visibilitySeconds: 7, maximumMessageSize: 1000 }),
      replies: goodQueue('replies', { redrivePolicy: '{}' }),
      facts: goodQueue('facts', { retentionSeconds: 7 }),
    })
    const text = [...missing, ...changes]
      .map((step) => localize(describeStep(step), vscode.l10n.t))
      .join('\n')
    expect(englishIn(text, data)).toEqual([])
  })

  it.each(errors)('the notification of an error has no English sentence: $message', (error) => {
    const log = { error() {}, warn() {}, show() {} } as unknown as vscode.LogOutputChannel
    calls.length = 0
    new Trouble(log, errorActionsFor).show(error, declared('testing'))
    const shown = calls.find(({ name }) => name === 'window.showErrorMessage')?.args.join('\n') ?? ''
    expect(shown).toContain('я')
    expect(englishIn(shown, data)).toEqual([])
  })

  it.each([0, 1, 7])('an error says without an English word that nobody matches, of %i agents', (known) => {
    expect(englishIn(messageOf(new NobodyMatches('testing', 'a=b', known)), [...data, 'a=b'])).toEqual([])
  })

  it.each(wrongFilters)('the filter box has no English word about %j', (typed) => {
    const agents = [knownAgent('host-a', { facts: { role: 'web' } })]
    const fleet = { ...unknownFleet, agents }
    const context = {
      fleet,
      look: 'known' as const,
      sets: noSets,
      index: indexFacts([{ role: 'web' }]),
      isPart: false,
      recent: [],
    }
    const shown = filterChoices(typed, context, vscode.l10n.t).map(({ kind, label, detail }) =>
      kind === 'complete' ? detail : `${label} ${detail}`,
    )
    expect(shown.join()).toContain('я')
    expect(englishIn(shown.join(' '), [...data, ...'uXXXX', ...typed.split(/\W+/).filter(Boolean)])).toEqual(
      [],
    )
  })

  it('the results page says without an English word why a rollout stopped', () => {
    const stopped = [
      { kind: 'rolloutStopped', ...because(say('{0} agents have failed', 2)), at: 2 },
      { kind: 'sendFailed', agentIds: ['a'], ...because(sentenceOf(errors[0])), at: 2 },
      { kind: 'cancelRequested', at: 2 },
    ] as const
    for (const event of stopped) {
      const state = startRunState(declaredRun)
      const agents = ['a', 'b'].map((agentId) => ({ agentId, hostname: agentId }))
      applyEvent(state, { kind: 'agentsExpected', agents, steps: [['a'], ['b']] })
      applyEvent(state, event)
      const { stopReason } = runHeader(state, testing, { live: false, now: 3, t: vscode.l10n.t })
      expect(stopReason).toContain('я')
      expect(englishIn(stopReason ?? '', data)).toEqual([])
    }
  })

  it('the mistakes in a workspace file are told without an English word', () => {
    const text = `environments:
  xx: {regoin: a, xxxxxx: b, colour: pink, endpoint: 'http://example.com', protected: 5, queues: {facts: '%'}}
  yy: [&zz xx]
  yy: {region: eu-west-1, timeout: x, rollout: {pause: x, batch: 0, canary: x, maxFailures: x}, profile: ''}
  'x y': *x
snippets:
  xx: {comand: a, filter: role=(, inputs: {xx: {choices: []}, 1: 2}, file: /x, directory: x, timeout: []}
  yy: {command: '', script: '', args: x, interpreter: '', <<: 1, rollout: {pause: 1}, filter: ''}
  zz: {command: !x y, command: b, file: ../x, [a]: b, description: [x]}
  <<: {}
snippets: [xx]
snipets: 1
xxxxxx: 2
--- 
`
    const { problems } = parseWorkspaceFile(text)
    const whole = ['- xx', 'environments: {xx: [', '{environments: {xx: &a {<<: *a}}}'].flatMap(
      (file) => parseWorkspaceFile(file).problems,
    )
    const told = [...problems, ...whole].map(({ message }) => translated(message))
    expect(told.length).toBeGreaterThan(35)
    expect(told.flatMap((sentence) => englishIn(sentence, ofFile))).toEqual([])
  })

  it('what arguments and edits of a file are refused for is told without an English word', () => {
    const refused = [
      () => parseRunArguments({ comand: 'xx', filter: 'role=', args: [1.5], confirm: 'xx' }),
      () => parseRunArguments({ command: 'xx', file: 'xx' }),
      () => addEntry('snippets:\n  xx: {command: a}\n', 'snippets', 'xx', {}),
      () => addEntry('snippets: {xx: {command: a}}\n', 'snippets', 'yy', {}),
      () => addEntry('snippets: [\n', 'snippets', 'yy', {}),
      () => addEntry('snippets: null\n', 'snippets', 'yy', {}),
      () => removeEntry('snippets: {xx: {command: a}}\n', 'snippets', 'xx'),
      () => removeEntry('snippets: {}\n', 'snippets', 'xx'),
    ]
    for (const refuse of refused) expect(englishIn(errorOf(refuse), ofFile)).toEqual([])
  })

  it('logs stay in English', () => {
    const logged: unknown[] = []
    const log = { error: (line: unknown) => logged.push(line) } as unknown as vscode.LogOutputChannel
    const error = toQueueError(Object.assign(new Error('x'), { code: 'ECONNREFUSED' }), {
      ...{ action: 'sqs:SendMessage', queue: 'testing_master', region: 'eu-west-1' },
    })
    new Trouble(log, errorActionsFor).show(error)
    expect(logged[0]).toContain('Cannot reach SQS in eu-west-1 (connection refused)')
    expect(logged[0]).toContain('[ECONNREFUSED for sqs:SendMessage on queue testing_master]')
  })
})

const declaredRun = {
  runId: 'run-1',
  environment: 'testing',
  request: { filter: '*', action: { kind: 'ping' }, timeoutMs: 1000 },
  issuer: { name: 'ada', host: 'desk' },
  startedAt: 1,
} as const

const unreadableBodies = [
  'garbage',
  '{}',
  '{"v":9}',
  '{"v":1}',
  '{"v":1,"m":"garbage"}',
  '{"v":1,"mz":"garbage"}',
]

/** Keys, values and reasons of the YAML parser, which stay as they are. */
const ofFile = [
  ...[
    'unexpected end of the stream within a flow collection',
    'deficient indentation',
    'bad indentation of a mapping entry',
  ],
  ...['environments', 'snippets', 'region', 'regoin', 'colour', 'endpoint', 'protected', 'queues', 'facts'],
  ...[
    'timeout',
    'rollout',
    'pause',
    'batch',
    'canary',
    'maxFailures',
    'profile',
    'command',
    'comand',
    'filter',
  ],
  ...['inputs', 'choices', 'file', 'directory', 'script', 'args', 'interpreter', 'description', 'snipets'],
  ...['confirm', 'xxxxxx', 'xx', 'yy', 'zz', 'red, orange, yellow, green, blue, purple', 'role', 'eu-west-1'],
  ...['http://127.0.0.1:9324', 'https://', 'http://', 'or', 'YAML'],
]

function errorOf(act: () => unknown): string {
  try {
    act()
  } catch (error) {
    return messageOf(error)
  }
  throw new Error('nothing was refused')
}

function reasonFor(body: string): Localizable {
  try {
    openBody(body, 'reply')
  } catch (error) {
    return (error as { localizable: Localizable }).localizable
  }
  throw new Error(`${body} can be read`)
}

/** Probes that between them have every finding. */
function probes(): Probe[] {
  const probe = (changes: Partial<Probe>): Probe => ({
    environment: testing,
    side: 'master',
    queues: { commands: good('commands'), replies: good('replies'), facts: good('facts') },
    permissions: [],
    clockOffsetMs: 0,
    ...changes,
  })
  const good = (role: (typeof queueRoles)[number], changes = {}) => ({
    attributes: goodQueue(role, changes),
    hidden: 0,
  })
  const healthy = probe({}).queues
  const [first] = errors
  if (first === undefined) throw new Error('there are no errors')
  const gone = toQueueError(
    { Code: 'QueueDoesNotExist', Message: 'answer-of-aws' },
    { ...first, region: 'eu-west-1' },
  )
  return [
    ...errors.flatMap((error) =>
      queueRoles.map((role) => probe({ queues: { ...healthy, [role]: { error } } })),
    ),
    ...[testing, { ...testing, endpoint: 'http://127.0.0.1:9324' }].map((environment) =>
      probe({
        environment,
        queues: { commands: { error: gone }, replies: { error: gone }, facts: { error: gone } },
      }),
    ),
    ...queueRoles.flatMap((role) =>
      checkedSettings.flatMap((setting) =>
        [-1, 1].map((by) =>
          probe({
            queues: { ...healthy, [role]: good(role, { [setting]: roleSettings[role][setting] + by }) },
          }),
        ),
      ),
    ),
    ...queueRoles.map((role) =>
      probe({ queues: { ...healthy, [role]: good(role, { redrivePolicy: '{}', visible: 20 }) } }),
    ),
    ...[1, 2].map((hidden) => probe({ queues: { ...healthy, commands: { ...good('commands'), hidden } } })),
    ...(['master', 'agent'] as const).map((side) =>
      probe({ side, permissions: [{ action: 'sqs:SendMessage', queue: 'testing_master', refusal: first }] }),
    ),
    ...[-60_000, 60_000].map((clockOffsetMs) => probe({ clockOffsetMs })),
  ]
}
