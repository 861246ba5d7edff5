import * as vscode from 'vscode'
import type { DeclaredEnvironment } from '../../declarations/declaredEnvironment.ts'
import type { FilterSets } from '../../protocol/filter/filterSets.ts'
import { everyone, type WrittenFilter } from '../../protocol/filter/writtenFilter.ts'
import { describeChosen } from '../../run/targetText.ts'
import type { Connections } from '../environments/connections.ts'
import { plainText } from '../text/plainText.ts'
import { changedOptions, type Drafts, optionsBase, withKeptOptions } from './drafts.ts'
import { type PickedCommand, pickCommand } from './pickCommand.ts'
import { pickEnvironment } from './pickEnvironment.ts'
import { pickFilter } from './pickFilter.ts'
import type { Documents } from './question.ts'
import { reviewPlan } from './review.ts'
import type { Draft, RunPlan } from './runPlan.ts'
import type { FoundSnippet } from './snippets.ts'
import type { Place, StepEnd } from './step.ts'

/** The choices of the flow. */
export interface FlowContext {
  readonly connections: Connections
  readonly drafts: Drafts
  readonly documents: Documents
  readonly environments: readonly DeclaredEnvironment[]
  readonly recentFilters: readonly string[]
  readonly recentCommands: readonly string[]
  readonly snippets: readonly FoundSnippet[]
  readonly sets: FilterSets
  /** Asks for the inputs of a snippet. */
  readonly stepOfSnippet: (snippet: FoundSnippet) => Promise<StepEnd<Draft>>
  /** Default if neither the draft nor the environment has a timeout, milliseconds. */
  readonly defaultTimeoutMs: number
}

/**
 * Asks box by box for what is missing in `start`; the last box is the review. Every box has a Back button.
 * @returns undefined when the user cancelled, or the signal closed the boxes
 */
export async function askForPlan(
  world: FlowContext,
  start: Draft,
  title: string,
  { review, signal }: { readonly review: boolean; readonly signal: AbortSignal },
): Promise<RunPlan | undefined> {
  const open = (['environment', 'filter', 'action'] as const).filter((part) => start[part] === undefined)
  const totalSteps = open.length + (review ? 1 : 0)
  const drafts: Draft[] = [start]
  for (let index = 0; index < totalSteps; ) {
    if (signal.aborted) return undefined
    const draft = drafts[index] ?? start
    const place = { title, step: index + 1, totalSteps, signal }
    const part = open[index]
    if (part === undefined) {
      const end = await reviewKept(world, toPlan(world, draft), place)
      if (end.kind === 'done') return end.value
      if (end.kind === 'given-up' || index === 0) return undefined
      index -= 1
      continue
    }
    const end = await askForPart(world, part, draft, place)
    if (end.kind === 'given-up') return undefined
    if (end.kind === 'back') {
      index = Math.max(0, index - 1)
      continue
    }
    drafts[index + 1] = { ...draft, ...end.value }
    index += 1
  }
  return toPlan(world, drafts[totalSteps] ?? start)
}

/** The review, with the options that were changed in it before it was closed. */
function reviewKept(world: FlowContext, plan: RunPlan, place: Place): Promise<StepEnd<RunPlan>> {
  const { drafts } = world
  const { key } = plan.environment
  const of = optionsBase(plan.request)
  const kept = { ...plan, request: withKeptOptions(plan.request, drafts.of(key)) }
  return reviewPlan(world.connections, world.documents, kept, place, (request) =>
    drafts.note(key, { options: { of, changed: changedOptions(request) } }),
  )
}

async function askForPart(
  world: FlowContext,
  part: 'environment' | 'filter' | 'action',
  draft: Draft,
  place: Place,
): Promise<StepEnd<Draft>> {
  if (part === 'environment') {
    return map(await pickEnvironment(world.environments, place), (environment) => ({ environment }))
  }
  const environment = known(draft.environment)
  const { drafts } = world
  const title = `${place.title} · ${environment.environment.name}`
  if (part === 'filter') {
    const { recentFilters: recent, sets } = world
    const text = drafts.of(environment.key).targets ?? ''
    const onText = (targets: string) => drafts.note(environment.key, { targets })
    const end = await pickFilter(world.connections, environment, {
      ...place,
      title,
      ...{ recent, sets, value: text },
      onText,
    })
    // A list stays as it was typed: its names are looked up again. Of anything else the box gets what it meant.
    if (end.kind === 'done' && end.value.targets === undefined) onText(keptText(end.value.filter))
    return end
  }
  const { recentCommands: recent, snippets } = world
  for (;;) {
    const picked = await pickCommand({
      ...place,
      title: `${title} · ${plainText(targetsOf(world, environment, draft))}`,
      ...{ recent, snippets, value: drafts.of(environment.key).command ?? '' },
      onText: (command) => drafts.note(environment.key, { command }),
    })
    if (picked.kind !== 'done') return picked
    const end = await draftOf(world, picked.value)
    // Back from the first input of a snippet is to the command.
    if (end.kind !== 'back') return end
  }
}

/** Every agent has to be chosen each time: no box has it filled in. */
function keptText({ parsed, text }: WrittenFilter): string {
  return parsed.kind === 'everyone' ? '' : text
}

/** Agents that were chosen by hand are named: `*` would say that it is for every agent. */
function targetsOf({ connections }: FlowContext, { key }: DeclaredEnvironment, draft: Draft): string {
  const { filter = everyone, targets } = draft
  if (targets === undefined) return filter.text
  const hosts = connections.reach(key, { filter, targets })?.named.map(({ hostname }) => hostname)
  const chosen = { count: targets.length, ...(hosts !== undefined && { hosts }) }
  const who = describeChosen(chosen, vscode.l10n.t)
  return filter.parsed.kind === 'everyone' ? who : `${who} · ${filter.text}`
}

async function draftOf(world: FlowContext, picked: PickedCommand): Promise<StepEnd<Draft>> {
  if (picked.kind === 'shell') return { kind: 'done', value: { action: picked } }
  return map(await world.stepOfSnippet(picked.snippet), (draft) => {
    // The targets were already chosen in this flow: a snippet picked here adds only its action.
    const { environment: _, filter: __, targets: ___, ...what } = draft
    return what
  })
}

function toPlan(world: FlowContext, draft: Draft): RunPlan {
  const { environment: where, rollout: wanted, timeoutMs, notFound, snippet, ...more } = draft
  const environment = known(where)
  const [filter, action] = [known(draft.filter), known(draft.action)]
  const { defaults } = environment
  const rollout = action.kind === 'ping' || action.kind === 'facts' ? undefined : (wanted ?? defaults.rollout)
  return {
    environment,
    ...(notFound !== undefined && { notFound }),
    ...(snippet !== undefined && { snippet }),
    request: {
      ...more,
      ...{ filter, action, timeoutMs: timeoutMs ?? defaults.timeoutMs ?? world.defaultTimeoutMs },
      ...(rollout !== undefined && { rollout }),
    },
  }
}

function map<A, B>(end: StepEnd<A>, change: (value: A) => B): StepEnd<B> {
  return end.kind === 'done' ? { kind: 'done', value: change(end.value) } : end
}

function known<T>(value: T | undefined): T {
  if (value === undefined)
    throw new Error(vscode.l10n.t('The run is not complete: command or targets are missing.'))
  return value
}
