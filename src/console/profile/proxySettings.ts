import * as vscode from 'vscode'
import type { Connection } from '../../queues/sqsClient.ts'

/**
 * The proxy of the editor's own settings, where the user has set one; otherwise the environment variables say it. Those of a
 * workspace do not count: a repository must not choose which way requests take.
 */
export const proxySettings: NonNullable<Connection['proxies']> = () => {
  const settings = vscode.workspace.getConfiguration('http')
  const own = (name: string) => settings.inspect<unknown>(name)?.globalValue
  if (own('proxySupport') === 'off') return {}
  const [url, noProxy] = [own('proxy'), own('noProxy')]
  const isSet = typeof url === 'string' && url.trim() !== ''
  const exceptions = Array.isArray(noProxy) ? noProxy.filter((entry) => typeof entry === 'string') : []
  return {
    ...(isSet ? { proxy: { url, source: 'http.proxy' } } : {}),
    ...(exceptions.length > 0 ? { noProxy: exceptions.join(',') } : {}),
  }
}
