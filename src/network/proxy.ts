import { say } from '../text/localizable.ts'
import { ConnectionError } from './connectionError.ts'
import { doesWithoutProxy, type Target } from './noProxy.ts'

/** A proxy that opens tunnels (`CONNECT`). */
export interface ProxyServer {
  /** `https:`: the way to the proxy is itself encrypted. */
  readonly protocol: 'http:' | 'https:'
  /** Without brackets. */
  readonly host: string
  readonly port: number
  /** User and password as the header has them, `Basic …`. A secret. */
  readonly authorization: string | undefined
  /** Who names user and password. */
  readonly loginSource: string
  /** As in `http://proxy.example.com:3128`: without user and password. */
  readonly shown: string
  /** Who names it, as in `HTTPS_PROXY`. */
  readonly source: string
}

/** What the user interface says about proxies; it takes precedence over the environment variables. */
export interface ProxySettings {
  /** A URL; with `source`, its name for people. */
  readonly proxy?: { readonly url: string; readonly source: string } | undefined
  /** The header `Proxy-Authorization` for any proxy whose URL has no user; with `source`, its name for people. */
  readonly login?: { readonly authorization: string; readonly source: string } | undefined
  /** In the form of `NO_PROXY`, and instead of it. */
  readonly noProxy?: string | undefined
}

/**
 * The proxy for connections to `target`, by the settings, or by the environment variables as AWS's tools read them:
 * `https_proxy` or `HTTPS_PROXY` for TLS, `http_proxy` or `HTTP_PROXY` for the rest, but for `no_proxy` or `NO_PROXY`. In lower
 * case they take precedence, also when empty: then there is no proxy.
 * @throws ConnectionError when it is not a URL that we can use
 */
export function proxyFor(
  target: Target & { readonly isTls: boolean },
  { proxy, noProxy, login }: ProxySettings,
  env: NodeJS.ProcessEnv,
): ProxyServer | undefined {
  const named = proxy ?? variable(env, target.isTls ? 'HTTPS_PROXY' : 'HTTP_PROXY')
  if (named === undefined || named.url.trim() === '') return undefined
  if (doesWithoutProxy(noProxy ?? variable(env, 'NO_PROXY')?.url ?? '', target)) return undefined
  return withLogin(parseProxy(named.url.trim(), named.source), login)
}

function variable(env: NodeJS.ProcessEnv, name: string): { url: string; source: string } | undefined {
  const source = [name.toLowerCase(), name].find((candidate) => env[candidate] !== undefined)
  return source === undefined ? undefined : { url: env[source] ?? '', source }
}

function parseProxy(text: string, source: string): ProxyServer {
  // A URL without a scheme is usual, as in proxy.example.com:3128.
  const full = /^[a-z][a-z0-9+.-]*:\/\//i.test(text) ? text : `http://${text}`
  const url = URL.canParse(full) ? new URL(full) : undefined
  const { protocol = '', hostname = '' } = url ?? {}
  if (url === undefined || hostname === '' || (protocol !== 'http:' && protocol !== 'https:')) {
    // What stands there may hold a password.
    throw new ConnectionError(
      'ProxyInvalid',
      say(
        'The proxy in {0} cannot be used. Use a URL with http:// or https://, as in http://proxy:3128.',
        source,
      ),
    )
  }
  const { username, password } = url
  const login = `${decoded(username)}:${decoded(password)}`
  return {
    protocol,
    host: hostname.replace(/^\[(.*)\]$/, '$1'),
    port: Number(url.port || (protocol === 'https:' ? 443 : 80)),
    authorization: login === ':' ? undefined : `Basic ${Buffer.from(login).toString('base64')}`,
    loginSource: source,
    shown: url.origin,
    source,
  }
}

function withLogin(proxy: ProxyServer, login: ProxySettings['login']): ProxyServer {
  if (login === undefined || proxy.authorization !== undefined) return proxy
  const { authorization, source } = login
  // HTTP has no other characters in a header; the value is a secret, and not shown.
  if (!/^[\t\x20-\x7e\x80-\xff]+$/.test(authorization)) {
    throw new ConnectionError(
      'ProxyInvalid',
      say(
        'The value of {0} cannot be sent to a proxy. Write it in one line, as in “Basic dXNlcjpwYXNzd29yZA==”.',
        source,
      ),
    )
  }
  return { ...proxy, authorization, loginSource: source }
}

/** People also write passwords that hold a `%` as it is. */
function decoded(part: string): string {
  try {
    return decodeURIComponent(part)
  } catch {
    return part
  }
}
