import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { readFile, stat } from 'node:fs/promises'
import { parseEnvironmentFile } from './environmentFile.ts'
import { startOwnProgram } from './ownProgram.ts'

/** What the service reads its variables from; a later one wins. */
export const serviceEnvironmentFiles = ['/etc/default/ec2-cagent', '/etc/ec2_collective/environment']

/** Variables whose values are credentials. */
const secrets = ['AWS_SECRET_ACCESS_KEY', 'AWS_SESSION_TOKEN']

type Variables = Readonly<Record<string, string | undefined>>

/** The variables that the agent has as a service, where they differ from those of the caller. */
export interface ServiceEnvironment {
  readonly variables: Variables
  /** Whether this process has others, so that what it finds out may not hold for the service. */
  readonly differs: boolean
  /** Sentences about that. */
  readonly notes: readonly string[]
}

/**
 * Finds out what the service sees: its environment files over the variables of this process, and of AWS's variables
 * nothing else where systemd starts it.
 * @param isSystemd whether systemd runs here, which passes on nothing of a shell
 */
export async function readServiceEnvironment(
  own: Variables,
  files: readonly string[] = serviceEnvironmentFiles,
  isSystemd: boolean = existsSync('/run/systemd/system'),
): Promise<ServiceEnvironment> {
  const notes: string[] = []
  const assigned = new Map<string, string>()
  const found: string[] = []
  for (const file of files) {
    const text = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'ENOENT') notes.push(`Cannot read ${file} (${error.code}): run the check as root.`)
      return undefined
    })
    if (text === undefined) continue
    found.push(file)
    const variables = parseEnvironmentFile(text)
    for (const [name, value] of variables) assigned.set(name, value)
    const keys = secrets.filter((name) => variables.get(name))
    const readers = keys.length > 0 ? await otherReaders(file) : undefined
    if (readers !== undefined)
      notes.push(`${readers} can read ${keys.join(' and ')} in ${file}. Run chmod 600 ${file}.`)
  }
  const variables: Record<string, string | undefined> = { ...own, ...Object.fromEntries(assigned) }
  const unseen = Object.keys(own).filter((name) => name.startsWith('AWS_') && !assigned.has(name))
  if (isSystemd && found.length > 0 && unseen.length > 0) {
    for (const name of unseen) delete variables[name]
    notes.push(
      `The service does not see ${unseen.sort().join(', ')} of this shell: put them into ${found[0]}.`,
    )
  }
  const names = new Set([...Object.keys(own), ...Object.keys(variables)])
  return { variables, differs: [...names].some((name) => own[name] !== variables[name]), notes }
}

/** Who beside its owner can read the file, as the subject of a sentence. */
async function otherReaders(file: string): Promise<string | undefined> {
  const mode = await stat(file).then(
    (found) => found.mode,
    () => 0,
  )
  if ((mode & 0o004) !== 0) return 'Every user of this server'
  return (mode & 0o040) === 0 ? undefined : 'The group of the file'
}

/**
 * Runs this program again with other variables, as some of them count only when a process begins.
 * @returns its exit code
 */
export async function runAgain(args: readonly string[], variables: Variables): Promise<number> {
  const child = startOwnProgram(args, { env: { ...variables }, stdio: 'inherit' })
  const [code] = await once(child, 'exit')
  return code ?? 1
}
