import { createHash } from 'node:crypto'
import { account } from './queueStore.ts'

/** Who makes a request, by its signature, which is taken as it stands: nothing here knows a secret to check it with. */
export interface Caller {
  /** Empty when the request is not signed. */
  readonly accessKeyId: string
  readonly region: string
}

/** @param authorization AWS Signature Version 4: `AWS4-HMAC-SHA256 Credential=KEY/DATE/REGION/sqs/aws4_request, …` */
export function callerOf(authorization: string | undefined): Caller {
  const [, accessKeyId = '', region = 'us-east-1'] =
    /Credential=([^/,\s]+)\/[^/,]+\/([^/,]+)\//.exec(authorization ?? '') ?? []
  return { accessKeyId, region }
}

/**
 * The user id that a key belongs to, `SenderId` of what it sends. Each key has its own, which tells nothing of the key:
 * that of the local fleet is a secret, and sender ids are shown and logged.
 */
export function userIdOf({ accessKeyId }: Caller): string {
  return `AIDA${createHash('sha256').update(accessKeyId).digest('hex').slice(0, 17).toUpperCase()}`
}

/** The answer of `sts:GetCallerIdentity`. */
export function identityXml(caller: Caller): string {
  const userId = userIdOf(caller)
  const arn = `arn:aws:iam::${account}:user/${userId.toLowerCase()}`
  return `<GetCallerIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><GetCallerIdentityResult><Arn>${arn}</Arn><UserId>${userId}</UserId><Account>${account}</Account></GetCallerIdentityResult></GetCallerIdentityResponse>`
}
