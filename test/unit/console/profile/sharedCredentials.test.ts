import { describe, expect, it } from 'vitest'
import { SharedCredentials } from '../../../../src/console/profile/sharedCredentials.ts'

const session = (accessKeyId: string, endsInMs: number) => ({
  accessKeyId,
  secretAccessKey: 's',
  expiration: new Date(endsInMs),
})

describe('SharedCredentials', () => {
  it('asks once for all clients, however many ask at a time', async () => {
    const shared = new SharedCredentials(() => 0)
    let asked = 0
    const load = async () => session(`k${++asked}`, 3_600_000)
    const [a, b] = [shared.provider('prod', load), shared.provider('prod', load)]
    await Promise.all([a(), b()])
    await shared.provider('prod', load)()
    expect(asked).toBe(1)
    await shared.provider('dev', load)()
    expect(asked).toBe(2)
  })

  it('asks again when they are about to end, and when the files have changed', async () => {
    let now = 0
    const shared = new SharedCredentials(() => now)
    let asked = 0
    const load = async () => session(`k${++asked}`, now + 3_600_000)
    await shared.provider('prod', load)()
    now = 3_400_000
    await shared.provider('prod', load)()
    expect(asked).toBe(2)
    shared.forget()
    await shared.provider('prod', load)()
    expect(asked).toBe(3)
  })

  it('gets others for a client that was refused with those it had', async () => {
    const shared = new SharedCredentials(() => 0)
    let asked = 0
    const provider = shared.provider('prod', async () => session(`k${++asked}`, 3_600_000))
    expect((await provider()).accessKeyId).toBe('k1')
    expect((await provider()).accessKeyId).toBe('k2')
  })

  it('keeps no keys that have no end: they may be changed on disk', async () => {
    const shared = new SharedCredentials(() => 0)
    let asked = 0
    const load = async () => ({ accessKeyId: `k${++asked}`, secretAccessKey: 's' })
    await shared.provider('prod', load)()
    expect((await shared.provider('prod', load)()).accessKeyId).toBe('k2')
  })

  it('does not remember a failure', async () => {
    const shared = new SharedCredentials(() => 0)
    let fails = true
    const provider = shared.provider('prod', async () => {
      if (fails) throw new Error('no code')
      return session('k', 3_600_000)
    })
    await expect(provider()).rejects.toThrow('no code')
    fails = false
    expect((await provider()).accessKeyId).toBe('k')
  })
})
