import { BlockList, isIP } from 'node:net'

/** Where a connection is to end. `host` is a name or an address without brackets. */
export interface Target {
  readonly host: string
  readonly port: number
}

/**
 * Whether connections to `target` do without the proxy, as `NO_PROXY` says: entries apart by commas or spaces, each a name
 * (with all names below it; a leading dot or `*.` changes nothing), an address, a range of addresses (`10.0.0.0/8`), or `*`,
 * and each but ranges and `*` with a port if it is for that port only. What stays on this machine does without it, too, unless the entry
 * `<-loopback>` is there, as browsers have it.
 */
export function doesWithoutProxy(list: string, { host, port }: Target): boolean {
  const name = host.toLowerCase().replace(/\.$/, '')
  const entries = list.toLowerCase().split(/[\s,]+/)
  if (isLoopbackHost(name) && !entries.includes('<-loopback>')) return true
  return entries.some((entry) => entry === '*' || covers(entry, name, port))
}

/**
 * Other names below `localhost` are asked of a name server, which may give any address.
 * @param host in lower case, IPv4 as four numbers, IPv6 without brackets
 */
export function isLoopbackHost(host: string): boolean {
  return /^(localhost|127\.\d+\.\d+\.\d+|::1)$/.test(host)
}

function covers(entry: string, host: string, port: number): boolean {
  const [, inBrackets, plain, portText] = /^(?:\[([^\]]+)\]|(.*?))(?::(\d+))?$/.exec(asBracketed(entry)) ?? []
  if (portText !== undefined && Number(portText) !== port) return false
  const pattern = inBrackets ?? plain ?? ''
  if (pattern.includes('/')) return isInRange(pattern, host)
  if (isIP(pattern) !== 0)
    return isIP(host) !== 0 && isInRange(`${pattern}/${isIP(pattern) === 4 ? 32 : 128}`, host)
  const name = pattern.replace(/^\*?\./, '').replace(/\.$/, '')
  if (name === '' || isIP(host) !== 0) return false
  return host === name || host.endsWith(`.${name}`)
}

/** An IPv6 address without brackets has no port: what follows its last colon belongs to it. */
function asBracketed(entry: string): string {
  const [address = ''] = entry.split('/')
  return isIP(address) === 6 ? `[${entry}]` : entry
}

function isInRange(range: string, host: string): boolean {
  const [address = '', length = ''] = range.split('/')
  const [family, ofHost] = [isIP(address), isIP(host)]
  const isLength = /^\d{1,3}$/.test(length) && Number(length) <= (family === 4 ? 32 : 128)
  if (family === 0 || ofHost === 0 || !isLength) return false
  const list = new BlockList()
  list.addSubnet(address, Number(length), family === 4 ? 'ipv4' : 'ipv6')
  return list.check(host, ofHost === 4 ? 'ipv4' : 'ipv6')
}
