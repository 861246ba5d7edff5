import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Action } from './messages.ts'

export type Outcome = { readonly kind: string; readonly [field: string]: unknown }

export interface Execution {
  readonly timeoutMs: number
  readonly variables: Readonly<Record<string, string>>
  readonly onOutput: (stream: 1 | 2, bytes: Buffer) => void
  /** Aborted to cancel it. */
  readonly signal: AbortSignal
}

/** Executes a `shell` or a `script`. Never rejects. */
export async function execute(action: Action, execution: Execution): Promise<Outcome> {
  if (execution.signal.aborted) return { kind: 'cancelled', started: false }
  const folder = await mkdtemp(join(tmpdir(), 'conformance-'))
  try {
    return await run(await commandOf(action, folder), action, execution)
  } catch (error) {
    return { kind: 'not-executed', reason: (error as Error).message.slice(0, 1024) }
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

async function commandOf(action: Action, folder: string): Promise<string[]> {
  if (action.kind === 'shell') return ['/bin/sh', '-c', String(action.command)]
  const file = join(folder, String(action.name))
  const content = Buffer.from(String(action.content), 'base64')
  await writeFile(file, content, { mode: 0o700 })
  const [, shebang] = /^#!\s*(.+?)\s*\n/.exec(content.toString('latin1')) ?? []
  const interpreter = String(action.interpreter ?? shebang ?? '/bin/sh').split(/\s+/)
  return [...interpreter, file, ...(action.args as string[])]
}

async function run(
  [program = '', ...args]: string[],
  action: Action,
  execution: Execution,
): Promise<Outcome> {
  const { timeoutMs, variables, onOutput, signal } = execution
  if (action.user !== undefined) throw new Error(`this agent executes nothing as ${action.user}`)
  const child = spawn(program, args, {
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
    cwd: String(action.directory ?? '/'),
    env: { PATH: process.env.PATH, ...(action.environment as object | undefined), ...variables },
  })
  child.stdout.on('data', (bytes: Buffer) => onOutput(1, bytes))
  child.stderr.on('data', (bytes: Buffer) => onOutput(2, bytes))
  let stopped: Outcome | undefined
  const stop = (outcome: Outcome) => {
    stopped ??= outcome
    end(child)
  }
  const timer = setTimeout(() => stop({ kind: 'timed-out' }), timeoutMs)
  signal.addEventListener('abort', () => stop({ kind: 'cancelled', started: true }), { once: true })
  // Rejects where it cannot be started.
  const [code, killedBy] = (await once(child, 'close').finally(() => clearTimeout(timer))) as [
    number | null,
    string,
  ]
  return stopped ?? (code === null ? { kind: 'signalled', signal: killedBy } : { kind: 'exited', code })
}

/** TERM to the whole group, and KILL to what is left of it. */
function end({ pid }: ChildProcess): void {
  const signalGroup = (signal: NodeJS.Signals) => {
    try {
      if (pid !== undefined) process.kill(-pid, signal)
    } catch {
      // It has ended.
    }
  }
  signalGroup('SIGTERM')
  setTimeout(signalGroup, 1_000, 'SIGKILL').unref()
}
