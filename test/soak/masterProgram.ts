import { createInterface } from 'node:readline'
import { parseArgs } from 'node:util'
import type { Run } from '../../src/master/engine/run.ts'
import { Master } from '../../src/master/master.ts'
import type { MasterWarning } from '../../src/master/masterWarning.ts'
import { NobodyMatches } from '../../src/master/nobodyMatches.ts'
import { History } from '../../src/master/store/history.ts'
import { claimMasterId } from '../../src/master/store/masterId.ts'
import type { Environment } from '../../src/queues/environment.ts'
import { createQueues } from '../../src/queues/queues.ts'
import type { RunRequest } from '../../src/run/runRequest.ts'
import { startRun } from '../support/masters.ts'
import type { MasterOrder, MasterReport } from './masterTalk.ts'
import { tokenOf } from './soakCommand.ts'

/** A master of the soak as a process of its own: takes orders by lines on stdin, reports by lines on stdout. */
const { values } = parseArgs({
  options: { environment: { type: 'string' }, directory: { type: 'string' }, replies: { type: 'string' } },
})
const environment = JSON.parse(values.environment ?? '') as Environment
const directory = values.directory ?? ''
const history = await History.open(`${directory}/history`)
const masterId = await claimMasterId(`${directory}/id`)
const queues = createQueues(environment)
const master = new Master({
  environment,
  queues,
  history,
  masterId: masterId.id,
  issuer: { name: 'soak', host: 'localhost' },
  replyQueue: values.replies === 'shared' ? 'shared' : 'private',
  onWarning: (trouble) => report({ kind: 'trouble', what: describe(trouble) }),
})

await untilItWorks(() => master.resume())
const kept = await history.list()
report({ kind: 'ready', tokens: kept.flatMap(({ request }) => tokenOf(request.action) ?? []) })
for (const { runId, request, phase, counts } of kept) {
  const token = tokenOf(request.action) ?? ''
  const run = master.run(runId)
  // A person would say so.
  if (run?.state.phase === 'paused') run.resume()
  if (run !== undefined) follow(run, token)
  else if (phase === 'over') report({ kind: 'over', token, runId, counts })
  else report({ kind: 'trouble', what: `run ${runId} of ${token} was not taken up` })
}

const refresh = async () => {
  await master.refresh()
  report({ kind: 'knows', agents: master.inventory.agents().length })
}
const refreshing = setInterval(() => {
  refresh().catch((error) => report({ kind: 'trouble', what: `sweep: ${error.kind ?? error}` }))
}, 2_000)

for await (const line of createInterface(process.stdin)) {
  const order = JSON.parse(line) as MasterOrder
  if (order.kind === 'end') break
  void obey(order)
}
clearInterval(refreshing)
await master.close()
queues.close()
await masterId.release()
report({ kind: 'ended' })
process.exit()

async function obey({
  token,
  request,
  cancelAfterMs,
}: Extract<MasterOrder, { kind: 'start' }>): Promise<void> {
  try {
    const run = await startOnceKnown(request)
    report({ kind: 'started', token, runId: run.runId })
    follow(run, token)
    if (cancelAfterMs === undefined) return
    setTimeout(() => {
      run.cancel().catch((error) => report({ kind: 'trouble', what: `cancel: ${error.message}` }))
    }, cancelAfterMs)
  } catch (error) {
    report({ kind: 'failed', token, reason: (error as Error).message })
  }
}

/** Just after its start a master has not heard of anybody. */
async function startOnceKnown(request: RunRequest): Promise<Run> {
  for (;;) {
    try {
      return await startRun(master, request)
    } catch (error) {
      if (!(error instanceof NobodyMatches)) throw error
      await new Promise((resolve) => setTimeout(resolve, 200))
    }
  }
}

function follow(run: Run, token: string): void {
  void run.ended.then(async ({ counts }) => {
    // Once that is on disk: the next master takes up again what its predecessor could not write before it was killed.
    await run.flush()
    report({ kind: 'over', token, runId: run.runId, counts })
  })
}

async function untilItWorks<T>(act: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await act()
    } catch (error) {
      report({ kind: 'trouble', what: `start: ${(error as Error).message}` })
      await new Promise((resolve) => setTimeout(resolve, 200))
    }
  }
}

function describe(trouble: MasterWarning): string {
  switch (trouble.kind) {
    case 'queue':
      return `queue: ${trouble.error?.kind ?? 'works again'}`
    case 'run':
      return `run: ${trouble.error.message}`
    case 'unreadable':
      return `unreadable: ${trouble.reason}`
    default:
      return trouble.kind
  }
}

function report(line: MasterReport): void {
  process.stdout.write(`${JSON.stringify(line)}\n`)
}
