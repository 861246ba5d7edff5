import * as vscode from 'vscode'
import type { DeclaredEnvironment } from '../../declarations/declaredEnvironment.ts'
import { unknownFleet } from '../../master/fleet/fleetSnapshot.ts'
import { reachOf } from '../../master/fleet/reach.ts'
import { everyone, type WrittenFilter } from '../../protocol/filter/writtenFilter.ts'
import type { Connections } from '../environments/connections.ts'
import { plainText } from '../text/plainText.ts'
import { FactSampler } from './factSample.ts'
import { type FilterChoice, type FilterContext, filterChoices } from './filterChoices.ts'
import { type PickResult, type Place, type StepEnd, showPickStep } from './step.ts'

interface FilterItem extends vscode.QuickPickItem {
  readonly choice?: FilterChoice
}

/** Asks for a filter, with completion from the facts of the known agents, and shows which agents match. */
export function pickFilter(
  connections: Connections,
  declared: DeclaredEnvironment,
  options: Place & { readonly value?: string; readonly recent: readonly string[] },
): Promise<StepEnd<WrittenFilter>> {
  const { recent, ...place } = options
  const watch = connections.watch(declared)
  const sampler = new FactSampler(Date.now)
  let world = readWorld(connections, declared, recent, sampler)
  return showPickStep<FilterItem, WrittenFilter>({
    ...place,
    placeholder: vscode.l10n.t('Targets: a filter such as role=web and os.family=Debian'),
    itemsFor: (text) =>
      toItems(filterChoices(text, world, vscode.l10n.t), connections.state(declared.key).kind === 'open'),
    take: ({ choice }) => takeChoice(choice),
    isBusy: () => !hasHeard(connections, declared),
    onDidChange: (refresh) => {
      const listener = connections.onDidChange(({ key }) => {
        if (key !== declared.key) return
        world = readWorld(connections, declared, recent, sampler)
        refresh()
      })
      return vscode.Disposable.from(listener, watch)
    },
  })
}

function takeChoice(choice: FilterChoice | undefined): PickResult<WrittenFilter> {
  switch (choice?.kind) {
    case 'use':
    case 'recent':
      return { kind: 'done', value: choice.filter }
    case 'everyone':
      return { kind: 'done', value: everyone }
    case 'complete':
      return { kind: 'text', text: choice.text }
    default:
      return { kind: 'stay' }
  }
}

function readWorld(
  connections: Connections,
  declared: DeclaredEnvironment,
  recent: readonly string[],
  sampler: FactSampler,
): FilterContext {
  const state = connections.state(declared.key)
  const fleet = state.kind === 'open' ? state.master.inventory.snapshot() : unknownFleet
  return { fleet, ...sampler.sampleOf(reachOf(fleet, { filter: everyone }).agents), recent }
}

function hasHeard(connections: Connections, declared: DeclaredEnvironment): boolean {
  const state = connections.state(declared.key)
  return state.kind === 'failed' || (state.kind === 'open' && (state.heard || state.trouble !== undefined))
}

function toItems(choices: readonly FilterChoice[], isOpen: boolean): FilterItem[] {
  const items = choices.map((choice) => {
    const detail = plainText(choice.detail)
    return {
      label: `$(${iconOf(choice)}) ${plainText(choice.label)}`,
      ...(choice.kind === 'complete' ? { description: detail } : { detail }),
      choice,
    }
  })
  return isOpen ? items : [{ label: `$(sync~spin) ${vscode.l10n.t('Looking for agents…')}` }, ...items]
}

function iconOf(choice: FilterChoice): string {
  switch (choice.kind) {
    case 'use':
      return 'check'
    case 'wrong':
      return 'error'
    case 'everyone':
      return 'globe'
    case 'recent':
      return 'history'
    case 'complete':
      return {
        path: 'symbol-field',
        class: 'symbol-class',
        operator: 'symbol-operator',
        value: 'symbol-constant',
        keyword: 'symbol-keyword',
      }[choice.suggestion.kind]
  }
}
