import { access, constants, stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { Action } from '../../../src/protocol/action.ts'
import { baseEnvironment } from './baseEnvironment.ts'
import type { Launch } from './processGroup.ts'
import { runProgram } from './program.ts'
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
  const environment = { ...baseEnvironment(user), ...o.variables, ...action.environment }
  const launchOf = async (file: string, args: readonly string[]): Promise<Launch> => ({
    directory,
    environment,
    ...(user.uid === own.uid ? { file, args } : await asUser(user, file, args)),
  })
  if (action.kind === 'shell') {
    return { launch: await launchOf(o.shell, ['-c', action.command]), cleanUp: async () => {} }
  }
  const content = Buffer.from(action.content, 'base64')
  const [program, ...first] = interpreterOf(action.interpreter, content) ?? [o.shell]
  const script = await writeScript(join(o.stateDir, 'scripts'), action.name, content, user)
  const launch = await launchOf(program as string, [...first, script.path, ...action.args])
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

/** `setpriv` (util-linux) gives a user their supplementary groups, which the plain system calls do not. */
const setpriv = '/usr/bin/setpriv'

async function asUser(
  { uid, gid }: User,
  file: string,
  args: readonly string[],
): Promise<Pick<Launch, 'file' | 'args' | 'as'>> {
  const found = await access(setpriv, constants.X_OK).then(
    () => true,
    () => false,
  )
  if (!found) return { file, args, as: { uid, gid } }
  return { file: setpriv, args: [`--reuid=${uid}`, `--regid=${gid}`, '--init-groups', '--', file, ...args] }
}

async function isDirectory(path: string): Promise<boolean> {
  return stat(path).then(
    (found) => found.isDirectory(),
    () => false,
  )
}
