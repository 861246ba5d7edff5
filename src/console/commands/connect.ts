import * as vscode from 'vscode'
import type { DeclaredEnvironment } from '../../declarations/declaredEnvironment.ts'
import { about } from '../command.ts'
import type { Connections } from '../environments/connections.ts'

/** "Connect": opens an environment and looks for its agents; asks first where the workspace chose how. */
export function connect(
  ask: (clicked: unknown, title: string) => Promise<DeclaredEnvironment | undefined>,
  connections: Connections,
) {
  return async (clicked?: unknown) => {
    const declared = await ask(clicked, vscode.l10n.t('Connect'))
    if (declared === undefined) return
    await about(declared, () => connections.refresh(declared))
  }
}
