import { foldHosts } from '../hosts/hostFolding.ts'
import { stateNames } from '../protocol/verdict.ts'
import { actionName } from '../run/actionText.ts'
import type { RunState } from '../run/runState.ts'
import { chosenIn, describeTargets } from '../run/targetText.ts'
import { printable } from '../terminal/printable.ts'
import { localize } from '../text/localizable.ts'
import { oneLine } from '../text/oneLine.ts'
import type { Translate } from '../text/translate.ts'
import {
  type Change,
  type ComparedAgent,
  type ComparedVerdict,
  changes,
  type RunComparison,
} from './runComparison.ts'

/** Values that a line names, and characters of each; the diff has all. */
const maxValues = 6
const maxCharacters = 40

/** A comparison as text, and of which agent each line of its table is. */
export interface ComparisonText {
  readonly text: string
  /** Lines, from 0, that stand for agents whose outputs differ, with one of these agents. */
  readonly differing: readonly { readonly line: number; readonly agentId: string }[]
}

/** "3 fixed, 1 still failing, 2 newly failed": the agents by what has become of them. */
export function summarizeComparison({ agents }: RunComparison, t: Translate): string {
  const counts = new Map<Change, number>()
  for (const { change } of agents) counts.set(change, (counts.get(change) ?? 0) + 1)
  const order: readonly Change[] = ['fixed', ...changes.filter((change) => change !== 'fixed')]
  return order
    .flatMap((change) => {
      const count = counts.get(change)
      return count === undefined ? [] : [words(change, count, t)]
    })
    .join(', ')
}

/** The summary, both runs, and a line for all agents that changed in the same way, their names folded. */
export function printComparison(
  comparison: RunComparison,
  then: RunState,
  now: RunState,
  t: Translate,
): ComparisonText {
  const lines = [
    summarizeComparison(comparison, t) || t('No agents'),
    '',
    `${t('then')}  ${describeRun(then, t)}`,
    `${t('now')}   ${describeRun(now, t)}`,
    '',
  ]
  const rows = sameLines(comparison.agents).map((agents) => ({ agents, cells: cellsOf(agents, t) }))
  const heads = [t('AGENTS'), t('THEN'), t('NOW'), t('OUTPUT'), t('VALUES')]
  const widths = heads.map((head, at) =>
    Math.max(head.length, ...rows.map(({ cells }) => cells[at]?.length ?? 0)),
  )
  const print = (cells: readonly string[]) =>
    cells
      .map((cell, at) => (at === cells.length - 1 ? cell : cell.padEnd(widths[at] ?? 0)))
      .join('  ')
      .trimEnd()
  const differing: { line: number; agentId: string }[] = []
  lines.push(print(heads))
  for (const { agents, cells } of rows) {
    const first = agents[0] as ComparedAgent
    if (first.output === 'changed') differing.push({ line: lines.length, agentId: first.agentId })
    lines.push(print(cells))
  }
  const { gone } = comparison
  if (gone.length > 0)
    lines.push(
      '',
      t(
        'Not in this run ({0}): {1}',
        gone.length,
        printable(foldHosts(gone.map(({ hostname }) => hostname))),
      ),
    )
  return { text: `${lines.join('\n')}\n`, differing }
}

function describeRun(state: RunState, t: Translate): string {
  const targets = printable(describeTargets(state.request.filter, chosenIn(state), t))
  const time = new Date(state.startedAt).toISOString()
  return `${time}  ${state.environment}: ${targets}  ${printable(oneLine(actionName(state.request.action)))}  (${state.runId})`
}

/** Agents that share a line: what happened to them reads the same. */
function sameLines(agents: readonly ComparedAgent[]): ComparedAgent[][] {
  const lines = new Map<string, ComparedAgent[]>()
  for (const agent of agents) {
    const { change, before, after, output, values } = agent
    const key = JSON.stringify([change, before, after, output, values])
    const line = lines.get(key)
    if (line === undefined) lines.set(key, [agent])
    else line.push(agent)
  }
  return [...lines.values()]
}

function cellsOf(agents: readonly ComparedAgent[], t: Translate): string[] {
  const { before, after, output, values } = agents[0] as ComparedAgent
  const hosts = printable(foldHosts(agents.map(({ hostname }) => hostname)))
  return [
    agents.length === 1 ? hosts : `${oneLine(hosts, 60)} (${agents.length})`,
    before === undefined ? '–' : describeVerdict(before, t),
    describeVerdict(after, t),
    output === 'unknown' ? '–' : output === 'same' ? t('same') : t('changed'),
    describeValues(values ?? [], t),
  ]
}

function describeVerdict({ state, detail }: ComparedVerdict, t: Translate): string {
  const name = localize(stateNames[state], t)
  return detail === undefined || detail === '' ? name : `${name}, ${oneLine(printable(detail), 60)}`
}

function describeValues(values: NonNullable<ComparedAgent['values']>, t: Translate): string {
  const short = (text: string) => oneLine(printable(text), maxCharacters) || '–'
  const shown = values.slice(0, maxValues).map((value) => {
    if (value.kind === 'row') return `${value.is === 'new' ? '+' : '−'} ${short(value.name)}`
    const change = `${short(value.before)} → ${short(value.after)}`
    return value.name === '' ? change : `${short(value.name)}: ${change}`
  })
  const more = values.length - shown.length
  return [...shown, ...(more > 0 ? [t('{0} more', more)] : [])].join('; ')
}

function words(change: Change, count: number, t: Translate): string {
  switch (change) {
    case 'fixed':
      return t('{0} fixed', count)
    case 'still-failing':
      return t('{0} still failing', count)
    case 'newly-failed':
      return t('{0} newly failed', count)
    case 'open':
      return t('{0} not finished', count)
    case 'added':
      return t('{0} not in the run before', count)
    case 'changed':
      return t('{0} changed', count)
    case 'same':
      return t('{0} the same', count)
  }
}
