import * as vscode from 'vscode'
import type { Environment } from '../../queues/environment.ts'

/** Asks for the code of an MFA device, but only while the user waits for something that they have started. */
export async function askMfaCode(
  environment: Environment,
  serial: string,
  isUserAct: boolean,
): Promise<string> {
  const profile = environment.profile ?? 'default'
  if (!isUserAct) {
    throw new Error(
      vscode.l10n.t(
        'The profile {0} requires an MFA code. Refresh the environment {1} to enter it.',
        profile,
        environment.name,
      ),
    )
  }
  const code = await vscode.window.showInputBox({
    title: vscode.l10n.t('MFA code for the profile {0}', profile),
    prompt: vscode.l10n.t('Code from the device {0}', serial),
    ignoreFocusOut: true,
    validateInput: (text) => (/^\d{6,8}$/.test(text.trim()) ? undefined : vscode.l10n.t('Enter six digits')),
  })
  if (code === undefined) throw new MfaDeclined(profile)
  return code.trim()
}

/** The user closed the question: this is not an error. */
export class MfaDeclined extends Error {
  override readonly name = 'MfaDeclined'

  constructor(profile: string) {
    super(vscode.l10n.t('No MFA code was entered for the profile {0}.', profile))
  }
}
