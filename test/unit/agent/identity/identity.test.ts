import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { determineIdentity, type Machine, readMachine } from '../../../../agent/src/identity/identity.ts'

let stateDir: string

beforeEach(() => {
  stateDir = mkdtempSync(join(tmpdir(), 'identity-'))
})

afterEach(() => rmSync(stateDir, { recursive: true, force: true }))

const original: Machine = {
  machineId: 'aaaa',
  productUuid: 'ec2f',
  addresses: ['02:00:00:00:00:01', '02:00:00:00:00:02'],
}

async function idOf(
  machine: Machine,
  more: Partial<Parameters<typeof determineIdentity>[0]> = {},
): Promise<string> {
  const identity = await determineIdentity({
    instanceId: undefined,
    configuredId: undefined,
    hostname: 'web-1',
    stateDir,
    machine,
    mode: 'remember',
    ...more,
  })
  return identity.agentId
}

describe('an agent’s id', () => {
  it('is the EC2 instance id where there is one, whatever is configured', async () => {
    expect(await idOf(original, { instanceId: 'i-0123456789abcdef0', configuredId: 'mine' })).toBe(
      'i-0123456789abcdef0',
    )
  })

  it('is the configured one elsewhere', async () => {
    expect(await idOf(original, { configuredId: 'mine' })).toBe('mine')
  })

  it('is host name and machine otherwise, the same with and without memory', async () => {
    const id = await idOf(original)
    expect(id).toMatch(/^web-1-[0-9a-f]{12}$/)
    rmSync(join(stateDir, 'identity.json'))
    expect(await idOf(original)).toBe(id)
  })

  it('is one that a queue takes, whatever the host name', async () => {
    expect(await idOf(original, { hostname: '..wéb 1/x' })).toMatch(/^w-b-1-x-[0-9a-f]{12}$/)
  })

  it('stays when the host is renamed or one of its network cards is replaced', async () => {
    const id = await idOf(original)
    expect(await idOf(original, { hostname: 'web-2' })).toBe(id)
    expect(await idOf({ ...original, addresses: ['02:00:00:00:00:02', '02:00:00:00:00:09'] })).toBe(id)
  })

  it.each([
    ['another firmware', { productUuid: 'ec30' }],
    ['other network cards', { addresses: ['02:00:00:00:00:07'] }],
    ['another installation', { machineId: 'bbbb' }],
  ])('is another one on a clone with %s', async (_, difference) => {
    const id = await idOf(original)
    const clone = await idOf({ ...original, ...difference })
    expect(clone).not.toBe(id)
    expect(await idOf({ ...original, ...difference })).toBe(clone)
  })

  it('is another one on a clone of a machine whose id is configured', async () => {
    expect(await idOf(original, { configuredId: 'mine' })).toBe('mine')
    const copied = readFileSync(join(stateDir, 'identity.json'))
    const clone = await idOf({ ...original, productUuid: 'ec30' }, { configuredId: 'mine' })
    expect(clone).toMatch(/^mine-[0-9a-f]{12}$/)
    expect(await idOf({ ...original, productUuid: 'ec30' }, { configuredId: 'mine' })).toBe(clone)
    writeFileSync(join(stateDir, 'identity.json'), copied)
    expect(await idOf(original, { configuredId: 'mine' })).toBe('mine')
  })

  it('that is configured stays for a container that got another address on its host', async () => {
    await idOf(original, { configuredId: 'mine' })
    expect(await idOf({ ...original, addresses: ['02:42:00:00:00:05'] }, { configuredId: 'mine' })).toBe(
      'mine',
    )
  })

  it('is changed by its configuration', async () => {
    await idOf(original, { configuredId: 'mine' })
    expect(await idOf(original, { configuredId: 'other' })).toBe('other')
    expect(await idOf(original)).toMatch(/^web-1-/)
  })

  it('does not depend on a torn memory', async () => {
    const id = await idOf(original)
    writeFileSync(join(stateDir, 'identity.json'), '{"agentId": "')
    expect(await idOf(original)).toBe(id)
  })

  it('leaves no trace when somebody only looks', async () => {
    await idOf(original, { mode: 'only-look' })
    expect(() => readFileSync(join(stateDir, 'identity.json'))).toThrow()
  })
})

describe('this machine', () => {
  it('can be told from others', async () => {
    const machine = await readMachine()
    expect(machine.machineId ?? machine.productUuid ?? machine.addresses[0]).toBeDefined()
  })
})
