import * as vscode from 'vscode'
import { orAborted } from '../../async/aborted.ts'
import type { Reach } from '../../master/fleet/reach.ts'
import { plainText } from '../text/plainText.ts'
import { untilAborted } from './cancellation.ts'
import { confirmationFor, type SendOrigin } from './confirmation.ts'
import { describePlan, type RunPlan } from './runPlan.ts'

/**
 * A run that a person has agreed to as its environment demands, with those whom it was said to hit. Only {@link ask}
 * makes one, and what sends takes nothing else: nothing is sent unasked.
 */
export class ConfirmedRun {
  readonly #plan: RunPlan
  readonly #reach: Reach

  private constructor(plan: RunPlan, reach: Reach) {
    this.#plan = plan
    this.#reach = reach
  }

  /**
   * Asks as the environment's guard rails and the send's origin demand. `note` is what else a person should know before
   * they answer.
   * @param signal ends the question, where the editor lets it: a no
   * @returns undefined when the user said no, or has closed the question
   */
  static async ask(
    plan: RunPlan,
    reach: Reach,
    origin: SendOrigin,
    note: string | undefined,
    signal: AbortSignal,
  ): Promise<ConfirmedRun | undefined> {
    return (await isConfirmed(plan, reach, origin, note, signal)) ? new ConfirmedRun(plan, reach) : undefined
  }

  get plan(): RunPlan {
    return this.#plan
  }

  /** Whom the question named. */
  get reach(): Reach {
    return this.#reach
  }
}

async function isConfirmed(
  plan: RunPlan,
  reach: Reach,
  origin: SendOrigin,
  note: string | undefined,
  signal: AbortSignal,
): Promise<boolean> {
  if (signal.aborted) return false
  const confirmation = confirmationFor(plan, origin)
  const sentence = describePlan(plan, reach, vscode.l10n.t)
  switch (confirmation.kind) {
    case 'none':
      return true
    case 'ask': {
      const run = vscode.l10n.t('Run')
      const options = { modal: true, ...(note !== undefined && { detail: note }) }
      return (await orAborted(vscode.window.showWarningMessage(sentence, options, run), signal)) === run
    }
    case 'type-name':
      return typeName(confirmation.name, note === undefined ? sentence : `${sentence} ${note}`, signal)
  }
}

/** An input box in which Enter does nothing but by the exact name. Nothing typed is a no. */
async function typeName(name: string, sentence: string, signal: AbortSignal): Promise<boolean> {
  const prompt = vscode.l10n.t('{0} Type {1} to run it.', plainText(sentence), name)
  const { Info, Error: Wrong } = vscode.InputBoxValidationSeverity
  const options: vscode.InputBoxOptions = {
    title: vscode.l10n.t('{0} is protected', name),
    prompt,
    placeHolder: name,
    ignoreFocusOut: true,
    // VS Code closes the box at Enter unless the severity is an error's.
    validateInput: (value) =>
      value === name ? undefined : { message: prompt, severity: value === '' ? Info : Wrong },
  }
  return untilAborted(signal, async (token) => (await vscode.window.showInputBox(options, token)) === name)
}
