/**
 * Whether the sender according to SQS is the agent that the message names. The session name of an EC2 instance profile is
 * the instance id, set by AWS; for other senders SQS proves a principal, not a server.
 * @param senderId `AROA…:i-0123…` for an instance, `AIDA…` for a user, `AROA…:session` for a role
 */
export function checkIdentity(
  agentId: string,
  senderId: string | undefined,
): 'proven' | 'unproven' | 'mismatch' {
  const instance = /:(i-[0-9a-f]{8,17})$/.exec(senderId ?? '')?.[1]
  if (instance === undefined) return 'unproven'
  if (instance === agentId) return 'proven'
  return instanceId.test(agentId) ? 'mismatch' : 'unproven'
}

const instanceId = /^i-[0-9a-f]{8,17}$/
