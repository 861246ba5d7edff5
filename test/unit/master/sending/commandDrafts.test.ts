import { generateKeyPairSync, randomBytes, sign } from 'node:crypto'
import { gunzipSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { names } from '../../../../agent/src/intake/admission.ts'
import { commandDrafts } from '../../../../src/master/sending/commandDrafts.ts'
import { openBody } from '../../../../src/protocol/envelope.ts'
import type { CommandMessage } from '../../../../src/protocol/messages.ts'
import { encodeTargetSet } from '../../../../src/protocol/targetSet.ts'

const kb64 = 64 * 1024
const { privateKey, publicKey } = generateKeyPairSync('ed25519')
const key = 'alice'

/** Ids of EC2 instances: nothing about them can be foreseen, so that they do not compress well. */
const instances = (count: number) =>
  Array.from({ length: count }, () => `i-0${randomBytes(8).toString('hex')}`)

/** Enough of them: each is looked up by decoding the whole set. */
const some = (targets: readonly string[]) => targets.filter((_, index) => index % 100 === 0)

const script = (bytes: number): CommandMessage['action'] => {
  const content = randomBytes(bytes).toString('base64')
  return { kind: 'script', name: 'deploy.sh', content, args: ['--now'] }
}

function command(targets: string[] | undefined, action: CommandMessage['action']): CommandMessage {
  return {
    ...{ type: 'command', runId: '3f0c9a52-6c1e-4a0b-9f5a-0f6f6f0f7d11', environment: 'production' },
    ...{ issuedAt: 1, ttlMs: 10_000, issuer: { name: 'ada', host: 'laptop' }, replyTo: 'production_agent' },
    ...{ filter: 'role=web', action, timeoutMs: 60_000 },
    ...(targets === undefined ? {} : { targets }),
  }
}

const bodiesOf = (...[command, limitBytes, key]: Parameters<typeof commandDrafts>) =>
  commandDrafts(command, limitBytes, key).map(({ draft }) =>
    key === undefined ? draft.unsigned : draft.signedBy(key, sign(null, draft.bytesToSign(), privateKey)),
  )

const opened = (body: string) => {
  const { message, signature } = openBody(body, 'command')
  return { message, signature }
}

describe('The messages of a command', () => {
  it('are one with a plain list for a fleet of thousands, which agents of every version can read', () => {
    const targets = instances(3_000)
    const bodies = bodiesOf(command(targets, script(2_000)), kb64, key)
    expect(bodies.map((body) => opened(body).message.targets)).toEqual([targets])
  })

  it('are one of at most 64 KB for 10,000 agents, with a script and a signature over all of it', () => {
    const targets = instances(10_000)
    const action = script(6_000)
    const [body = '', ...others] = bodiesOf(command(targets, action), kb64, key)
    expect(others).toEqual([])
    expect(body.length).toBeLessThanOrEqual(kb64)
    const { message, signature } = opened(body)
    expect(message.action).toEqual(action)
    expect(signature?.verifies(publicKey)).toBe(true)
    for (const agentId of some(targets)) expect(names(message, agentId)).toBe(true)
    for (const agentId of instances(50)) expect(names(message, agentId)).toBe(false)
    const { m, mz, ...envelope } = JSON.parse(body)
    const text = m ?? gunzipSync(Buffer.from(mz, 'base64')).toString()
    const isSigned = (changed: string) =>
      openBody(JSON.stringify({ ...envelope, m: changed }), 'command').signature?.verifies(publicKey)
    expect(isSigned(text)).toBe(true)
    const ofOthers = encodeTargetSet(message.runId, instances(10_000))
    expect(isSigned(text.replace(message.targetSet ?? '', ofOthers))).toBe(false)
  })

  it('keep the plain list where the set would be billed as many requests', () => {
    const targets = instances(20)
    const [body = '', ...others] = bodiesOf(command(targets, script(100_000)), 256 * 1024, undefined)
    expect([others.length, opened(body).message.targets]).toEqual([0, targets])
  })

  it('are as few as can be where script and set are too large for one, and name each agent once', () => {
    const targets = instances(10_000)
    const bodies = bodiesOf(command(targets, script(28_000)), kb64, undefined)
    expect(bodies.length).toBe(2)
    const messages = bodies.map((body) => opened(body).message)
    for (const agentId of some(targets))
      expect(messages.filter((message) => names(message, agentId) === true)).toHaveLength(1)
  })

  it('come with the agents that each names', () => {
    const targets = instances(10_000)
    const parts = commandDrafts(command(targets, script(28_000)), kb64, undefined)
    expect(parts.flatMap((part) => part.targets)).toEqual(targets)
    for (const part of parts)
      for (const agentId of some(targets))
        expect(names(opened(part.draft.unsigned).message, agentId)).toBe(part.targets?.includes(agentId))
  })

  it('name nobody where the command names nobody', () => {
    const [body = ''] = bodiesOf(command(undefined, { kind: 'ping' }), kb64, undefined)
    expect(names(opened(body).message, 'i-1')).toBe(undefined)
  })

  it('are not made of a script that is too large, and say its bytes', () => {
    for (const targets of [undefined, ['i-1'], instances(5)])
      expect(() => bodiesOf(command(targets, script(60_000)), kb64, undefined)).toThrow(
        /^This command takes 8\d{4} bytes, and the MaximumMessageSize of the queue is 65536\./,
      )
  })

  it('are not more than agents can find: a script that leaves too little room for its targets is refused', () => {
    expect(() => bodiesOf(command(instances(10_000), script(46_000)), kb64, undefined)).toThrow(
      /^This command takes 6\d{4} bytes without its 10000 targets, and with them more than 8 messages of 65536 bytes/,
    )
  })
})
