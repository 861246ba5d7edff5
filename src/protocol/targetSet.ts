import { createHash } from 'node:crypto'
import * as v from 'valibot'

/**
 * The agents that a command names, in four bytes each: a Golomb-coded set of hashes, salted with the run's id.
 *
 * Encoding: base64 of the number of agents n (4 bytes, big-endian) and a sequence of bits. Each agent id is hashed to an
 * integer from 0 to n · 2³⁰ − 1, by SHA-256 (see {@link hashOf}). The integers are sorted, and each is written as its
 * difference to the one before it: the quotient by 2³⁰ as that many ones and a zero, then the remainder in 30 bits, the
 * highest first. Zeros fill the last byte.
 *
 * Size: the differences are 2³⁰ on average, so that a quotient is 0.58 on average and an agent takes 31.6 bits; 32 at most,
 * as all quotients together are below n. 10,000 agents take 39,500 bytes, and 52,700 in base64.
 *
 * Error: an agent that is named is always found. An agent that is not named is taken for a named one if its hash equals one
 * of the n hashes in the set. There are n · 2³⁰ equally probable values, so the chance is at most n / (n · 2³⁰) = 2⁻³⁰, about
 * 1 in a billion, for each agent and set. The hash depends on the run, so chances of different runs are independent. Such an
 * agent executes the command only if the command's filter matches it, too, and the master reports it as unexpected.
 */
const remainderBits = 30
const divisor = 2 ** remainderBits

/** Most agents in a set. Reading one of that many takes 0.8 MB, and tens of milliseconds. */
export const mostTargets = 100_000

/** Bytes before the sequence of bits. */
const headBytes = 4

/**
 * @param runId of the command that carries the set
 * @param agentIds each of them once; 1 to {@link mostTargets}
 * @throws RangeError for another number of agents
 */
export function encodeTargetSet(runId: string, agentIds: readonly string[]): string {
  const count = agentIds.length
  if (count < 1 || count > mostTargets)
    throw new RangeError(`A set holds 1 to ${mostTargets} agents, not ${count}.`)
  const hashes = Float64Array.from(agentIds, (agentId) => hashOf(runId, agentId, count)).sort()
  const bytes = Buffer.alloc(mostBytes(count))
  bytes.writeUInt32BE(count)
  let at = headBytes * 8
  const write = (bit: number) => {
    if (bit === 1) bytes[at >> 3] = (bytes[at >> 3] ?? 0) | (0x80 >> (at & 7))
    at += 1
  }
  let before = 0
  for (const hash of hashes) {
    const difference = hash - before
    before = hash
    for (let ones = Math.floor(difference / divisor); ones > 0; ones -= 1) write(1)
    write(0)
    const remainder = difference % divisor
    for (let bit = remainderBits - 1; bit >= 0; bit -= 1) write((remainder >> bit) & 1)
  }
  return bytes.subarray(0, Math.ceil(at / 8)).toString('base64')
}

/** Whether the text is a set as {@link encodeTargetSet} writes it. For any text: its bounds are checked before it is decoded. */
export function isTargetSet(text: string): boolean {
  return hashesIn(text) !== undefined
}

/** Whether the set names the agent: see the error chance above. A text that is not a set names nobody. */
export function isInTargetSet(text: string, runId: string, agentId: string): boolean {
  const hashes = hashesIn(text)
  return hashes?.includes(hashOf(runId, agentId, hashes.length)) ?? false
}

/** How many agents a set names: 0 for a text that is not a set. */
export function targetCount(text: string): number {
  return hashesIn(text)?.length ?? 0
}

/** The field of a command. */
export const TargetSet = v.pipe(v.string(), v.check(isTargetSet, 'a set of targets'))

/** The hashes in ascending order, one for each agent; undefined if the text is not a set. */
function hashesIn(text: string): Float64Array | undefined {
  // An adversary may have written it: what it claims is checked against its length before anything is allocated.
  if (text.length > base64Length(mostBytes(mostTargets))) return undefined
  const bytes = Buffer.from(text, 'base64')
  if (bytes.length < headBytes || bytes.toString('base64') !== text) return undefined
  const count = bytes.readUInt32BE()
  if (count < 1 || count > mostTargets) return undefined
  if (bytes.length < leastBytes(count) || bytes.length > mostBytes(count)) return undefined
  let at = headBytes * 8
  // Beyond the end all bits are 0, so that reading ends; the length is compared afterwards.
  const read = () => {
    const bit = ((bytes[at >> 3] ?? 0) >> (7 - (at & 7))) & 1
    at += 1
    return bit
  }
  const hashes = new Float64Array(count)
  let hash = 0
  for (let index = 0; index < count; index += 1) {
    let quotient = 0
    while (read() === 1) quotient += 1
    let remainder = 0
    for (let bit = 0; bit < remainderBits; bit += 1) remainder = (remainder << 1) | read()
    hash += quotient * divisor + remainder
    if (hash >= count * divisor) return undefined
    hashes[index] = hash
  }
  const isWhole = Math.ceil(at / 8) === bytes.length
  while (at < bytes.length * 8) if (read() === 1) return undefined
  return isWhole ? hashes : undefined
}

/** From 0 to `count` · 2³⁰ − 1, all equally probable: the first 64 bits of SHA-256, scaled down. */
function hashOf(runId: string, agentId: string, count: number): number {
  const digest = createHash('sha256').update(`ec2-collective/targets\n${runId}\n${agentId}`).digest()
  return Number((digest.readBigUInt64BE() * BigInt(count)) >> BigInt(64 - remainderBits))
}

/** Each agent takes its remainder and the zero of its quotient, */
const leastBytes = (count: number) => headBytes + Math.ceil((count * (remainderBits + 1)) / 8)
/** and all quotients together are below `count`. */
const mostBytes = (count: number) => headBytes + Math.ceil((count * (remainderBits + 2)) / 8)

const base64Length = (bytes: number) => Math.ceil(bytes / 3) * 4
