import { type ControlServer, openReception } from './controlServer.ts'
import { socketPath } from './socketPath.ts'
import { createSupervisor } from './supervisor.ts'

/**
 * Entry of `dist/localFleet.js`: the supervisor of one local fleet. It lives for as long as a client is connected,
 * and then for as long as a window takes to reload; what it started ends with it, however it ends.
 *
 *   node localFleet.js DIRECTORY [LINGER_MS]
 */
async function supervise(directory: string, lingerMs: number): Promise<void> {
  let reception: ControlServer | undefined
  let leaving: NodeJS.Timeout | undefined
  let isEnding = false
  const supervisor = createSupervisor({
    directory,
    programs: import.meta.dirname,
    onChange: () => reception?.publish(supervisor.state),
  })
  const end = async () => {
    if (isEnding) return
    isEnding = true
    clearTimeout(leaving)
    try {
      await supervisor.stop()
      await reception?.close()
    } catch (error) {
      console.error(error)
    } finally {
      // What is left of it ends with this process.
      process.exit()
    }
  }
  const onClients = (count: number) => {
    clearTimeout(leaving)
    if (count === 0) leaving = setTimeout(end, lingerMs)
  }
  // From the start: whoever began this may be gone already.
  onClients(0)
  reception = await openReception({
    socketPath: await socketPath(directory),
    state: () => supervisor.state,
    onClients,
    onStop: end,
    onReplaced: end,
  })
  if (reception === undefined) process.exit()
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, end)
  await supervisor.start()
}

const [directory, lingerMs = '30000'] = process.argv.slice(2)
if (directory === undefined) throw new Error('usage: localFleet.js DIRECTORY [LINGER_MS]')
supervise(directory, Number(lingerMs)).catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error)
  process.exit(1)
})
