import { spawnSync } from 'node:child_process'

/** Whether there is a `python3` of version 3.10 or later. Nothing of the product needs it. */
export const hasPython = printed('import sys; print(sys.version_info >= (3, 10))') === 'True'

function printed(program: string): string | undefined {
  const { status, stdout } = spawnSync('python3', ['-c', program], { encoding: 'utf8' })
  return status === 0 ? stdout.trim() : undefined
}
