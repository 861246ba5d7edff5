import * as vscode from 'vscode'
import type { DeclaredEnvironment } from '../declarations/declaredEnvironment.ts'
import { MfaDeclined } from './profile/mfa.ts'
import { messageOf } from './text/messageOf.ts'
import type { Trouble } from './trouble.ts'

/** An error of a command that knows its environment. */
export class TroubleWith extends Error {
  override readonly name = 'TroubleWith'
  readonly environment: DeclaredEnvironment

  constructor(environment: DeclaredEnvironment, cause: unknown) {
    super(messageOf(cause), { cause })
    this.environment = environment
  }
}

/** An error that the user has been shown already. */
export class ShownError extends Error {
  override readonly name = 'ShownError'

  constructor(cause: unknown) {
    super(messageOf(cause), { cause })
  }
}

/**
 * Registers commands by the last part of their ID. Every error is shown to the user who started the command.
 */
export function registerCommands(
  trouble: Trouble,
  commands: Readonly<Record<string, (...args: never[]) => unknown>>,
): vscode.Disposable {
  return vscode.Disposable.from(
    ...Object.entries(commands).map(([name, act]) =>
      vscode.commands.registerCommand(`ec2-collective.${name}`, async (...args: never[]) => {
        try {
          return await act(...args)
        } catch (error) {
          if (isGivenUp(error)) return undefined
          if (isShown(error)) trouble.note(error)
          else if (error instanceof TroubleWith) trouble.show(error.cause, error.environment)
          else trouble.show(error)
          return undefined
        }
      }),
    ),
  )
}

function isShown(error: unknown): boolean {
  return error instanceof ShownError || (error instanceof TroubleWith && error.cause instanceof ShownError)
}

/** The user closed a question: this is not an error. */
export function isGivenUp(error: unknown): boolean {
  if (error instanceof MfaDeclined || error instanceof vscode.CancellationError) return true
  return error instanceof Error && error.cause !== undefined && isGivenUp(error.cause)
}

/** Runs `work`, whose errors are then known to be about `environment`. */
export async function about<T>(environment: DeclaredEnvironment, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    throw error instanceof TroubleWith ? error : new TroubleWith(environment, error)
  }
}
