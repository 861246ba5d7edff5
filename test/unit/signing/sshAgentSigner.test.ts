import { createPublicKey, generateKeyPairSync, sign, verify } from 'node:crypto'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { fingerprintOf, printPublicKey, sshBlobOf } from '../../../src/signing/publicKey.ts'
import { sshAgentSigner } from '../../../src/signing/signer.ts'
import { SshReader, sshString } from '../../../src/signing/sshWire.ts'
import {
  identities,
  type SshAgentScene,
  type SshAnswer,
  signed,
  sshAgentScene,
} from '../../support/sshAgentScene.ts'
import { until } from '../../support/until.ts'

const { privateKey } = generateKeyPairSync('ed25519')
const publicKey = createPublicKey(privateKey)
const blob = sshBlobOf(publicKey)
const fingerprint = fingerprintOf(blob)
const other = generateKeyPairSync('ed25519')
const bytes = Buffer.from('what is to be signed')
setFlagsFromString('--expose-gc')
const collectGarbage = runInNewContext('gc') as () => void
const unstopped = new AbortController().signal
const rsa = Buffer.concat([sshString('ssh-rsa'), sshString('numbers')])
const token = Buffer.concat([sshString('sk-ssh-ed25519@openssh.com'), sshString('key'), sshString('ssh:')])

let scene: SshAgentScene
beforeEach(() => {
  scene = sshAgentScene()
})
afterEach(() => scene.end())

const all = identities([rsa, 'an rsa key'], [blob, 'alice@desk'], [token, 'yubikey'])
const bytesOf = (request: Buffer) => {
  const reader = new SshReader(request.subarray(1))
  expect(reader.bytes()).toEqual(blob)
  return reader.bytes()
}
const honest: SshAnswer = (request) =>
  request[0] === 11 ? all : signed(sign(null, bytesOf(request), privateKey))
/** Tells its keys, and answers a request to sign with `answer`. */
const signing =
  (answer: SshAnswer): SshAnswer =>
  (request) =>
    request[0] === 11 ? all : answer(request)

describe('A key of an SSH agent', () => {
  it.each([
    ['fingerprint', fingerprint],
    ['comment', 'alice@desk'],
    ['public half', `${printPublicKey(publicKey)} alice@desk`],
  ])('signs, chosen by its %s', async (_, wanted) => {
    await scene.listen(honest)
    const signature = await sshAgentSigner('alice', wanted).sign(bytes, unstopped)
    expect(verify(null, bytes, publicKey, signature)).toBe(true)
  })

  it('is found again after the agent was started again, and lost its key in between', async () => {
    const signer = sshAgentSigner('alice', fingerprint)
    await expect(signer.sign(bytes, unstopped)).rejects.toThrow('does not answer as it should')
    await scene.listen((request) => (request[0] === 11 ? identities() : undefined))
    await expect(signer.sign(bytes, unstopped)).rejects.toThrow(`does not have the key ${fingerprint}`)
    await scene.listen(honest)
    expect(await signer.sign(bytes, unstopped)).toHaveLength(64)
  })

  const truncated = Buffer.concat([Buffer.from([12]), Buffer.from([0, 0, 0, 9]), sshString(blob)])
  const troubles: readonly [string, SshAnswer, string, RegExp][] = [
    ['of a security token', honest, 'yubikey', /of type sk-ssh-ed25519@openssh.com; agents accept only/],
    ['of type RSA', honest, 'an rsa key', /of type ssh-rsa/],
    [
      'that another has the comment of',
      () => identities([blob, 'x'], [sshBlobOf(other.publicKey), 'x']),
      'x',
      /several keys x/,
    ],
    ['whose agent closes the connection', signing(() => undefined), fingerprint, /it closed the connection/],
    ['whose agent refuses', signing(() => Buffer.from([5])), fingerprint, /refused/],
    [
      'whose agent signs something else',
      signing(() => signed(sign(null, Buffer.from('else'), privateKey))),
      fingerprint,
      /not valid/,
    ],
    [
      'whose agent signs with another key',
      signing(() => signed(sign(null, bytes, other.privateKey))),
      fingerprint,
      /not valid/,
    ],
    [
      'whose agent signs in another way',
      signing(() => signed(Buffer.alloc(64), 'rsa-sha2-512')),
      fingerprint,
      /of type rsa-sha2-512/,
    ],
    ['whose agent gives half a signature', signing(() => signed(Buffer.alloc(32))), fingerprint, /not valid/],
    [
      'whose agent gives an empty signature',
      signing(() => Buffer.from([14])),
      fingerprint,
      /does not answer as it should/,
    ],
    [
      'whose agent answers at impossible length',
      signing(() => Buffer.alloc(300_000, 14)),
      fingerprint,
      /impossible length/,
    ],
    [
      'whose agent lists less keys than it says',
      () => truncated,
      fingerprint,
      /does not answer as it should/,
    ],
    [
      'whose agent lists half a key',
      () => identities([Buffer.concat([sshString('ssh-ed25519'), sshString('short')]), 'half']),
      'half',
      /describes the key .* wrongly/,
    ],
  ]

  it.each(troubles)('%s is refused in words', async (_, answer, wanted, words) => {
    await scene.listen(answer)
    await expect(sshAgentSigner('alice', wanted).sign(bytes, unstopped)).rejects.toThrow(words)
  })

  it('is given up in words when its agent says nothing', async () => {
    let isAsked = false
    await scene.listen(
      signing(() => {
        isAsked = true
        return 'silence'
      }),
    )
    const signature = sshAgentSigner('alice', fingerprint, 2_000).sign(bytes, unstopped)
    signature.catch(() => {})
    await until(() => isAsked, 'asked')
    // In Node 20, a signal that only another one was made of is collected, and then does not end anything.
    collectGarbage()
    await expect(signature).rejects.toThrow('did not answer in time')
  })

  it('is not waited for once its use is cancelled', async () => {
    let isAsked = false
    await scene.listen(
      signing(() => {
        isAsked = true
        return 'silence'
      }),
    )
    const stop = new AbortController()
    const signature = sshAgentSigner('alice', fingerprint).sign(bytes, stop.signal)
    signature.catch(() => {})
    await until(() => isAsked, 'asked')
    stop.abort(new Error('cancelled'))
    await expect(signature).rejects.toThrow('cancelled')
    await until(() => scene.clients.size === 0, 'no connection left')
  })

  it('says so where there is no agent', async () => {
    process.env.SSH_AUTH_SOCK = ''
    await expect(sshAgentSigner('alice', fingerprint).sign(bytes, unstopped)).rejects.toThrow(
      process.platform === 'win32' ? 'does not answer' : 'SSH_AUTH_SOCK is not set',
    )
  })
})
