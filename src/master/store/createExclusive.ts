import { randomBytes } from 'node:crypto'
import { link, unlink, writeFile } from 'node:fs/promises'

/**
 * Creates a file with its content in one step, readable only by its owner: no process ever sees it without its content.
 * @returns false when it exists already
 */
export async function createExclusive(path: string, text: string): Promise<boolean> {
  const draft = `${path}.${randomBytes(6).toString('hex')}`
  await writeFile(draft, text, { flag: 'wx', mode: 0o600 })
  try {
    await link(draft, path)
    return true
  } catch (error) {
    if (isTaken(error)) return false
    // Some file systems have no links. There it takes two steps, and another process might see an empty file.
    return await createInTwoSteps(path, text)
  } finally {
    await unlink(draft)
  }
}

async function createInTwoSteps(path: string, text: string): Promise<boolean> {
  try {
    await writeFile(path, text, { flag: 'wx', mode: 0o600 })
    return true
  } catch (error) {
    if (isTaken(error)) return false
    throw error
  }
}

function isTaken(error: unknown): boolean {
  return (error as NodeJS.ErrnoException).code === 'EEXIST'
}
