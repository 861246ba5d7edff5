import { canaryOf } from '../../run/rollout.ts'
import type { Rollout } from '../../run/runRequest.ts'
import type { Detail } from '../../text/detail.ts'
import type { Translate } from '../../text/translate.ts'
import { visibleText } from '../../text/visibleText.ts'
import type { KnownAgent } from './fleetSnapshot.ts'
import { hostLines } from './hostLines.ts'
import type { Audience, MissingAgent, Reach } from './reach.ts'
import { type SignatureConcern, signatureConcerns } from './signatureNeeds.ts'

/** Whom a request hits, whom it misses, and how sure that is. All names, folded. */
export function reachDetails(
  reach: Reach,
  request: Audience & { readonly rollout?: Rollout },
  t: Translate,
): Detail[] {
  const { named, known } = reach
  const hosts = hostLines(named.map(({ hostname }) => hostname))
  const { filter } = request
  const isEveryone = filter.parsed.kind === 'everyone'
  return [
    { name: t('Targets ({0} of {1} agents)', named.length, known), value: hosts },
    ...(isEveryone ? [] : [{ name: t('Filter'), value: visibleText(filter.text) }]),
    ...canaryDetails(reach, request.rollout, t),
    ...identityDetails(reach, t),
    ...doubtDetails(reach, request, t),
    ...signatureDetails(reach, t),
  ]
}

/** The agents that a rollout starts with. */
function canaryDetails({ named }: Reach, rollout: Rollout | undefined, t: Translate): Detail[] {
  if (rollout === undefined) return []
  const agentIds = named.map(({ agentId }) => agentId)
  const canary = new Set(canaryOf(agentIds, rollout))
  const hosts = named.filter(({ agentId }) => canary.has(agentId)).map(({ hostname }) => hostname)
  return hosts.length === 0 ? [] : [{ name: t('Canary ({0})', hosts.length), value: hostLines(hosts) }]
}

/** Which of the targets will refuse the command for its signature, or for want of one. */
export function signatureDetails(
  { agents, signing }: Pick<Reach, 'agents' | 'signing'>,
  t: Translate,
): SignatureConcern[] {
  return signing === undefined ? [] : signatureConcerns(agents, signing, t)
}

/** Targets that may not be what they seem, each with its agent ID, as equal names fold to one. */
export function identityDetails({ agents }: Pick<Reach, 'agents'>, t: Translate): Detail[] {
  const named = (is: (agent: KnownAgent) => boolean) =>
    agents.filter(is).map(({ hostname, agentId }) => visibleText(`${hostname} (${agentId})`))
  const conflicting = named(({ identity }) => identity === 'conflicting')
  const similar = named(({ nameProblem }) => nameProblem !== undefined)
  return [
    ...(conflicting.length === 0
      ? []
      : [{ name: t('Conflicting identities ({0})', conflicting.length), value: conflicting.join('\n') }]),
    ...(similar.length === 0
      ? []
      : [
          {
            name: t('The same host name, or one that looks alike ({0})', similar.length),
            value: similar.join('\n'),
          },
        ]),
  ]
}

/** What stands against the number of agents: who is missing, and that the look at the fleet is unsure. */
export function doubtDetails(
  { missing, look }: Pick<Reach, 'missing' | 'look'>,
  { targets, unseen }: Pick<Audience, 'targets' | 'unseen'>,
  t: Translate,
): Detail[] {
  const isNamed = targets !== undefined
  return [
    ...(unseen === 'included'
      ? [
          {
            name: t('Agents not seen yet'),
            value: t(
              'included: every agent that matches the filter runs it, even one that has not been seen',
            ),
          },
        ]
      : []),
    ...(missing.length === 0
      ? []
      : [
          {
            name: isNamed
              ? t('Not seen now, but named as targets ({0})', missing.length)
              : t('Not seen now, so not among the targets ({0})', missing.length),
            value: namesOf(missing),
          },
        ]),
    ...(look.kind === 'unsure'
      ? [
          {
            name: t('Uncertain'),
            value: t('Not all facts could be read, so there may be more agents than these.'),
          },
        ]
      : []),
  ]
}

/** By host name where the agent was seen before, else by id. */
export function namesOf(missing: readonly MissingAgent[]): string {
  return hostLines(missing.map(({ hostname, agentId }) => hostname ?? agentId))
}
