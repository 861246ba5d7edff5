import {
  type $Command,
  type ServiceInputTypes,
  type ServiceOutputTypes,
  SQSClient,
  type SQSClientResolvedConfig,
} from '@aws-sdk/client-sqs'
import { fromIni, fromNodeProviderChain } from '@aws-sdk/credential-providers'
import type { StaticCredentials } from './environment.ts'

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

/** What one HTTP exchange with SQS was, failed ones included. */
export interface Exchange {
  /** SQS operation, as in `ReceiveMessage`. */
  readonly operation: string
  readonly input: unknown
  /** Absent when the exchange failed. */
  readonly output: unknown
  readonly answered: boolean
  /** SQS's `Date` header, milliseconds, truncated by HTTP to whole seconds. */
  readonly date: number | undefined
}

/**
 * The SDK writes advice to the console unless it is given a logger. One with `info` would have it copy every request and
 * answer for the log, a tenth of what an exchange costs.
 */
const quiet = { trace() {}, debug() {}, info: undefined as unknown as () => void, warn() {}, error() {} }

/** What HTTP is to know of one call. */
interface CallOptions {
  readonly abortSignal?: AbortSignal
  /** Milliseconds. */
  readonly requestTimeout: number
}

/**
 * By a command's input. The SDK takes options with each call, but then it cannot keep its middleware and puts it together
 * anew each time, which is a third of what a call costs (120 of 390 µs of processor time on a Node that is warm).
 */
const optionsOfCalls = new WeakMap<object, CallOptions>()

/** Makes the request of a command; each command once. */
export type SqsSend = <Input extends ServiceInputTypes, Output extends ServiceOutputTypes>(
  command: $Command<Input, Output, SQSClientResolvedConfig>,
) => Promise<Output>

/** `client.send(command, options)`, at a lower price. */
export const bindSend =
  (client: SQSClient, options: CallOptions): SqsSend =>
  (command) => {
    optionsOfCalls.set(command.input, options)
    return client.send(command)
  }

/**
 * Middleware of the SDK that would only cost time with each exchange: it logs nowhere, looks for the trace of a Lambda
 * function, and puts the same user agent together again and again.
 */
export const needlessMiddleware = [
  'loggerMiddleware',
  'recursionDetectionMiddleware',
  'getUserAgentMiddleware',
]

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
  predecessor?: SQSClient,
): SQSClient {
  const { region, endpoint, profile } = connection
  const client = new SQSClient({
    region,
    credentials: credentialsOf(connection),
    ...(profile === undefined ? {} : { profile }),
    ...(endpoint === undefined ? {} : { endpoint }),
    requestHandler: predecessor?.config.requestHandler ?? httpOptions,
    // Queue URLs name whatever host answered; ours is the one to talk to.
    useQueueUrlAsEndpoint: false,
    // TLS and the reply's SHA-256 already tell damage; MD5 of every body would only cost time.
    md5: false,
    logger: quiet,
    cacheMiddleware: true,
  })
  for (const name of needlessMiddleware) client.middlewareStack.remove(name)
  // Loops, sender and `attempt` retry, each knowing what it may repeat, and where a signal reaches it.
  client.middlewareStack.add((next) => next, {
    ...{ name: 'retryMiddleware', step: 'finalizeRequest', priority: 'high', override: true },
  })
  const userAgent = userAgentOf(client.config)
  client.middlewareStack.add(
    (next) => async (args) => {
      const { headers } = args.request as { headers: Record<string, string> }
      headers['user-agent'] = await userAgent
      return next(args)
    },
    { step: 'build', name: 'setUserAgent' },
  )
  const handler = client.config.requestHandler
  client.middlewareStack.add(
    // Takes the place of the SDK's innermost handler, which would have no options.
    () => async (args) => {
      const options = optionsOfCalls.get(args.input)
      if (options === undefined) throw new Error('a request without a deadline')
      const request = args.request as Parameters<typeof handler.handle>[0]
      return { response: (await handler.handle(request, options)).response }
    },
    { step: 'deserialize', priority: 'low', name: 'applyCallOptions' },
  )
  client.middlewareStack.add(
    (next, context) => async (args) => {
      const operation = String(context.commandName).replace(/Command$/, '')
      const tell = (response: unknown, output: unknown) =>
        onExchange({
          operation,
          input: args.input,
          output,
          answered: response !== undefined,
          date: dateOf(response),
        })
      try {
        const result = await next(args)
        tell(result.response, result.output)
        return result
      } catch (cause) {
        tell((cause as { $response?: unknown }).$response, undefined)
        throw cause
      }
    },
    { step: 'finalizeRequest', priority: 'low', name: 'tellExchange' },
  )
  return client
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

/** By it an audit trail tells our requests from others of the same profile: `ec2-collective aws-sdk-js/3.1169.0`. */
async function userAgentOf({ defaultUserAgentProvider }: SQSClientResolvedConfig): Promise<string> {
  const [sdk = []] = await defaultUserAgentProvider()
  return `ec2-collective ${sdk.join('/')}`
}

function dateOf(response: unknown): number | undefined {
  const headers = (response as { headers?: Record<string, string> } | undefined)?.headers
  const date = Date.parse(headers?.date ?? '')
  return Number.isNaN(date) ? undefined : date
}
