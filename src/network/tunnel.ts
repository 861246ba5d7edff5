import { request as plainRequest } from 'node:http'
import { request as tlsRequest } from 'node:https'
import { isIP, isIPv6 } from 'node:net'
import type { Duplex } from 'node:stream'
import type { SecureContext } from 'node:tls'
import { type Localizable, say, verbatim } from '../text/localizable.ts'
import { ConnectionError, type ConnectionErrorCode, reasonOfNetwork } from './connectionError.ts'
import type { Target } from './noProxy.ts'
import type { ProxyServer } from './proxy.ts'

/** How long a proxy may take to open a tunnel, milliseconds: a little less than the time that a direct connection has. */
const openWithinMs = 4_500

/**
 * A connection to `target` through the proxy.
 * @param secureContext what is trusted on the way to a proxy by `https://`
 * @throws ConnectionError that names the proxy, or the signal's reason
 */
export function openTunnel(
  proxy: ProxyServer,
  target: Target,
  secureContext: SecureContext | undefined,
  signal: AbortSignal,
): Promise<Duplex> {
  const authority = `${isIPv6(target.host) ? `[${target.host}]` : target.host}:${target.port}`
  const { authorization, host, port } = proxy
  const options = {
    ...{ method: 'CONNECT', host, port, path: authority, agent: false, signal },
    // Otherwise the name in the header, which is the target's.
    servername: isIP(host) === 0 ? host : '',
    headers: {
      host: authority,
      ...(authorization === undefined ? {} : { 'proxy-authorization': authorization }),
    },
  }
  return new Promise((resolve, reject) => {
    const asking =
      proxy.protocol === 'http:'
        ? plainRequest(options)
        : tlsRequest({ ...options, ...(secureContext === undefined ? {} : { secureContext }) })
    const late = setTimeout(
      () => asking.destroy(Object.assign(new Error('no answer'), { code: 'ETIMEDOUT' })),
      openWithinMs,
    )
    asking.on('connect', ({ statusCode = 0, statusMessage = '' }, socket, head) => {
      clearTimeout(late)
      if (statusCode >= 200 && statusCode < 300) {
        if (head.length > 0) socket.unshift(head)
        resolve(socket)
        return
      }
      socket.destroy()
      reject(refusal(proxy, authority, statusCode, statusMessage))
    })
    // Any other answer than to CONNECT: not a proxy.
    asking.on('response', (response) => {
      response.destroy()
      asking.destroy(Object.assign(new Error('no tunnel'), { code: 'HPE_INVALID' }))
    })
    asking.on('error', (cause) => {
      clearTimeout(late)
      reject(signal.aborted ? signal.reason : unreachable(proxy, cause))
    })
    asking.end()
  })
}

function unreachable({ shown, source }: ProxyServer, cause: NodeJS.ErrnoException): ConnectionError {
  const reason: Localizable = cause.code?.startsWith('HPE_')
    ? say('its answer is not that of a proxy')
    : (reasonOfNetwork(codeOf(cause)) ?? verbatim(cause.message))
  return new ConnectionError(
    'ProxyUnreachable',
    say('The proxy {0} cannot be reached ({1}). Check it, and {2}.', shown, reason, source),
    cause,
  )
}

/** One attempt per address of the proxy failed, each with its own code. */
function codeOf(cause: NodeJS.ErrnoException): string {
  const [part] = cause instanceof AggregateError ? (cause.errors as NodeJS.ErrnoException[]) : []
  return cause.code ?? part?.code ?? ''
}

function refusal(proxy: ProxyServer, authority: string, status: number, message: string): ConnectionError {
  const { shown, source, loginSource } = proxy
  // What a stranger wrote: a line of it.
  const answer = `${status} ${message.slice(0, 60)}`.trim()
  const fail = (code: ConnectionErrorCode, sentence: Localizable) => new ConnectionError(code, sentence)
  if (status === 407) {
    return proxy.authorization === undefined
      ? fail(
          'ProxyLoginMissing',
          say(
            'The proxy {0} asks for a user name and a password (407). Put them into {1}, as in http://USER:PASSWORD@HOST:PORT.',
            shown,
            source,
          ),
        )
      : fail(
          'ProxyLoginRejected',
          say('The proxy {0} rejects the user name or the password in {1} (407).', shown, loginSource),
        )
  }
  if (status >= 500) {
    return fail(
      'ProxyRefused',
      say(
        'The proxy {0} cannot connect to {1} (it answered {2}). Check host name and region.',
        shown,
        authority,
        answer,
      ),
    )
  }
  return fail(
    'ProxyRefused',
    say(
      'The proxy {0} does not allow connections to {1} (it answered {2}). Ask its administrator to allow them, or name the host in NO_PROXY.',
      shown,
      authority,
      answer,
    ),
  )
}
