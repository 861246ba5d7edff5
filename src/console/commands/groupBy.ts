import * as vscode from 'vscode'
import type { EnvironmentList } from '../declarations/environmentList.ts'
import { changeSetting } from '../declarations/settings.ts'
import type { Connections } from '../environments/connections.ts'
import { pickFact } from '../send/pickFact.ts'

/** "Group Agents By…": the facts of the agents; those that make useful groups come first. */
export function groupBy(list: EnvironmentList, connections: Connections) {
  return async () => {
    const all = (await list.all()).flatMap(({ key }) => {
      const state = connections.state(key)
      return state.kind === 'open' ? state.master.inventory.agents() : []
    })
    const fact = await pickFact(all, vscode.l10n.t('Group Agents By'), vscode.l10n.t('No groups'))
    if (fact !== undefined) await changeSetting('groupBy', fact)
  }
}
