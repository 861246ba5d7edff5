import type { Chunk } from '../protocol/frames.ts'
import { type Rollout, withoutSecrets } from '../run/runRequest.ts'
import type { ReplyState, RunState } from '../run/runState.ts'
import { shownCounts, shownState } from '../run/unexpected.ts'
import { visibleJson } from '../text/jsonText.ts'
import { describeOutcome, groupReplies } from './grouping.ts'
import { outputJson, surveyOutput } from './outputJson.ts'
import type { ReportedRun } from './reportedRun.ts'
import type { RunColumns } from './runColumns.ts'
import { namesOf, type RunNames } from './runIdentities.ts'
import type { RunAgent, RunHead } from './runJson.ts'

/** What only the sender of a run knows. */
export type RunExtras = Partial<Pick<RunHead, 'exitCode' | 'requests'>>

export interface JsonOptions extends RunExtras {
  /** Values that each agent gets besides. */
  readonly columns?: RunColumns
}

/**
 * The run as one JSON document, an agent per line (docs/run-json.md). Yields it in pieces, because all outputs together may
 * exceed memory. A run that goes on meanwhile is written as it is now.
 * @throws Error when an output could not be read
 */
export function exportJson(run: ReportedRun, options?: JsonOptions): AsyncGenerator<string> {
  return inBlocks(documentOf(run, options))
}

/** The same as NDJSON: a line about the run, then a line per agent. */
export function exportNdjson(run: ReportedRun, options?: JsonOptions): AsyncGenerator<string> {
  return inBlocks(linesOf(run, options))
}

async function* documentOf(run: ReportedRun, options?: JsonOptions): AsyncGenerator<string> {
  const { head, agents } = written(run, options)
  yield `${head.slice(0, -1)},"agents":[`
  let separator = '\n'
  for (const agent of agents) {
    yield separator
    yield* agent
    separator = ',\n'
  }
  yield '\n]}\n'
}

async function* linesOf(run: ReportedRun, options?: JsonOptions): AsyncGenerator<string> {
  const { head, agents } = written(run, options)
  yield `${head}\n`
  for (const agent of agents) {
    yield* agent
    yield '\n'
  }
}

/** Most replies are small, and each write of a file costs more than their characters. */
const blockCharacters = 64 * 1024

async function* inBlocks(pieces: AsyncIterable<string>): AsyncGenerator<string> {
  let block = ''
  for await (const piece of pieces) {
    block += visibleJson(piece)
    if (block.length < blockCharacters) continue
    yield block
    block = ''
  }
  if (block !== '') yield block
}

function written(run: ReportedRun, { columns, ...extras }: JsonOptions = {}) {
  const state = snapshotOf(run.state)
  const names = namesOf(state)
  return {
    head: JSON.stringify(headOf(state, extras)),
    agents: [...state.replies.values()].map((reply) => agentJson(run, reply, names, columns)),
  }
}

/** Replies may arrive while outputs are read: head and agents must tell of the same moment. */
function snapshotOf(state: RunState): RunState {
  const replies = new Map([...state.replies].map(([agentId, reply]) => [agentId, { ...reply }]))
  return { ...state, counts: { ...state.counts }, replies }
}

function rolloutOf({ canaryAgents, ...rollout }: Rollout): RunHead['rollout'] {
  return { ...rollout, ...(canaryAgents === undefined ? {} : { canaryAgents: [...canaryAgents] }) }
}

