import * as vscode from 'vscode'
import type { Connection } from '../../queues/sqsClient.ts'

/**
 * The proxy of the editor's own settings, where the user has set one; otherwise the environment variables say it. Those of a
 * workspace do not count: a repository must not choose which way requests take. `http.proxyStrictSSL` does not count at all:
 * who could read these connections could command the servers, so certificates are always verified.
 */
export const proxySettings: NonNullable<Connection['proxies']> = () => {
  const settings = vscode.workspace.getConfiguration('http')
  const own = (name: string) => settings.inspect<unknown>(name)?.globalValue
  if (own('proxySupport') === 'off') return {}
  const [url, noProxy, authorization] = [own('proxy'), own('noProxy'), own('proxyAuthorization')]
  const isSet = (value: unknown): value is string => typeof value === 'string' && value.trim() !== ''
  const exceptions = Array.isArray(noProxy) ? noProxy.filter((entry) => typeof entry === 'string') : []
  return {
    ...(isSet(url) ? { proxy: { url, source: 'http.proxy' } } : {}),
    ...(isSet(authorization)
      ? { login: { authorization: authorization.trim(), source: 'http.proxyAuthorization' } }
      : {}),
    ...(exceptions.length > 0 ? { noProxy: exceptions.join(',') } : {}),
  }
}
