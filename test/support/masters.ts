import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Run } from '../../src/master/engine/run.ts'
import { Master, type MasterOptions } from '../../src/master/master.ts'
import type { MasterWarning } from '../../src/master/masterWarning.ts'
import { History } from '../../src/master/store/history.ts'
import type { Environment } from '../../src/queues/environment.ts'
import type { Queues } from '../../src/queues/queues.ts'
import type { RunRequest } from '../../src/run/runRequest.ts'
import type { SqsServer } from './sqs.ts'
import { until } from './until.ts'

/** A master with a client of its own, and everything that troubled it. */
export interface OpenMaster {
  readonly master: Master
  readonly queues: Queues
  readonly history: History
  readonly troubles: readonly MasterWarning[]
  /** Sweeps until this number of agents is known. */
  discover(agents: number): Promise<void>
}

/** Opens masters that are all closed, and whose files are removed, by `close`. */
export interface Masters {
  open(
    environment: Environment,
    options?: Partial<Pick<MasterOptions, 'masterId' | 'history' | 'queues' | 'replyQueue' | 'timing'>>,
  ): Promise<OpenMaster>
  /** A place for a history of one's own, or for what a program keeps. */
  newDirectory(): Promise<string>
  close(): Promise<void>
}

export function createMasters(sqs: SqsServer): Masters {
  const opened: Master[] = []
  const directories: string[] = []
  const newDirectory = async () => {
    const directory = await mkdtemp(join(tmpdir(), 'masters-'))
    directories.push(directory)
    return directory
  }
  return {
    newDirectory,
    async open(environment, options = {}) {
      const queues = options.queues ?? sqs.connect()
      const history = options.history ?? (await History.open(await newDirectory()))
      const troubles: MasterWarning[] = []
      const masterId = `test${opened.length + 1}-1`
      const master = new Master({
        ...{ environment, masterId, issuer: { name: 'ada', host: 'laptop' } },
        ...options,
        ...{ queues, history },
        onWarning: (trouble) => troubles.push(trouble),
      })
      opened.push(master)
      return {
        ...{ master, queues, history, troubles },
        discover: (agents) =>
          until(
            async () => {
              await master.refresh()
              return master.inventory.agents().length >= agents
            },
            `${agents} agents to be heard of`,
            () => `; ${master.inventory.agents().length} were`,
          ),
      }
    },
    async close() {
      await Promise.all(opened.map((master) => master.close()))
      await Promise.all(directories.map((directory) => rm(directory, { recursive: true, force: true })))
    },
  }
}

/** Starts a run that nobody aborts. */
export async function startRun(master: Master, request: RunRequest): Promise<Run> {
  const started = await master.start(request)
  if (started.kind === 'sent') return started.run
  throw new Error(`the run is ${started.kind}`)
}

/** What one agent wrote, both streams in their order. */
export async function outputOf(run: Run, agentId: string): Promise<string> {
  return Buffer.concat((await run.output(agentId)).map(({ bytes }) => bytes)).toString()
}
