import { isInstanceId } from '../src/hosts/loginCommands.ts'
import type { MenuContext } from '../src/page/menuContext.ts'
import type { Selected } from './selected.ts'

/** What the editor's menu on a row acts on. Cut, copy and paste mean nothing there. */
export function rowMenu(row: 'agent' | 'table', agentId: string): MenuContext {
  return { ec2Row: row, ...agent(agentId), preventDefaultContextMenuItems: true }
}

export function groupMenu(group: number): MenuContext {
  return { ec2Row: 'group', ec2Group: group, preventDefaultContextMenuItems: true }
}

/** Selected text is copied there, so the editor's own entries stay. */
export function outputMenu(of: Selected): MenuContext {
  return { ec2Row: 'output', ...('agent' in of ? agent(of.agent) : { ec2Group: of.group }) }
}

/** For `setAttributes`. */
export function menuAttribute(context: MenuContext | undefined) {
  return { 'data-vscode-context': context && JSON.stringify(context) }
}

function agent(agentId: string): MenuContext {
  return { ec2Agent: agentId, ec2IsInstance: isInstanceId(agentId) }
}
