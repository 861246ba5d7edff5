// @ts-check
// node leash.mjs COMMAND [ARGUMENT…]
//
// Runs a command in a process group of its own and ends that whole group when our standard input closes, which the
// kernel does for us however our parent dies, when somebody signals us, or when the command itself ends. For
// programs that fork children which outlive them (an editor's extension hosts).
import { spawn } from 'node:child_process'

const graceMs = 3_000
/** A killed program is gone at once, as a rule; but a zombie that nobody waits for stays in its group for good. */
const goneWithinMs = 1_000
const [command = '', ...args] = process.argv.slice(2)
// Before there is anything to end: a process that sees this program may send a signal before the next line.
for (const signal of /** @type {const} */ (['SIGTERM', 'SIGINT', 'SIGHUP'])) process.on(signal, end)
const child = spawn(command, args, { detached: true, stdio: ['ignore', 'inherit', 'inherit'] })
const group = -(child.pid ?? 0)
let exitCode = 1
let isEnding = false

child.on('error', (error) => {
  console.error(`Cannot start ${command}: ${error.message}`)
  process.exit(127)
})
child.on('exit', (code) => {
  exitCode = code ?? 1
  end()
})
process.stdin.on('end', end).on('error', end).resume()

function end() {
  if (isEnding) return
  isEnding = true
  send('SIGTERM')
  const killAt = Date.now() + graceMs
  /** @type {number | undefined} */
  let killedAt
  setInterval(() => {
    const now = Date.now()
    if (!send(0)) process.exit(exitCode)
    if (now <= killAt) return
    send('SIGKILL')
    // Counted from the kill itself: on a busy machine this may be the first turn after a long time.
    killedAt ??= now
    if (now > killedAt + goneWithinMs) process.exit(exitCode)
  }, 20)
}

/** @param {NodeJS.Signals | 0} signal @returns {boolean} whether the group has anyone left */
function send(signal) {
  try {
    return process.kill(group, signal)
  } catch {
    return false
  }
}
