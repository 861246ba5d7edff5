import * as vscode from 'vscode'
import type { DeclaredEnvironment } from '../../declarations/declaredEnvironment.ts'
import { isAccountId } from '../../queues/accountId.ts'
import type { Side } from '../../queues/iamPolicy.ts'
import type { Credentials } from '../profile/credentials.ts'
import { detailsOf, told } from './copyPolicy.ts'

type AskEnvironment = (clicked: unknown, title: string) => Promise<DeclaredEnvironment | undefined>

/**
 * "Copy Queue Policy for Other Accounts…": what each of the three queues has to allow beside the IAM policies of those accounts.
 * The accounts are kept for the next of the three.
 */
export function copyQueuePolicy(ask: AskEnvironment, credentials: Credentials) {
  const last = new Map<string, Readonly<Record<Side, readonly string[]>>>()
  return async (clicked?: unknown) => {
    const title = vscode.l10n.t('Copy Queue Policy for Other Accounts')
    const declared = await ask(clicked, title)
    if (declared === undefined) return
    const { environment, key } = declared
    const before = last.get(key) ?? { agent: [], master: [] }
    const agent = await askAccounts(title, vscode.l10n.t('AWS accounts with agents'), before.agent, false)
    if (agent === undefined) return
    const prompt = vscode.l10n.t('AWS accounts with people who send commands')
    const master = await askAccounts(title, prompt, before.master, agent.length === 0)
    if (master === undefined) return
    last.set(key, { agent, master })
    const { commands, replies, facts } = environment.queues
    const placeHolder = vscode.l10n.t('Queue that the policy is for: each of the three needs its own')
    const queue = await vscode.window.showQuickPick([commands, replies, facts], { title, placeHolder })
    if (queue === undefined) return
    const { queuePolicy } = await import('../../queues/iamPolicy.ts')
    const owner = environment.account ?? (await detailsOf(declared, credentials)).account
    await vscode.env.clipboard.writeText(queuePolicy(environment, queue, owner ?? '*', { agent, master }))
    const sentence = vscode.l10n.t(
      'Copied the policy of {0}. If the queue has a policy already, add the statements to it.',
      queue,
    )
    told(
      owner === undefined
        ? `${sentence} ${vscode.l10n.t('Replace * with your account number: AWS did not return it.')}`
        : sentence,
    )
  }
}

/** @returns undefined when the user cancelled */
async function askAccounts(
  title: string,
  what: string,
  before: readonly string[],
  isRequired: boolean,
): Promise<readonly string[] | undefined> {
  const text = await vscode.window.showInputBox({
    title,
    prompt: vscode.l10n.t('{0}: 12 digits each, separated by commas. Empty: none.', what),
    value: before.join(', '),
    ignoreFocusOut: true,
    validateInput: (typed) => {
      const accounts = accountsIn(typed)
      const wrong = accounts.find((account) => !isAccountId(account))
      if (wrong !== undefined) return vscode.l10n.t('“{0}” is not the number of an AWS account.', wrong)
      return isRequired && accounts.length === 0 ? vscode.l10n.t('Enter at least one account.') : undefined
    },
  })
  return text === undefined ? undefined : accountsIn(text)
}

function accountsIn(text: string): string[] {
  return [...new Set(text.split(/[\s,]+/).filter((account) => account !== ''))]
}
