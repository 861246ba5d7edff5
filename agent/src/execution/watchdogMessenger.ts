import { type ChildProcess, spawn } from 'node:child_process'

export const notifyProgram = '/usr/bin/systemd-notify'

/** Becomes systemd-notify, with the same process id and parent, when a message comes; ends when its input is closed. */
const waitAndSend = `read -r message && exec ${notifyProgram} $message`
/** systemd takes messages at once; when it hangs, sending one hangs, too. */
const sendingMs = 30_000

/** A process that waits for one message to systemd: sending it takes no other process. */
export interface Messenger {
  /** @param message assignments of sd_notify(3), with blanks between them */
  send(message: string): void
  /** There will be no message. */
  dismiss(): void
  /** Resolves when the process has ended, to whether it has sent a message. */
  readonly ended: Promise<boolean>
}

/** @returns undefined when the system gives no process */
export function startMessenger(socket: string): Messenger | undefined {
  const child = trySpawn(socket)
  const stdin = child?.stdin
  if (child?.pid === undefined || !stdin) return undefined
  const ended = new Promise<boolean>((resolve) => child.on('exit', (code) => resolve(code === 0)))
  // The agent ends without waiting for it.
  child.unref()
  return {
    send(message) {
      stdin.end(`${message}\n`)
      setTimeout(() => child.kill('SIGKILL'), sendingMs).unref()
    },
    dismiss: () => stdin.end(),
    ended,
  }
}

function trySpawn(socket: string): ChildProcess | undefined {
  try {
    const child = spawn('/bin/sh', ['-c', waitAndSend], {
      cwd: '/',
      env: { NOTIFY_SOCKET: socket },
      stdio: ['pipe', 'ignore', 'ignore'],
    })
    child.on('error', () => {})
    // It may have ended meanwhile.
    child.stdin?.on('error', () => {})
    return child
  } catch {
    return undefined
  }
}
