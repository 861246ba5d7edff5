import { stat } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import { runAgent } from './agent.ts'
import type { ServeInvocation } from './arguments.ts'
import { type Configuration, readConfiguration } from './configuration.ts'
import { startInBackground } from './execution/background.ts'
import { createLog, type Log, reasonOf } from './log.ts'
import { LogFile } from './logFile.ts'
import { writePidFile } from './pidFile.ts'

/** How often the configuration file is looked at for changes, milliseconds. */
const watchEveryMs = 5_000

/**
 * Runs the agent as the command line asks, until a signal ends it.
 * @returns the exit code
 * @throws Error for what a person must fix, in words
 */
export async function serve(invocation: ServeInvocation): Promise<number> {
  // A wrong configuration is told on the terminal, also when the agent is to run in the background.
  const configuration = await readConfiguration(invocation.configFile)
  if (invocation.mode === 'background') {
    process.stdout.write(`${await startInBackground(invocation)}\n`)
    return 0
  }
  const file = invocation.mode === 'supervised' ? new LogFile(invocation.logFile) : undefined
  const write =
    file === undefined ? (line: string) => process.stderr.write(line) : (line: string) => file.append(line)
  const log = createLog(configuration.logLevel, write, Date.now)
  const removePidFile =
    invocation.mode === 'supervised' ? await writePidFile(invocation.pidFile) : async () => {}
  surviveAccidents(log)
  try {
    await supervise(configuration, invocation, log, file)
    return 0
  } catch (error) {
    if (file !== undefined) log.error(reasonOf(error))
    throw error
  } finally {
    await removePidFile()
  }
}

async function supervise(
  first: Configuration,
  { untilStdinCloses }: ServeInvocation,
  log: Log,
  file: LogFile | undefined,
): Promise<void> {
  const configuration = createReloadable(first, log)
  for (const warning of first.warnings) log.warn(warning)
  const end = new AbortController()
  const endWhenIdle = new AbortController()
  let refresh = () => {}
  const stop = (why: string) => {
    if (!end.signal.aborted) log.info(`Asked to end: ${why}.`)
    end.abort()
  }
  process.on('SIGTERM', () => stop('SIGTERM'))
  process.on('SIGINT', () => stop('SIGINT'))
  process.on('SIGUSR2', () => {
    log.info('Asked to end as soon as nothing runs: SIGUSR2.')
    endWhenIdle.abort()
  })
  process.on('SIGHUP', () => {
    file?.reopen()
    log.info('Asked to reload: SIGHUP.')
    void configuration.reload().then(refresh)
  })
  if (untilStdinCloses) {
    process.stdin.on('end', () => stop('standard input closed'))
    process.stdin.on('error', () => stop('standard input broke'))
    process.stdin.resume()
  }
  const watching = new AbortController()
  const watched = configuration.watch(watching.signal, () => refresh())
  try {
    await runAgent({
      configuration: () => configuration.current,
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

/** Parts of the configuration that make up who the agent is and whom it talks to: they need a new start. */
const fixed = ['environment', 'agentId', 'hostname', 'stateDir', 'auditLog', 'queues'] as const

function createReloadable(first: Configuration, log: Log) {
  const reloadable = {
    current: first,
    /** A configuration that cannot be used changes nothing. */
    async reload(): Promise<void> {
      const before = reloadable.current
      try {
        const fresh = await readConfiguration(before.file)
        const kept = fixed.filter((key) => JSON.stringify(fresh[key]) !== JSON.stringify(before[key]))
        for (const warning of fresh.warnings) if (!before.warnings.includes(warning)) log.warn(warning)
        if (kept.length > 0)
          log.warn(`Changes to ${kept.join(', ')} take effect when the agent is restarted.`)
        const { environment, agentId, hostname, stateDir, auditLog, queues } = before
        reloadable.current = { ...fresh, environment, agentId, hostname, stateDir, auditLog, queues }
        log.setLevel(fresh.logLevel)
        log.info(`Read ${fresh.file} again.`)
      } catch (error) {
        log.error(`The configuration stays as it was: ${reasonOf(error)}`)
      }
    },
    async watch(signal: AbortSignal, onReload: () => void): Promise<void> {
      let stamp = await stampOf(first.file)
      while (!signal.aborted) {
        await sleep(watchEveryMs, undefined, { signal }).catch(() => {})
        const current = await stampOf(first.file)
        if (signal.aborted || current === stamp) continue
        stamp = current
        await reloadable.reload()
        onReload()
      }
    },
  }
  return reloadable
}

async function stampOf(file: string): Promise<string> {
  return stat(file).then(
    ({ mtimeMs, size, ino }) => `${mtimeMs} ${size} ${ino}`,
    () => 'none',
  )
}

/** A mistake of ours in one place must not take the agent off the server. */
function surviveAccidents(log: Log): void {
  process.on('unhandledRejection', (error) => {
    log.error(
      `A mistake in the agent, please report it: ${error instanceof Error ? error.stack : String(error)}`,
    )
  })
  process.on('uncaughtException', (error) => {
    log.error(`A mistake in the agent, please report it; it restarts: ${error.stack}`)
    process.exit(70)
  })
}
