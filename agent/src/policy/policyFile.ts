import { readFile, stat } from 'node:fs/promises'
import { type Policy, PolicyError, parsePolicy } from './policy.ts'

export const noPolicy =
  "No policy: everyone who may send to the command queue can execute anything on this server. Access depends on the queue's IAM policy alone."

/** Used if it exists and the configuration names no other file. */
const defaultFile = '/etc/ec2_collective/policy.yaml'

/**
 * Reads the policy: the configured file, which must exist, or the default one, which is optional.
 * @returns undefined when there is none: then the queue's IAM policy is the only one
 * @throws PolicyError
 */
export async function readPolicy(configured: string | undefined): Promise<Policy | undefined> {
  const file = configured ?? defaultFile
  let found: Awaited<ReturnType<typeof stat>>
  let text: string
  try {
    found = await stat(file)
    text = await readFile(file, 'utf8')
  } catch (cause) {
    if (configured === undefined && (cause as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw new PolicyError(`Cannot read the policy ${file}: ${(cause as Error).message}`, { cause })
  }
  const isOurs = found.uid === 0 || found.uid === process.getuid?.()
  if (!isOurs || (found.mode & 0o022) !== 0) {
    throw new PolicyError(
      `Users other than the agent's can change the policy ${file}. Run chown root and chmod go-w on it.`,
    )
  }
  return parsePolicy(text, file)
}
