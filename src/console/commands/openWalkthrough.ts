import * as vscode from 'vscode'
import type { LocalFleetControl } from '../localFleet/localFleetControl.ts'

/** "Get Started": the walkthrough. Its first step is completed if the local fleet is already running. */
export function openWalkthrough(extensionId: string, localFleet: LocalFleetControl) {
  return async () => {
    const { executeCommand } = vscode.commands
    await executeCommand('workbench.action.openWalkthrough', `${extensionId}#start`, false)
    await localFleet.look()
    // VS Code completes a step when its condition becomes true, but not if it was already true when the walkthrough was read.
    await executeCommand('setContext', 'ec2-collective.walkthroughIsOpen', true)
  }
}
