import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { afterEach, describe, expect, it, vi } from 'vitest'

const leash = 'scripts/leash.mjs'
/** A program with a child that outlives it when nobody cares. Prints both process ids. */
const family = 'sleep 600 & echo $$ $!; wait'

describe('the leash', () => {
  const started: ChildProcess[] = []

  afterEach(() => {
    for (const child of started.splice(0)) child.kill('SIGKILL')
  })

  it('ends a program and its children when its standard input closes', async () => {
    const child = start(process.execPath, [leash, 'sh', '-c', family])
    const pids = await printedIds(child)
    expect(pids.map(isAlive)).toEqual([true, true])
    child.stdin?.end()
    await once(child, 'exit')
    expect(pids.map(isAlive)).toEqual([false, false])
  })

  it('ends them when the process that holds it is killed outright', async () => {
    const holder = `const { spawn } = require('node:child_process')
      spawn(process.execPath, [${JSON.stringify(leash)}, 'sh', '-c', ${JSON.stringify(family)}], { detached: true, stdio: ['pipe', 'inherit', 'inherit'] })`
    const child = start(process.execPath, ['-e', holder])
    const pids = await printedIds(child)
    child.kill('SIGKILL')
    await vi.waitFor(() => expect(pids.map(isAlive)).toEqual([false, false]), { timeout: 20_000 })
  })

  it('ends the children of a program that ends by itself, and exits like it', async () => {
    const child = start(process.execPath, [leash, 'sh', '-c', 'sleep 600 & echo $$ $!; exit 7'])
    const pids = await printedIds(child)
    const [code] = await once(child, 'exit')
    expect(code).toBe(7)
    expect(pids.map(isAlive)).toEqual([false, false])
  })

  it('kills what does not listen to a request to end', async () => {
    const child = start(process.execPath, [
      leash,
      'sh',
      '-c',
      "trap '' TERM; echo $$; while :; do sleep 600; done",
    ])
    const pids = await printedIds(child)
    child.kill('SIGTERM')
    await once(child, 'exit')
    expect(pids.map(isAlive)).toEqual([false])
  })

  it('says when the program cannot be started', async () => {
    const child = start(process.execPath, [leash, '/no/such/program'])
    const [message] = await once(createInterface({ input: notNull(child.stderr) }), 'line')
    expect(message).toContain('Cannot start /no/such/program')
  })

  function start(command: string, args: string[]): ChildProcess {
    const child = spawn(command, args, { stdio: ['pipe', 'pipe', 'pipe'] })
    started.push(child)
    return child
  }
})

async function printedIds(child: ChildProcess): Promise<number[]> {
  const [line] = await once(createInterface({ input: notNull(child.stdout) }), 'line')
  return String(line).split(' ').map(Number)
}

/** A zombie, ended and not yet waited for, counts as ended. */
function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0) && !isZombie(pid)
  } catch {
    return false
  }
}

function isZombie(pid: number): boolean {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
  return stat.slice(stat.lastIndexOf(')') + 2).startsWith('Z')
}

function notNull<T>(value: T | null): T {
  if (value === null) throw new Error('The stream is not piped.')
  return value
}
