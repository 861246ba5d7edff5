import type { Environment } from '../queues/environment.ts'
import { type Detail, printDetails } from '../text/detail.ts'
import { type Arguments, UsageError } from './arguments.ts'
import type { Person } from './person.ts'

/** Up to this number of agents, Enter alone is a yes. */
const mostByEnter = 10

/** The person said no. Nothing was sent. */
export class Declined extends Error {
  override readonly name = 'Declined'
}

/** What is about to be sent, for a person to confirm. */
export interface Confirming {
  readonly environment: Pick<Environment, 'name' | 'protected'>
  readonly args: Pick<Arguments, 'confirm' | 'yes'>
  /** Everything about it, for a person who is asked. */
  readonly details: readonly Detail[]
  readonly agents: number
  /** Some agents are missing, or will refuse the signature, or the look at the fleet is unsure. */
  readonly isDoubtful: boolean
  /** It changes nothing on the servers. */
  readonly isHarmless: boolean
}

/**
 * A protected environment requires its name once more: with `--confirm`, or typed. In others a person at a terminal is asked
 * for a yes, unless they gave it with `--yes`, or the command changes nothing. Enter alone is a yes for up to 10 agents of which
 * none is missing. Check whether you were interrupted before you send.
 * @returns whether a person was asked, which took time
 * @throws UsageError, Declined: nothing was sent
 */
export async function confirm(what: Confirming, person: Person): Promise<boolean> {
  const { environment, args, details, agents, isDoubtful, isHarmless } = what
  const { name } = environment
  if (args.confirm !== undefined && args.confirm !== name)
    throw new UsageError(`--confirm ${args.confirm}: the environment is ${name}. Nothing was sent.`)
  if (environment.protected) {
    if (args.confirm === name) return false
    if (!person.isThere)
      throw new UsageError(`${name} is protected: add --confirm ${name}. Nothing was sent.`)
    person.tell(printDetails(details))
    const answer = await person.ask(`${name} is protected. Type its name to continue: `)
    if (answer.trim() !== name) throw new Declined('The name does not match. Nothing was sent.')
    return true
  }
  if (!person.isThere || args.yes || isHarmless || args.confirm === name) return false
  person.tell(printDetails(details))
  const isYesByEnter = agents <= mostByEnter && !isDoubtful
  const who = agents === 1 ? '1 agent' : `${agents} agents`
  const answer = await person.ask(`Send it to ${who} of ${name}? ${isYesByEnter ? '[Y/n]' : '[y/N]'} `)
  if (!/^(y|yes)$/i.test(answer.trim()) && !(isYesByEnter && answer.trim() === ''))
    throw new Declined('Nothing was sent.')
  return true
}
