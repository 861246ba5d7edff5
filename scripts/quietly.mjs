// @ts-check
import { spawn } from 'node:child_process'
import { mkdirSync, openSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'

const logs = fileURLToPath(new URL('../.cache/logs/', import.meta.url))

/**
 * Runs a command whose output nobody wants to see while it goes well. It goes to `.cache/logs/<name>.log`.
 *
 * @param {string} name of the log
 * @param {string} command
 * @param {string[]} args
 * @param {{ cwd?: string, env?: NodeJS.ProcessEnv, doing: string }} options `doing` completes "… failed" for the
 *   person who meets the error, e.g. "Installing the editor"
 * @returns {Promise<void>}
 * @throws {Error} with the end of the output when the command cannot start or exits with anything but 0
 */
export async function runQuietly(name, command, args, { cwd, env = process.env, doing }) {
  mkdirSync(logs, { recursive: true })
  const file = path.join(logs, `${name}.log`)
  const log = openSync(file, 'w')
  const failure = await new Promise((resolve) => {
    const child = spawn(command, args, { cwd, env, stdio: ['ignore', log, log] })
    child.on('error', (error) => resolve(error.message))
    child.on('close', (code, signal) => resolve(code === 0 ? undefined : `exit code ${code ?? signal}`))
  })
  if (failure === undefined) return
  const tail = readFileSync(file, 'utf8').trimEnd().split('\n').slice(-25).join('\n')
  const where = path.relative(process.cwd(), file)
  throw new Error(
    `${doing} failed (${failure}): ${command} ${args.join(' ')}\n${tail}\nAll of it is in ${where}.`,
  )
}
