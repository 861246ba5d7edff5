import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { afterEach, describe, expect, it } from 'vitest'
import { areLiving, targetsMarkedWith } from '../../../../agent/src/execution/markedProcesses.ts'

const name = 'TEST_OF_MARKED_PROCESSES'
let child: ChildProcess

/** Starts a shell script in a process group of its own, with this mark or without one. @returns the numbers that it prints */
async function start(script: string, mark: string | undefined): Promise<number[]> {
  child = spawn('/bin/sh', ['-c', script], {
    detached: true,
    env: { PATH: process.env.PATH, ...(mark && { [name]: mark }) },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const [printed] = await once(child.stdout as NonNullable<ChildProcess['stdout']>, 'data')
  return String(printed).trim().split(' ').map(Number)
}

const group = () => child.pid as number

describe('what to signal of the processes with a mark', () => {
  afterEach(() => {
    process.kill(-group(), 'SIGKILL')
  })

  it('is their whole group where its first process is one of them, also what has shed its environment there', async () => {
    await start('env -i sleep 100 >/dev/null & echo $!; sleep 100', 'a')
    expect(await targetsMarkedWith(name, 'a')).toEqual([-group()])
    expect(await areLiving([-group()])).toBe(true)
  })

  it('is only themselves in the group of a daemon that executes jobs for others, too', async () => {
    const started = 'sleep 100 >/dev/null & own=$!'
    const [job, other] = await start(
      `export ${name}=b; ${started}; export ${name}=c; sleep 100 >/dev/null & echo $own $!; wait`,
      undefined,
    )
    expect(await targetsMarkedWith(name, 'b')).toEqual([job])
    expect(await targetsMarkedWith(name, 'c')).toEqual([other])
    process.kill(job as number, 'SIGKILL')
    await expect.poll(() => areLiving([job as number])).toBe(false)
    expect(await areLiving([other as number])).toBe(true)
  })

  it('is their whole group when its first process has ended and nobody else is in it', async () => {
    await start('sleep 100 >/dev/null & sleep 100 >/dev/null & echo $!', 'd')
    if (child.exitCode === null) await once(child, 'exit')
    expect(await targetsMarkedWith(name, 'd')).toEqual([-group()])
  })

  it('is only themselves when its first process has ended and others are in it', async () => {
    const [job] = await start(`sleep 100 >/dev/null & ${name}=e sleep 100 >/dev/null & echo $!`, undefined)
    if (child.exitCode === null) await once(child, 'exit')
    await expect.poll(() => targetsMarkedWith(name, 'e')).toEqual([job])
  })

  it('is nothing where nobody has the mark', async () => {
    await start('echo 1; exec sleep 100', 'f')
    expect(await targetsMarkedWith(name, 'g')).toEqual([])
  })
})
