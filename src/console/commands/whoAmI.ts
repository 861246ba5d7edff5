import * as vscode from 'vscode'
import type { DeclaredEnvironment } from '../../declarations/declaredEnvironment.ts'
import { about } from '../command.ts'
import type { Credentials } from '../profile/credentials.ts'
import type { Profiles } from '../profile/profiles.ts'
import { plainText } from '../text/plainText.ts'

/** "Who Am I?": the AWS identity with which requests for an environment are signed. */
export function whoAmI(
  profiles: Profiles,
  credentials: Credentials,
  ask: (clicked: unknown, title: string) => Promise<DeclaredEnvironment | undefined>,
) {
  return async (clicked?: unknown) => {
    const declared = await ask(clicked, vscode.l10n.t('Who Am I?'))
    if (declared === undefined) return undefined
    return about(declared, async () => {
      const { callerIdentity } = await import('../../queues/callerIdentity.ts')
      const environment = await credentials.connectionOf(declared, () => true)
      const { arn, account, userId } = await callerIdentity(environment)
      const copy = vscode.l10n.t('Copy ARN')
      const profile = profiles.nameFor(environment)
      const sentence =
        profile === undefined
          ? vscode.l10n.t(
              'In environment {0} you are {1} (account {2}, SenderId {3}).',
              environment.name,
              arn,
              account,
              userId,
            )
          : vscode.l10n.t(
              'In environment {0}, profile {4}, you are {1} (account {2}, SenderId {3}).',
              environment.name,
              arn,
              account,
              userId,
              profile,
            )
      void vscode.window.showInformationMessage(plainText(sentence), copy).then((chosen) => {
        if (chosen === copy) return vscode.env.clipboard.writeText(arn)
        return undefined
      })
      return arn
    })
  }
}
