import { about } from '../command.ts'
import type { EnvironmentList } from '../declarations/environmentList.ts'
import type { Connections } from '../environments/connections.ts'
import type { EnvironmentsView } from '../environments/environmentsView.ts'

/** "Refresh": looks for agents again, in all open environments. */
export function refreshEnvironments(view: EnvironmentsView, connections: Connections, list: EnvironmentList) {
  return async () => {
    view.refresh()
    const open = (await list.all()).filter(({ key }) => connections.state(key).kind !== 'closed')
    await Promise.all(open.map((declared) => about(declared, () => connections.refresh(declared))))
  }
}
