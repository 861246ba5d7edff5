import { createPublicKey, generateKeyPairSync, sign, verify } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer, type Server } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { sshBlobOf } from '../../../src/signing/publicKey.ts'
import { agentKeys, signByAgent } from '../../../src/signing/sshAgent.ts'
import { SshReader, sshNumber, sshString } from '../../../src/signing/sshWire.ts'

const { privateKey } = generateKeyPairSync('ed25519')
const blob = sshBlobOf(privateKey)
const bytes = Buffer.from('what is to be signed')

let directory: string
let socket: string
let server: Server | undefined
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'ssh-'))
  socket = join(directory, 'agent')
})
afterEach(async () => {
  await new Promise((resolve) => (server === undefined ? resolve(0) : server.close(resolve)))
  server = undefined
  rmSync(directory, { recursive: true, force: true })
})

/** An agent that answers each request with what `answer` gives, in pieces of one byte. */
async function listen(answer: (request: Buffer) => Buffer | undefined): Promise<void> {
  server = createServer((connection) => {
    connection.on('error', () => {})
    connection.on('data', (data) => {
      const content = answer(data.subarray(4))
      if (content === undefined) return connection.destroy()
      for (const byte of Buffer.concat([sshNumber(content.length), content]))
        connection.write(Buffer.from([byte]))
    })
  })
  await new Promise<void>((resolve) => server?.listen(socket, resolve))
}

const identities = Buffer.concat([
  Buffer.from([12]),
  sshNumber(2),
  sshString(Buffer.concat([sshString('ssh-rsa'), sshString('whatever')])),
  sshString('an rsa key'),
  sshString(blob),
  sshString('alice@desk'),
])

const signature = (content: Buffer) =>
  Buffer.concat([
    Buffer.from([14]),
    sshString(Buffer.concat([sshString('ssh-ed25519'), sshString(sign(null, content, privateKey))])),
  ])

describe('an SSH agent', () => {
  it('tells its ed25519 keys, and signs with one of them', async () => {
    await listen((request) => {
      if (request[0] === 11) return identities
      const reader = new SshReader(request.subarray(1))
      expect(reader.bytes()).toEqual(blob)
      return signature(reader.bytes())
    })
    const keys = await agentKeys(socket)
    expect(keys.map(({ comment }) => comment)).toEqual(['alice@desk'])
    const [key] = keys
    if (key === undefined) throw new Error('no key')
    expect(verify(null, bytes, createPublicKey(privateKey), await signByAgent(socket, key, bytes))).toBe(true)
  })

  const troubles: readonly [string, (() => Buffer | undefined) | undefined, string][] = [
    ['is not there', undefined, 'does not answer'],
    ['closes the connection', () => undefined, 'it closed the connection'],
    ['refuses', () => Buffer.from([5]), 'refused'],
    ['signs something else', () => signature(Buffer.from('else')), 'not valid'],
    ['answers with a length that nothing has', () => Buffer.alloc(300_000, 14), 'impossible length'],
  ]

  it.each(troubles)('that %s is told of in words', async (_, answer, reason) => {
    if (answer !== undefined) await listen(answer)
    const key = { blob, comment: '', publicKey: createPublicKey(privateKey) }
    await expect(signByAgent(socket, key, bytes)).rejects.toThrow(reason)
  })
})
