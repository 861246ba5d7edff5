import { randomUUID } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { execute, type StopReason } from '../../../../agent/src/execution/execute.ts'
import { targetsMarkedWith } from '../../../../agent/src/execution/markedProcesses.ts'
import { unlimited } from '../../../../agent/src/execution/runLimits.ts'
import { runMark } from '../../../../agent/src/execution/runMark.ts'
import { ownUser } from '../../../../agent/src/execution/users.ts'
import type { Outcome } from '../../../../src/protocol/messages.ts'
import { until } from '../../../support/until.ts'

/** Ends at once, and leaves somebody behind who keeps its output open for `tenths` of a second. */
const endsAndLingers = (tenths: number) =>
  `(i=0; while [ $i -lt ${tenths * 2} ]; do echo; sleep 0.05; i=$((i + 1)); done) & exit 3`

async function run(
  command: string,
  o: {
    timeoutMs: number
    signal?: AbortSignal
    mark?: string
    onOutput?: () => Promise<void> | undefined
  },
): Promise<Outcome> {
  return execute(
    { kind: 'shell', command },
    {
      mark: o.mark ?? randomUUID(),
      shell: '/bin/sh',
      stateDir: '/nonexistent',
      ownUser: ownUser(),
      whyNot: async () => undefined,
      variables: {},
      timeoutMs: o.timeoutMs,
      killGraceMs: 1000,
      limit: async () => unlimited,
      onOutput: o.onOutput ?? (() => undefined),
    },
    o.signal ?? new AbortController().signal,
  )
}

describe('a command', () => {
  it('that ended in time has not timed out, however long its leftovers keep its output open', async () => {
    expect(await run(endsAndLingers(40), { timeoutMs: 3_000 })).toEqual({ kind: 'exited', code: 3 })
  })

  it('goes on when its output cannot be kept', async () => {
    let pieces = 0
    const onOutput = async () => {
      pieces += 1
      throw new Error('the disk is full')
    }
    const command = 'for n in 1 2 3; do head -c 100000 /dev/zero; sleep 0.05; done; exit 4'
    expect(await run(command, { timeoutMs: 60_000, onOutput })).toEqual({ kind: 'exited', code: 4 })
    expect(pieces).toBeGreaterThan(2)
  })

  it.each(['cancelled', 'agent-ends'] as const)(
    'that had ended keeps its exit code when it is stopped (%s), and its leftovers go',
    async (reason: StopReason) => {
      const mark = randomUUID()
      const stopping = new AbortController()
      const folder = await mkdtemp(join(tmpdir(), 'execute-'))
      const pidFile = join(folder, 'pid')
      const command = `echo $$ >${pidFile}; ${endsAndLingers(80)}`
      const outcome = run(command, { timeoutMs: 60_000, signal: stopping.signal, mark })
      const pid = () => Number(readFileSync(pidFile, 'utf8').trim())
      await until(() => existsSync(pidFile) && pid() > 0, 'its process id')
      await until(() => !existsSync(`/proc/${pid()}`), 'its end')
      stopping.abort(reason)
      expect(await outcome).toEqual({ kind: 'exited', code: 3 })
      expect(await targetsMarkedWith(runMark, mark)).toEqual([])
      await rm(folder, { recursive: true })
    },
  )

  it('that ends because it is stopped has timed out, whatever its exit code', async () => {
    const outcome = await run('trap "exit 7" TERM; sleep 300 & wait', { timeoutMs: 300 })
    expect(outcome).toEqual({ kind: 'timed-out' })
  })

  it('that ended in time has not timed out, when its agent was too busy to notice', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'execute-'))
    const pidFile = join(folder, 'pid')
    const timeoutMs = 1_500
    const outcome = run(`echo $$ >${pidFile}; sleep 0.2; exit 3`, { timeoutMs })
    const pid = () => (existsSync(pidFile) ? Number(readFileSync(pidFile, 'utf8')) : 0)
    await until(() => pid() > 0, 'its process id')
    const timesOutBefore = performance.now() + timeoutMs
    // All in one turn of the event loop, so the agent notices neither the end nor the timeout.
    while (!hasEnded(pid()) || performance.now() < timesOutBefore);
    expect(await outcome).toEqual({ kind: 'exited', code: 3 })
    await rm(folder, { recursive: true })
  })
})

/** Also when its parent has not noticed yet. */
function hasEnded(pid: number): boolean {
  try {
    return /^State:\tZ/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'))
  } catch {
    return true
  }
}
