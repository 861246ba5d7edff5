import { createPublicKey, type KeyObject } from 'node:crypto'
import { load as parseYaml } from 'js-yaml'
import * as v from 'valibot'
import { publicKeyOf } from '../../../src/signing/publicKey.ts'
import { excessOfText, type TextBounds } from '../../../src/text/boundedText.ts'
import { LocalizableError } from '../../../src/text/localizable.ts'
import { compileAllowed, compileDenied, compileGlob, type TextPattern } from './commandPattern.ts'
import { plainInterpreter, plainPath } from './policyRequest.ts'

/** Of a file that an administrator writes: thousands of rules. */
const textBounds: TextBounds = { characters: 1024 * 1024, marks: 100_000 }

const Patterns = v.array(v.pipe(v.string(), v.minLength(1)))

const Expiry = v.pipe(
  v.union([v.string(), v.date()]),
  v.transform((written) => new Date(written)),
  v.check((date) => !Number.isNaN(date.getTime()), 'a date, as in 2027-12-31'),
)

/** A misspelt key would change the meaning of a policy, so unknown keys are errors. */
const File = v.strictObject({
  /** Public keys by the name that signatures bear. */
  keys: v.optional(
    v.record(v.string(), v.union([v.string(), v.strictObject({ key: v.string(), expires: Expiry })])),
    {},
  ),
  /** Patterns of commands that are always denied. */
  deny: v.optional(Patterns, []),
  /** Whether a command must name the agents that it is for. */
  require_targets: v.optional(v.boolean(), false),
  rules: v.array(
    v.strictObject({
      name: v.optional(v.string()),
      senders: v.optional(Patterns),
      keys: v.optional(v.pipe(v.array(v.string()), v.minLength(1))),
      actions: v.optional(v.array(v.picklist(['shell', 'script', 'ping', 'facts', 'cancel', 'resend']))),
      commands: v.optional(v.strictObject({ allow: v.optional(Patterns), deny: v.optional(Patterns, []) })),
      scripts: v.optional(
        v.array(v.pipe(v.string(), v.regex(/^[0-9a-f]{64}$/i, 'a SHA-256 in hexadecimal'))),
      ),
      interpreters: v.optional(Patterns),
      arguments: v.optional(
        v.union(
          [v.literal('any'), v.array(v.array(v.string()))],
          'any, or a list of lists of texts, as in [[restart, web], []]',
        ),
      ),
      users: v.optional(v.array(v.string())),
      environment: v.optional(Patterns),
      directories: v.optional(Patterns),
      runs: v.optional(v.picklist(['own', 'any']), 'own'),
    }),
  ),
})

/**
 * Who may execute what. A command is allowed when one rule allows it. `undefined` parts of a rule allow everything; but where
 * `allow` or `scripts` is defined, those that decide how something is executed allow only the default.
 */
export interface Policy {
  readonly file: string
  /** Public keys by their names. */
  readonly keys: ReadonlyMap<string, PolicyKey>
  readonly deny: readonly TextPattern[]
  /** Whether commands and scripts are refused that name nobody, and so are for every agent that their filter matches. */
  readonly requireTargets: boolean
  readonly rules: readonly Rule[]
}

/** A public key that commands may be signed with. */
export interface PolicyKey {
  readonly publicKey: KeyObject
  /** SQS's clock, milliseconds since the epoch; undefined: never. */
  readonly expiresAt: number | undefined
}

export interface Rule {
  readonly name: string
  readonly senders: readonly TextPattern[] | undefined
  /** One of these must have signed. */
  readonly keys: ReadonlyMap<string, PolicyKey> | undefined
  readonly actions: ReadonlySet<string> | undefined
  readonly allow: readonly TextPattern[] | undefined
  readonly deny: readonly TextPattern[]
  /** SHA-256 of scripts, hexadecimal. */
  readonly scripts: ReadonlySet<string> | undefined
  /** Interpreters, with their arguments, that a command may name instead of the script's own. */
  readonly interpreters: ReadonlySet<string> | undefined
  /** What scripts may be started with: each list is one for all of a script's arguments. */
  readonly argumentLists: 'any' | ReadonlyArray<readonly TextPattern[]> | undefined
  readonly users: ReadonlySet<string> | undefined
  /** Names of environment variables that a command may set. */
  readonly environment: readonly TextPattern[] | undefined
  readonly directories: readonly TextPattern[] | undefined
  /** Whose runs may be read (`resend`, and the same command again): those of the same sender, or anybody's. */
  readonly runs: 'own' | 'any'
}