function headOf(state: RunState, extras: RunExtras): RunHead {
  const { runId, environment, issuer, reach, startedAt, endedAt, phase, stopReason } = state
  const { filter, targets, unseen, action, timeoutMs, rollout, outputLimitBytes, secrets } = withoutSecrets(
    state.request,
  )
  return {
    ...{ format: 'ec2-collective-run', version: 1, runId, environment },
    ...{ issuer: { name: issuer.name, host: issuer.host } },
    ...{ sender: state.sender ?? null, signingKey: state.signingKey ?? null, filter },
    targets: targets === undefined ? null : [...targets],
    ...{
      unseen: unseen ?? null,
      action,
      timeoutMs,
      rollout: rollout === undefined ? null : rolloutOf(rollout),
      outputLimitBytes: outputLimitBytes ?? null,
    },
    secrets: [...(secrets ?? [])],
    startedAt: iso(startedAt),
    endedAt: iso(endedAt),
    cancelRequestedAt: iso(state.cancelRequestedAt),
    ...{ phase, stopReason: stopReason ?? null },
    missing: reach === undefined ? null : [...reach.missing],
    ...{ sweep: reach?.sweep ?? null },
    hidden: state.hidden.map(({ at, ...hidden }) => ({ ...hidden, at: new Date(at).toISOString() })),
    counts: shownCounts(state),
    groups: groupReplies(state).map(({ state: common, detail, hosts, agentIds, majority }) => ({
      ...{ state: common, reason: detail ?? null, hosts, agentIds: [...agentIds], majority },
    })),
    ...extras,
  }
}

async function* agentJson(
  run: ReportedRun,
  reply: ReplyState,
  names: RunNames,
  columns: RunColumns | undefined,
): AsyncGenerator<string> {
  const read = await outputOf(run, reply)
  const { order, bytes, isText } = await surveyOutput(read())
  const { agentId, hostname, identity, expected, outcome, refusal, late, output, droppedBytes } = reply
  const isShort = bytes[1] + bytes[2] < reply.stdoutBytes + reply.stderrBytes
  const told: Omit<RunAgent, 'stdout' | 'stderr'> = {
    ...{ agentId, hostname, identity, conflicting: reply.conflicting === true },
    nameProblem: names.of(agentId) ?? null,
    ...{ expected, state: shownState(reply) },
    exitCode: outcome?.kind === 'exited' ? outcome.code : null,
    signal: outcome?.kind === 'signalled' ? outcome.signal : null,
    reason: describeOutcome(reply) ?? null,
    ...{ refusal: refusal?.code ?? null, cancelRefused: reply.cancelRefused ?? null, late },
    unread: reply.unread === true,
    sentAt: iso(reply.sentAt),
    heardAt: iso(reply.heardAt),
    latencyMs: reply.latencyMs ?? null,
    durationMs: reply.durationMs ?? null,
    output: isShort ? 'incomplete' : output,
    ...{ stdoutBytes: bytes[1], stderrBytes: bytes[2], droppedBytes },
    ...(reply.cut === undefined ? {} : { cut: reply.cut }),
    order,
    ...(columns === undefined ? {} : { values: valuesOf(columns, agentId) }),
  }
  let start = `${JSON.stringify(told).slice(0, -1)},"stdout":`
  for (const stream of [1, 2] as const) {
    yield start
    yield* outputJson(read(), stream, { isText })
    start = ',"stderr":'
  }
  yield '}'
}

/** Values that a row does not have are left out. */
function valuesOf({ titles, rowsOf }: RunColumns, agentId: string): Record<string, string>[] {
  return rowsOf(agentId).map((row) =>
    Object.fromEntries(titles.flatMap((title, at) => (row[at] === undefined ? [] : [[title, row[at]]]))),
  )
}

/** Read at a time, bytes. */
const readBytes = 1024 * 1024

/** The output that a reply tells of, to be read several times. Small outputs are read from the disk only once. */
async function outputOf(
  run: ReportedRun,
  { agentId, stdoutBytes, stderrBytes }: ReplyState,
): Promise<() => AsyncIterable<Chunk>> {
  const end = stdoutBytes + stderrBytes
  const kept = end <= readBytes ? await run.output(agentId, 0, end) : undefined
  return async function* () {
    if (kept !== undefined) return yield* kept
    for (let from = 0; from < end; ) {
      const chunks = await run.output(agentId, from, Math.min(readBytes, end - from))
      if (chunks.length === 0) return
      yield* chunks
      for (const { bytes } of chunks) from += bytes.length
    }
  }
}

/** Milliseconds since the epoch as text. */
function iso(at: number): string
function iso(at: number | undefined): string | null
function iso(at: number | undefined): string | null {
  return at === undefined ? null : new Date(at).toISOString()
}
