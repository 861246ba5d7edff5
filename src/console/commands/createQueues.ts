import * as vscode from 'vscode'
import type { DeclaredEnvironment } from '../../declarations/declaredEnvironment.ts'
import { localize } from '../../text/localizable.ts'
import { visibleLine } from '../../text/visibleText.ts'
import { about } from '../command.ts'
import type { Connections } from '../environments/connections.ts'
import type { Credentials } from '../profile/credentials.ts'

/** "Create Queues…": also repairs existing queues. Shows the changes, and makes them when confirmed. */
export function createQueues(
  ask: (clicked: unknown, title: string) => Promise<DeclaredEnvironment | undefined>,
  connections: Connections,
  credentials: Pick<Credentials, 'connectionOf'>,
) {
  return async (clicked?: unknown) => {
    const declared = await ask(clicked, vscode.l10n.t('Create Queues'))
    if (declared === undefined) return
    await about(declared, () => setUp(declared, connections, credentials))
  }
}

async function setUp(
  declared: DeclaredEnvironment,
  connections: Connections,
  credentials: Pick<Credentials, 'connectionOf'>,
): Promise<void> {
  const { environment } = declared
  const { queues } = await connections.use(declared)
  const { describeStep, executeSetUp, findQueues, planSetUp } = await import('../../queues/setUp.ts')
  const { ownerOf } = await import('../../queues/callerIdentity.ts')
  const owner = await ownerOf(await credentials.connectionOf(declared, () => true))
  const steps = planSetUp(environment, await findQueues(queues, environment), owner)
  if (steps.length === 0) {
    void vscode.window.showInformationMessage(
      vscode.l10n.t('The queues of {0} exist and have the right settings.', environment.name),
    )
    return
  }
  const go = vscode.l10n.t('Create Queues')
  const answer = await vscode.window.showWarningMessage(
    vscode.l10n.t(
      'Set up the queues of {0} in {1}?',
      environment.name,
      environment.endpoint ?? environment.region,
    ),
    {
      modal: true,
      detail: steps.map((step) => `• ${visibleLine(localize(describeStep(step), vscode.l10n.t))}`).join('\n'),
    },
    go,
  )
  if (answer !== go) return
  const title = vscode.l10n.t('Setting up the queues of {0}', environment.name)
  await vscode.window.withProgress(
    { location: vscode.ProgressLocation.Notification, title, cancellable: true },
    async (progress, token) => {
      const abort = new AbortController()
      token.onCancellationRequested(() => abort.abort())
      await executeSetUp(queues, steps, (step) => progress.report({ message: step.queue }), abort.signal)
    },
  )
  void vscode.window.showInformationMessage(
    vscode.l10n.t(
      'The queues of {0} are ready. SQS may take a minute to apply all settings.',
      environment.name,
    ),
  )
}
