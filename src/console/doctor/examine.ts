import * as vscode from 'vscode'
import type { DeclaredEnvironment } from '../../declarations/declaredEnvironment.ts'
import { about } from '../command.ts'
import type { DocumentAction, ReadOnlyDocuments } from '../documents/readOnlyDocuments.ts'
import type { Connections } from '../environments/connections.ts'
import type { Credentials } from '../profile/credentials.ts'
import type { Diagnosis } from './agentDiagnoses.ts'
import { printReport } from './report.ts'

type AskEnvironment = (clicked: unknown, title: string) => Promise<DeclaredEnvironment | undefined>

/** "Doctor": checks everything that an environment needs, and reports what is wrong and what to do. */
export function examineEnvironment(
  ask: AskEnvironment,
  connections: Connections,
  credentials: Credentials,
  documents: ReadOnlyDocuments,
  version: string,
) {
  return async (clicked?: unknown) => {
    const declared = await ask(clicked, vscode.l10n.t('Doctor'))
    if (declared === undefined) return
    const title = vscode.l10n.t('Checking {0}', declared.environment.name)
    const { text, lines } = await vscode.window.withProgress(
      { location: vscode.ProgressLocation.Notification, title },
      () => about(declared, () => examine(declared, connections, credentials, version)),
    )
    const actions = lines.flatMap(({ line, diagnosis }) => actionsFor(declared, line, diagnosis))
    const again: DocumentAction = {
      line: 0,
      title: `$(refresh) ${vscode.l10n.t('Check again')}`,
      command: 'ec2-collective.doctor',
      arguments: [declared.key],
    }
    await documents.show(
      `${declared.key.replaceAll(/[^\w-]+/g, '-')}/Doctor ${declared.environment.name}.md`,
      text,
      [again, ...actions],
    )
  }
}

async function examine(
  declared: DeclaredEnvironment,
  connections: Connections,
  credentials: Credentials,
  version: string,
) {
  const { master, queues } = await connections.use(declared)
  const [
    { probeEnvironment },
    { diagnoseProbe },
    { callerIdentity },
    { kmsPrice },
    { findReplyQueues, unusedQueueFindings },
  ] = await Promise.all([
    import('../../queues/probe.ts'),
    import('../../queues/diagnosis.ts'),
    import('../../queues/callerIdentity.ts'),
    import('../../queues/kmsPrice.ts'),
    import('../../queues/unusedQueues.ts'),
  ])
  const environment = await credentials.connectionOf(declared, () => true)
  // The probe finds what prevents reading the facts, and describes it better.
  await connections.refresh(declared).catch(() => undefined)
  const [probe, replyQueues, arn] = await Promise.all([
    probeEnvironment(queues, environment, 'master'),
    // Who may not list queues is not who cleans up.
    findReplyQueues(queues, environment).catch(() => []),
    callerIdentity(environment).then(
      (identity) => identity.arn,
      () => undefined,
    ),
  ])
  const state = connections.state(declared.key)
  const agents = master.inventory.agents()
  const unreadable = state.kind === 'open' ? state.unreadable : []
  const { rejected, signing, replyQueue, replyFindings } = master
  const findings = [...diagnoseProbe(probe), ...replyFindings, ...unusedQueueFindings(replyQueues)]
  const attributes = Object.fromEntries(
    Object.entries(probe.queues).flatMap(([role, found]) =>
      'attributes' in found ? [[role, found.attributes]] : [],
    ),
  )
  const { requests } = queues
  const kms = kmsPrice(attributes)
  return printReport(
    { environment, findings, agents, unreadable, rejected, signing, replyQueue, version, arn, requests, kms },
    vscode.l10n.t,
  )
}

function actionsFor({ key }: DeclaredEnvironment, line: number, { fix }: Diagnosis): DocumentAction[] {
  if (fix === undefined) return []
  if (fix === 'set-up') {
    return [
      {
        line,
        title: `$(tools) ${vscode.l10n.t('Repair the queues…')}`,
        command: 'ec2-collective.createQueues',
        arguments: [key],
      },
    ]
  }
  if (fix === 'clean-queues') {
    return [
      {
        line,
        title: `$(trash) ${vscode.l10n.t('Clean Up Reply Queues…')}`,
        command: 'ec2-collective.cleanQueues',
        arguments: [key],
      },
    ]
  }
  if (fix === 'sign') {
    return [
      {
        line,
        title: `$(key) ${vscode.l10n.t('Set Up Signing…')}`,
        command: 'ec2-collective.setUpSigning',
        arguments: [key],
      },
    ]
  }
  const { action, queue } = fix.allow
  return [
    {
      line,
      title: `$(copy) ${vscode.l10n.t('Copy the missing policy')}`,
      command: 'ec2-collective.copyMissingPermission',
      arguments: [key, action, queue],
    },
  ]
}
