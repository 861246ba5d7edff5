/** Commands that open a shell on one server. Names and IDs come from servers, so that each part is checked by its form. */

/** The ID of an instance, or of a machine that is managed by Systems Manager. */
const instanceId = /^(?:i|mi)-[0-9a-f]{8}(?:[0-9a-f]{9})?$/
const regionName = /^[a-z]{2,4}(?:-[a-z]{1,12}){1,3}-\d{1,2}$/
/** None of these means anything to a shell, and none begins an option. */
const plainName = /^[A-Za-z0-9][A-Za-z0-9_.@-]{0,127}$/
/** A name in DNS, or an address. */
const sshName = /^[A-Za-z0-9](?:[A-Za-z0-9_.:-]{0,253}[A-Za-z0-9])?$/

/** What a terminal is given: a line for any shell, and variables for what no shell may read as text. */
export interface LoginCommand {
  readonly line: string
  readonly environment?: Readonly<Record<string, string>>
}

export function isInstanceId(text: string): boolean {
  return instanceId.test(text)
}

/** @returns undefined when the agent is no instance that Systems Manager can know, or the region is none */
export function ssmSession(
  agentId: string,
  region: string,
  profile: string | undefined,
): LoginCommand | undefined {
  if (!isInstanceId(agentId) || !regionName.test(region)) return undefined
  const line = `aws ssm start-session --target ${agentId} --region ${region}`
  if (profile === undefined) return { line }
  return plainName.test(profile)
    ? { line: `${line} --profile ${profile}` }
    : { line, environment: { AWS_PROFILE: profile } }
}

/** @returns undefined when the name is none that could be looked up */
export function sshLogin(hostname: string): LoginCommand | undefined {
  return sshName.test(hostname) ? { line: `ssh ${hostname}` } : undefined
}
