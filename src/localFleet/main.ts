import { type ControlServer, openControlServer } from './controlServer.ts'
import { socketPath } from './socketPath.ts'
import { createSupervisor } from './supervisor.ts'

/**
 * Entry of `dist/localFleet.js`: the supervisor of one local fleet. It runs while a client is connected, and then for as
 * long as a window takes to reload. However it ends, the processes that it started end with it.
 *
 *   node localFleet.js DIRECTORY [LINGER_MS]
 */
async function supervise(directory: string, lingerMs: number): Promise<void> {
  let controlServer: ControlServer | undefined
  let leaving: NodeJS.Timeout | undefined
  let isEnding = false
  const supervisor = createSupervisor({
    directory,
    programs: import.meta.dirname,
    onChange: () => controlServer?.publish(supervisor.state),
  })
  const end = async () => {
    if (isEnding) return
    isEnding = true
    clearTimeout(leaving)
    try {
      await supervisor.stop()
      await controlServer?.close()
    } catch (error) {
      console.error(error)
    } finally {
      // Whatever did not end ends with this process.
      process.exit()
    }
  }
  const onClients = (count: number) => {
    clearTimeout(leaving)
    if (count === 0) leaving = setTimeout(end, lingerMs)
  }
  // From the start, because the client that started this may already have gone.
  onClients(0)
  controlServer = await openControlServer({
    socketPath: await socketPath(directory),
    state: () => supervisor.state,
    onClients,
    onStop: end,
    onReplaced: end,
  })
  if (controlServer === undefined) process.exit()
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, end)
  await supervisor.start()
}

const [directory, lingerMs = '30000'] = process.argv.slice(2)
if (directory === undefined) throw new Error('usage: localFleet.js DIRECTORY [LINGER_MS]')
supervise(directory, Number(lingerMs)).catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error)
  process.exit(1)
})
