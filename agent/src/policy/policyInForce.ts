import type { Policy } from './policy.ts'
import type { PolicyFile } from './policyFile.ts'

/** What decides about commands on this server at this moment. */
export type PolicyInForce =
  | { readonly kind: 'policy'; readonly policy: Policy; readonly digest: string }
  /**
   * Everyone who may send to the command queue may execute anything.
   * `never-set`: nobody ever wrote a policy. `by-choice`: the configuration says `policy: none`.
   */
  | { readonly kind: 'open'; readonly why: 'never-set' | 'by-choice' }
  /**
   * Nothing is allowed, because there should be a policy, and there is none that can be used. `reason` says what to do.
   * `isAwaited`: the configuration wants one, and there has never been one.
   */
  | { readonly kind: 'closed'; readonly reason: string; readonly isAwaited?: true }

/** What an administrator says of the policy in the configuration. */
export interface PolicyConfiguration {
  /** Path of the file; undefined for the default one; `none`: this server has no policy, on purpose. */
  readonly policyFile: string | undefined
  /** Whether nothing is allowed as long as there is no policy. */
  readonly requirePolicy: boolean
}

/**
 * A policy counts from the moment when it is there. Once one was in force, its absence means that nothing is allowed: a file
 * that was moved away by mistake, or on purpose by somebody else, must not open a server. Only `policy: none` does.
 * @param wasInForce whether a policy was ever in force on this server
 */
export function policyInForce(
  file: PolicyFile,
  { policyFile, requirePolicy }: PolicyConfiguration,
  path: string,
  wasInForce: boolean,
): PolicyInForce {
  if (policyFile === 'none') return { kind: 'open', why: 'by-choice' }
  switch (file.kind) {
    case 'policy':
      return file
    case 'unusable':
      return { kind: 'closed', reason: `${file.reason} Until it is corrected, nothing is allowed.` }
    case 'absent': {
      const because =
        policyFile !== undefined
          ? 'the configuration names it'
          : requirePolicy
            ? 'general.require_policy is set'
            : wasInForce
              ? 'a policy was in force on this server before'
              : undefined
      if (because === undefined) return { kind: 'open', why: 'never-set' }
      return {
        kind: 'closed',
        ...(policyFile === undefined && !wasInForce ? { isAwaited: true } : {}),
        reason: `The policy ${path} does not exist, and ${because}, so nothing is allowed. Create it ("ec2-cagent policy init"), or set general.policy to "none" in the agent's configuration.`,
      }
    }
  }
}

/** The state in a sentence, for logs and checks. */
export function describePolicy(state: PolicyInForce): string {
  switch (state.kind) {
    case 'policy':
      return `Policy in use: ${state.policy.file} (${state.policy.rules.length} rules).`
    case 'open':
      return `No policy${state.why === 'by-choice' ? ' (general.policy is "none")' : ''}: everyone who may send to the command queue can execute anything on this server. Access depends on the queue's IAM policy alone.`
    case 'closed':
      return state.reason
  }
}
