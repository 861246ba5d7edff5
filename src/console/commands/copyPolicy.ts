import * as vscode from 'vscode'
import type { DeclaredEnvironment } from '../../declarations/declaredEnvironment.ts'

type AskEnvironment = (clicked: unknown, title: string) => Promise<DeclaredEnvironment | undefined>

/** "Copy IAM Policy for Agents" and "… for Masters": only the permissions that each needs, restricted to the environment's queues. */
export function copyPolicy(ask: AskEnvironment, side: 'agent' | 'master') {
  return async (clicked?: unknown) => {
    const title =
      side === 'agent'
        ? vscode.l10n.t('Copy IAM Policy for Agents')
        : vscode.l10n.t('Copy IAM Policy for People')
    const declared = await ask(clicked, title)
    if (declared === undefined) return
    const { iamPolicy, statements } = await import('../../queues/iamPolicy.ts')
    const { environment } = declared
    await vscode.env.clipboard.writeText(iamPolicy(environment, statements(environment, side)))
    told(
      side === 'agent'
        ? vscode.l10n.t('Copied the IAM policy for agents of {0} to the clipboard.', environment.name)
        : vscode.l10n.t(
            'Copied the IAM policy for people who command {0} to the clipboard.',
            environment.name,
          ),
    )
  }
}

/** "Copy CloudFormation": queues, policies for both sides, and a role for the servers. */
export function copyCloudFormation(ask: AskEnvironment) {
  return async (clicked?: unknown) => {
    const declared = await ask(clicked, vscode.l10n.t('Copy CloudFormation'))
    if (declared === undefined) return
    const { cloudFormation } = await import('../../queues/cloudFormation.ts')
    await vscode.env.clipboard.writeText(cloudFormation(declared.environment))
    told(
      vscode.l10n.t(
        'Copied the CloudFormation template for {0} to the clipboard.',
        declared.environment.name,
      ),
    )
  }
}

/** Shows it briefly in the status bar: a notification would be too much for a copy. */
function told(sentence: string): void {
  vscode.window.setStatusBarMessage(`$(check) ${sentence}`, 5000)
}

/** For an AccessDenied: the one statement that allows what was refused. */
export function copyMissingPermission(ask: AskEnvironment) {
  return async (clicked?: unknown, action?: unknown, queue?: unknown) => {
    const declared = await ask(clicked, vscode.l10n.t('Copy Policy'))
    if (declared === undefined || typeof action !== 'string' || typeof queue !== 'string') return
    const { iamPolicy, missingPermission } = await import('../../queues/iamPolicy.ts')
    await vscode.env.clipboard.writeText(iamPolicy(declared.environment, [missingPermission(action, queue)]))
    told(vscode.l10n.t('Copied a policy that allows {0} on {1} to the clipboard.', action, queue))
  }
}
