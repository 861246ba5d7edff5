import type { KnownAgent } from '../../master/fleet/fleetSnapshot.ts'
import { signatureConcerns } from '../../master/fleet/signatureNeeds.ts'
import { signingPostureOf } from '../../master/fleet/signingPosture.ts'
import type { Translate } from '../../text/translate.ts'
import { visibleText } from '../../text/visibleText.ts'
import { countAgents, type Diagnosis, type ExaminedAgents, hosts } from './agentDiagnoses.ts'

/** Keys that expire within this time are reported, milliseconds. */
const expiresSoonMs = 30 * 24 * 3600_000

/** Agents that will refuse commands for their signature, and keys that expire soon. */
export function diagnoseSigning(examined: ExaminedAgents, t: Translate): Diagnosis[] {
  const agents = examined.agents.filter(({ state }) => state !== 'gone')
  return [...refusals(agents, examined, t), ...expiringKeys(agents, examined, t)]
}

function refusals(agents: readonly KnownAgent[], { signing }: ExaminedAgents, t: Translate): Diagnosis[] {
  return signatureConcerns(agents, signing, t)
    .filter(({ isCertain }) => isCertain)
    .map(({ name, value }) => ({
      severity: 'warning',
      what: `${name}.`,
      why: t('These agents accept only signed commands, and {0}.', value.replaceAll('\n', '')),
      advice: t('Run “Set Up Signing…”: it shows what belongs in their policy.'),
      fix: 'sign',
    }))
}

function expiringKeys(
  agents: readonly KnownAgent[],
  { signing: { now } }: ExaminedAgents,
  t: Translate,
): Diagnosis[] {
  const groups = new Map<string, { name: string; expiresAt: number; agents: KnownAgent[] }>()
  for (const agent of agents) {
    for (const { name, expiresAt } of signingPostureOf(agent.facts).keys ?? []) {
      if (expiresAt === undefined || expiresAt - now > expiresSoonMs) continue
      const key = `${expiresAt} ${name}`
      const group = groups.get(key) ?? { name, expiresAt, agents: [] }
      group.agents.push(agent)
      groups.set(key, group)
    }
  }
  return [...groups.values()].map(({ name, expiresAt, agents }) => {
    const [key, day] = [visibleText(name), new Date(expiresAt).toISOString().slice(0, 10)]
    return {
      severity: 'warning',
      what:
        expiresAt <= now
          ? t('The key {0} expired on {1} ({2}).', key, day, countAgents(agents.length, t))
          : t('The key {0} expires on {1} ({2}).', key, day, countAgents(agents.length, t)),
      why: t('From then on agents refuse what it has signed. Agents: {0}.', hosts(agents)),
      advice: t('Add a new key to their policies, or change “expires” there.'),
    }
  })
}
