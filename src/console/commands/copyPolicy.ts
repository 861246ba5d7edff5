import * as vscode from 'vscode'
import type { DeclaredEnvironment } from '../../declarations/declaredEnvironment.ts'
import type { PolicyRole } from '../../queues/iamPolicy.ts'
import type { Credentials } from '../profile/credentials.ts'
import { plainText } from '../text/plainText.ts'

type AskEnvironment = (clicked: unknown, title: string) => Promise<DeclaredEnvironment | undefined>

/** The account is part of every ARN; a policy without it is a little wider, and works. Milliseconds. */
const answersWithinMs = 3_000

/** "Copy IAM Policy for Agents" and "… for People": only the permissions that each needs, restricted to the environment's queues. */
export function copyPolicy(ask: AskEnvironment, credentials: Credentials, side: 'agents' | 'people') {
  return async (clicked?: unknown) => {
    const title =
      side === 'agents'
        ? vscode.l10n.t('Copy IAM Policy for Agents')
        : vscode.l10n.t('Copy IAM Policy for People')
    const declared = await ask(clicked, title)
    if (declared === undefined) return
    const { environment } = declared
    const role = side === 'agents' ? 'agent' : await askRole(title)
    if (role === undefined) return
    const { iamPolicy, statements } = await import('../../queues/iamPolicy.ts')
    const { account = environment.account, kmsKey } = await detailsOf(declared, credentials)
    // The key is used by sending and receiving messages only.
    const key = role === 'cleaner' || role === 'administrator' ? undefined : kmsKey
    await vscode.env.clipboard.writeText(iamPolicy(environment, statements(environment, role), account, key))
    const sentence = vscode.l10n.t('Copied the IAM policy for {0} to the clipboard.', environment.name)
    told(
      account === undefined
        ? `${sentence} ${vscode.l10n.t('Replace * with your account number: AWS did not return it.')}`
        : sentence,
    )
  }
}

async function askRole(title: string): Promise<PolicyRole | undefined> {
  const roles: readonly (vscode.QuickPickItem & { readonly role: PolicyRole })[] = [
    {
      role: 'master',
      label: vscode.l10n.t('Operators'),
      detail: vscode.l10n.t('See agents, send commands, read replies'),
    },
    {
      role: 'viewer',
      label: vscode.l10n.t('Viewers'),
      detail: vscode.l10n.t('See agents and their facts; send nothing'),
    },
    {
      role: 'administrator',
      label: vscode.l10n.t('Administrators'),
      detail: vscode.l10n.t('Create the queues and change their settings; send nothing'),
    },
    {
      role: 'cleaner',
      label: vscode.l10n.t('Cleaners'),
      detail: vscode.l10n.t('Delete abandoned reply queues without reading their messages'),
    },
  ]
  return (await vscode.window.showQuickPick(roles, { title }))?.role
}

/** What belongs in a policy and is to be had of AWS without a question to the user. */
export async function detailsOf(
  { environment, ...declared }: DeclaredEnvironment,
  credentials: Credentials,
): Promise<{ readonly account?: string; readonly kmsKey?: string }> {
  // An emulator has no accounts.
  if (environment.endpoint !== undefined) return {}
  try {
    const connection = await credentials.connectionOf({ environment, ...declared }, () => false)
    const [{ callerIdentity }, { createQueues }] = await Promise.all([
      import('../../queues/callerIdentity.ts'),
      import('../../queues/queues.ts'),
    ])
    const deadline = AbortSignal.timeout(answersWithinMs)
    const queues = createQueues(connection)
    const [identity, commands] = await Promise.allSettled([
      callerIdentity(connection, deadline),
      queues.attributes(environment.queues.commands, deadline),
    ])
    queues.close()
    const kmsKey = commands.status === 'fulfilled' ? commands.value.kmsKey : undefined
    return {
      ...(identity.status === 'fulfilled' && { account: identity.value.account }),
      ...(kmsKey !== undefined && { kmsKey }),
    }
  } catch {
    return {}
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
export function told(sentence: string): void {
  vscode.window.setStatusBarMessage(`$(check) ${plainText(sentence)}`, 5000)
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
