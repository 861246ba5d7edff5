import * as vscode from 'vscode'
import type { FromPage } from '../../page/fromPage.ts'
import { type MenuTarget, parseMenuContext } from '../../page/menuContext.ts'
import type { Results } from './results.ts'

/** What the entries of the context menus on the results page ask for, by the last part of their commands' IDs. */
const requests = {
  pageRunOther: ({ of }) => ({ type: 'run-other', on: subsetOf(of) }),
  pageRunAgain: ({ of }) => ({ type: 'run-again', on: subsetOf(of) }),
  pageRunOtherInTable: () => ({ type: 'run-other', on: { kind: 'table' } }),
  pageShowOnly: ({ of }) => ({ type: 'show-only', on: subsetOf(of) }),
  pageShowOnlyTable: () => ({ type: 'show-only', on: { kind: 'table' } }),
  pageOpenOutput: ({ of }) => ({ type: 'open-output', of }),
  pageCompareBefore: ({ of }) => ({ type: 'compare-before', ...('agent' in of && { agent: of.agent }) }),
  pageRunsOf: ({ of }) => ('agent' in of ? { type: 'runs-of', agent: of.agent } : undefined),
  pageOpenSsm: ({ of }) => ('agent' in of ? { type: 'log-in', agent: of.agent, by: 'ssm' } : undefined),
  pageOpenSsh: ({ of }) => ('agent' in of ? { type: 'log-in', agent: of.agent, by: 'ssh' } : undefined),
  pageCopyOutput: ({ of }) => ({ type: 'copy-output', of }),
  pageCopyHosts: ({ of }) => ({
    type: 'copy-hosts',
    of: 'group' in of ? of : { agents: [of.agent] },
    folded: false,
  }),
} as const satisfies Record<string, (target: MenuTarget) => FromPage | undefined>

/** The commands of the context menus: each is a request that the page itself could make, and is treated as one. */
export function pageMenus(results: Results): Record<string, (context: unknown) => void> {
  return Object.fromEntries(
    Object.entries(requests).map(([name, requestOf]) => [
      name,
      (context: unknown) => {
        const target = parseMenuContext(context)
        const request = target && requestOf(target)
        if (target !== undefined && request !== undefined && results.request(target.runId, request)) return
        throw new Error(vscode.l10n.t('Right-click an agent or a group on a results page.'))
      },
    ]),
  )
}

function subsetOf(of: MenuTarget['of']): Extract<FromPage, { type: 'run-other' }>['on'] {
  return 'group' in of ? { kind: 'group', group: of.group } : { kind: 'agents', agents: [of.agent] }
}
