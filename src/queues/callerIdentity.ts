import type { SQSClient } from '@aws-sdk/client-sqs'
import { inTime } from '../async/inTime.ts'
import { configuredEndpoint } from './awsProfile.ts'
import { endpointProblem } from './endpoint.ts'
import { isHostOfAws, partitionOf } from './partitions.ts'
import { toQueueError } from './queueError.ts'
import { post, signedHeaders, UnsafeEndpoint } from './sdkInternals.ts'
import { type Connection, createSqsClient } from './sqsClient.ts'

/** The identity of our credentials, as AWS sees it. */
export interface CallerIdentity {
  /** As in `arn:aws:iam::123456789012:user/ada` or `arn:aws:sts::123456789012:assumed-role/ops/ada`. */
  readonly arn: string
  readonly account: string
  /** The `SenderId` of our messages: `AIDA…`, `AROA…:session`. */
  readonly userId: string
}

/** A request to STS and its answer, as they were on the wire. */
export interface StsExchange {
  readonly request: string
  readonly status: number
  readonly text: string
}

/** STS answers at once or not at all, milliseconds. */
const identifiedWithinMs = 10_000

/**
 * Asks STS (`sts:GetCallerIdentity`, which needs no permission), or the endpoint of an emulator.
 * @param onAnswer called with what STS answered, whatever it is
 * @throws QueueError
 */
export async function callerIdentity(
  connection: Connection,
  signal?: AbortSignal,
  onAnswer: (exchange: StsExchange) => void = () => {},
): Promise<CallerIdentity> {
  const { sdk } = createSqsClient(connection, () => {})
  let { endpoint } = connection
  try {
    const url = await stsEndpoint(connection, sdk)
    if (!isHostOfAws(url.hostname, connection.region)) endpoint = url.origin
    const body = 'Action=GetCallerIdentity&Version=2011-06-15'
    const headers = await signedHeaders(sdk, { url, body, service: 'sts', region: connection.region })
    const { status, text } = await inTime(signal, identifiedWithinMs, (within) =>
      post(sdk.config.requestHandler, url, headers, body, within),
    )
    onAnswer({ request: body, status, text })
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
    throw toQueueError(cause, { action: 'sts:GetCallerIdentity', queue: '', ...connection, endpoint })
  } finally {
    sdk.destroy()
  }
}

/** The same ARN for the tag of a queue, where AWS says it at once: nothing depends on it. */
export async function ownerOf(connection: Connection): Promise<string | undefined> {
  return callerIdentity(connection, AbortSignal.timeout(ownerWithinMs)).then(
    ({ arn }) => arn,
    () => undefined,
  )
}

/** Milliseconds. */
const ownerWithinMs = 2_000

/** An emulator is its own STS; an SQS endpoint of AWS (such as a VPC endpoint) is not. */
async function stsEndpoint({ region, profile, endpoint }: Connection, { config }: SQSClient): Promise<URL> {
  const ofSts = endpoint === undefined ? await configuredEndpoint('sts', profile, process.env) : undefined
  if (ofSts !== undefined) return checked(ofSts)
  const ofSqs = endpoint ?? (await configuredEndpoint('sqs', profile, process.env))
  if (ofSqs !== undefined && !isHostOfAws(checked(ofSqs).hostname, region)) return checked(ofSqs)
  const { name, dnsSuffix, dualStackDnsSuffix } = partitionOf(region)
  const [isFips, isDualStack] = [await config.useFipsEndpoint(), await config.useDualstackEndpoint()]
  // All endpoints of STS in GovCloud are FIPS endpoints, under the usual names.
  const service = isFips && !(name === 'aws-us-gov' && !isDualStack) ? 'sts-fips' : 'sts'
  return new URL(`https://${service}.${region}.${isDualStack ? dualStackDnsSuffix : dnsSuffix}`)
}

function checked(endpoint: string): URL {
  const problem = endpointProblem(endpoint)
  if (problem !== undefined) throw new UnsafeEndpoint(endpoint, problem)
  return new URL(endpoint)
}

function element(xml: string, name: string): string {
  return new RegExp(`<${name}>([^<]*)</${name}>`).exec(xml)?.[1] ?? ''
}
