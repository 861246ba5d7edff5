import * as vscode from 'vscode'
import { type DeclaredEnvironment, isOfWorkspace } from '../../declarations/declaredEnvironment.ts'
import { declarationOf } from '../../declarations/environmentDeclaration.ts'
import { isMap } from '../../declarations/isMap.ts'
import { mergedEnvironments } from '../../declarations/settings.ts'
import { inspectSetting, writeSetting } from '../declarations/settings.ts'

/**
 * Makes a key the one that signs in an environment. That of a workspace becomes one of the user's settings first, once they
 * agree: from then on the workspace cannot change what is signed for.
 * @param reference as `readKeyReference` reads it
 * @returns a sentence that says where it is; undefined when the user does not want it
 */
export async function saveKey(declared: DeclaredEnvironment, reference: string): Promise<string | undefined> {
  const { environment, origin } = declared
  const { name } = environment
  const { Global } = vscode.ConfigurationTarget
  if (origin.kind === 'local-fleet') {
    await writeSetting('signingKey', reference, Global)
    return vscode.l10n.t('It signs in all environments of your user settings, and in the local fleet.')
  }
  if (isOfWorkspace(origin) && !(await mayCopy(name))) return undefined
  const { current, old } = inspectSetting('environments').user
  const all = mergedEnvironments(current, old) ?? {}
  const own = isOfWorkspace(origin) ? declarationOf(declared) : all[name]
  const changed = { ...(isMap(own) ? own : declarationOf(declared)), signingKey: reference }
  await writeSetting('environments', { ...all, [name]: changed }, Global)
  return isOfWorkspace(origin)
    ? vscode.l10n.t('Your user settings now define {0}, with this key.', name)
    : vscode.l10n.t('It signs in {0}, as your user settings say.', name)
}

async function mayCopy(name: string): Promise<boolean> {
  const copy = vscode.l10n.t('Copy to User Settings')
  const answer = await vscode.window.showWarningMessage(
    vscode.l10n.t('Copy the definition of {0} to your user settings?', name),
    {
      modal: true,
      detail: vscode.l10n.t(
        'The workspace defines this environment. A key signs only in environments of your own settings, so that no workspace can change what you sign for. If the workspace defines it differently later, you are told.',
      ),
    },
    copy,
  )
  return answer === copy
}
