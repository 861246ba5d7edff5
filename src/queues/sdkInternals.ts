import type {
  $Command,
  ServiceInputTypes,
  ServiceOutputTypes,
  SQSClient,
  SQSClientResolvedConfig,
} from '@aws-sdk/client-sqs'
import { type Localizable, LocalizableError, say } from '../text/localizable.ts'
import { endpointProblem } from './endpoint.ts'

// Everything that relies on internals of the AWS SDK, which a new version may change. sdkInternals.test.ts checks each of
// these with the installed SDK.

/** Sends a command. Each command object can be sent once. */
export type SqsSend = <Input extends ServiceInputTypes, Output extends ServiceOutputTypes>(
  command: $Command<Input, Output, SQSClientResolvedConfig>,
) => Promise<Output>

/** Options of one HTTP request. */
export interface CallOptions {
  readonly abortSignal?: AbortSignal
  /** Milliseconds. */
  readonly requestTimeout: number
}

/** One HTTP exchange with SQS, successful or failed. */
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
 * Middleware that costs time with each exchange and does nothing for us: it logs to nowhere, looks for the trace of a
 * Lambda function, and builds the same user agent each time.
 */
export const needlessMiddleware = [
  'loggerMiddleware',
  'recursionDetectionMiddleware',
  'getUserAgentMiddleware',
]

/** Removes middleware that only costs time, and the SDK's own retries: the callers know what to repeat and when to stop. */
export function slimDown({ middlewareStack }: SQSClient): void {
  for (const name of needlessMiddleware) middlewareStack.remove(name)
  middlewareStack.add((next) => next, {
    ...{ name: 'retryMiddleware', step: 'finalizeRequest', priority: 'high', override: true },
  })
}

/** Identifies our requests in an audit trail among others of the same profile: `ec2-collective aws-sdk-js/3.1169.0`. */
export function setUserAgent({ middlewareStack, config }: SQSClient): void {
  const userAgent = config.defaultUserAgentProvider().then(([sdk = []]) => `ec2-collective ${sdk.join('/')}`)
  middlewareStack.add(
    (next) => async (args) => {
      const { headers } = args.request as { headers: Record<string, string> }
      headers['user-agent'] = await userAgent
      return next(args)
    },
    { step: 'build', name: 'setUserAgent' },
  )
}

/**
 * Checks the address of every request before it is signed. Where an environment has no endpoint, the SDK takes one from
 * `AWS_ENDPOINT_URL_SQS`, `AWS_ENDPOINT_URL` or the AWS profile, and would accept any.
 */
export function checkAddresses(
  { middlewareStack }: SQSClient,
  onAddress: (address: string) => void = () => {},
): void {
  middlewareStack.add(
    (next) => async (args) => {
      const { protocol, hostname, port } = args.request as {
        protocol: string
        hostname: string
        port?: number
      }
      const address = `${protocol}//${hostname}${port === undefined ? '' : `:${port}`}`
      onAddress(address)
      const problem = endpointProblem(address)
      if (problem !== undefined) throw new UnsafeEndpoint(address, problem)
      return next(args)
    },
    { step: 'build', name: 'checkAddresses' },
  )
}

/** Lets `provide` say where requests go, unless the client was made with an endpoint. The SDK's own way ignores named profiles. */
export function setConfiguredEndpoint(
  { config }: SQSClient,
  provide: () => Promise<string | undefined>,
): void {
  const resolved = config as { serviceConfiguredEndpoint?: () => Promise<string | undefined> }
  resolved.serviceConfiguredEndpoint = provide
}

/** No request was sent. */
export class UnsafeEndpoint extends LocalizableError {
  override readonly name = 'UnsafeEndpoint'

  constructor(address: string, problem: Localizable) {
    super(
      say(
        'SQS cannot be used at {0}. Use {1}. The address is that of the endpoint, of AWS_ENDPOINT_URL_SQS or AWS_ENDPOINT_URL, or of endpoint_url in the AWS profile.',
        address,
        problem,
      ),
    )
  }
}

/**
 * A cheaper `client.send(command, options)`. With options per call, the SDK cannot cache its middleware stack and rebuilds
 * it each time, a third of the cost of a call (120 of 390 µs of processor time in a warm Node). Instead, the options are
 * stored by the command's input until its request is made.
 */
export function bindCallOptions(client: SQSClient): (options: CallOptions) => SqsSend {
  const optionsOfCalls = new WeakMap<object, CallOptions>()
  const handler = client.config.requestHandler
  client.middlewareStack.add(
    // Replaces the SDK's innermost handler, which would have no options.
    () => async (args) => {
      const options = optionsOfCalls.get(args.input)
      if (options === undefined) throw new Error('a request without a deadline')
      const request = args.request as Parameters<typeof handler.handle>[0]
      return { response: (await handler.handle(request, options)).response }
    },
    { step: 'deserialize', priority: 'low', name: 'applyCallOptions' },
  )
  return (options) => (command) => {
    optionsOfCalls.set(command.input, options)
    return client.send(command)
  }
}

/** Reports each exchange when it is over. */
export function watchExchanges(
  { middlewareStack }: SQSClient,
  onExchange: (exchange: Exchange) => void,
): void {
  middlewareStack.add(
    (next, context) => async (args) => {
      const operation = String(context.commandName).replace(/Command$/, '')
      const tell = (response: unknown, output: unknown) =>
        onExchange({
          ...{ operation, input: args.input, output },
          ...{ answered: response !== undefined, date: dateOf(response) },
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
}

/** Headers that sign a POST of `body` to `url` for `service`, with the credentials of the client. */
export async function signedHeaders(
  { config }: SQSClient,
  { url, body, service, region }: { url: URL; body: string; service: string; region: string },
): Promise<Record<string, string>> {
  const scope = { name: 'sigv4', signingName: service, signingRegion: region, properties: {} }
  const signer = await config.signer(scope)
  const { headers } = await signer.sign({
    ...{ method: 'POST', protocol: url.protocol, hostname: url.hostname, path: '/', body },
    headers: { host: url.host, 'content-type': 'application/x-www-form-urlencoded' },
  })
  return headers
}

/** A POST by the connections of a client, in its own ways. Follows no redirection: elsewhere the session token is a secret. */
export async function post(
  handler: SQSClientResolvedConfig['requestHandler'],
  url: URL,
  headers: Record<string, string>,
  body: string,
  abortSignal: AbortSignal,
): Promise<{ readonly status: number; readonly text: string }> {
  const { protocol, hostname, port, pathname: path } = url
  const place = port === '' ? { protocol, hostname, path } : { protocol, hostname, path, port: Number(port) }
  const request = { ...place, method: 'POST', headers, body, query: {} } as Parameters<
    typeof handler.handle
  >[0]
  const { response } = await handler.handle(request, { abortSignal })
  return { status: response.statusCode, text: await textOf(response.body as AsyncIterable<Uint8Array>) }
}

async function textOf(stream: AsyncIterable<Uint8Array>): Promise<string> {
  const parts: Uint8Array[] = []
  for await (const part of stream) parts.push(part)
  return Buffer.concat(parts).toString('utf8')
}

function dateOf(response: unknown): number | undefined {
  const headers = (response as { headers?: Record<string, string> } | undefined)?.headers
  const date = Date.parse(headers?.date ?? '')
  return Number.isNaN(date) ? undefined : date
}
