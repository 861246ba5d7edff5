import { getProfileName, parseKnownFiles } from '@smithy/core/config'

/**
 * What the AWS files say of a profile under `key`, in lower case, as in `ca_bundle`; undefined when they cannot be read.
 * @param profile default: the one that `AWS_PROFILE` names
 */
export async function profileValue(key: string, profile: string | undefined): Promise<string | undefined> {
  const name = getProfileName(profile === undefined ? {} : { profile })
  const profiles = await parseKnownFiles({ ignoreCache: true }).catch(() => undefined)
  return profiles?.[name]?.[key] || undefined
}
