import { rmSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { type History, type OpenMaster, openMaster } from '../master/library.ts'
import { describeWarning, type MasterWarning } from '../master/masterWarning.ts'
import { History as StoredHistory } from '../master/store/history.ts'
import type { Environment } from '../queues/environment.ts'
import type { Arguments } from './arguments.ts'
import { resumedRun, unfinishedRuns } from './resume.ts'
import { stateDirectory } from './stateDirectory.ts'

/** How many runs of pipelines to keep: enough to look at those of the day before. */
const retention = { maxRuns: 200, maxBytes: 512 * 1024 * 1024, maxAgeMs: 30 * 24 * 3600_000 }

export type PipelineMaster = Omit<OpenMaster, 'close'> & {
  /**
   * Leaves nothing behind that nobody will use: the reply queue and the folder of a master without a successor.
   * @param signal gives up deleting the reply queue
   */
  close(signal?: AbortSignal): Promise<void>
}

/**
 * Opens the master of one run. Where no later master will find its folder, its reply queue is a throw-away one.
 * @param tell receives sentences about what does not stop the run
 * @throws Error as `openMaster`
 */
export async function openPipelineMaster(
  args: Pick<Arguments, 'resume' | 'signingKey' | 'sharedReplies'>,
  environment: Environment,
  tell: (sentence: string) => void,
): Promise<PipelineMaster> {
  const state = stateDirectory()
  const signingKey = args.signingKey ?? process.env.EC2_COLLECTIVE_SIGNING_KEY
  const signingPassphrase = process.env.EC2_COLLECTIVE_SIGNING_PASSPHRASE
  const resumes = args.resume && (await idOf(args.resume, state.path, environment))
  const onWarning = (warning: MasterWarning) => {
    const sentence = describeWarning(warning)
    if (sentence !== undefined) tell(sentence)
  }
  const replyQueue = args.sharedReplies ? 'shared' : state.isKept ? 'private' : 'throw-away'
  const opened = await openMaster({
    ...{ environment, folder: state.path, onWarning, replyQueue },
    ...(resumes === undefined ? {} : { resumes }),
    ...(signingKey === undefined ? {} : { signingKey }),
    ...(signingPassphrase === undefined ? {} : { signingPassphrase }),
  })
  const close = async (signal?: AbortSignal) => {
    await opened.close(signal === undefined ? {} : { signal })
    await prune(opened.history, tell)
    if (!state.isTemporary) return
    const parent = dirname(state.path)
    if ((await unfinishedRuns(opened.history, environment.name)).length === 0)
      rmSync(parent, { recursive: true, force: true })
    else
      tell(
        `The run is not over. To resume it, set XDG_STATE_HOME=${parent}, and run ec2-cmaster --resume last.`,
      )
  }
  return { ...opened, close }
}

async function idOf(resume: string, folder: string, { name }: Environment): Promise<string | undefined> {
  return resumedRun(await StoredHistory.open(join(folder, 'history')), name, resume)
}

/** A failure to delete old runs does not affect this one. */
async function prune(history: History, tell: (sentence: string) => void): Promise<void> {
  try {
    const { failed } = await history.prune(retention, Date.now())
    for (const { message } of failed) tell(message)
  } catch (error) {
    tell((error as Error).message)
  }
}
