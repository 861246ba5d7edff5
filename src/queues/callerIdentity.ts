import { inTime } from '../async/inTime.ts'
import { toQueueError } from './queueError.ts'
import { post, signedHeaders } from './sdkInternals.ts'
import { type Connection, createSqsClient } from './sqsClient.ts'

/** The identity of our credentials, as AWS sees it. */
export interface CallerIdentity {
  /** As in `arn:aws:iam::123456789012:user/ada` or `arn:aws:sts::123456789012:assumed-role/ops/ada`. */
  readonly arn: string
  readonly account: string
  /** The `SenderId` of our messages: `AIDA…`, `AROA…:session`. */
  readonly userId: string
}

/** STS answers at once or not at all, milliseconds. */
const identifiedWithinMs = 10_000

/**
 * Asks STS (`sts:GetCallerIdentity`, which needs no permission), or the endpoint of an emulator.
 * @throws QueueError
 */
export async function callerIdentity(connection: Connection, signal?: AbortSignal): Promise<CallerIdentity> {
  const { sdk } = createSqsClient(connection, () => {})
  try {
    const url = stsEndpoint(connection)
    const body = 'Action=GetCallerIdentity&Version=2011-06-15'
    const headers = await signedHeaders(sdk, { url, body, service: 'sts', region: connection.region })
    const { status, text } = await inTime(signal, identifiedWithinMs, (within) =>
      post(sdk.config.requestHandler, url, headers, body, within),
    )
    if (status !== 200) {
      const refusal = { Code: element(text, 'Code'), Message: element(text, 'Message') }
      throw Object.assign(new Error(refusal.Message), refusal, { $metadata: { httpStatusCode: status } })
    }
    const identity = {
      arn: element(text, 'Arn'),
      account: element(text, 'Account'),
      userId: element(text, 'UserId'),
    }
    if (identity.arn === '') throw new Error(`a response without an ARN: ${text.slice(0, 100)}`)
    return identity
  } catch (cause) {
    signal?.throwIfAborted()
    throw toQueueError(cause, { action: 'sts:GetCallerIdentity', queue: '', ...connection })
  } finally {
    sdk.destroy()
  }
}

/** An emulator is its own STS; an SQS endpoint of AWS (such as a VPC endpoint) is not. */
function stsEndpoint({ region, endpoint }: Connection): URL {
  if (endpoint !== undefined && !/\.amazonaws\.com(\.cn)?$/.test(new URL(endpoint).hostname))
    return new URL(endpoint)
  return new URL(`https://sts.${region}.amazonaws.com${region.startsWith('cn-') ? '.cn' : ''}`)
}

function element(xml: string, name: string): string {
  return new RegExp(`<${name}>([^<]*)</${name}>`).exec(xml)?.[1] ?? ''
}
