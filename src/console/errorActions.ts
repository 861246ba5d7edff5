import * as vscode from 'vscode'
import { QueueError } from '../queues/queueError.ts'
import type { ErrorAction, ErrorActionsFor } from './trouble.ts'

/** The buttons below an error: what the user can do about it at once. */
export const errorActionsFor: ErrorActionsFor = (error, environment) => {
  if (environment === undefined) return []
  const run = (label: string, command: string, ...args: unknown[]): ErrorAction => ({
    label,
    apply: () => vscode.commands.executeCommand(`ec2-collective.${command}`, environment.key, ...args),
  })
  if (isOfSigning(error)) return [run(vscode.l10n.t('Set Up Signing…'), 'setUpSigning')]
  if (!(error instanceof QueueError)) return []
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

/** By name, as the code of signatures is loaded only where there is a key. */
function isOfSigning(error: unknown): boolean {
  return error instanceof Error && (error.name === 'UnusableSigningKey' || error.name === 'SshAgentError')
}
