import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { Trust } from '../../../src/network/trust.ts'
import { authorityFile } from '../../support/tlsFront.ts'

let folder: string
let bundle: string

beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'trust-'))
  bundle = path.join(folder, 'bundle.pem')
  await writeFile(bundle, await readFile(authorityFile))
})
afterEach(() => rm(folder, { recursive: true }))

const none = async () => undefined
const missing = '/nowhere/ca.pem'

describe('the certificates that are trusted', () => {
  it('are those of Node when nobody names others', async () => {
    expect(await new Trust({}, none).context()).toBeUndefined()
    expect(await new Trust({ AWS_CA_BUNDLE: '' }, none).context()).toBeUndefined()
  })

  it('are read once, and again when the file has changed', async () => {
    const trust = new Trust({ AWS_CA_BUNDLE: bundle }, none)
    const first = await trust.context()
    expect(first).toBeDefined()
    expect(await trust.context()).toBe(first)
    await writeFile(bundle, `# a comment\n${await readFile(authorityFile, 'utf8')}`)
    expect(await trust.context()).not.toBe(first)
  })

  it('are those of AWS_CA_BUNDLE, else of the profile, else of SSL_CERT_FILE', async () => {
    const failing = (env: NodeJS.ProcessEnv, ofProfile?: string) =>
      expect(new Trust(env, async () => ofProfile).context()).rejects
    await failing({ AWS_CA_BUNDLE: missing, SSL_CERT_FILE: bundle }, bundle).toThrow('(AWS_CA_BUNDLE)')
    await failing({ SSL_CERT_FILE: bundle }, missing).toThrow('(ca_bundle)')
    await failing({ SSL_CERT_FILE: missing }).toThrow('(SSL_CERT_FILE)')
  })

  it.each([
    ['is not there', async () => rm(bundle)],
    ['is empty', async () => writeFile(bundle, '')],
    ['is a binary certificate', async () => writeFile(bundle, Buffer.from([0x30, 0x82, 1, 2]))],
    [
      'holds a certificate that is cut off',
      async () => writeFile(bundle, '-----BEGIN CERTIFICATE-----\nMIIB!!!\n-----END CERTIFICATE-----\n'),
    ],
  ])('cannot be had from a file that %s, which is named', async (_, spoil) => {
    await spoil()
    const trust = new Trust({ AWS_CA_BUNDLE: bundle }, none)
    await expect(trust.context()).rejects.toMatchObject({
      code: 'TrustUnreadable',
      message: expect.stringMatching(/bundle\.pem.*\(AWS_CA_BUNDLE\).* certificates in PEM form\.$/),
    })
  })

  it('are found again once the file is right', async () => {
    const trust = new Trust({ AWS_CA_BUNDLE: bundle }, none)
    await writeFile(bundle, '')
    await expect(trust.context()).rejects.toThrow('holds no certificate')
    await writeFile(bundle, await readFile(authorityFile))
    expect(await trust.context()).toBeDefined()
  })
})
