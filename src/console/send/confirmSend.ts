import * as vscode from 'vscode'
import { plainText } from '../text/plainText.ts'
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
  static async ask(...question: Question): Promise<ConfirmedPlan | undefined> {
    const confirmed = new ConfirmedPlan(question[0])
    return confirmed.#confirmed && (await isConfirmed(...question)) ? confirmed : undefined
  }
}

/**
 * Gets the user's word for a send, as the environment's guard rails and the send's origin demand. `note` is what else
 * they should know before they give it.
 * @returns undefined when the user said no, or has closed the question
 */
export function confirmSend(...question: Question): Promise<ConfirmedPlan | undefined> {
  return ConfirmedPlan.ask(...question)
}

type Question = [plan: RunPlan, reach: Reach, origin: SendOrigin, note: string | undefined]

async function isConfirmed(...[plan, reach, origin, note]: Question): Promise<boolean> {
  const confirmation = confirmationFor(plan, origin)
  const sentence = describePlan(plan, reach, vscode.l10n.t)
  switch (confirmation.kind) {
    case 'none':
      return true
    case 'ask': {
      const run = vscode.l10n.t('Run')
      const options = { modal: true, ...(note !== undefined && { detail: note }) }
      return (await vscode.window.showWarningMessage(sentence, options, run)) === run
    }
    case 'type-name':
      return typeName(confirmation.name, note === undefined ? sentence : `${sentence} ${note}`)
  }
}

/** An input box in which Enter does nothing but by the exact name. Nothing typed is a no. */
async function typeName(name: string, sentence: string): Promise<boolean> {
  const prompt = vscode.l10n.t('{0} Type {1} to run it.', plainText(sentence), name)
  const { Info, Error: Wrong } = vscode.InputBoxValidationSeverity
  const typed = await vscode.window.showInputBox({
    title: vscode.l10n.t('{0} is protected', name),
    prompt,
    placeHolder: name,
    ignoreFocusOut: true,
    // VS Code closes the box at Enter unless the severity is an error's.
    validateInput: (value) =>
      value === name ? undefined : { message: prompt, severity: value === '' ? Info : Wrong },
  })
  return typed === name
}
