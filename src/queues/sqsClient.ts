import { SQSClient } from '@aws-sdk/client-sqs'
import { fromIni, fromNodeProviderChain } from '@aws-sdk/credential-providers'
import { type Connections, createConnections } from '../network/connections.ts'
import type { ProxySettings } from '../network/proxy.ts'
import { Trust } from '../network/trust.ts'
import { configuredEndpoint, profileValue } from './awsProfile.ts'
import { CredentialsUnreachable } from './credentialsUnreachable.ts'
import type { StaticCredentials } from './environment.ts'
import {
  bindCallOptions,
  type CallOptions,
  checkAddresses,
  type Exchange,
  type SqsSend,
  setConfiguredEndpoint,
  setUserAgent,
  slimDown,
  watchExchanges,
} from './sdkInternals.ts'

/** How to reach SQS, and with which credentials. An `Environment` is one. */
export interface Connection {
  readonly region: string
  readonly endpoint?: string | undefined
  /** The account that owns the queues, where it is not that of the credentials: twelve digits. */
  readonly account?: string | undefined
  /** AWS profile; with neither this nor `credentials` the SDK's default chain. */
  readonly profile?: string | undefined
  readonly credentials?: StaticCredentials | CredentialProvider | undefined
  /**
   * Asks a person for the code of an MFA device, each time credentials have to be fetched (also after SQS rejected them).
   * Without it, profiles that need a code fail with an error that says so.
   */
  readonly mfaCode?: ((serial: string) => Promise<string>) | undefined
  /**
   * A queue of the same owner, whose URL is that of `queue` but for the name: SQS is then asked for the URL of the one and not of
   * the other, of which there may be many. Undefined for queues that stand for themselves.
   */
  readonly siblingOf?: ((queue: string) => string | undefined) | undefined
  /** What the user interface says about proxies, asked for each connection; without it, the environment variables say it. */
  readonly proxies?: (() => ProxySettings) | undefined
}

/** Called when credentials are needed, and again when they expire or SQS rejects them. */
export type CredentialProvider = () => Promise<
  StaticCredentials & { readonly sessionToken?: string; readonly expiration?: Date }
>

/**
 * Without a logger, the SDK writes advice to the console. With an `info` method, it would copy every request and response
 * for the log, a tenth of the cost of an exchange.
 */
const quiet = { trace() {}, debug() {}, info: undefined as unknown as () => void, warn() {}, error() {} }

/** The SDK's client, and how its calls are made. */
export interface SqsClient {
  readonly sdk: SQSClient
  /** Where the last request went, as in `https://sqs.eu-west-1.amazonaws.com`; undefined before the first. */
  readonly address: string | undefined
  /** Returns a function that sends with these options. */
  readonly bind: (options: CallOptions) => SqsSend
}

/** Most parallel connections; the facts of a large fleet are swept by many receives at once. */
const maxSockets = 128

/** Services that give credentials answer at once or not at all, milliseconds. */
const credentialsWithinMs = 10_000

function connectionsOf({ profile, proxies = () => ({}) }: Connection): Connections {
  const trust = new Trust(process.env, () => profileValue('ca_bundle', profile))
  return createConnections({ maxSockets, proxies, env: process.env, trust })
}

/**
 * The SDK's client, configured to report every exchange to `onExchange` and to do nothing else by itself. It takes over
 * the connections of a `predecessor`, but not its credentials.
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
    // No timeout for all requests: each has its own deadline, as a long poll takes 20 s and a send does not.
    requestHandler: predecessor?.sdk.config.requestHandler ?? {
      ...{ logger: quiet, throwOnRequestTimeout: true },
      ...connectionsOf(connection),
    },
    // A queue URL contains the host that answered; requests have to go to the configured endpoint.
    useQueueUrlAsEndpoint: false,
    // TLS and the reply's SHA-256 already detect damage; MD5 of every body would only cost time.
    md5: false,
    logger: quiet,
    cacheMiddleware: true,
  })
  slimDown(sdk)
  setConfiguredEndpoint(sdk, () => configuredEndpoint('sqs', profile, process.env))
  let address: string | undefined
  checkAddresses(sdk, (used) => {
    address = used
  })
  setUserAgent(sdk)
  const bind = bindCallOptions(sdk)
  watchExchanges(sdk, onExchange)
  return {
    sdk,
    bind,
    get address() {
      return address
    },
  }
}

/**
 * A profile may use SSO, role chains, processes, web identity and console logins. Files are read again each time
 * (`ignoreCache`): the client caches credentials until they expire, so this is rare. Services that give credentials are
 * reached as SQS is, in the region of the connection where the profile has none.
 */
export function credentialsOf(connection: Connection): StaticCredentials | CredentialProvider {
  const { credentials, profile, mfaCode, region } = connection
  if (credentials !== undefined) return credentials
  const connections = connectionsOf(connection)
  const requestHandler = {
    ...{ logger: quiet, throwOnRequestTimeout: true, requestTimeout: credentialsWithinMs },
    ...connections,
  }
  const options = {
    ignoreCache: true,
    logger: quiet,
    clientConfig: { requestHandler },
    ...(mfaCode === undefined ? {} : { mfaCodeProvider: mfaCode }),
  }
  const provide = profile === undefined ? fromNodeProviderChain(options) : fromIni({ ...options, profile })
  return async () => {
    connections.takeFailure()
    try {
      return await provide({ callerClientConfig: { region: async () => region } })
    } catch (cause) {
      // Some providers keep of an error only its text, and call it missing credentials.
      const failure = connections.takeFailure()
      if (failure === undefined) throw cause
      throw new CredentialsUnreachable(failure.host, failure.error)
    }
  }
}
