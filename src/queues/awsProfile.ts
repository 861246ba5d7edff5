import { getProfileName, loadSharedConfigFiles, parseKnownFiles } from '@smithy/core/config'

/**
 * What the AWS files say of a profile under `key`, in lower case, as in `ca_bundle`; undefined when they cannot be read.
 * @param profile default: the one that `AWS_PROFILE` names
 */
export async function profileValue(key: string, profile: string | undefined): Promise<string | undefined> {
  const name = getProfileName(profile === undefined ? {} : { profile })
  const profiles = await parseKnownFiles({ ignoreCache: true }).catch(() => undefined)
  return profiles?.[name]?.[key] || undefined
}

/** The keys of a section of the AWS files, as they are written there. */
export type AwsSection = Readonly<Partial<Record<string, string>>>

/** The AWS files, as the SDK reads them: what it does not find is not there. */
export interface AwsFiles {
  /** By name, in the order of the config file, then those that are only in the credentials file, whose keys take precedence. */
  readonly profiles: ReadonlyMap<string, AwsSection>
  readonly ssoSessions: ReadonlyMap<string, AwsSection>
}

/** A file that is missing, or that the SDK cannot read, has no profiles. */
export async function readAwsFiles(): Promise<AwsFiles> {
  const { configFile, credentialsFile } = await loadSharedConfigFiles({ ignoreCache: true })
  const profiles = new Map<string, AwsSection>()
  const ssoSessions = new Map<string, AwsSection>()
  for (const [name, keys] of [...Object.entries(configFile), ...Object.entries(credentialsFile)]) {
    const [, kind, rest] = /^(sso-session|services|profile)\.(.*)$/s.exec(name) ?? []
    if (kind === 'sso-session') ssoSessions.set(rest ?? '', keys)
    else if (kind === undefined) profiles.set(name, { ...profiles.get(name), ...keys })
  }
  return { profiles, ssoSessions }
}

/** The regions of the profiles, of the one that `AWS_PROFILE` names by default. */
export async function profileRegions(): Promise<(profile: string | undefined) => string | undefined> {
  const profiles = await parseKnownFiles({ ignoreCache: true }).catch(() => undefined)
  return (profile) =>
    profiles?.[getProfileName(profile === undefined ? {} : { profile })]?.region || undefined
}

/**
 * The endpoint that the environment variables or the AWS files name for a service, in the order of AWS's tools. Unlike the SDK
 * it looks into the profile of the connection, where it has one.
 * @param service as in `sqs`
 */
export async function configuredEndpoint(
  service: string,
  profile: string | undefined,
  env: NodeJS.ProcessEnv,
): Promise<string | undefined> {
  if (isYes(env.AWS_IGNORE_CONFIGURED_ENDPOINT_URLS)) return undefined
  if (isYes(await profileValue('ignore_configured_endpoint_urls', profile))) return undefined
  return (
    env[`AWS_ENDPOINT_URL_${service.toUpperCase()}`] ||
    env.AWS_ENDPOINT_URL ||
    (await endpointOfServices(service, profile)) ||
    (await profileValue('endpoint_url', profile))
  )
}

/** `services = NAME` of the profile refers to `[services NAME]`, with a block for each service. */
async function endpointOfServices(service: string, profile: string | undefined): Promise<string | undefined> {
  const section = await profileValue('services', profile)
  if (section === undefined) return undefined
  const files = await loadSharedConfigFiles({ ignoreCache: true }).catch(() => undefined)
  return files?.configFile[`services.${section}`]?.[`${service}.endpoint_url`] || undefined
}

function isYes(value: string | undefined): boolean {
  return value?.toLowerCase() === 'true'
}
