import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, readFileSync } from 'node:fs'

/** A mounted file system whose server never answers, as that of a network disk that is away. */
export interface HungMount {
  readonly directory: string
  /** Lets go whoever hangs there. */
  stop(): Promise<void>
}

/**
 * Mounts one at `directory`. It takes root, and a system that lets root mount.
 * @returns undefined where that is not so
 */
export async function mountHung(directory: string): Promise<HungMount | undefined> {
  if (process.getuid?.() !== 0) return undefined
  mkdirSync(directory, { recursive: true })
  // Whoever opens /dev/fuse has to answer for the file system; this one does not.
  const options = 'fd=3,rootmode=40000,user_id=0,group_id=0,allow_other'
  const script = `exec 3<>/dev/fuse && mount -i -t fuse -o ${options} hung "$1" && echo mounted && exec cat`
  const server = spawn('sh', ['-c', script, 'sh', directory], { stdio: ['pipe', 'pipe', 'ignore'] })
  const [mounted] = await Promise.race([
    once(server.stdout, 'data').then(() => [true]),
    once(server, 'exit').then(() => [false]),
  ])
  if (!mounted) return undefined
  return { directory, stop: () => stop(server, directory) }
}

/** The end of its server is an answer to all who wait: an error. */
async function stop(server: ChildProcess, directory: string): Promise<void> {
  server.kill('SIGKILL')
  await once(server, 'exit')
  const isMounted = () => readFileSync('/proc/self/mountinfo', 'utf8').includes(` ${directory} `)
  if (isMounted()) await once(spawn('umount', ['-l', directory], { stdio: 'ignore' }), 'exit')
}
