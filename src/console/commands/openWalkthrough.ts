import * as vscode from 'vscode'
import type { LocalFleetControl } from '../localFleet/localFleetControl.ts'

/** "Get Started": the walkthrough, with its first step ticked where the local fleet runs already. */
export function openWalkthrough(extensionId: string, localFleet: LocalFleetControl) {
  return async () => {
    const { executeCommand } = vscode.commands
    await executeCommand('workbench.action.openWalkthrough', `${extensionId}#start`, false)
    await localFleet.look()
    // VS Code ticks a step when its condition turns true, and never if it was so when the walkthrough was first read.
    await executeCommand('setContext', 'ec2-collective.walkthroughIsOpen', true)
  }
}
