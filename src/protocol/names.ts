import * as v from 'valibot'
import { say } from '../text/localizable.ts'
import { shownHostname } from '../text/shownHostname.ts'

/** SQS: 1 to 80 of `[A-Za-z0-9_-]`, case-sensitive (without FIFO queues, which cannot broadcast). */
export const QueueName = v.pipe(
  v.string(),
  v.regex(/^[A-Za-z0-9_-]{1,80}$/, say('a queue name: 1 to 80 of A-Z a-z 0-9 _ -').text),
)

/** Short enough for the longest queue name made from it, `<env>_<masterId>_agent`. */
export const EnvironmentName = v.pipe(
  v.string(),
  v.regex(/^[A-Za-z0-9_-]{1,48}$/, say('an environment name: 1 to 48 of A-Z a-z 0-9 _ -').text),
)

/** Chosen by the master, unique for all time: 8 to 64 of `[A-Za-z0-9-]`. Safe as a file name. */
export const RunId = v.pipe(
  v.string(),
  v.regex(/^[A-Za-z0-9][A-Za-z0-9-]{7,63}$/, 'a run id: 8 to 64 of A-Z a-z 0-9 -'),
)

/** EC2 instance id where there is one. 1 to 128 of `[A-Za-z0-9._:-]`, not starting with a dot. Safe as a file name. */
export const AgentId = v.pipe(
  v.string(),
  v.regex(/^[A-Za-z0-9_:-][A-Za-z0-9._:-]{0,127}$/, 'an agent id: 1 to 128 of A-Z a-z 0-9 . _ : -'),
)

/** The name that a server reports. Shown to people, so without control characters; never used to address anything. */
export const Hostname = v.pipe(
  v.string(),
  v.regex(/^[^\p{C}\s]{1,255}$/u, 'a host name: 1 to 255 characters, no white space or control characters'),
)

/** The same from somebody else, who may want to deceive: see `shownHostname`. */
export const ShownHostname = v.pipe(
  Hostname,
  v.description('Name of the server, for people. Masters show it with the codes of unusual characters.'),
  v.transform(shownHostname),
)

/** The unique ID of an IAM role, as AWS puts it into the `SenderId` of a session. */
export const RoleId = v.pipe(
  v.string(),
  v.regex(/^AROA[A-Z0-9]{1,124}$/, say('the ID of a role: AROA and more capital letters and digits').text),
)

/** Identifies a master within an environment: a word, a dash, a number. Without `_`, which ends the environment's name. */
export const MasterId = v.pipe(
  v.string(),
  v.regex(/^[A-Za-z0-9]{1,16}-[0-9]{1,3}$/, 'a master id, as in 0f3a9c2e-1'),
)

/** Name of one master's private reply queue in an environment (docs/messages.md, "Names of queues"). */
export function privateReplyQueue(environment: string, masterId: string): string {
  return `${environment}_${masterId}_agent`
}

/**
 * Where an agent of `environment` may send replies: only to private reply queues of its own environment, and to its
 * configured reply queue. The shape of the master id matters: `prod_eu_agent` is not of `prod` but of `prod_eu`.
 */
export function mayReplyTo(environment: string, configuredReplyQueue: string, replyTo: string): boolean {
  return replyTo === configuredReplyQueue || masterOfReplyQueue(environment, replyTo) !== undefined
}

/** The master whose private reply queue in this environment has this name; undefined for all other names. */
export function masterOfReplyQueue(environment: string, queue: string): string | undefined {
  const [start, end] = [`${environment}_`, '_agent']
  if (!queue.startsWith(start) || !queue.endsWith(end) || !v.is(QueueName, queue)) return undefined
  const masterId = queue.slice(start.length, -end.length)
  return v.is(MasterId, masterId) ? masterId : undefined
}

/**
 * A new ID for a master that nobody takes over from: it deletes its reply queue when its runs are over. Its number is 0,
 * so that agents know from the name of such a queue that a missing one does not come back.
 * @param word 1 to 16 of `[A-Za-z0-9]`, not used before
 */
export function throwAwayMaster(word: string): string {
  return `${word}-0`
}

/** Whether this is the private reply queue of a {@link throwAwayMaster} of this environment. */
export function isThrowAwayReplyQueue(environment: string, queue: string): boolean {
  return masterOfReplyQueue(environment, queue)?.endsWith('-0') ?? false
}
