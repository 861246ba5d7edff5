import * as vscode from 'vscode'
import { orAborted } from '../../async/aborted.ts'
import type { Reach } from '../../master/fleet/reach.ts'
import { plainText } from '../text/plainText.ts'
import { untilAborted } from './cancellation.ts'
import { confirmationFor, type SendOrigin } from './confirmation.ts'
import { describePlan, type RunPlan } from './runPlan.ts'

/**
 * A run that the user has confirmed as its environment requires, with the targets that the question named. Only
 * {@link ask} creates one, and sending accepts nothing else: nothing is sent without confirmation.
 */
export class ConfirmedRun {
  readonly #plan: RunPlan
  readonly #reach: Reach

  private constructor(plan: RunPlan, reach: Reach) {
    this.#plan = plan
    this.#reach = reach
  }

  /**
   * Asks as the protection of the environment and the origin of the request require. `note` is what else the user should
   * know before they answer.
   * @param signal closes the question if the editor allows it; this counts as no
   * @returns undefined when the user said no, or closed the question
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

  /** The targets that the question named. */
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

/** An input box in which Enter works only with the exact name. Empty means no. */
async function typeName(name: string, sentence: string, signal: AbortSignal): Promise<boolean> {
  const prompt = vscode.l10n.t('{0} Type {1} to run it.', plainText(sentence), name)
  const { Info, Error: Wrong } = vscode.InputBoxValidationSeverity
  const options: vscode.InputBoxOptions = {
    title: vscode.l10n.t('{0} is protected', name),
    prompt,
    placeHolder: name,
    ignoreFocusOut: true,
    // VS Code closes the box at Enter unless the severity is error.
    validateInput: (value) =>
      value === name ? undefined : { message: prompt, severity: value === '' ? Info : Wrong },
  }
  return untilAborted(signal, async (token) => (await vscode.window.showInputBox(options, token)) === name)
}
