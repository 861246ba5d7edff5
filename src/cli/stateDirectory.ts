import { mkdirSync, mkdtempSync } from 'node:fs'
import { homedir, tmpdir } from 'node:os'
import { join } from 'node:path'

/** Where this person's runs and reply queue are stored. */
export function stateDirectoryPath(): string {
  return join(process.env.XDG_STATE_HOME ?? join(homedir(), '.local', 'state'), 'ec2-collective')
}

/** The same, made; a temporary folder if the home directory cannot be written. */
export function stateDirectory(): { path: string; isTemporary: boolean } {
  const path = stateDirectoryPath()
  try {
    mkdirSync(path, { recursive: true, mode: 0o700 })
    return { path, isTemporary: false }
  } catch {
    return { path: mkdtempSync(join(tmpdir(), 'ec2-collective-')), isTemporary: true }
  }
}
