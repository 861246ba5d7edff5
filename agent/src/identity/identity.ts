import { createHash } from 'node:crypto'
import { readdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import * as v from 'valibot'
import { AgentId } from '../../../src/protocol/names.ts'

/** What tells one machine from another, as far as the agent may read it. */
export interface Machine {
  /** `/etc/machine-id`: made at installation, so copied with a disk image unless someone takes care. */
  readonly machineId: string | undefined
  /** Firmware's UUID: another one for each virtual machine; only root may read it. */
  readonly productUuid: string | undefined
  /** Hardware addresses of network interfaces, sorted. No two machines of one network share any. */
  readonly addresses: readonly string[]
}

const Remembered = v.object({
  agentId: AgentId,
  configured: v.boolean(),
  machine: v.object({
    machineId: v.optional(v.string()),
    productUuid: v.optional(v.string()),
    addresses: v.array(v.string()),
  }),
})

type Remembered = v.InferOutput<typeof Remembered>

/** An agent's id, and what a person should know of how it came about. */
export interface Identity {
  readonly agentId: string
  readonly warning?: string
}

/**
 * Who this agent is: the EC2 instance id; else the configured id; else host name and a digest of the machine. The
 * latter two are remembered in `stateDir` together with the machine, so that they stay when a network card is
 * replaced or the host renamed, and so that a machine cloned from this one's disk gets an id of its own.
 */
export async function determineIdentity(o: {
  readonly instanceId: string | undefined
  readonly configuredId: string | undefined
  readonly hostname: string
  readonly stateDir: string
  readonly machine: Machine
  /** `only-look` leaves the state directory as it is. */
  readonly mode: 'remember' | 'only-look'
}): Promise<Identity> {
  if (o.instanceId !== undefined && v.is(AgentId, o.instanceId)) return { agentId: o.instanceId }
  const path = join(o.stateDir, 'identity.json')
  const before = await readRemembered(path)
  const identity = chooseIdentity(o, before)
  if (o.mode === 'only-look') return identity
  const { machineId, productUuid, addresses } = o.machine
  const remembered: Remembered = {
    agentId: identity.agentId,
    configured: o.configuredId !== undefined,
    machine: {
      ...(machineId === undefined ? {} : { machineId }),
      ...(productUuid === undefined ? {} : { productUuid }),
      addresses: [...addresses],
    },
  }
  if (JSON.stringify(remembered) === JSON.stringify(before)) return identity
  try {
    await writeFile(`${path}.new`, `${JSON.stringify(remembered)}\n`, { mode: 0o600 })
    await rename(`${path}.new`, path)
  } catch (error) {
    await rm(`${path}.new`, { force: true }).catch(() => {})
    // An agent with the same identity as before is better than none.
    const warning = `The identity cannot be remembered, as ${path} cannot be written: ${(error as Error).message}.`
    return {
      ...identity,
      warning: [identity.warning, warning].filter((text) => text !== undefined).join(' '),
    }
  }
  return identity
}

/** The decision without the disk. `remembered` is what the state directory says, of this machine or of its original. */
export function chooseIdentity(
  o: { readonly configuredId: string | undefined; readonly hostname: string; readonly machine: Machine },
  remembered: Remembered | undefined,
): Identity {
  const suffix = digestOf(o.machine)
  const cloned =
    remembered !== undefined && !isSameMachine(remembered.machine, o.machine, remembered.configured)
  if (o.configuredId !== undefined) {
    if (remembered?.configured !== true || !cloned) {
      const keeps = remembered?.configured === true && remembered.agentId.startsWith(`${o.configuredId}-`)
      return { agentId: keeps ? remembered.agentId : o.configuredId }
    }
    const agentId = `${o.configuredId.slice(0, 100)}-${suffix}`
    return {
      agentId,
      warning: `This machine looks like a clone of the one that uses the configured agent_id ${o.configuredId}, so it calls itself ${agentId}. If it is the same machine, remove identity.json from the state directory; otherwise configure another agent_id.`,
    }
  }
  if (remembered !== undefined && !remembered.configured && !cloned) return { agentId: remembered.agentId }
  const host = o.hostname
    .replace(/[^A-Za-z0-9._:-]/g, '-')
    .replace(/^\.+/, '')
    .slice(0, 100)
  return { agentId: `${host || 'agent'}-${suffix}` }
}

/**
 * A machine stays itself when a network card is added or replaced by one of several; it is another one when
 * installation id or firmware differ, or when none of its hardware addresses is known.
 */
function isSameMachine(one: Remembered['machine'], other: Machine, configured: boolean): boolean {
  if (one.machineId !== other.machineId) return false
  if (one.productUuid !== undefined && other.productUuid !== undefined) {
    if (one.productUuid !== other.productUuid) return false
    // A container gets new addresses with each start; a configured id is kept on the same host.
    if (configured) return true
  }
  if (one.addresses.length === 0 || other.addresses.length === 0) return true
  return one.addresses.some((address) => other.addresses.includes(address))
}

function digestOf({ machineId, productUuid, addresses }: Machine): string {
  return createHash('sha256')
    .update(JSON.stringify([machineId ?? null, productUuid ?? null, addresses]))
    .digest('hex')
    .slice(0, 12)
}

async function readRemembered(path: string): Promise<Remembered | undefined> {
  const text = await readFile(path, 'utf8').catch(() => undefined)
  if (text === undefined) return undefined
  try {
    return v.parse(Remembered, JSON.parse(text))
  } catch {
    // Torn or foreign: the machine is asked again.
    return undefined
  }
}

/** Reads what tells this machine from others. */
export async function readMachine(): Promise<Machine> {
  const read = async (path: string) => {
    const text = (await readFile(path, 'utf8').catch(() => '')).trim().toLowerCase()
    return text === '' ? undefined : text
  }
  return {
    machineId: (await read('/etc/machine-id')) ?? (await read('/var/lib/dbus/machine-id')),
    productUuid: await read('/sys/class/dmi/id/product_uuid'),
    addresses: await hardwareAddresses('/sys/class/net'),
  }
}

/**
 * Addresses of real network cards; in a container, where no interface has hardware behind it, of all but loopback
 * and bridges.
 */
async function hardwareAddresses(directory: string): Promise<string[]> {
  const interfaces = await readdir(directory).catch(() => [])
  const found = await Promise.all(
    interfaces.map(async (name) => {
      const address = (await readFile(join(directory, name, 'address'), 'utf8').catch(() => ''))
        .trim()
        .toLowerCase()
      const parts: string[] = await readdir(join(directory, name)).catch(() => [])
      return { address, real: parts.includes('device'), bridge: parts.includes('bridge') }
    }),
  )
  const usable = found.filter(({ address, bridge }) => !bridge && /[1-9a-f]/.test(address))
  const real = usable.filter(({ real }) => real)
  return [...new Set((real.length > 0 ? real : usable).map(({ address }) => address))].sort()
}
