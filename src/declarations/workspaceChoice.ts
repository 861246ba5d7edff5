import { isLoopbackEndpoint, isSqsOfRegion } from '../queues/endpoint.ts'
import { type DeclaredEnvironment, isOfWorkspace } from './declaredEnvironment.ts'

/** AWS profiles by name, as the settings choose them for environments that name none. */
export interface ChosenProfiles {
  /** The one that applies, also where the workspace's settings choose it. */
  readonly chosen: string
  /** The one of the user: of their settings, of `AWS_PROFILE`, or `default`. */
  readonly own: string
}

/** Where a workspace, and not the user, lets an environment's commands go, and whom it lets sign them. */
export interface WorkspaceChoice {
  readonly endpoint?: string
  /** Of the queues. */
  readonly account?: string
  readonly profile?: { readonly name: string; readonly by: 'declaration' | 'setting' }
}

/**
 * What a workspace decides about the connection of an environment that its user should agree to first: an endpoint that is
 * neither on this machine nor AWS's own in the region, queues of another account, and a profile that is not the user's own. A profile may run a program
 * (`credential_process`), or have more rights than the user meant to use here.
 * @returns undefined if there is nothing to agree to
 */
export function workspaceChoice(
  { environment, origin }: DeclaredEnvironment,
  { chosen, own }: ChosenProfiles,
): WorkspaceChoice | undefined {
  const { endpoint, region, account, profile: named, credentials } = environment
  const isWorkspaces = isOfWorkspace(origin)
  const isForeign =
    endpoint !== undefined && !isLoopbackEndpoint(endpoint) && !isSqsOfRegion(endpoint, region)
  const name = named ?? chosen
  const isOwn = name === own || credentials !== undefined || (named !== undefined && !isWorkspaces)
  const choice: WorkspaceChoice = {
    ...(isWorkspaces && isForeign && { endpoint }),
    ...(isWorkspaces && account !== undefined && { account }),
    ...(!isOwn && { profile: { name, by: named === undefined ? 'setting' : 'declaration' } }),
  }
  return Object.keys(choice).length === 0 ? undefined : choice
}
