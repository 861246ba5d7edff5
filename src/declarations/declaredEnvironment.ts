import type { Environment } from '../queues/environment.ts'
import type { Translate } from '../text/translate.ts'
import type { RunDefaults } from './environmentDeclaration.ts'

/** An environment and where it is declared. */
export interface DeclaredEnvironment {
  /** Unique over all origins, stable over reloads: identifies it in the tree, in arguments and in stored state. */
  readonly key: string
  readonly environment: Environment
  readonly defaults: RunDefaults
  readonly origin: Origin
  /** Of an environment of the user's settings: the key that signs there. See `readKeyReference`; empty: none. */
  readonly signingKey?: string
}

export type Origin =
  | { readonly kind: 'settings'; readonly scope: 'user' | 'workspace' }
  /** Settings of one folder of a multi-root workspace. `uri` is the folder's. */
  | { readonly kind: 'settings'; readonly scope: 'folder'; readonly folder: string; readonly uri: string }
  /** `folder` is the workspace folder's name, `file` the URI of the file, `offset` the position of its entry. */
  | { readonly kind: 'file'; readonly folder: string; readonly file: string; readonly offset: number }
  | { readonly kind: 'local-fleet' }

export function environmentKey(origin: Origin, name: string): string {
  if (origin.kind === 'file') return `file:${origin.file}#${name}`
  if (origin.kind === 'local-fleet' || origin.scope === 'user') return `${origin.kind}:${name}`
  return origin.scope === 'folder' ? `settings-folder:${origin.uri}#${name}` : `settings-workspace:${name}`
}

/** Whether it comes from the workspace rather than the user: only that of a trusted workspace may be used. */
export function isOfWorkspace(origin: Origin): boolean {
  return origin.kind === 'file' || (origin.kind === 'settings' && origin.scope !== 'user')
}

/**
 * The key that signs commands to an environment. In what a workspace declares there is none: the signature covers the name of
 * the environment but not its queues, so that a workspace with the name of somebody else's environment could have commands
 * signed for that one.
 * @param general the setting for all environments of the user; empty: none
 * @returns a reference as `readKeyReference` reads it
 */
export function signingKeyOf(
  { origin, signingKey }: Pick<DeclaredEnvironment, 'origin' | 'signingKey'>,
  general: string,
): string | undefined {
  if (isOfWorkspace(origin)) return undefined
  return (signingKey ?? general) || undefined
}

/** Where it is declared, in a word or two; undefined for the usual case. */
export function describeOrigin(origin: Origin, t: Translate): string | undefined {
  if (origin.kind === 'local-fleet') return t('local fleet')
  if (origin.kind === 'file') return origin.folder
  if (origin.scope === 'user') return undefined
  return origin.scope === 'folder' ? t('settings of {0}', origin.folder) : t('workspace settings')
}

/**
 * The endpoint, if a person should see it before a command is sent: if it is neither AWS's default for the region nor the
 * local fleet's.
 */
export function notableEndpoint({ environment, origin }: DeclaredEnvironment): string | undefined {
  return origin.kind === 'local-fleet' ? undefined : environment.endpoint
}

/** The name, with its origin when another environment has the same name. */
export function labelOf(
  declared: DeclaredEnvironment,
  all: readonly DeclaredEnvironment[],
  t: Translate,
): string {
  const { name } = declared.environment
  const isAlone = all.every((other) => other.key === declared.key || other.environment.name !== name)
  return isAlone ? name : `${name} (${describeOrigin(declared.origin, t) ?? t('settings')})`
}

export type FoundEnvironment =
  | { readonly kind: 'found'; readonly environment: DeclaredEnvironment }
  | { readonly kind: 'none' }
  | { readonly kind: 'several'; readonly environments: readonly DeclaredEnvironment[] }

/**
 * Finds the environment that a task or keybinding names by `wanted`: a key, a name, or a name as {@link labelOf} prints
 * it. A name that two environments share is ambiguous and never guessed.
 */
export function findEnvironment(
  all: readonly DeclaredEnvironment[],
  wanted: string,
  t: Translate,
): FoundEnvironment {
  const exact = all.find((declared) => declared.key === wanted || labelOf(declared, all, t) === wanted)
  if (exact !== undefined) return { kind: 'found', environment: exact }
  const named = all.filter((declared) => declared.environment.name === wanted)
  const [first] = named
  if (first === undefined) return { kind: 'none' }
  return named.length === 1 ? { kind: 'found', environment: first } : { kind: 'several', environments: named }
}
