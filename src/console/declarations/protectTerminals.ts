import * as v from 'valibot'
import * as vscode from 'vscode'
import type { Declarations } from '../../declarations/declaredEnvironments.ts'
import { EnvironmentName } from '../../protocol/names.ts'

const variable = 'EC2_COLLECTIVE_PROTECTED'

/**
 * Tells `ec2-cmaster` in the terminals of this workspace which environments are protected: it reads workspace files, but no
 * settings. The names are appended to those that the user has in the variable. The editor remembers them, so that terminals
 * of a later window have them before anything is read.
 */
export function protectTerminals(
  terminals: vscode.EnvironmentVariableCollection,
  { protectedNames }: Pick<Declarations, 'protectedNames'>,
): void {
  const names = protectedNames.filter((name) => v.is(EnvironmentName, name)).sort()
  if (names.length === 0) {
    terminals.delete(variable)
    return
  }
  const value = `,${names.join(',')}`
  // A terminal is marked as outdated when its variables are set again.
  if (terminals.get(variable)?.value === value) return
  terminals.description = vscode.l10n.t('Names of protected environments, for ec2-cmaster')
  terminals.append(variable, value)
}
