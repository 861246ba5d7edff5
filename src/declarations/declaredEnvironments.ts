import type { Environment } from '../queues/environment.ts'
import { regionPattern } from '../queues/region.ts'
import { type Localizable, say } from '../text/localizable.ts'
import { type DeclaredEnvironment, environmentKey, type Origin } from './declaredEnvironment.ts'
import { type ReadEnvironment, type RunDefaults, readEnvironment } from './environmentDeclaration.ts'
import { isMap } from './isMap.ts'
import { isProtected, mergedEnvironments, type ScopedValue, settingsSection } from './settings.ts'
import { protectedNames, type WorkspaceFile } from './workspaceFile.ts'

/** A declared environment that cannot be used, or a file that cannot be read. */
export interface UnusableDeclaration {
  /** Name of the environment, or of the file. */
  readonly name: string
  readonly origin: Origin
  readonly messages: readonly Localizable[]
}

export interface Declarations {
  readonly environments: readonly DeclaredEnvironment[]
  readonly troubles: readonly UnusableDeclaration[]
  /** Names that any scope or file protects, also if no usable environment has them. */
  readonly protectedNames: readonly string[]
}

/** The environments in the settings of one scope: by name, as declared. */
export interface ScopedEnvironments extends ScopedValue {
  readonly origin: Extract<Origin, { kind: 'settings' }>
}

export interface ReadFile {
  /** Name of the workspace folder. */
  readonly folder: string
  /** URI. */
  readonly file: string
  /** Name to show. */
  readonly name: string
  readonly content: WorkspaceFile
}

const noDefaults: RunDefaults = { timeoutMs: undefined, rollout: undefined }

/**
 * All environments of all scopes, each with its origin. Two rules apply across origins:
 *
 * - The user's own settings have precedence: a declaration of the same name by a workspace that differs, in its settings
 *   or in a file, is reported and not used. Otherwise a workspace could silently change profile or endpoint.
 * - A name is protected when any of its declarations says so, even one that cannot be used.
 *
 * @param settings the scopes, the user's first
 * @param regionOf the region of an AWS profile; of the one for environments that name none when it is undefined
 */
export function combineEnvironments(
  settings: readonly ScopedEnvironments[],
  files: readonly ReadFile[],
  local: readonly Environment[],
  regionOf: (profile: string | undefined) => string | undefined = () => undefined,
): Declarations {
  const guarded = new Set(files.flatMap(({ content }) => [...protectedNames(content)]))
  const users = new Map<string, { readonly declared: unknown; readonly read: Placed }>()
  const found: (DeclaredEnvironment | UnusableDeclaration)[] = []
  for (const { origin, current, old } of settings) {
    if (current !== undefined && !isMap(current)) {
      const name = `${settingsSection}.environments`
      found.push({ name, origin, messages: [say('This must be a map of environments by name.')] })
    }
    for (const [name, declared] of Object.entries(mergedEnvironments(current, old) ?? {})) {
      if (isProtected(declared)) guarded.add(name)
      const own = origin.scope === 'user' ? undefined : users.get(name)
      if (own !== undefined) {
        // It may be a part of an entry, such as `protected` alone.
        const whole = isMap(declared) ? { ...withoutKey(own.declared), ...declared } : declared
        found.push(...conflict(name, origin, own.read, placed(readEnvironment(name, whole), regionOf)))
        continue
      }
      const owner = origin.scope === 'user' ? 'user' : 'workspace'
      const read = placed(readEnvironment(name, declared, owner), regionOf)
      if (origin.scope === 'user') users.set(name, { declared, read })
      found.push(
        read.ok ? { key: environmentKey(origin, name), origin, ...read } : unusable(name, origin, read),
      )
    }
  }
  for (const { folder, file, name: fileName, content } of files) {
    const originAt = (offset: number): Origin => ({ kind: 'file', folder, file, offset })
    for (const { at, ...asDeclared } of content.environments) {
      const { name } = asDeclared.environment
      const read = placed(asDeclared, regionOf)
      const origin = originAt(at.start)
      const own = users.get(name)
      if (own !== undefined) found.push(...conflict(name, origin, own.read, read))
      else
        found.push(
          read.ok ? { key: environmentKey(origin, name), origin, ...read } : unusable(name, origin, read),
        )
    }
    for (const { section, name, at, messages } of content.unusable) {
      if (section === 'environments') found.push({ name, origin: originAt(at.start), messages })
    }
    for (const { entry, message, at } of content.problems) {
      if (entry === undefined) found.push({ name: fileName, origin: originAt(at.start), messages: [message] })
    }
  }
  const declared = found.flatMap((each) => ('environment' in each ? [each] : []))
  return {
    environments: [
      ...declared.map((each) => (guarded.has(each.environment.name) ? guard(each) : each)),
      ...local.map((environment): DeclaredEnvironment => {
        const origin: Origin = { kind: 'local-fleet' }
        const key = environmentKey(origin, environment.name)
        return { key, origin, environment, defaults: noDefaults }
      }),
    ],
    troubles: found.flatMap((each) => ('environment' in each ? [] : [each])),
    protectedNames: [...guarded],
  }
}

