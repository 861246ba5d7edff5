import { mkdirSync, mkdtempSync } from 'node:fs'
import { homedir, tmpdir } from 'node:os'
import { join } from 'node:path'

/** Where this person's runs and reply queue are stored. */
export function stateDirectoryPath(): string {
  return join(process.env.XDG_STATE_HOME ?? join(homedir(), '.local', 'state'), 'ec2-collective')
}

export interface StateDirectory {
  readonly path: string
  /** The home directory cannot be written: nobody will look here again. */
  readonly isTemporary: boolean
  /**
   * A later master will probably find what this one stores: the folder was there before, and this is no pipeline. Pipelines
   * set `CI`, and mostly begin with an empty home directory.
   */
  readonly isKept: boolean
}

/** The folder of {@link stateDirectoryPath}, made; a temporary one if the home directory cannot be written. */
export function stateDirectory(env: NodeJS.ProcessEnv = process.env): StateDirectory {
  const path = stateDirectoryPath()
  try {
    const made = mkdirSync(path, { recursive: true, mode: 0o700 })
    return { path, isTemporary: false, isKept: made === undefined && !isPipeline(env) }
  } catch {
    // With the name that it has below XDG_STATE_HOME, so that a run that is left there can be resumed.
    const temporary = join(mkdtempSync(join(tmpdir(), 'ec2-collective-')), 'ec2-collective')
    mkdirSync(temporary, { mode: 0o700 })
    return { path: temporary, isTemporary: true, isKept: false }
  }
}

function isPipeline({ CI = '' }: NodeJS.ProcessEnv): boolean {
  return !['', '0', 'false'].includes(CI.toLowerCase())
}
