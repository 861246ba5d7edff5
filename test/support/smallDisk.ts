import { execFileSync } from 'node:child_process'
import { closeSync, fsyncSync, mkdirSync, openSync, rmSync, writeSync } from 'node:fs'
import { join } from 'node:path'

/** A file system of its own with little room. */
export interface SmallDisk {
  readonly directory: string
  /** Leaves no room for another page. */
  fill(): void
  /** Gives back what `fill` took. */
  free(): void
  stop(): void
}

/**
 * Mounts one at `directory`. It takes root, and a system that lets root mount.
 * @param type on `ext4`, unlike on `tmpfs`, a folder takes room, too
 * @returns undefined where that is not so
 */
export function mountSmallDisk(
  directory: string,
  kibibytes: number,
  type: 'tmpfs' | 'ext4' = 'tmpfs',
): SmallDisk | undefined {
  const image = `${directory}.image`
  const run = (program: string, ...args: string[]) => execFileSync(program, args, { stdio: 'ignore' })
  mkdirSync(directory, { recursive: true })
  try {
    if (type === 'tmpfs') run('mount', '-t', 'tmpfs', '-o', `size=${kibibytes}k`, 'small', directory)
    else {
      run('truncate', '-s', `${kibibytes}K`, image)
      // Nothing is kept back for root.
      run('mkfs.ext4', '-q', '-m', '0', image)
      run('mount', '-o', 'loop', image, directory)
    }
  } catch {
    return undefined
  }
  const ballast = join(directory, 'ballast')
  return {
    directory,
    fill() {
      const file = openSync(ballast, 'a')
      try {
        for (;;) {
          writeSync(file, Buffer.alloc(1024))
          // A page that was not written yet takes no room yet.
          fsyncSync(file)
        }
      } catch {
        // It is full.
      } finally {
        closeSync(file)
      }
    },
    free: () => rmSync(ballast, { force: true }),
    stop: () => execFileSync('umount', ['-l', directory]),
  }
}
