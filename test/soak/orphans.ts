import { readdir, readFile } from 'node:fs/promises'

/** Processes that carry `text` in their environment, by `/proc`, other than this one. Command lines for people. */
export async function processesWith(text: string): Promise<string[]> {
  const found: string[] = []
  for (const name of await readdir('/proc')) {
    const pid = Number(name)
    if (!Number.isInteger(pid) || pid === process.pid) continue
    const environment = await readFile(`/proc/${pid}/environ`, 'latin1').catch(() => '')
    if (!environment.includes(text)) continue
    const command = await readFile(`/proc/${pid}/cmdline`, 'latin1').catch(() => '')
    // A zombie has an environment no more.
    if (command !== '') found.push(`${pid}: ${command.replaceAll('\0', ' ').trim()}`)
  }
  return found
}
