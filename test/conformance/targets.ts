import { createHash } from 'node:crypto'

const unit = 2n ** 30n

/** The hash of an agent in a set of `size` agents. */
export function hashOf(runId: string, agentId: string, size: number): bigint {
  const digest = createHash('sha256').update(`ec2-collective/targets\n${runId}\n${agentId}`).digest()
  return (digest.readBigUInt64BE() * BigInt(size)) >> 34n
}

/** The set of these agents, base64. */
export function encodeSet(runId: string, agentIds: readonly string[]): string {
  const hashes = agentIds.map((agentId) => hashOf(runId, agentId, agentIds.length))
  hashes.sort((one, other) => (one < other ? -1 : one > other ? 1 : 0))
  let bits = agentIds.length.toString(2).padStart(32, '0')
  for (const [index, hash] of hashes.entries()) {
    const difference = hash - (hashes[index - 1] ?? 0n)
    bits += `${'1'.repeat(Number(difference / unit))}0${(difference % unit).toString(2).padStart(30, '0')}`
  }
  const bytes = bits.match(/.{1,8}/g) ?? []
  return Buffer.from(bytes.map((byte) => Number.parseInt(byte.padEnd(8, '0'), 2))).toString('base64')
}

/** The hashes in a set; undefined for a text that is no set. */
export function hashesOf(set: string): bigint[] | undefined {
  const bytes = Buffer.from(set, 'base64')
  if (bytes.length < 4 || bytes.toString('base64') !== set) return undefined
  const size = bytes.readUInt32BE()
  if (size < 1 || size > 100_000) return undefined
  if (bytes.length < 4 + Math.ceil((31 * size) / 8) || bytes.length > 4 + Math.ceil((32 * size) / 8))
    return undefined
  const bits = Array.from(bytes.subarray(4), (byte) => byte.toString(2).padStart(8, '0')).join('')
  const hashes: bigint[] = []
  let at = 0
  let last = 0n
  while (hashes.length < size) {
    const zero = bits.indexOf('0', at)
    if (zero === -1 || zero + 31 > bits.length) return undefined
    last += BigInt(zero - at) * unit + BigInt(`0b${bits.slice(zero + 1, zero + 31)}`)
    if (last >= BigInt(size) * unit) return undefined
    hashes.push(last)
    at = zero + 31
  }
  return bits.length - at < 8 && !bits.slice(at).includes('1') ? hashes : undefined
}

export function isInSet(set: string, runId: string, agentId: string): boolean {
  const hashes = hashesOf(set) ?? []
  return hashes.includes(hashOf(runId, agentId, hashes.length))
}
