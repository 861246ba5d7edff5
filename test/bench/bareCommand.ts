import { spawn } from 'node:child_process'
import { once } from 'node:events'

/** The bare cost of executing a command: a shell, and reading what it writes. Resolves when it has ended. */
export async function runBare(command: string): Promise<void> {
  const child = spawn('/bin/sh', ['-c', command], { stdio: ['ignore', 'pipe', 'pipe'] })
  child.stdout.resume()
  child.stderr.resume()
  const [code] = await once(child, 'close')
  if (code !== 0) throw new Error(`${command} ended with ${code}`)
}
