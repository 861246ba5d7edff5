// @ts-check
import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { promisify } from 'node:util'

const run = promisify(execFile)

/** GNU's `strip` knows the machines that it was built for; Debian has one for each. @type {Readonly<Record<string, { readonly program: string, readonly debian: string }>>} */
const strips = {
  x64: { program: 'x86_64-linux-gnu-strip', debian: 'binutils-x86-64-linux-gnu' },
  arm64: { program: 'aarch64-linux-gnu-strip', debian: 'binutils-aarch64-linux-gnu' },
}

/**
 * Takes the symbols out of an executable, a seventh of Node: nothing reads them at run time. Where there is no program for
 * it, Debian's is installed if this process may; otherwise the symbols stay, which only costs space.
 *
 * @param {string} executable
 * @param {string} architecture as Node names it
 * @returns {Promise<string | undefined>} why the symbols are still there, if they are
 */
export async function strip(executable, architecture) {
  const known = strips[architecture]
  if (known === undefined) return `no program is known that strips executables for ${architecture}`
  const { program, debian } = known
  const own = process.arch === architecture ? ['strip'] : []
  const programs = [program, ...own, 'llvm-strip']
  if (await stripWith(programs, executable)) return undefined
  if (process.getuid?.() === 0 && existsSync('/usr/bin/apt-get')) {
    const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' }
    await run('apt-get', ['install', '-y', '--no-install-recommends', debian], { env }).catch(() => {})
    if (await stripWith([program], executable)) return undefined
  }
  return `there is no ${program} (Debian: ${debian}) and no llvm-strip`
}

/** @param {readonly string[]} programs @param {string} executable */
async function stripWith(programs, executable) {
  for (const program of programs) {
    try {
      await run(program, [executable])
      return true
    } catch {
      // The next one may be there, or know this machine.
    }
  }
  return false
}
