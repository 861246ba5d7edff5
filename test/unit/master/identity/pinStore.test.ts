import { mkdir, mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { PinStore } from '../../../../src/master/identity/pinStore.ts'
import { Pins } from '../../../../src/master/identity/pins.ts'
import { defaultQueues, type Environment } from '../../../../src/queues/environment.ts'

let folder: string
const production: Environment = {
  ...{ name: 'production', region: 'eu-west-1', protected: true },
  queues: defaultQueues('production'),
}
const instance = 'i-00000000000000001'

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'pins-'))
})
afterEach(() => rm(folder, { recursive: true, force: true }))

const open = (environment = production) => PinStore.open(folder, environment)

describe('Pins', () => {
  it('are never pushed out by others, only by those of instances that were not seen for a month', () => {
    const pins = new Pins()
    const day = 24 * 3600_000
    pins.prove(instance, 'AROASERVERS', 0)
    for (let n = 0; n < 100_000; n += 1) pins.prove(`i-${n}`, 'AROAFLOOD', day)
    expect(pins.all()).toHaveLength(100_000)
    expect(pins.roleOf(instance)).toBe('AROASERVERS')
    expect(pins.roleOf('i-99999')).toBeUndefined()
    pins.prove('i-new', 'AROASERVERS', 31 * day)
    expect(pins.roleOf('i-new')).toBe('AROASERVERS')
    expect(pins.roleOf(instance)).toBeUndefined()
    pins.prove('i-0', 'AROAFLOOD', 31 * day)
    pins.prove('i-newer', 'AROASERVERS', 32 * day)
    expect(pins.roleOf('i-0')).toBe('AROAFLOOD')
    expect(pins.roleOf('i-1')).toBeUndefined()
  })
})

describe('The store of what instances have proven', () => {
  it('is there again after a restart, for its owner only', async () => {
    const store = await open()
    store.pins.prove(instance, 'AROASERVERS', 1)
    await store.sync()
    expect((await open()).pins.roleOf(instance)).toBe('AROASERVERS')
    const [file] = (await readdir(folder)).filter((name) => name.endsWith('.json'))
    expect((await stat(join(folder, file ?? ''))).mode & 0o777).toBe(0o600)
  })

  it('keeps apart environments that share only a name', async () => {
    const store = await open()
    store.pins.prove(instance, 'AROASERVERS', 1)
    await store.sync()
    const other = await open({ ...production, region: 'us-east-1' })
    expect(other.pins.roleOf(instance)).toBeUndefined()
  })

  it('is shared: the first to store a role pins it for all, and nobody loses what another has pinned', async () => {
    const [one, two] = [await open(), await open()]
    one.pins.prove(instance, 'AROASERVERS', 1)
    two.pins.prove(instance, 'AROAOTHER', 2)
    two.pins.prove('i-00000000000000002', 'AROASERVERS', 2)
    await one.sync()
    await two.sync()
    await one.sync()
    for (const { pins } of [one, two]) {
      expect(pins.roleOf(instance)).toBe('AROASERVERS')
      expect(pins.roleOf('i-00000000000000002')).toBe('AROASERVERS')
    }
  })

  it('stores all pins of masters that write at the same moment', async () => {
    const stores = await Promise.all(Array.from({ length: 8 }, () => open()))
    stores.forEach(({ pins }, index) => {
      pins.prove(`i-0000000000000000${index}`, 'AROASERVERS', 1)
    })
    // Who finds it being written leaves it to the next sweep.
    while (stores.some(({ pins }) => pins.hasFresh)) await Promise.all(stores.map((store) => store.sync()))
    const { pins } = await open()
    expect(pins.all()).toHaveLength(8)
  })

  it('lets go of an instance for all, and not only until the next start', async () => {
    const [one, two] = [await open(), await open()]
    for (const id of [instance, 'i-00000000000000002']) one.pins.prove(id, 'AROASERVERS', 1)
    await one.sync()
    await two.sync()
    await two.letGo([instance])
    await one.sync()
    for (const { pins } of [one, two, await open()]) {
      expect(pins.roleOf(instance)).toBeUndefined()
      expect(pins.roleOf('i-00000000000000002')).toBe('AROASERVERS')
    }
    await one.letGo()
    expect((await open()).pins.all()).toEqual([])
  })

  it('is not taken for empty when it is damaged, and says what to do', async () => {
    const store = await open()
    store.pins.prove(instance, 'AROASERVERS', 1)
    await store.sync()
    const [file] = (await readdir(folder)).filter((name) => name.endsWith('.json'))
    await writeFile(join(folder, file ?? ''), '{"version":1,"pins":{"i-0')
    await expect(open()).rejects.toThrow(/is damaged.*Restore it, or delete it/)
    await expect(store.sync()).rejects.toThrow(/is damaged/)
    expect(store.pins.roleOf(instance)).toBe('AROASERVERS')
  })

  it('goes on in memory when it cannot be written, says so, and writes later', async () => {
    const store = await open()
    store.pins.prove(instance, 'AROASERVERS', 1)
    await rm(folder, { recursive: true })
    await writeFile(folder, 'in the way')
    await expect(store.sync()).rejects.toThrow(/ENOTDIR|cannot be written/)
    expect(store.pins.roleOf(instance)).toBe('AROASERVERS')
    await rm(folder)
    await mkdir(folder)
    await store.sync()
    expect((await open()).pins.roleOf(instance)).toBe('AROASERVERS')
  })
})
