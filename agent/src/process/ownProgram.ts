import { type ChildProcess, type SpawnOptions, spawn } from 'node:child_process'
import { access } from 'node:fs/promises'

/** Starts this program once more. Node gets the script's path; a self-contained executable is the script. */
export function startOwnProgram(args: readonly string[], options: SpawnOptions): ChildProcess {
  const script = ownScript()
  const first = script === undefined ? [] : [...process.execArgv, script]
  return spawn(process.execPath, [...first, ...args], options)
}

/** Whether this program can still be started: a removed package leaves a running agent behind. */
export function ownProgramExists(): Promise<boolean> {
  return access(ownScript() ?? process.execPath).then(
    () => true,
    () => false,
  )
}

/** Undefined for a self-contained executable. */
function ownScript(): string | undefined {
  const [executable, script] = process.argv
  return script === executable || script === process.execPath ? undefined : script
}
