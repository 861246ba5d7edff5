import type { Connections } from '../environments/connections.ts'
import type { EnvironmentList } from '../environments/environmentList.ts'
import type { EnvironmentsView } from '../environments/environmentsView.ts'
import { about } from './command.ts'

/** "Refresh": asks anew who is there, in the environments that are in use. */
export function refreshEnvironments(view: EnvironmentsView, connections: Connections, list: EnvironmentList) {
  return async () => {
    view.refresh()
    const open = (await list.all()).filter(({ key }) => connections.state(key).kind !== 'closed')
    await Promise.all(open.map((declared) => about(declared, () => connections.refresh(declared))))
  }
}
