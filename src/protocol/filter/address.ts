/** A range of IPv4 or IPv6 addresses: `bytes` (4 or 16), of which the first `prefixLength` bits count. */
export type Network = { readonly bytes: readonly number[]; readonly prefixLength: number }

/** Whether the text is meant as a network, valid or not: `10.0.0.0/8`, `fd00::/8`, `10.0.0.0/99`. */
export function writtenAsNetwork(text: string): boolean {
  return /^[\da-f.:]{2,64}\/\d+$/i.test(text)
}

/** Reads `10.0.0.0/8` or `fd00::/8`; bits after the prefix are ignored. Undefined when it is not a network. */
export function networkOf(text: string): Network | undefined {
  const [, address = '', prefix = ''] = /^([^/]*)\/(0|[1-9]\d{0,2})$/.exec(text) ?? []
  const bytes = addressOf(address)
  const prefixLength = Number(prefix)
  return bytes && prefix !== '' && prefixLength <= bytes.length * 8 ? { bytes, prefixLength } : undefined
}

/** Whether `text` is an address within the network. A zone (`%eth0`) and a prefix length (`/24`) after it are ignored. */
export function isWithin(network: Network, text: string): boolean {
  if (text.length > 128) return false
  const bytes = addressOf(text.replace(/(?:%[^/]*)?(?:\/\d{1,3})?$/, ''))
  if (bytes?.length !== network.bytes.length) return false
  return network.bytes.every((byte, index) => {
    const bits = Math.max(0, Math.min(8, network.prefixLength - index * 8))
    return (byte ^ (bytes[index] ?? 0)) >> (8 - bits) === 0
  })
}

function addressOf(text: string): number[] | undefined {
  return text.includes(':') ? ipv6Bytes(text) : ipv4Bytes(text)
}

function ipv4Bytes(text: string): number[] | undefined {
  const parts = text.split('.', 5)
  if (parts.length !== 4 || !parts.every((part) => /^(?:0|[1-9]\d{0,2})$/.test(part))) return undefined
  const bytes = parts.map(Number)
  return bytes.every((byte) => byte <= 255) ? bytes : undefined
}

function ipv6Bytes(text: string): number[] | undefined {
  const halves = text.split('::', 3)
  if (halves.length > 2) return undefined
  const [left = '', right] = halves
  const head = groupBytes(left, right === undefined)
  const tail = right === undefined ? [] : groupBytes(right, true)
  if (!head || !tail) return undefined
  const missing = 16 - head.length - tail.length
  const fits = right === undefined ? missing === 0 : missing >= 2
  return fits ? [...head, ...new Array<number>(missing).fill(0), ...tail] : undefined
}

/** The bytes of `fe80:0:1`; the last group may be an IPv4 address where the address ends. */
function groupBytes(text: string, endsAddress: boolean): number[] | undefined {
  if (text === '') return []
  const bytes: number[] = []
  const groups = text.split(':', 9)
  for (const [index, group] of groups.entries()) {
    const ipv4 =
      endsAddress && index === groups.length - 1 && group.includes('.') ? ipv4Bytes(group) : undefined
    if (ipv4) bytes.push(...ipv4)
    else if (/^[\da-f]{1,4}$/i.test(group))
      bytes.push(Number.parseInt(group, 16) >> 8, Number.parseInt(group, 16) & 255)
    else return undefined
  }
  return bytes
}
