import type { AwsFiles, AwsSection } from '../../queues/awsProfile.ts'
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

/** The profiles of both AWS files, in the order of the config file, then those that are only in the credentials file. */
export function listProfiles(files: AwsFiles, t: Translate): Profile[] {
  return [...files.profiles].map(([name, keys]) => describeProfile(name, keys, files, t))
}

/**
 * The profile to log in to for this one: itself, or the nearest of its sources that has a login.
 * @returns undefined when none has
 */
export function loginOf(name: string, profiles: readonly Profile[]): Profile | undefined {
  const found = profiles.find((profile) => profile.name === name)
  const links = [name, ...(found?.sources ?? [])].flatMap(
    (link) => profiles.find((profile) => profile.name === link) ?? [],
  )
  return links.find(({ kind }) => kind === 'sso' || kind === 'login')
}

function describeProfile(name: string, keys: AwsSection, files: AwsFiles, t: Translate): Profile {
  const chain = followSources(name, files.profiles)
  const links = [name, ...chain.sources].map((link) => files.profiles.get(link))
  return {
    name,
    kind: kindOf(keys),
    region: keys.region,
    role: keys.role_arn ?? keys.sso_role_name,
    account: keys.sso_account_id ?? /^arn:[^:]*:iam::(\d+):/.exec(keys.role_arn ?? '')?.[1],
    mfaSerial: links.find((link) => link?.mfa_serial !== undefined)?.mfa_serial,
    sources: chain.sources,
    problem: problemOf(name, keys, chain, files, t),
  }
}

/** In the order in which the SDK tries them; what is begun and not complete counts for its problem. */
function kindOf(keys: AwsSection): ProfileKind {
  const isRole = keys.role_arn !== undefined
  if (isRole && (keys.source_profile ?? keys.credential_source) !== undefined) return 'role'
  if (keys.aws_access_key_id !== undefined && keys.aws_secret_access_key !== undefined) return 'keys'
  if (isRole && keys.web_identity_token_file !== undefined) return 'web-identity'
  if (keys.credential_process !== undefined) return 'process'
  if (ssoKeys.some((key) => keys[key] !== undefined)) return 'sso'
  if (keys.login_session !== undefined) return 'login'
  if (isRole) return 'role'
  return keys.aws_access_key_id === undefined ? 'unknown' : 'keys'
}

const ssoKeys = ['sso_session', 'sso_start_url', 'sso_account_id', 'sso_region', 'sso_role_name'] as const

interface Chain {
  readonly sources: readonly string[]
  readonly end: { readonly kind: 'complete' } | { readonly kind: 'missing' | 'cyclic'; readonly name: string }
}

function followSources(name: string, all: AwsFiles['profiles']): Chain {
  const sources: string[] = []
  let current = name
  for (;;) {
    const source = all.get(current)?.source_profile
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
  keys: AwsSection,
  { sources, end }: Chain,
  { profiles, ssoSessions }: AwsFiles,
  t: Translate,
): string | undefined {
  if (end.kind === 'missing') return t('Its source profile “{0}” does not exist.', end.name)
  if (end.kind === 'cyclic') {
    return t(
      'Its source profiles refer to each other in a circle: {0}.',
      [name, ...sources, end.name].join(' → '),
    )
  }
  const own = ownProblem(keys, ssoSessions, t)
  if (own !== undefined) return own
  for (const source of sources) {
    const problem = ownProblem(profiles.get(source) ?? {}, ssoSessions, t)
    if (problem !== undefined) return t('Its source profile “{0}”: {1}', source, problem)
  }
  return undefined
}

function ownProblem(
  keys: AwsSection,
  ssoSessions: AwsFiles['ssoSessions'],
  t: Translate,
): string | undefined {
  const wrongCase = Object.keys(keys).find(
    (key) => key !== key.toLowerCase() && knownKeys.has(key.toLowerCase()),
  )
  const kind = kindOf(keys)
  switch (kind) {
    case 'keys':
      if (keys.aws_secret_access_key !== undefined) return undefined
      break
    case 'role':
      if ((keys.source_profile ?? keys.credential_source) !== undefined) return undefined
      break
    case 'sso':
      return ssoProblem(keys, ssoSessions, t)
    case 'unknown':
      break
    default:
      return undefined
  }
  if (wrongCase !== undefined)
    return t('The key {0} has to be in lower case: AWS does not read it as it is.', wrongCase)
  if (kind === 'keys') return t('It has aws_access_key_id but no aws_secret_access_key.')
  if (kind === 'role') return t('It has role_arn but neither source_profile nor credential_source.')
  return t('It has no credentials: no keys, role, SSO session or process.')
}

/** Keys that the credentials depend on. */
const knownKeys = new Set([
  ...['aws_access_key_id', 'aws_secret_access_key', 'aws_session_token', 'role_arn', 'source_profile'],
  ...['credential_source', 'credential_process', 'web_identity_token_file', 'login_session', ...ssoKeys],
])

function ssoProblem(
  keys: AwsSection,
  ssoSessions: AwsFiles['ssoSessions'],
  t: Translate,
): string | undefined {
  const { sso_session: name } = keys
  const session = name === undefined ? {} : ssoSessions.get(name)
  if (name !== undefined && session === undefined)
    return t('Its SSO session “{0}” does not exist: there is no [sso-session {0}] in the config file.', name)
  const all = { ...keys, ...session }
  const needed = ['sso_start_url', 'sso_region', 'sso_account_id', 'sso_role_name']
  const missing = needed.filter((key) => all[key] === undefined)
  return missing.length === 0 ? undefined : t('It is an SSO profile without {0}.', missing.join(', '))
}