type Placed = ReadEnvironment<Environment>

/** The environment with the region of its profile, where it names none itself. */
function placed(
  read: ReadEnvironment,
  regionOf: (profile: string | undefined) => string | undefined,
): Placed {
  if (!read.ok) return read
  const { environment } = read
  const region = environment.region ?? regionOf(environment.profile)
  const path = ['region']
  if (region === undefined)
    return {
      ok: false,
      problems: [{ path, message: say('“region” is missing, and the AWS profile names none.') }],
    }
  if (!regionPattern.test(region))
    return {
      ok: false,
      problems: [
        {
          path,
          message: say('“region” is missing, and that of the AWS profile, “{0}”, is none of AWS.', region),
        },
      ],
    }
  return { ...read, environment: { ...environment, region } }
}

/** A workspace does not repeat the user's key, and cannot name one. */
function withoutKey(declared: unknown): Record<string, unknown> {
  const { signingKey: _, ...rest } = isMap(declared) ? declared : {}
  return rest
}

function guard(declared: DeclaredEnvironment): DeclaredEnvironment {
  return { ...declared, environment: { ...declared.environment, protected: true } }
}

function unusable(
  name: string,
  origin: Origin,
  { problems }: Extract<ReadEnvironment, { ok: false }>,
): UnusableDeclaration {
  return { name, origin, messages: problems.map(({ message }) => message) }
}

/** The conflict between a workspace's declaration and the user's settings. Protecting an environment is not a conflict. */
function conflict(name: string, origin: Origin, own: Placed, other: Placed): UnusableDeclaration[] {
  if (!other.ok) return [unusable(name, origin, other)]
  const keys = own.ok ? differingKeys(own, other) : []
  if (own.ok && keys.length === 0) return []
  const message =
    keys.length === 0
      ? say(
          'Your user settings already define “{0}”, and a workspace cannot change that. Rename one of the two.',
          name,
        )
      : say(
          'Your user settings define “{0}” differently ({1}), and a workspace cannot change that. Rename one of the two.',
          name,
          keys.join(', '),
        )
  return [{ name, origin, messages: [message] }]
}

type Read = Extract<Placed, { ok: true }>

function differingKeys(a: Read, b: Read): string[] {
  const parts = ({ environment, defaults }: Read) => {
    const { name: _, protected: __, ...rest } = environment
    return { ...rest, timeout: defaults.timeoutMs, rollout: defaults.rollout }
  }
  const [mine, theirs] = [new Map(Object.entries(parts(a))), new Map(Object.entries(parts(b)))]
  return [...new Set([...mine.keys(), ...theirs.keys()])].filter(
    (key) => JSON.stringify(mine.get(key)) !== JSON.stringify(theirs.get(key)),
  )
}
