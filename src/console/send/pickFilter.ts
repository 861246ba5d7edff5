import * as vscode from 'vscode'
import type { DeclaredEnvironment } from '../../declarations/declaredEnvironment.ts'
import { unknownFleet } from '../../master/fleet/fleetSnapshot.ts'
import { reachOf } from '../../master/fleet/reach.ts'
import type { FilterSets } from '../../protocol/filter/filterSets.ts'
import { everyone } from '../../protocol/filter/writtenFilter.ts'
import type { Connections } from '../environments/connections.ts'
import type { ChosenTargets } from '../targets/agentOffers.ts'
import { FactSampler } from '../targets/factSample.ts'
import { type FilterChoice, type FilterContext, filterChoices } from '../targets/filterChoices.ts'
import { messageOf } from '../text/messageOf.ts'
import { plainText } from '../text/plainText.ts'
import { type PickResult, type Place, type StepEnd, showPickStep } from './step.ts'
import { showWhyNotMatched } from './whyNotMatched.ts'

interface FilterItem extends vscode.QuickPickItem {
  readonly choice?: FilterChoice
}

/** Asks for targets: a filter, with completion from the facts of the known agents, or names of agents. Shows which match. */
export function pickFilter(
  connections: Connections,
  declared: DeclaredEnvironment,
  options: Place & {
    readonly value?: string
    readonly recent: readonly string[]
    readonly sets: FilterSets
    readonly onText?: (text: string) => void
  },
): Promise<StepEnd<ChosenTargets>> {
  const { recent, sets, ...place } = options
  const { signal = new AbortController().signal } = place
  const watch = connections.watch(declared)
  const sampler = new FactSampler(Date.now)
  let world = { ...readWorld(connections, declared, sampler), recent, sets }
  const take = (choice: FilterChoice | undefined): PickResult<ChosenTargets> => {
    switch (choice?.kind) {
      case 'use':
      case 'offer':
      case 'meant':
      case 'recent':
      case 'everyone':
        return { kind: 'done', value: choice.chosen }
      case 'later': {
        const { chosen } = choice
        const isThere = () => reachOf(world.fleet, chosen).agents.length > 0
        return { kind: 'wait', until: () => (isThere() ? chosen : undefined) }
      }
      case 'why': {
        const { filter } = choice
        return { kind: 'aside', show: () => showWhyNotMatched(filter, world.fleet, signal) }
      }
      case 'complete':
      case 'retype':
        return { kind: 'text', text: choice.text }
      default:
        return { kind: 'stay' }
    }
  }
  return showPickStep<FilterItem, ChosenTargets>({
    ...place,
    placeholder: vscode.l10n.t('Targets: a filter such as role=web, host names, or a list of them'),
    itemsFor: (text) => toItems(filterChoices(text, world, vscode.l10n.t), world.look === 'looking'),
    take: ({ choice }) => take(choice),
    isBusy: () => world.look === 'looking',
    onDidChange: (refresh) => {
      const listener = connections.onDidChange(({ key }) => {
        if (key !== declared.key) return
        world = { ...readWorld(connections, declared, sampler), recent, sets }
        refresh()
      })
      return vscode.Disposable.from(listener, watch)
    },
  })
}

function readWorld(
  connections: Connections,
  declared: DeclaredEnvironment,
  sampler: FactSampler,
): Omit<FilterContext, 'recent' | 'sets'> {
  const state = connections.state(declared.key)
  const fleet = state.kind === 'open' ? state.master.inventory.snapshot() : unknownFleet
  const sample = sampler.sampleOf(reachOf(fleet, { filter: everyone }).agents)
  return { fleet, look: lookOf(connections, declared), ...sample }
}

function lookOf(connections: Connections, declared: DeclaredEnvironment): FilterContext['look'] {
  const state = connections.state(declared.key)
  if (state.kind === 'failed') return { failed: messageOf(state.error) }
  if (state.kind !== 'open') return 'looking'
  if (state.trouble !== undefined) return { failed: messageOf(state.trouble) }
  return state.heard ? 'known' : 'looking'
}

function toItems(choices: readonly FilterChoice[], isLooking: boolean): FilterItem[] {
  const items = choices.map((choice) => {
    const detail = plainText(choice.detail)
    return {
      label: `$(${iconOf(choice)}) ${plainText(choice.label)}`,
      ...(choice.kind === 'complete' ? { description: detail } : detail !== '' && { detail }),
      choice,
    }
  })
  const looking = `$(sync~spin) ${vscode.l10n.t('Looking for agents… Escape cancels.')}`
  // Below what Enter takes.
  return isLooking ? [...items.slice(0, 1), { label: looking }, ...items.slice(1)] : items
}

/** No tick where nothing would run. */
function iconOf(choice: FilterChoice): string {
  switch (choice.kind) {
    case 'use':
      return 'check'
    case 'offer':
      return choice.chosen.targets === undefined ? 'server' : 'checklist'
    case 'meant':
      return 'lightbulb'
    case 'later':
      return 'clock'
    case 'nobody':
      return 'circle-slash'
    case 'wrong':
      return 'error'
    case 'note':
      return 'warning'
    case 'why':
      return 'question'
    case 'everyone':
      return 'globe'
    case 'recent':
    case 'retype':
      return 'history'
    case 'complete':
      return {
        path: 'symbol-field',
        class: 'symbol-class',
        operator: 'symbol-operator',
        value: 'symbol-constant',
        keyword: 'symbol-keyword',
        set: 'symbol-array',
      }[choice.suggestion.kind]
  }
}