/** A policy that cannot be parsed. Guessing is not safe here, so it is not used at all. */
export class PolicyError extends Error {
  override readonly name = 'PolicyError'
}

/**
 * Parses a policy file, YAML or JSON.
 * @throws PolicyError
 */
export function parsePolicy(text: string, file: string): Policy {
  try {
    const excess = excessOfText(text, textBounds)
    if (excess !== undefined) throw new LocalizableError(excess)
    const { keys: keyTexts, deny, require_targets: requireTargets, rules } = v.parse(File, parseYaml(text))
    const keys = new Map(Object.entries(keyTexts).map(([name, key]) => [name, parseKey(key, `keys.${name}`)]))
    return {
      file,
      keys,
      deny: deny.map(compileDenied),
      requireTargets,
      rules: rules.map((rule, index) => {
        const name = rule.name ?? `rule ${index + 1}`
        return {
          name,
          senders: rule.senders?.map(compileGlob),
          keys:
            rule.keys === undefined
              ? undefined
              : new Map(rule.keys.map((key) => [key, known(keys, key, name)])),
          actions: setOf(rule.actions),
          allow: rule.commands?.allow?.map(compileAllowed),
          deny: rule.commands?.deny.map(compileDenied) ?? [],
          scripts: setOf(rule.scripts?.map((digest) => digest.toLowerCase())),
          interpreters: setOf(rule.interpreters?.map(plainInterpreter)),
          argumentLists:
            rule.arguments === 'any' ? 'any' : rule.arguments?.map((list) => list.map(compileAllowed)),
          users: setOf(rule.users),
          environment: rule.environment?.map(compileGlob),
          directories: rule.directories?.map(directoryPattern),
          runs: rule.runs,
        }
      }),
    }
  } catch (cause) {
    const place = v.isValiError(cause) ? (v.getDotPath(cause.issues[0]) ?? 'the file') : undefined
    const reason = place === undefined ? (cause as Error).message : `${place}: ${(cause as Error).message}`
    throw new PolicyError(`Cannot use the policy ${file}: ${reason}`, { cause })
  }
}

/** As directories are compared: `/srv/app/` is `/srv/app`. */
function directoryPattern(written: string): TextPattern {
  return compileGlob(written.startsWith('/') ? (plainPath(written) ?? written) : written)
}

function setOf<T>(items: readonly T[] | undefined): ReadonlySet<T> | undefined {
  return items === undefined ? undefined : new Set(items)
}

function known(keys: ReadonlyMap<string, PolicyKey>, name: string, rule: string): PolicyKey {
  const key = keys.get(name)
  if (key === undefined) throw new Error(`${rule} uses the key ${name}, which is not defined under keys`)
  return key
}

function parseKey(
  written: string | { readonly key: string; readonly expires: Date },
  place: string,
): PolicyKey {
  if (typeof written === 'string') return { publicKey: parsePublicKey(written, place), expiresAt: undefined }
  return { publicKey: parsePublicKey(written.key, place), expiresAt: written.expires.getTime() }
}

/** An ed25519 public key as PEM, as OpenSSH writes it (`ssh-ed25519 AAAA…`), or its 32 bytes in base64. */
function parsePublicKey(text: string, place: string): KeyObject {
  try {
    const key = text.includes('-----BEGIN') ? createPublicKey(text) : publicKeyOf(rawKeyOf(text.trim()))
    if (key.asymmetricKeyType === 'ed25519') return key
    throw new Error(`it is of type ${key.asymmetricKeyType}`)
  } catch (cause) {
    throw new Error(`${place} is not an ed25519 public key (PEM, ssh-ed25519 or 32 bytes in base64)`, {
      cause,
    })
  }
}

function rawKeyOf(text: string): Buffer {
  const openSsh = /^ssh-ed25519\s+(\S+)/.exec(text)?.[1]
  if (openSsh === undefined) return exactly32(Buffer.from(text, 'base64'))
  // Two fields, each after its length: the type's name and the key.
  return exactly32(Buffer.from(openSsh, 'base64').subarray(4 + 'ssh-ed25519'.length + 4))
}

function exactly32(bytes: Buffer): Buffer {
  if (bytes.length !== 32) throw new Error(`${bytes.length} bytes instead of 32`)
  return bytes
}
