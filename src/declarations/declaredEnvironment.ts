import type { Environment } from '../queues/environment.ts'
import type { Translate } from '../text/translate.ts'
import type { RunDefaults } from './environmentDeclaration.ts'

/** An environment and who says that it exists. */
export interface DeclaredEnvironment {
  /** Unique over all origins, stable over reloads: identifies it in the tree, in arguments and in stored state. */
  readonly key: string
  readonly environment: Environment
  readonly defaults: RunDefaults
  readonly origin: Origin
}

export type Origin =
  | { readonly kind: 'settings' }
  /** `folder` is the workspace folder's name, `file` the URI of the file, `offset` the character of its entry. */
  | { readonly kind: 'file'; readonly folder: string; readonly file: string; readonly offset: number }
  | { readonly kind: 'local-fleet' }

export function environmentKey(origin: Origin, name: string): string {
  return origin.kind === 'file' ? `file:${origin.file}#${name}` : `${origin.kind}:${name}`
}

/** Where it was declared, in a word or two. Nothing for the usual case. */
export function describeOrigin(origin: Origin, t: Translate): string | undefined {
  if (origin.kind === 'local-fleet') return t('local fleet')
  return origin.kind === 'file' ? origin.folder : undefined
}

/** The name, and where it comes from when another environment has the same name. */
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
 * Finds what a task or keybinding means by `wanted`: a key, a name, or a name as {@link labelOf} prints it. A name that
 * two environments share is never guessed.
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
