import * as vscode from 'vscode'
import { confirmationFor, type SendOrigin } from './confirmation.ts'
import { describePlan, type Reach, type RunPlan } from './runPlan.ts'

/** A plan that may be sent. Only {@link confirmSend} makes one: the type of everything that sends asks for it. */
export class ConfirmedPlan {
  readonly plan: RunPlan
  /** Keeps the type nominal: an object literal is none. */
  readonly #confirmed = true

  private constructor(plan: RunPlan) {
    this.plan = plan
  }

  /** @internal for {@link confirmSend} */
  static async ask(plan: RunPlan, reach: Reach, origin: SendOrigin): Promise<ConfirmedPlan | undefined> {
    const confirmed = new ConfirmedPlan(plan)
    return confirmed.#confirmed && (await isConfirmed(plan, reach, origin)) ? confirmed : undefined
  }
}

/**
 * Gets the user's word for a send, as the environment's guard rails and the send's origin demand.
 * @returns undefined when the user said no, or has closed the question
 */
export function confirmSend(
  plan: RunPlan,
  reach: Reach,
  origin: SendOrigin,
): Promise<ConfirmedPlan | undefined> {
  return ConfirmedPlan.ask(plan, reach, origin)
}

async function isConfirmed(plan: RunPlan, reach: Reach, origin: SendOrigin): Promise<boolean> {
  const confirmation = confirmationFor(plan, origin)
  const sentence = describePlan(plan, reach, vscode.l10n.t)
  switch (confirmation.kind) {
    case 'none':
      return true
    case 'ask': {
      const run = vscode.l10n.t('Run')
      return (await vscode.window.showWarningMessage(sentence, { modal: true }, run)) === run
    }
    case 'type-name':
      return typeName(confirmation.name, sentence)
  }
}

/** An input box that closes only by the exact name or by giving up. */
async function typeName(name: string, sentence: string): Promise<boolean> {
  const typed = await vscode.window.showInputBox({
    title: vscode.l10n.t('{0} is protected', name),
    prompt: vscode.l10n.t('{0} Type {1} to run it.', sentence, name),
    placeHolder: name,
    ignoreFocusOut: true,
    validateInput: (value) =>
      value === name
        ? undefined
        : {
            message: vscode.l10n.t('{0} Type {1} to run it.', sentence, name),
            severity: vscode.InputBoxValidationSeverity.Warning,
          },
  })
  return typed === name
}
