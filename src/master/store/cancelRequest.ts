import { open, unlink } from 'node:fs/promises'
import { join } from 'node:path'

/** In the folder of a run: somebody asks the process that holds the run to cancel it. */
const requestOf = (folder: string) => join(folder, 'cancel')

/** @throws Error when it cannot be written */
export async function requestCancel(folder: string): Promise<void> {
  await (await open(requestOf(folder), 'a', 0o600)).close()
}

/** Whether a cancel was asked for; each request is answered by one call only. */
export async function takeCancelRequest(folder: string): Promise<boolean> {
  return unlink(requestOf(folder)).then(
    () => true,
    () => false,
  )
}
