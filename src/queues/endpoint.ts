import * as v from 'valibot'
import { isLoopbackHost } from '../network/noProxy.ts'
import { type Localizable, say } from '../text/localizable.ts'

/**
 * The address of SQS where it is not AWS's default, in the form in which it is compared and shown: `https://host/path`, as a
 * browser writes it (host in lower case, IPv4 as four numbers, other alphabets as `xn--…`). Commands, including their
 * secrets, and session tokens are sent there: see {@link endpointProblem}.
 */
export const Endpoint = v.pipe(
  v.string(say('a URL').text),
  v.rawCheck(({ dataset, addIssue }) => {
    const problem = dataset.typed ? endpointProblem(dataset.value) : undefined
    if (problem !== undefined)
      addIssue({ message: problem.text, input: withoutPassword(String(dataset.value)) })
  }),
  v.examples(['https://sqs.eu-west-1.amazonaws.com']),
  v.transform(normalized),
)

/**
 * What an endpoint has to be instead, as in “a URL with https:// or http://”; undefined if it may be used. Unencrypted HTTP is
 * only for this machine, and link-local addresses never are SQS: the credentials of the machine are to be had there.
 */
export function endpointProblem(text: unknown): Localizable | undefined {
  const url = parsed(String(text))
  if (url === undefined || !/^https?:$/.test(url.protocol)) return say('a URL with https:// or http://')
  if (url.username !== '' || url.password !== '')
    return say('a URL without user name and password: requests are signed with the AWS profile')
  if (/[?#]/.test(String(text))) return say('a URL without ? and #')
  if (isLinkLocal(url.hostname))
    return say('the address of an SQS server: at link-local addresses a machine keeps its own credentials')
  if (url.protocol === 'http:' && !isLoopback(url.hostname))
    return say('a URL with https://; http:// is only for this machine, as in http://127.0.0.1:9324')
  return undefined
}

/** Whether requests to it stay on this machine. */
export function isLoopbackEndpoint(endpoint: string): boolean {
  const url = parsed(endpoint)
  return url !== undefined && isLoopback(url.hostname)
}

/** Whether it is an address of AWS's own SQS in the region. An endpoint in somebody's VPC is not. */
export function isSqsOfRegion(endpoint: string, region: string): boolean {
  const url = parsed(endpoint)
  const suffixes = region.startsWith('cn-')
    ? ['amazonaws.com.cn', 'api.amazonwebservices.com.cn']
    : ['amazonaws.com', 'api.aws']
  const hosts = suffixes.flatMap((suffix) => [`sqs.${region}.${suffix}`, `sqs-fips.${region}.${suffix}`])
  // `host` has the port where it is not that of https.
  return url?.protocol === 'https:' && url.pathname === '/' && hosts.includes(url.host)
}

/** @param hostname as `URL` returns it: in lower case, IPv4 in its usual form, IPv6 in brackets */
function isLoopback(hostname: string): boolean {
  return isLoopbackHost(hostname.replace(/^\[(.*)\]$/, '$1'))
}

/** 169.254.0.0/16, also within an IPv6 address, fe80::/10, and the addresses of EC2's metadata in IPv6. */
function isLinkLocal(hostname: string): boolean {
  if (!hostname.startsWith('[')) return /^169\.254\.\d+\.\d+$/.test(hostname)
  const groups = groupsOf(hostname)
  const [first = 0, second = 0] = groups
  if ((first & 0xffc0) === 0xfe80 || (first === 0xfd00 && second === 0x0ec2)) return true
  // IPv4-compatible, mapped and translated addresses, and those of NAT64, end with the IPv4 address; 6to4 begins with it.
  const holdsIpv4 = groups.slice(0, 4).every((group) => group === 0) || (first === 0x64 && second === 0xff9b)
  return (holdsIpv4 && groups.at(-2) === 0xa9fe) || (first === 0x2002 && second === 0xa9fe)
}

/** The eight numbers of an IPv6 address as `URL` writes it: in brackets, hexadecimal, with at most one `::`. */
function groupsOf(hostname: string): number[] {
  const [head = '', tail] = hostname.slice(1, -1).split('::')
  const [before, after] = [head, tail ?? ''].map((part) => part.split(':').filter(Boolean))
  const missing = 8 - (before?.length ?? 0) - (after?.length ?? 0)
  const groups = [...(before ?? []), ...Array(tail === undefined ? 0 : missing).fill('0'), ...(after ?? [])]
  return groups.map((group) => Number.parseInt(group, 16))
}

function normalized(endpoint: string): string {
  const { origin, pathname } = new URL(endpoint)
  return `${origin}${pathname.replace(/\/+$/, '')}`
}

/** Messages quote what is wrong. */
function withoutPassword(text: string): string {
  return text.replace(/^([a-z]+:)?.*@/is, '$1//…@')
}

function parsed(text: string): URL | undefined {
  return URL.canParse(text) ? new URL(text) : undefined
}
