import * as vscode from 'vscode'
import { QueueError } from '../queues/queueError.ts'
import type { ErrorAction, ErrorActionsFor } from './trouble.ts'

/** The buttons below an error: what the user can do about it at once. */
export const errorActionsFor: ErrorActionsFor = (error, environment) => {
  if (!(error instanceof QueueError) || environment === undefined) return []
  const run = (label: string, command: string, ...args: unknown[]): ErrorAction => ({
    label,
    apply: () => vscode.commands.executeCommand(`ec2-collective.${command}`, environment.key, ...args),
  })
  const doctor = run(vscode.l10n.t('Run Doctor'), 'doctor')
  switch (error.kind) {
    case 'forbidden':
      return [run(vscode.l10n.t('Copy Policy'), 'copyMissingPermission', error.action, error.queue), doctor]
    case 'missing-queue':
      return [run(vscode.l10n.t('Create Queues…'), 'createQueues'), doctor]
    case 'credentials':
      return [run(vscode.l10n.t('Log In…'), 'logIn'), run(vscode.l10n.t('Choose Profile…'), 'chooseProfile')]
    default:
      return [doctor]
  }
}
