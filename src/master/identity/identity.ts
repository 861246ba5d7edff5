/** Shape of an EC2 instance ID. */
const instanceId = /^i-[0-9a-f]{8,17}$/

/** A session of a role: AWS prefixes the IDs of roles with `AROA`. Federated users choose their names, too. */
const instanceSession = /^(AROA[A-Z0-9]*):(i-[0-9a-f]{8,17})$/

/**
 * What an identity is worth that a message claims. `proven`: the instance itself sent it. `unproven`: SQS proves a
 * principal, not a server. `conflicting`: the instance that sent it already speaks for another agent. `forged`: somebody
 * else is known to be that agent, so the message is rejected.
 */
export type Identity = 'proven' | 'unproven' | 'conflicting' | 'forged'

/** A sender whose session has the name of an instance, as AWS gives it to instance profiles. */
export interface InstanceSender {
  /** The unique ID of its role, `AROA…`. Who may assume another role can choose this session name there. */
  readonly roleId: string
  readonly instanceId: string
}

/** @param senderId `AROA…:i-0123…` for an instance, `AIDA…` for a user, `AROA…:session` for a role */
export function instanceSender(senderId: string | undefined): InstanceSender | undefined {
  if (senderId === undefined) return undefined
  const [, roleId, instance] = instanceSession.exec(senderId) ?? []
  return roleId === undefined || instance === undefined ? undefined : { roleId, instanceId: instance }
}

/** Whether the agent's ID is that of an instance, which can prove it. */
export function isInstanceId(agentId: string): boolean {
  return instanceId.test(agentId)
}

/** Whether the sender's session has the agent's name: a proof, if it is of the right role. */
export function isOwnInstance(agentId: string, senderId: string | undefined): boolean {
  return instanceSender(senderId)?.instanceId === agentId
}
