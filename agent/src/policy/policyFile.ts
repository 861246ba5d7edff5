import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { canOthersChangeFile } from './fileTrust.ts'
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
  let isOthers: boolean
  let text: string
  try {
    text = await readFile(file, 'utf8')
    isOthers = await canOthersChangeFile(file)
  } catch (error) {
    // A path through something that is no directory is as absent as one that ends nowhere.
    if (/^(ENOENT|ENOTDIR)$/.test((error as NodeJS.ErrnoException).code ?? '')) return { kind: 'absent' }
    return { kind: 'unusable', reason: `Cannot read the policy ${file}: ${(error as Error).message}.` }
  }
  if (isOthers) {
    return {
      kind: 'unusable',
      reason: `Users other than the agent's can change the policy ${file}, or put another in its place. Run chown root and chmod go-w on it and on the folders above it.`,
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
