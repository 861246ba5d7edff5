import { createLog, type Log, reasonOf } from '../log/log.ts'
import { LogFile } from '../log/logFile.ts'
import { LiveSettings, readSettings, type Settings } from '../settings/settings.ts'
import { runAgent } from './agent.ts'
import type { ServeInvocation } from './arguments.ts'
import { startInBackground } from './background.ts'
import { writePidFile } from './pidFile.ts'
import { takeStateDirectory } from './stateDirectory.ts'

/**
 * Runs the agent as the command line asks, until a signal ends it.
 * @returns the exit code
 * @throws Error for what a person must fix, in words
 */
export async function serve(invocation: ServeInvocation): Promise<number> {
  // A wrong configuration is told on the terminal, also when the agent is to run in the background.
  const settings = await readSettings(invocation.configFile)
  if (invocation.mode === 'background') {
    process.stdout.write(`${await startInBackground(invocation)}\n`)
    return 0
  }
  const file = invocation.mode === 'supervised' ? new LogFile(invocation.logFile) : undefined
  // Under systemd, standard error is the journal.
  const write = (line: string) => {
    if (file?.append(line) !== true) process.stderr.write(line)
  }
  const log = createLog(settings.configuration.logLevel, write, Date.now)
  surviveAccidents(log)
  if (file?.problem !== undefined) log.error(`The log goes to standard error, as ${file.problem}`)
  try {
    const stateDirectory = await takeStateDirectory(settings.configuration.stateDir)
    // Whoever waits for the pid file then knows that the agent has its place.
    const removePidFile =
      invocation.mode === 'supervised' ? await writePidFile(invocation.pidFile) : async () => {}
    try {
      await supervise(settings, invocation, log, file, stateDirectory.lost)
    } finally {
      await removePidFile()
      await stateDirectory.release()
    }
    return 0
  } catch (error) {
    // Whoever started it sees what is thrown; the log should tell, too.
    if (file !== undefined && file.problem === undefined) log.error(reasonOf(error))
    throw error
  }
}

async function supervise(
  first: Settings,
  { untilStdinCloses }: ServeInvocation,
  log: Log,
  file: LogFile | undefined,
  stateDirectoryLost: AbortSignal,
): Promise<void> {
  const settings = new LiveSettings(first, log)
  const end = new AbortController()
  const endWhenIdle = new AbortController()
  let refresh = () => {}
  const stop = (why: string) => {
    if (!end.signal.aborted) log.info(`Asked to end: ${why}.`)
    end.abort()
  }
  // With another agent's memory, or with none, it would execute commands twice.
  stateDirectoryLost.addEventListener('abort', () => stop('its state directory was taken away'))
  process.on('SIGTERM', () => stop('SIGTERM'))
  process.on('SIGINT', () => stop('SIGINT'))
  process.on('SIGUSR2', () => {
    log.info('Asked to end as soon as nothing runs: SIGUSR2.')
    endWhenIdle.abort()
  })
  process.on('SIGHUP', () => {
    const problem = file?.reopen()
    if (problem !== undefined) log.error(`The log goes on in the file that was open, as ${problem}`)
    log.info('Asked to reload: SIGHUP.')
    void settings.reload().then(() => refresh())
  })
  if (untilStdinCloses) {
    process.stdin.on('end', () => stop('standard input closed'))
    process.stdin.on('error', () => stop('standard input broke'))
    process.stdin.resume()
  }
  const watching = new AbortController()
  const watched = settings.watch(watching.signal, () => refresh())
  try {
    await runAgent({
      settings: () => settings.current,
      log,
      signals: { end: end.signal, endWhenIdle: endWhenIdle.signal },
      onReady: (reload) => {
        refresh = reload
      },
    })
  } finally {
    watching.abort()
    await watched
    process.stdin.destroy()
  }
}

/** An error of ours in one place must not take the agent off the server. */
function surviveAccidents(log: Log): void {
  // The reader of what we write to the terminal may be gone.
  process.stderr.on('error', () => {})
  process.on('unhandledRejection', (error) => {
    log.error(
      `Internal error in the agent (please report it): ${error instanceof Error ? error.stack : String(error)}`,
    )
  })
  process.on('uncaughtException', (error) => {
    log.error(`Internal error in the agent, which restarts (please report it): ${error.stack}`)
    process.exit(70)
  })
}
