import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { Action } from '../../../src/protocol/action.ts'
import { baseEnvironment } from './baseEnvironment.ts'
import { asUser } from './changeOfUser.ts'
import type { Launch } from './processGroup.ts'
import { runProgram } from './program.ts'
import { runMark } from './runMark.ts'
import { shebangOf, writeScript } from './scriptFile.ts'
import { lookUpUser, type User } from './users.ts'

/** Actions that start a process. */
export type ExecutableAction = Extract<Action, { kind: 'shell' | 'script' }>

export interface Prepared {
  readonly launch: Launch
  cleanUp(): Promise<void>
}

/** An action that cannot be executed at all; the message says why to the person who sent it. */
export class NotExecutable extends Error {
  override readonly name = 'NotExecutable'
}

/**
 * Looks up user and directory and writes the script.
 * @throws NotExecutable
 */
export async function prepare(
  action: ExecutableAction,
  o: {
    readonly shell: string
    readonly stateDir: string
    readonly variables: Readonly<Record<string, string>>
    readonly ownUser: User
  },
): Promise<Prepared> {
  const own = o.ownUser
  const user =
    action.user === undefined || action.user === own.name ? own : await findUserOrFail(action.user, own)
  const { directory = (await isDirectory(user.home)) ? user.home : '/' } = action
  if (action.directory !== undefined && !(await isDirectory(directory)))
    throw new NotExecutable(`the directory ${directory} does not exist`)
  const environment = { ...baseEnvironment(user), ...o.variables }
  // The agent sets the mark, by which it finds the processes of a run.
  const { [runMark]: _, ...variables } = action.environment ?? {}
  const launchOf = async (file: string, args: readonly string[]): Promise<Launch> => {
    if (user.uid === own.uid) return { directory, file, args, environment: { ...environment, ...variables } }
    return asUser(user, { directory, file, args, environment }, variables).catch((cause: Error) => {
      throw new NotExecutable(cause.message, { cause })
    })
  }
  if (action.kind === 'shell') {
    return { launch: await launchOf(o.shell, ['-c', action.command]), cleanUp: async () => {} }
  }
  const content = Buffer.from(action.content, 'base64')
  const [program, ...first] = interpreterOf(action.interpreter, content) ?? [o.shell]
  const script = await writeScript(join(o.stateDir, 'scripts'), action.name, content, user)
  const launch = await launchOf(program as string, [...first, script.path, ...action.args]).catch(
    async (error) => {
      await script.remove()
      throw error
    },
  )
  return { launch, cleanUp: () => script.remove() }
}

function interpreterOf(interpreter: string | undefined, content: Uint8Array): string[] | undefined {
  const words = interpreter?.trim().split(/\s+/)
  return words ?? shebangOf(content)
}

async function findUserOrFail(name: string, own: User): Promise<User> {
  if (own.uid !== 0)
    throw new NotExecutable(`the agent runs as ${own.name}, so it cannot run commands as ${name}`)
  const user = await lookUpUser(name, () => runProgram('getent', ['passwd', name], { timeoutMs: 5000 }))
  if (user === undefined) throw new NotExecutable(`the user ${name} does not exist`)
  return user
}

async function isDirectory(path: string): Promise<boolean> {
  return stat(path).then(
    (found) => found.isDirectory(),
    () => false,
  )
}
