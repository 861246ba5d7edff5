import * as vscode from 'vscode'
import type { DeclaredEnvironment } from '../../declarations/declaredEnvironment.ts'
import { type LoginCommand, sshLogin, ssmSession } from '../../hosts/loginCommands.ts'
import type { ReplyState } from '../../run/runState.ts'

/** How a shell on a server is opened. */
export type LoginBy = 'ssm' | 'ssh'

/** The part of an environment that Systems Manager needs. */
export type SignedBy = Pick<DeclaredEnvironment['environment'], 'region' | 'profile'>

/**
 * Opens a terminal on this machine with the command that opens a shell on the server. The command waits there for Enter:
 * the host name, and an ID that is not proven, are what a server says of itself.
 * @param signedBy asks, where the workspace has chosen the profile
 * @throws Error when name or ID could mean something else than a server
 */
export async function openHostTerminal(
  { agentId, hostname, identity }: Pick<ReplyState, 'agentId' | 'hostname' | 'identity'>,
  by: LoginBy,
  signedBy: () => Promise<SignedBy>,
): Promise<void> {
  const command = by === 'ssh' ? sshLogin(hostname) : await sessionOf(agentId, signedBy)
  if (command === undefined) {
    throw new Error(
      by === 'ssh'
        ? vscode.l10n.t('“{0}” is not a host name that ssh could look up.', hostname)
        : vscode.l10n.t('{0} is not the ID of an instance, so it has no SSM session.', agentId),
    )
  }
  const { line, environment } = command
  const terminal = vscode.window.createTerminal({
    name: by === 'ssh' ? hostname : agentId,
    ...(environment !== undefined && { env: environment }),
  })
  terminal.show()
  terminal.sendText(line, by === 'ssm' && identity === 'proven')
}

async function sessionOf(
  agentId: string,
  signedBy: () => Promise<SignedBy>,
): Promise<LoginCommand | undefined> {
  // Nobody is asked about a profile for what cannot be opened.
  if (ssmSession(agentId, 'us-east-1', undefined) === undefined) return undefined
  const { region, profile } = await signedBy()
  return ssmSession(agentId, region, profile)
}
