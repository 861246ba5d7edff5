import { connectedJournal } from '../log/journald.ts'
import { createLog, type Log, type LogLevel, reasonOf } from '../log/log.ts'
import { LogFile } from '../log/logFile.ts'
import { type Configuration, readConfiguration } from '../settings/configuration.ts'
import { LiveSettings } from '../settings/settings.ts'
import { runAgent } from './agent.ts'
import type { ServeInvocation } from './arguments.ts'
import { startInBackground } from './background.ts'
import { ownProgramExists, startOwnProgram } from './ownProgram.ts'
import { writePidFile } from './pidFile.ts'
import { takeStateDirectory } from './stateDirectory.ts'

/**
 * Runs the agent as the command line asks, until a signal ends it.
 * @returns the exit code
 * @throws Error with a sentence about what a person has to fix
 */
export async function serve(invocation: ServeInvocation): Promise<number> {
  // An invalid configuration is reported on the terminal, also if the agent is to run in the background.
  const configuration = await readConfiguration(invocation.configFile)
  if (invocation.mode === 'background') {
    process.stdout.write(`${await startInBackground(invocation)}\n`)
    return 0
  }
  const file = invocation.mode === 'supervised' ? new LogFile(invocation.logFile) : undefined
  // Under systemd, standard error is the journal.
  const journal = invocation.mode === 'supervised' ? connectedJournal(process.env, 2) : undefined
  const write = (line: string, level: LogLevel) => {
    const isInFile = file?.append(line) === true
    if (journal !== undefined) process.stderr.write(journal(line, level))
    else if (!isInFile) process.stderr.write(line)
  }
  const log = createLog(configuration.logLevel, write, Date.now)
  surviveAccidents(log)
  if (file?.problem !== undefined) log.error(`Logging to standard error, because ${file.problem}`)
  try {
    const stateDirectory = await takeStateDirectory(configuration.stateDir)
    // The pid file tells init scripts that the agent has its state directory.
    const removePidFile =
      invocation.mode === 'supervised' ? await writePidFile(invocation.pidFile, log) : async () => {}
    let why: 'stop' | 'restart'
    try {
      why = await supervise(configuration, invocation, log, file, stateDirectory.lost)
    } finally {
      await removePidFile()
      await stateDirectory.release()
    }
    if (why === 'restart' && invocation.restartsItself && (await ownProgramExists()))
      startOwnProgram(process.argv.slice(2), { cwd: '/', detached: true, stdio: 'ignore' }).unref()
    return 0
  } catch (error) {
    // The process that started this one sees the error; the log also needs it.
    if (file !== undefined && file.problem === undefined) log.error(reasonOf(error))
    throw error
  }
}

async function supervise(
  first: Configuration,
  { untilStdinCloses }: ServeInvocation,
  log: Log,
  file: LogFile | undefined,
  stateDirectoryLost: AbortSignal,
): Promise<'stop' | 'restart'> {
  const end = new AbortController()
  const restart = new AbortController()
  // What is asked for while the agent starts is done as soon as it can be.
  let isAskedEarly = false
  let refresh = () => {
    isAskedEarly = true
  }
  let settings: LiveSettings | undefined
  const stop = (why: string) => {
    if (!end.signal.aborted) log.info(`Stopping: ${why}.`)
    end.abort()
  }
  // With the records of another agent, or with none, it would execute commands twice.
  const stopLost = () => stop('the state directory was removed')
  stateDirectoryLost.addEventListener('abort', stopLost)
  if (stateDirectoryLost.aborted) stopLost()
  process.on('SIGTERM', () => stop('SIGTERM'))
  process.on('SIGINT', () => stop('SIGINT'))
  process.on('SIGUSR2', () => {
    if (restart.signal.aborted) log.info('A restart was asked for already: SIGUSR2.')
    restart.abort()
  })
  process.on('SIGHUP', () => {
    const problem = file?.reopen()
    if (problem !== undefined) log.error(`Logging continues in the file that was open, because ${problem}`)
    log.info('Reloading: SIGHUP.')
    // Log files and facts, too, also when the settings are the same.
    void Promise.resolve(settings?.reload()).then(() => refresh())
  })
  if (untilStdinCloses) {
    process.stdin.on('end', () => stop('standard input closed'))
    process.stdin.on('error', () => stop('standard input failed'))
    process.stdin.resume()
  }
  settings = await LiveSettings.open(first, log, () => refresh())
  const watching = new AbortController()
  const watched = settings.watch(watching.signal)
  try {
    return await runAgent({
      settings,
      log,
      signals: { end: end.signal, restart: restart.signal },
      onReady: (reload) => {
        refresh = reload
        if (isAskedEarly) reload()
      },
    })
  } finally {
    watching.abort()
    await watched
    process.stdin.destroy()
  }
}

/** An internal error in one place must not end the agent. */
function surviveAccidents(log: Log): void {
  // The terminal may have been closed.
  process.stderr.on('error', () => {})
  process.on('unhandledRejection', (error) => {
    log.error(
      `Internal error in the agent (please report it): ${error instanceof Error ? error.stack : String(error)}`,
    )
  })
  process.on('uncaughtException', (error) => {
    log.error(`Internal error in the agent, restarting (please report it): ${error.stack}`)
    process.exit(70)
  })
}
