import type { Facts } from '../../../src/protocol/facts.ts'
import { fingerprintOf, sshBlobOf } from '../../../src/signing/publicKey.ts'
import type { Enforcement } from '../execution/runLimits.ts'
import type { PolicyKey } from '../policy/policy.ts'
import type { Settings } from '../settings/settings.ts'

/** Hexadecimal digits of a policy's SHA-256 that are published: enough to tell which servers have another one. */
const digestLength = 16

/** Names of keys that are published. */
const mostKeys = 50

/** Keys that are published with their fingerprints. */
const mostAccepted = 20

/**
 * What somebody who is responsible for a fleet asks about each agent, as facts beneath `agent`: who it runs as, what limits
 * its commands, and whether they are audited.
 * @param enforcement what limits of runs count here; undefined: that is not known
 * @param isRestartPending a restart was asked for and waits for the end of runs
 * @param auditProblem why commands are not audited although they should be
 */
export function describePosture(
  { configuration, policy }: Settings,
  user: string,
  enforcement: Enforcement | undefined,
  auditProblem: string | undefined,
  isRestartPending = false,
): Facts {
  return {
    user,
    audit: configuration.auditLog !== undefined && auditProblem === undefined,
    ...(isRestartPending ? { restart: 'pending' } : {}),
    ...limitFacts(configuration.limits, enforcement),
    policy: policyFacts(policy),
  }
}

/** Nothing where nothing is limited. */
function limitFacts({ processes, memory }: Settings['configuration']['limits'], found?: Enforcement): Facts {
  if (found === undefined || (processes === undefined && memory === undefined)) return {}
  return {
    limits: {
      ...(processes === undefined ? {} : { processes: found.processes }),
      ...(memory === undefined ? {} : { memory: found.memory }),
    },
  }
}

function policyFacts(inForce: Settings['policy']): Facts {
  if (inForce.kind === 'closed') return { state: 'closed' }
  if (inForce.kind === 'open') return { state: inForce.why === 'by-choice' ? 'none' : 'open' }
  const { rules, keys } = inForce.policy
  const signed = rules.filter(({ keys }) => keys !== undefined).length
  const accepted = new Map(rules.flatMap(({ keys }) => [...(keys ?? [])]))
  return {
    state: 'in-force',
    digest: inForce.digest.slice(0, digestLength),
    rules: rules.length,
    keys: [...keys.keys()].slice(0, mostKeys),
    signatures: signed === 0 ? 'none' : signed === rules.length ? 'required' : 'some-rules',
    accepts: [...accepted].slice(0, mostAccepted).map(acceptedKey),
    accepted_keys: accepted.size,
  }
}

function acceptedKey([name, { publicKey, expiresAt }]: readonly [string, PolicyKey]): Facts {
  return {
    ...{ name, fingerprint: fingerprintOf(sshBlobOf(publicKey)) },
    ...(expiresAt === undefined ? {} : { expires: new Date(expiresAt).toISOString() }),
  }
}
