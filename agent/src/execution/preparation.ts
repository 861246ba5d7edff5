import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { Action } from '../../../src/protocol/action.ts'
import { baseEnvironment } from './baseEnvironment.ts'
import { asUser } from './changeOfUser.ts'
import { type HeldDirectory, holdDirectory } from './directory.ts'
import type { Launch } from './processGroup.ts'
import { runProgram } from './program.ts'
import { runMark } from './runMark.ts'
import { shebangOf, writeScript } from './scriptFile.ts'
import { spoiledCommand, spoiledScript } from './spoiledText.ts'
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
 * Why the run is not to be started after all, now that it is known what its directory really is, if it has one; undefined:
 * nothing speaks against it.
 */
export type WhyNot = (
  directory: Pick<HeldDirectory, 'path' | 'isOthers'> | undefined,
) => Promise<string | undefined>

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
    readonly whyNot: WhyNot
  },
): Promise<Prepared> {
  const own = o.ownUser
  const user =
    action.user === undefined || action.user === own.name ? own : await findUserOrFail(action.user, own)
  const undo: Array<() => Promise<void>> = []
  const cleanUp = async () => {
    for (const step of undo.splice(0)) await step().catch(() => {})
  }
  const environment = { ...baseEnvironment(user), ...o.variables }
  // What the agent says of the run, and the mark by which it finds its processes, is for the agent alone to say.
  const variables = Object.fromEntries(
    Object.entries(action.environment ?? {}).filter(([name]) => name !== runMark && !(name in o.variables)),
  )
  try {
    const held =
      action.directory === undefined
        ? undefined
        : await inWords(holdDirectory(action.directory, [0, user.uid]))
    if (held !== undefined) undo.push(() => held.release())
    const objection = await o.whyNot(held)
    if (objection !== undefined) throw new NotExecutable(objection)
    const home = held === undefined && (await isDirectory(user.home)) ? user.home : '/'
    const launchOf = async (file: string, args: readonly string[]): Promise<Launch> => {
      if (user.uid === own.uid) {
        const directory = held?.entrance ?? home
        return { directory, file, args, environment: { ...environment, ...variables } }
      }
      const launch = { directory: held?.path ?? home, file, args, environment }
      return inWords(asUser(user, launch, variables, held === undefined ? 'ifPossible' : 'exactly'))
    }
    if (action.kind === 'shell') {
      refuseIfSpoiled(spoiledCommand(action.command))
      return { launch: await launchOf(o.shell, ['-c', action.command]), cleanUp }
    }
    const content = Buffer.from(action.content, 'base64')
    refuseIfSpoiled(spoiledScript(content, action.interpreter, o.shell))
    const [program, ...first] = interpreterOf(action.interpreter, content) ?? [o.shell]
    const script = await writeScript(join(o.stateDir, 'scripts'), action.name, content, user)
    undo.push(() => script.remove())
    return { launch: await launchOf(program as string, [...first, script.path, ...action.args]), cleanUp }
  } catch (error) {
    await cleanUp()
    throw error
  }
}

async function inWords<T>(work: Promise<T>): Promise<T> {
  return work.catch((cause: Error) => {
    throw new NotExecutable(cause.message, { cause })
  })
}

function interpreterOf(interpreter: string | undefined, content: Uint8Array): string[] | undefined {
  const words = interpreter?.trim().split(/\s+/)
  return words ?? shebangOf(content)
}

async function findUserOrFail(name: string, own: User): Promise<User> {
  if (own.uid !== 0)
    throw new NotExecutable(`the agent runs as ${own.name}, so it cannot run commands as ${name}`)
  const user = await lookUpUser(name, () => runProgram('getent', ['passwd', '--', name], { timeoutMs: 5000 }))
  if (user === undefined) throw new NotExecutable(`the user ${name} does not exist`)
  return user
}

function refuseIfSpoiled(why: string | undefined): void {
  if (why !== undefined) throw new NotExecutable(`${why}. Nothing was executed`)
}

async function isDirectory(path: string): Promise<boolean> {
  return stat(path).then(
    (found) => found.isDirectory(),
    () => false,
  )
}
