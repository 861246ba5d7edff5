import * as vscode from 'vscode'
import type { DeclaredEnvironment } from '../../declarations/declaredEnvironment.ts'
import type { ReplyQueueState } from '../../queues/unusedQueues.ts'
import { visibleLine } from '../../text/visibleText.ts'
import { about } from '../command.ts'
import type { Connections } from '../environments/connections.ts'
import { plainText } from '../text/plainText.ts'

/** A modal message shows no more lines. */
const shownMost = 15

/** "Clean Up Reply Queues…": deletes private reply queues that nobody uses, once it is confirmed. */
export function cleanQueues(
  ask: (clicked: unknown, title: string) => Promise<DeclaredEnvironment | undefined>,
  connections: Pick<Connections, 'use'>,
) {
  return async (clicked?: unknown) => {
    const declared = await ask(clicked, vscode.l10n.t('Clean Up Reply Queues'))
    if (declared === undefined) return
    await about(declared, () => clean(declared, connections))
  }
}

async function clean(declared: DeclaredEnvironment, connections: Pick<Connections, 'use'>): Promise<void> {
  const { t } = vscode.l10n
  const { environment } = declared
  const { queues } = await connections.use(declared)
  const { findReplyQueues, removeReplyQueue } = await import('../../queues/unusedQueues.ts')
  const found = await findReplyQueues(queues, environment)
  const unused = found.filter(({ use }) => use === 'unused')
  if (unused.length === 0) {
    const sentence = t(
      '{0} has no unused reply queues (private reply queues: {1}).',
      environment.name,
      found.length,
    )
    void vscode.window.showInformationMessage(plainText(sentence))
    return
  }
  const go = t('Delete')
  const answer = await vscode.window.showWarningMessage(
    plainText(t('Delete {0} unused reply queues of {1}?', unused.length, environment.name)),
    { modal: true, detail: detailOf(unused) },
    go,
  )
  if (answer !== go) return
  const counts = { removed: 0, gone: 0, used: 0 }
  const title = t('Deleting unused reply queues of {0}', environment.name)
  await vscode.window.withProgress(
    { location: vscode.ProgressLocation.Notification, title, cancellable: true },
    async (progress, token) => {
      for (const { queue } of unused) {
        if (token.isCancellationRequested) return
        progress.report({ message: queue })
        counts[await removeReplyQueue(queues, environment, queue, ['unused'])] += 1
      }
    },
  )
  const sentence = t(
    'Reply queues of {0}: {1} deleted, {2} not, because somebody uses them again.',
    environment.name,
    counts.removed,
    counts.used,
  )
  void vscode.window.showInformationMessage(plainText(sentence))
}

function detailOf(unused: readonly ReplyQueueState[]): string {
  const { t } = vscode.l10n
  const lines = unused.slice(0, shownMost).map(({ queue, lastUsedAt = 0, owner }) => {
    const day = new Date(lastUsedAt).toISOString().slice(0, 10)
    return `• ${visibleLine(owner === undefined ? t('{0}, used until {1}', queue, day) : t('{0}, used until {1}, of {2}', queue, day, owner))}`
  })
  if (unused.length > shownMost) lines.push(t('… and {0} more', unused.length - shownMost))
  lines.push('', t('They hold no messages. A master that comes back creates its queue again.'))
  return lines.join('\n')
}
