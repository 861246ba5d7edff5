import type { PageState } from '../src/page/fromPage.ts'
import type { AgentRow } from '../src/page/toPage.ts'
import type { AgentState } from '../src/protocol/verdict.ts'
import { stateOrder } from './verdictWords.ts'

export type Sort = NonNullable<PageState['sort']>

/** @param rows by host; the array may be changed */
export function sortRows(rows: AgentRow[], { by, down }: Sort): AgentRow[] {
  if (by === 'host') return down ? rows.reverse() : rows
  if (by === 'state') return byState(rows, down)
  const value = sortValues[by]
  // Unknown values are last in both directions.
  const unknown = down ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY
  const values = new Map(rows.map((row) => [row, value(row) ?? unknown]))
  const sign = down ? -1 : 1
  return rows.sort((a, b) => sign * ((values.get(a) ?? 0) - (values.get(b) ?? 0) || 0))
}

/** In linear time: this is the order while thousands of replies arrive. */
function byState(rows: readonly AgentRow[], down: boolean): AgentRow[] {
  const order = down ? stateOrder.toReversed() : stateOrder
  const parts = new Map<AgentState, AgentRow[]>(order.map((state) => [state, []]))
  for (const row of rows) parts.get(row.state)?.push(row)
  return [...parts.values()].flat()
}

const sortValues: Record<Exclude<Sort['by'], 'host' | 'state'>, (row: AgentRow) => number | undefined> = {
  exit: ({ exitCode, signal }) => exitCode ?? (signal === undefined ? undefined : 256),
  step: ({ step }) => step,
  waited: ({ totalMs, durationMs }) => totalMs && totalMs - (durationMs ?? 0),
  duration: ({ durationMs }) => durationMs,
  total: ({ totalMs }) => totalMs,
  bytes: ({ bytes }) => bytes,
}
