import * as vscode from 'vscode'
import type { DeclaredEnvironment } from '../declarations/declaredEnvironment.ts'
import { QueueError } from '../queues/queueError.ts'
import { visibleLine, visibleText } from '../text/visibleText.ts'
import { messageOf } from './text/messageOf.ts'
import { plainText } from './text/plainText.ts'

/** Buttons of an error, besides the log. */
export interface ErrorAction {
  readonly label: string
  readonly apply: () => unknown
}

export type ErrorActionsFor = (error: unknown, environment: DeclaredEnvironment | undefined) => ErrorAction[]

/** Shows errors to the user, and writes them to the log with their causes. */
export class Trouble {
  readonly #log: vscode.LogOutputChannel
  readonly #errorActionsFor: ErrorActionsFor

  constructor(log: vscode.LogOutputChannel, errorActionsFor: ErrorActionsFor) {
    this.#log = log
    this.#errorActionsFor = errorActionsFor
  }

  /** Says what happened and what to do next, with a button if there is one. */
  show(error: unknown, environment?: DeclaredEnvironment): void {
    this.#log.error(causeChain(error))
    const errorActions = this.#errorActionsFor(error, environment)
    const showLog: ErrorAction = { label: vscode.l10n.t('Show Log'), apply: () => this.#log.show() }
    const choices = [...errorActions, showLog]
    void vscode.window
      .showErrorMessage(plainText(messageOf(error)), ...choices.map(({ label }) => label))
      .then((chosen) => choices.find(({ label }) => label === chosen)?.apply())
  }

  /** For errors of background work, and warnings: only logged. */
  note(error: unknown): void {
    this.#log.warn(causeChain(error))
  }
}

function causeChain(error: unknown): string {
  if (!(error instanceof Error)) return visibleLine(String(error))
  const details = error instanceof QueueError ? ` [${visibleLine(error.details)}]` : ''
  const text = `${error.name}: ${visibleLine(error.message)}${details}${visibleText(framesOf(error))}`
  return error.cause === undefined ? text : `${text}\nCaused by: ${causeChain(error.cause)}`
}

/** The lines below the message, which is foreign text: what SQS and agents say must not look like lines of the log. */
function framesOf({ stack = '', message }: Error): string {
  const at = stack.indexOf(message)
  return at === -1 ? '' : stack.slice(at + message.length)
}
