import { type ChildProcess, type SpawnOptions, spawn } from 'node:child_process'

/** Starts this program once more. Node gets the script's path; a self-contained executable is the script. */
export function startOwnProgram(args: readonly string[], options: SpawnOptions): ChildProcess {
  const [executable, script] = process.argv
  const isExecutable = script === undefined || script === executable || script === process.execPath
  const first = isExecutable ? [] : [...process.execArgv, script]
  return spawn(process.execPath, [...first, ...args], options)
}
