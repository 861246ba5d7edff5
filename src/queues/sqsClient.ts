import { SQSClient } from '@aws-sdk/client-sqs'
import { fromIni, fromNodeProviderChain } from '@aws-sdk/credential-providers'
import type { StaticCredentials } from './environment.ts'
import {
  bindCallOptions,
  type CallOptions,
  type Exchange,
  type SqsSend,
  setUserAgent,
  slimDown,
  watchExchanges,
} from './sdkInternals.ts'

/** How to reach SQS, and as whom. An `Environment` is one. */
export interface Connection {
  readonly region: string
  readonly endpoint?: string | undefined
  /** AWS profile; with neither this nor `credentials` the SDK's default chain. */
  readonly profile?: string | undefined
  readonly credentials?: StaticCredentials | CredentialProvider | undefined
  /**
   * Asks a person for the code of an MFA device, each time that credentials must be fetched (also after SQS refused
   * them). Without it, profiles that need a code fail with a sentence.
   */
  readonly mfaCode?: ((serial: string) => Promise<string>) | undefined
}

/** Called when credentials are needed, and again when they expire or SQS refuses them. */
export type CredentialProvider = () => Promise<
  StaticCredentials & { readonly sessionToken?: string; readonly expiration?: Date }
>

/**
 * The SDK writes advice to the console unless it is given a logger. One with `info` would have it copy every request and
 * answer for the log, a tenth of what an exchange costs.
 */
const quiet = { trace() {}, debug() {}, info: undefined as unknown as () => void, warn() {}, error() {} }

/** The SDK's client, and how its calls are made. */
export interface SqsClient {
  readonly sdk: SQSClient
  /** For calls with these options. */
  readonly bind: (options: CallOptions) => SqsSend
}

/** Parallel connections; a large fleet's facts are swept by many receives at once. */
const maxSockets = 128

/** Each request brings its own deadline, as a long poll takes 20 s and a send does not. */
const httpOptions = {
  logger: quiet,
  connectionTimeout: 5_000,
  throwOnRequestTimeout: true,
  httpAgent: { keepAlive: true, maxSockets },
  httpsAgent: { keepAlive: true, maxSockets },
}

/**
 * The SDK's client, set up so that every exchange is told to `onExchange` and nothing happens behind our back.
 * A `predecessor`'s connections are taken over, its credentials are not.
 */
export function createSqsClient(
  connection: Connection,
  onExchange: (exchange: Exchange) => void,
  predecessor?: SqsClient,
): SqsClient {
  const { region, endpoint, profile } = connection
  const sdk = new SQSClient({
    region,
    credentials: credentialsOf(connection),
    ...(profile === undefined ? {} : { profile }),
    ...(endpoint === undefined ? {} : { endpoint }),
    requestHandler: predecessor?.sdk.config.requestHandler ?? httpOptions,
    // Queue URLs name whatever host answered; ours is the one to talk to.
    useQueueUrlAsEndpoint: false,
    // TLS and the reply's SHA-256 already tell damage; MD5 of every body would only cost time.
    md5: false,
    logger: quiet,
    cacheMiddleware: true,
  })
  slimDown(sdk)
  setUserAgent(sdk)
  const bind = bindCallOptions(sdk)
  watchExchanges(sdk, onExchange)
  return { sdk, bind }
}

/**
 * A profile includes SSO, role chains, processes, web identity and console logins. Files are read afresh
 * (`ignoreCache`) each time: the client keeps what it got until it expires, so this is rare.
 */
export function credentialsOf({
  credentials,
  profile,
  mfaCode,
}: Connection): StaticCredentials | CredentialProvider {
  if (credentials !== undefined) return credentials
  const options = {
    ignoreCache: true,
    logger: quiet,
    ...(mfaCode === undefined ? {} : { mfaCodeProvider: mfaCode }),
  }
  return profile === undefined ? fromNodeProviderChain(options) : fromIni({ ...options, profile })
}
