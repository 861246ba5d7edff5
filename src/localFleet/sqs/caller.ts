import { createHash } from 'node:crypto'
import { account } from './queueStore.ts'

/** The caller according to the request's signature, which is not verified: this server has no secrets to verify it with. */
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
 * The user id of a key, and the `SenderId` of its messages. Each key has its own, which does not reveal the key: that of
 * the local fleet is a secret, while sender ids are shown and logged.
 */
export function userIdOf({ accessKeyId }: Caller): string {
  return `AIDA${createHash('sha256').update(accessKeyId).digest('hex').slice(0, 17).toUpperCase()}`
}

/** The response of `sts:GetCallerIdentity`. */
export function identityXml(caller: Caller): string {
  const userId = userIdOf(caller)
  const arn = `arn:aws:iam::${account}:user/${userId.toLowerCase()}`
  return `<GetCallerIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><GetCallerIdentityResult><Arn>${arn}</Arn><UserId>${userId}</UserId><Account>${account}</Account></GetCallerIdentityResult></GetCallerIdentityResponse>`
}
