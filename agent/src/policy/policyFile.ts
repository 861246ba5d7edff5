import { createHash } from 'node:crypto'
import { readFile, stat } from 'node:fs/promises'
import { type Policy, PolicyError, parsePolicy } from './policy.ts'

/** Used when the configuration names no other file. */
export const defaultPolicyFile = '/etc/ec2_collective/policy.yaml'

/** What is found where the policy is expected. */
export type PolicyFile =
  | { readonly kind: 'policy'; readonly policy: Policy; readonly digest: string }
  | { readonly kind: 'absent' }
  /** There is a file that cannot be used; `reason` is a sentence. */
  | { readonly kind: 'unusable'; readonly reason: string }

/** Reads and parses a policy file. What is wrong with it is part of the answer. */
export async function readPolicyFile(file: string): Promise<PolicyFile> {
  let found: Awaited<ReturnType<typeof stat>>
  let text: string
  try {
    found = await stat(file)
    text = await readFile(file, 'utf8')
  } catch (error) {
    // A path through something that is no directory is as absent as one that ends nowhere.
    if (/^(ENOENT|ENOTDIR)$/.test((error as NodeJS.ErrnoException).code ?? '')) return { kind: 'absent' }
    return { kind: 'unusable', reason: `Cannot read the policy ${file}: ${(error as Error).message}.` }
  }
  const isOurs = found.uid === 0 || found.uid === process.getuid?.()
  if (!isOurs || (found.mode & 0o022) !== 0) {
    return {
      kind: 'unusable',
      reason: `Users other than the agent's can change the policy ${file}. Run chown root and chmod go-w on it.`,
    }
  }
  try {
    const digest = createHash('sha256').update(text).digest('hex')
    return { kind: 'policy', policy: parsePolicy(text, file), digest }
  } catch (error) {
    if (!(error instanceof PolicyError)) throw error
    return { kind: 'unusable', reason: `${error.message}.` }
  }
}
