import * as vscode from 'vscode'
import {
  type DeclaredEnvironment,
  describeOrigin,
  findEnvironment,
} from '../../declarations/declaredEnvironment.ts'
import type { EnvironmentList } from '../declarations/environmentList.ts'
import { environmentIcon } from '../environments/environmentIcon.ts'
import { plainText } from '../text/plainText.ts'
import { chosenNodes } from './chosenNodes.ts'

/**
 * The environment that a command is about: that of the clicked row, the one whose key or name was passed, the only one
 * there is, or the one that the user picks.
 * @returns undefined when the user cancelled
 */
export async function askEnvironment(
  list: EnvironmentList,
  clicked: unknown,
  title: string,
): Promise<DeclaredEnvironment | undefined> {
  const [node] = chosenNodes(clicked, undefined) ?? []
  if (node !== undefined) return node.declared
  const all = await list.all()
  if (typeof clicked === 'string') {
    const found = findEnvironment(all, clicked, vscode.l10n.t)
    if (found.kind === 'found') return found.environment
  }
  const [only] = all
  if (only === undefined) {
    throw new Error(
      vscode.l10n.t('No environment yet. Add one, or start the local fleet to try EC2 Collective.'),
    )
  }
  if (all.length === 1) return only
  const items = all.map((declared) => ({
    label: declared.environment.name,
    description: plainText(describeOrigin(declared.origin, vscode.l10n.t) ?? declared.environment.region),
    iconPath: environmentIcon(declared.environment),
    declared,
  }))
  return (await vscode.window.showQuickPick(items, { title, placeHolder: vscode.l10n.t('Environment') }))
    ?.declared
}
