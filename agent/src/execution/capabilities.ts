import { readFile } from 'node:fs/promises'

/** Rights of root, by their bits in Linux's capability masks: see capabilities(7). */
const bits = { SYS_ADMIN: 21n, SYS_RESOURCE: 24n } as const

/** Whether this process has a right of root; false where the system does not say. */
export async function hasCapability(name: keyof typeof bits): Promise<boolean> {
  const status = await readFile('/proc/self/status', 'utf8').catch(() => '')
  const mask = /^CapEff:\s*([0-9a-f]+)$/m.exec(status)?.[1] ?? '0'
  return ((BigInt(`0x${mask}`) >> bits[name]) & 1n) === 1n
}
