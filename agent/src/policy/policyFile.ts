import { readFile, stat } from 'node:fs/promises'
import { type Policy, PolicyError, parsePolicy } from './policy.ts'

export const noPolicy =
  "There is no policy: whoever may send to the queue may have anything executed. The queue's IAM policy decides."

/** Used when it exists and the configuration names no other. */
const defaultFile = '/etc/ec2_collective/policy.yaml'

/**
 * Reads the policy: the configured file, which must exist, or the default one, which may not.
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
    throw new PolicyError(`The policy ${file} cannot be read: ${(cause as Error).message}`, { cause })
  }
  const isOurs = found.uid === 0 || found.uid === process.getuid?.()
  if (!isOurs || (found.mode & 0o022) !== 0) {
    throw new PolicyError(
      `The policy ${file} may be changed by others than the agent's user: chown root, chmod go-w.`,
    )
  }
  return parsePolicy(text, file)
}
