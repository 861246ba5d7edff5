import { setTimeout as delay } from 'node:timers/promises'
import type { Queues } from '../../src/queues/queues.ts'
import type { SoakAgent } from './soakAgents.ts'
import type { SoakMaster } from './soakMasters.ts'

/** No run takes so long, with all its waits, an outage and deaths in between, milliseconds. */
export const stuckMs = 300_000

/** Files that an agent has open at most when it has nothing to do: 19 of Node and of its own, and connections. */
const openFilesAtRest = 32

/** After so long without a request the fault proxy has ended its connections, milliseconds. */
const restedAfterMs = 90_000

/** Waits until all is quiet, and ends everybody. Returns who cannot rest. */
export async function comeToRest(
  agents: readonly SoakAgent[],
  masters: readonly SoakMaster[],
  queues: Queues,
): Promise<string[]> {
  const restless: string[] = []
  if (!(await isDoneWithin(stuckMs, Promise.all(masters.map((master) => master.allOver())))))
    restless.push(`runs are not over ${stuckMs / 1000} s after the storm`)
  restless.push(...(await Promise.all(agents.map(letGo))).flat())
  // An agent that gets this signal ends as soon as nothing runs and every reply is with SQS.
  const rest = async ({ process }: SoakAgent) => {
    const isAtRest = await process.end((child) => child.kill('SIGUSR2'), 60_000)
    if (!isAtRest) restless.push(`${process.name} does not come to rest`)
  }
  await Promise.all(agents.map(rest))
  // The masters read what the agents said last. What SQS gave to a master that was killed, or whose connection broke, is
  // hidden for a minute while replies pile up (src/master/replies/replyConsumer.ts).
  for (const queue of await queues.listQueues('soak_')) {
    if (queue.endsWith('_agent') && !(await isDoneWithin(100_000, isEmpty(queues, queue))))
      restless.push(`replies lie unread in ${queue}`)
  }
  const end = async ({ process, order }: SoakMaster) => {
    const isEnded = await process.end(() => order({ kind: 'end' }), 30_000)
    if (!isEnded) restless.push(`${process.name} does not end`)
  }
  await Promise.all(masters.map(end))
  return restless
}

/** Whether it is done in time. It goes on when it is not. */
export async function isDoneWithin(limitMs: number, work: Promise<unknown>): Promise<boolean> {
  const limit = new AbortController()
  const late = delay(limitMs, false, { signal: limit.signal }).catch(() => false)
  const isDone = await Promise.race([work.then(() => true), late])
  limit.abort()
  return isDone
}

/** Waits until an agent has let go of the files of its runs. A command that came late may still be on. */
async function letGo({ process, files }: SoakAgent): Promise<string[]> {
  const ofRuns = `${files.home}/state/spool/`
  let open: string[] = []
  for (const deadline = Date.now() + restedAfterMs; Date.now() < deadline; await delay(500)) {
    open = await process.openFiles()
    if (open.length <= openFilesAtRest && !open.some((path) => path.startsWith(ofRuns))) return []
  }
  return [`${process.name} has ${open.length} files open at rest: ${open.join(', ')}`]
}

async function isEmpty(queues: Queues, queue: string): Promise<void> {
  for (;;) {
    const { visible = 0, notVisible = 0, delayed = 0 } = await queues.attributes(queue)
    if (visible + notVisible + delayed === 0) return
    await delay(200)
  }
}
