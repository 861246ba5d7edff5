import { join } from 'node:path'
import type { RunEvent } from '../../run/runEvent.ts'
import { applyEvent } from '../../run/runReducer.ts'
import { type RunStart, type RunState, startRunState } from '../../run/runState.ts'
import { LocalizableError, say } from '../../text/localizable.ts'
import { linesOf } from './lines.ts'

/**
 * Version of `run.ndjson`, raised when an event is added that earlier versions must not ignore (docs/versions.md).
 * A version ignores events of kinds that it does not know.
 */
export const recordVersion = 1

export const eventsOf = (folder: string) => join(folder, 'run.ndjson')

export const outputOf = (folder: string) => join(folder, 'output.log')

/** Bytes of output that the events mention, by agent. */
export function bytesIn(state: RunState): (agentId: string) => number {
  return (agentId) => {
    const reply = state.replies.get(agentId)
    return reply === undefined ? 0 : reply.stdoutBytes + reply.stderrBytes
  }
}

/**
 * Reads a run from its events.
 * @returns also the position after the last whole line, bytes, and when the last event was, milliseconds since the epoch
 * @throws Error when the folder does not contain the run
 */
export async function readEvents(
  folder: string,
  runId: string,
): Promise<{ state: RunState; end: number; lastAt: number }> {
  const path = eventsOf(folder)
  let state: RunState | undefined
  let end = 0
  let lastAt = 0
  for await (const read of linesOf(path)) {
    end = read.end
    for (const line of read.lines) {
      if (state === undefined) {
        state = startRunState(startIn(line, path, runId))
        lastAt = state.startedAt
      } else lastAt = applyLine(state, line) ?? lastAt
    }
  }
  if (state === undefined) throw notTheRecord(path, runId)
  return { state, end, lastAt }
}

/**
 * Applies the events behind those that are in the state.
 * @param from position after the last of these, bytes
 */
export async function readFurther(
  path: string,
  state: RunState,
  from: number,
): Promise<{ events: RunEvent[]; end: number }> {
  const events: RunEvent[] = []
  let end = from
  for await (const read of linesOf(path, undefined, from)) {
    end = read.end
    for (const line of read.lines) {
      const event = parseLine(line)
      try {
        if (applyEvent(state, event as RunEvent)) events.push(event as RunEvent)
      } catch {
        // A damaged line: the events around it still count.
      }
    }
  }
  return { events, end }
}

/** The beginning of a run. */
export interface BegunRun {
  readonly start: RunStart
  /** Those that its command named. */
  readonly agents: readonly { readonly agentId: string; readonly hostname: string }[]
}

/**
 * Reads only the beginning of a run: its start, and the event after it.
 * @throws Error when the folder does not contain the run
 */
export async function readBeginning(folder: string, runId: string): Promise<BegunRun> {
  const path = eventsOf(folder)
  let start: RunStart | undefined
  for await (const { lines } of linesOf(path)) {
    for (const line of lines) {
      if (start === undefined) {
        start = startIn(line, path, runId)
        continue
      }
      const event = parseLine(line) as Partial<RunEvent> | undefined
      return { start, agents: event?.kind === 'agentsExpected' ? (event.agents ?? []) : [] }
    }
  }
  if (start === undefined) throw notTheRecord(path, runId)
  return { start, agents: [] }
}

function startIn(line: string, path: string, runId: string): RunStart {
  const head = parseLine(line) as { v?: unknown; start?: RunStart } | undefined
  if (typeof head?.v === 'number' && head.v > recordVersion)
    throw new LocalizableError(
      say(
        '{0} was written by a newer version of EC2 Collective (record {1}; this version reads {2}). Upgrade to open it.',
        path,
        head.v,
        recordVersion,
      ),
    )
  if (head?.v !== recordVersion || head.start?.runId !== runId) throw notTheRecord(path, runId)
  return head.start
}

function notTheRecord(path: string, runId: string): Error {
  return new LocalizableError(say('{0} is not the record of run {1}.', path, runId))
}

/** @returns when it happened, if the line says so */
function applyLine(state: RunState, line: string): number | undefined {
  try {
    const event = JSON.parse(line)
    applyEvent(state, event)
    return typeof event.at === 'number' ? event.at : undefined
  } catch {
    // A damaged line in the middle of the file: the events around it still count.
    return undefined
  }
}

function parseLine(line: string): unknown {
  try {
    return JSON.parse(line)
  } catch {
    return undefined
  }
}
