import type { Translate } from '../../text/translate.ts'

/** An AWS profile, as its files describe it. */
export interface Profile {
  readonly name: string
  readonly kind: ProfileKind
  readonly region: string | undefined
  /** The role that it assumes, or the SSO role. */
  readonly role: string | undefined
  readonly account: string | undefined
  /** ARN or serial number of the MFA device that its role chain asks for. */
  readonly mfaSerial: string | undefined
  /** Its source profiles, nearest first. */
  readonly sources: readonly string[]
  /** Why it cannot be used, in a sentence. */
  readonly problem: string | undefined
}

export type ProfileKind = 'keys' | 'role' | 'sso' | 'process' | 'web-identity' | 'login' | 'unknown'

/** `[section]` → `key` → value. */
export type IniFile = ReadonlyMap<string, ReadonlyMap<string, string>>

/**
 * The profiles of both AWS files, in the order of the config file, then those that are only in the credentials file.
 * Keys of the credentials file take precedence, as in the AWS CLI.
 */
export function listProfiles(configText: string, credentialsText: string, t: Translate): Profile[] {
  const sections = mergeSections(parseIni(configText), parseIni(credentialsText))
  return [...sections].map(([name, keys]) => describeProfile(name, keys, sections, t))
}

/** Parses the INI dialect of the AWS files. Ignores nested blocks (`s3 =` and indented lines). */
export function parseIni(text: string): IniFile {
  const sections = new Map<string, Map<string, string>>()
  let section: Map<string, string> | undefined
  for (const line of text.split(/\r?\n/)) {
    const header = /^\s*\[\s*([^\]]+?)\s*\]/.exec(line)
    if (header !== null) {
      const name = (header[1] ?? '').replaceAll(/["']/g, '')
      section = sections.get(name) ?? new Map()
      sections.set(name, section)
      continue
    }
    if (/^\s|^[#;]|^$/.test(line)) continue
    const equals = line.indexOf('=')
    const value = line.slice(equals + 1).replace(/\s[#;].*$/, '')
    if (equals > 0) section?.set(line.slice(0, equals).trim().toLowerCase(), value.trim())
  }
  return sections
}

type Sections = ReadonlyMap<string, ReadonlyMap<string, string>>

function mergeSections(config: IniFile, credentials: IniFile): Sections {
  const merged = new Map<string, Map<string, string>>()
  for (const [section, keys] of config) {
    const name = section === 'default' ? section : /^profile\s+(.+)$/.exec(section)?.[1]
    if (name !== undefined) merged.set(name, new Map(keys))
  }
  for (const [name, keys] of credentials) {
    merged.set(name, new Map([...(merged.get(name) ?? []), ...keys]))
  }
  return merged
}

function describeProfile(
  name: string,
  keys: ReadonlyMap<string, string>,
  all: Sections,
  t: Translate,
): Profile {
  const chain = followSources(name, all)
  const links = [name, ...chain.sources].map((link) => all.get(link))
  return {
    name,
    kind: kindOf(keys),
    region: keys.get('region') ?? links.find((link) => link?.has('region'))?.get('region'),
    role: keys.get('role_arn') ?? keys.get('sso_role_name'),
    account: keys.get('sso_account_id') ?? /^arn:[^:]*:iam::(\d+):/.exec(keys.get('role_arn') ?? '')?.[1],
    mfaSerial: links.find((link) => link?.has('mfa_serial'))?.get('mfa_serial'),
    sources: chain.sources,
    problem: problemOf(name, keys, chain, t),
  }
}

/** Role first: a profile with `role_arn` assumes that role, regardless of its other keys. */
function kindOf(keys: ReadonlyMap<string, string>): ProfileKind {
  if (keys.has('role_arn')) return keys.has('web_identity_token_file') ? 'web-identity' : 'role'
  if (keys.has('aws_access_key_id')) return 'keys'
  if (keys.has('sso_session') || keys.has('sso_start_url')) return 'sso'
  if (keys.has('credential_process')) return 'process'
  if (keys.has('login_session')) return 'login'
  return 'unknown'
}

interface Chain {
  readonly sources: readonly string[]
  readonly end: { readonly kind: 'complete' } | { readonly kind: 'missing' | 'cyclic'; readonly name: string }
}

function followSources(name: string, all: Sections): Chain {
  const sources: string[] = []
  let current = name
  for (;;) {
    const source = all.get(current)?.get('source_profile')
    // A profile that is its own source uses its own keys.
    if (source === undefined || source === current) return { sources, end: { kind: 'complete' } }
    if (!all.has(source)) return { sources, end: { kind: 'missing', name: source } }
    if (source === name || sources.includes(source)) return { sources, end: { kind: 'cyclic', name: source } }
    sources.push(source)
    current = source
  }
}

function problemOf(
  name: string,
  keys: ReadonlyMap<string, string>,
  { sources, end }: Chain,
  t: Translate,
): string | undefined {
  if (end.kind === 'missing') return t('Its source profile “{0}” does not exist.', end.name)
  if (end.kind === 'cyclic') {
    return t(
      'Its source profiles refer to each other in a circle: {0}.',
      [name, ...sources, end.name].join(' → '),
    )
  }
  const has = (key: string) => keys.has(key)
  switch (kindOf(keys)) {
    case 'keys':
      return has('aws_secret_access_key')
        ? undefined
        : t('It has aws_access_key_id but no aws_secret_access_key.')
    case 'role':
      return has('source_profile') || has('credential_source')
        ? undefined
        : t('It has role_arn but neither source_profile nor credential_source.')
    case 'sso': {
      const missing = ['sso_account_id', 'sso_role_name'].filter((key) => !has(key))
      return missing.length === 0 ? undefined : t('It is an SSO profile without {0}.', missing.join(', '))
    }
    case 'unknown':
      return t('It has no credentials: no keys, role, SSO session or process.')
    default:
      return undefined
  }
}
