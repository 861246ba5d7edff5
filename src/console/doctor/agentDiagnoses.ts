import { byNature } from '../../hosts/naturalOrder.ts'
import type { KnownAgent } from '../../master/fleet/fleetSnapshot.ts'
import { policyStateOf } from '../../master/fleet/posture.ts'
import type { Signing } from '../../master/fleet/signatureNeeds.ts'
import type { Finding } from '../../queues/finding.ts'
import type { Translate } from '../../text/translate.ts'
import { describeSkew } from '../environments/agentGroups.ts'

/** One problem, in the language of the editor. */
export type Diagnosis = Pick<Finding, 'severity'> &
  Readonly<Record<'what' | 'why' | 'advice', string>> &
  Partial<{ readonly fix: Finding['fix'] | 'sign' }>

export interface ExaminedAgents {
  readonly agents: readonly KnownAgent[]
  /** The version that agents should have: that of this extension. */
  readonly version: string
  readonly signing: Signing
}

/** The largest clock difference that is not reported, milliseconds. */
const skewToleranceMs = 5_000

/** Problems that agents report about themselves. */
export function diagnoseAgents(examined: ExaminedAgents, t: Translate): Diagnosis[] {
  return [
    ...openAgents(examined, t),
    ...doubtfulAgents(examined, t),
    ...otherVersions(examined, t),
    ...skewedClocks(examined, t),
    ...quietAgents(examined, t),
  ]
}

function openAgents({ agents }: ExaminedAgents, t: Translate): Diagnosis[] {
  const open = agents.filter(({ state, facts }) => state !== 'gone' && policyStateOf(facts) === 'open')
  if (open.length === 0) return []
  return [
    {
      severity: 'warning',
      what: open.length === 1 ? t('1 agent has no policy.') : t('{0} agents have no policy.', open.length),
      why: t(
        'Anyone who may send to the command queue can execute anything there, as any user. Agents: {0}.',
        hosts(open),
      ),
      advice: t(
        'Run “ec2-cagent policy init” there, and set general.require_policy. If that is what you want, set general.policy to "none".',
      ),
    },
  ]
}

function doubtfulAgents({ agents }: ExaminedAgents, t: Translate): Diagnosis[] {
  const conflicting = agents.filter(({ identity }) => identity === 'conflicting')
  const alike = agents.filter(({ nameProblem }) => nameProblem !== undefined)
  const diagnoses: Diagnosis[] = []
  if (conflicting.length > 0) {
    diagnoses.push({
      severity: 'warning',
      what:
        conflicting.length === 1
          ? t('The identity of 1 agent conflicts.')
          : t('The identities of {0} agents conflict.', conflicting.length),
      why: t(
        'In the last 24 hours another sender spoke in its name, or its sender speaks for another agent, too. Agents: {0}.',
        hosts(conflicting),
      ),
      advice: t(
        'Find out who the sender is: the log names it. If you have replaced roles, use “Forget Proven Identities”, or declare the roles (agentRoles).',
      ),
    })
  }
  if (alike.length > 0) {
    diagnoses.push({
      severity: 'warning',
      what: t('{0} agents have host names that cannot be told apart.', alike.length),
      why: t('You may take one server for another. Agents: {0}.', hosts(alike)),
      advice: t('Compare their agent IDs, and give each server a host name of its own.'),
    })
  }
  return diagnoses
}

function otherVersions({ agents, version }: ExaminedAgents, t: Translate): Diagnosis[] {
  const others = agents.filter((agent) => agent.state !== 'gone' && agent.version !== version)
  if (others.length === 0) return []
  const versions = [...new Set(others.map((agent) => agent.version))].sort(byNature).join(', ')
  return [
    {
      severity: 'warning',
      what:
        others.length === 1
          ? t('1 agent runs {0}; this extension is {1}.', versions, version)
          : t('{0} agents run {1}; this extension is {2}.', others.length, versions, version),
      why: t('Each side refuses what it does not support; it never guesses. Agents: {0}.', hosts(others)),
      advice: t('Update the agents to {0}, or update this extension.', version),
    },
  ]
}

function skewedClocks({ agents }: ExaminedAgents, t: Translate): Diagnosis[] {
  const skewed = agents.filter(
    ({ state, clockSkewMs }) => state !== 'gone' && Math.abs(clockSkewMs) > skewToleranceMs,
  )
  if (skewed.length === 0) return []
  const worst = skewed.reduce((a, b) => (Math.abs(b.clockSkewMs) > Math.abs(a.clockSkewMs) ? b : a))
  return [
    {
      severity: 'warning',
      what: t(
        'The clock is wrong on {0}; the worst is {1} ({2}).',
        countAgents(skewed.length, t),
        worst.hostname,
        describeSkew(worst.clockSkewMs, t),
      ),
      why: t(
        'AWS rejects requests when a clock is off by 5 minutes or more, so these agents stop answering. Agents: {0}.',
        hosts(skewed),
      ),
      advice: t('Synchronise their clocks, for example with chrony.'),
    },
  ]
}

function quietAgents({ agents }: ExaminedAgents, t: Translate): Diagnosis[] {
  const quiet = agents.filter(({ state }) => state !== 'live')
  const diagnoses: Diagnosis[] = []
  if (quiet.length > 0) {
    diagnoses.push({
      severity: 'warning',
      what:
        quiet.length === 1
          ? t('1 agent has stopped reporting.')
          : t('{0} agents have stopped reporting.', quiet.length),
      why: t('Commands that target them get no reply. Agents: {0}.', hosts(quiet)),
      advice: t('Check that ec2-cagent is running there, and read its log.'),
    })
  }
  for (const agent of agents.filter(({ problems }) => problems.length > 0)) {
    diagnoses.push({
      severity: 'warning',
      what: t('{0} cannot read all of its facts: {1}', agent.hostname, agent.problems.join(' ')),
      why: t('Filters use the last values that could be read.'),
      advice: t('Run “ec2-cagent facts” there: it shows where each fact comes from.'),
    })
  }
  return diagnoses
}

export function countAgents(count: number, t: Translate): string {
  return count === 1 ? t('1 agent') : t('{0} agents', count)
}

export function hosts(agents: readonly KnownAgent[]): string {
  const names = agents.slice(0, 20).map(({ hostname }) => hostname)
  return agents.length > names.length ? `${names.join(', ')} … (${agents.length})` : names.join(', ')
}
