import { foldHosts } from '../hosts/hostFolding.ts'
import { type NameProblem, nameProblems } from '../hosts/similarNames.ts'
import type { ReplyState, RunState } from '../run/runState.ts'
import { type Localizable, say } from '../text/localizable.ts'

/** What is to be said of who an agent is: `undefined` before it has replied. */
export function identityOf({ identity, conflicting, heardAt }: ReplyState): ShownIdentity | undefined {
  if (conflicting === true) return 'conflicting'
  return heardAt === undefined ? undefined : identity
}

export type ShownIdentity = 'proven' | 'unproven' | 'conflicting'

/** Which agents of a run have host names that a person cannot tell apart. */
export class RunNames {
  #names: readonly string[] = []
  #problems = new Map<string, NameProblem>()

  of(agentId: string): NameProblem | undefined {
    return this.#problems.get(agentId)
  }

  /** Compares the names again if there are other ones. @returns the agents of whom something else is true now */
  update({ replies }: Pick<RunState, 'replies'>): string[] {
    const names = Array.from(replies.values(), ({ hostname }) => hostname)
    if (names.length === this.#names.length && names.every((name, at) => name === this.#names[at])) return []
    const problems = new Map<string, NameProblem>()
    const found = nameProblems(names)
    for (const [at, agentId] of [...replies.keys()].entries()) {
      const problem = found[at]
      if (problem !== undefined) problems.set(agentId, problem)
    }
    const before = this.#problems
    this.#names = names
    this.#problems = problems
    return [...replies.keys()].filter((agentId) => before.get(agentId) !== problems.get(agentId))
  }
}

export function namesOf(state: Pick<RunState, 'replies'>): RunNames {
  const names = new RunNames()
  names.update(state)
  return names
}

/** What a person must know about who the agents of a run are; empty when nothing is unusual. */
export function identityWarnings(state: RunState): Localizable[] {
  const names = namesOf(state)
  const replies = [...state.replies.values()]
  const hosts = (is: (reply: ReplyState) => boolean) => replies.filter(is).map(({ hostname }) => hostname)
  const conflicting = hosts((reply) => reply.conflicting === true)
  const doubled = hosts(({ agentId }) => names.of(agentId) === 'doubled')
  const lookAlike = hosts(({ agentId }) => names.of(agentId) === 'look-alike')
  return [
    ...(conflicting.length === 0
      ? []
      : [
          say(
            'Conflicting identities ({0}): {1}. Another sender replied in their names and was rejected, or theirs replies for other agents, too.',
            conflicting.length,
            foldHosts(conflicting),
          ),
        ]),
    ...(doubled.length === 0
      ? []
      : [say('Agents with the same host names ({0}): {1}', doubled.length, foldHosts(doubled))]),
    ...(lookAlike.length === 0
      ? []
      : [say('Host names that look alike ({0}): {1}', lookAlike.length, foldHosts(lookAlike))]),
  ]
}

/** How many agents have proven who they are, of those that replied. */
export function identityCounts(state: Pick<RunState, 'replies'>): Record<ShownIdentity, number> {
  const counts = { proven: 0, unproven: 0, conflicting: 0 }
  for (const reply of state.replies.values()) {
    const identity = identityOf(reply)
    if (identity !== undefined) counts[identity] += 1
  }
  return counts
}
