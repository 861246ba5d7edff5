import * as vscode from 'vscode'
import type { CommandCost } from '../../master/commandCost.ts'
import type { Reach } from '../../master/fleet/reach.ts'
import { type Confirmation, confirmationFor, type SendOrigin } from './confirmation.ts'
import { askPerson, type Documents, type Question } from './question.ts'
import { describePlan, planDetails, type RunPlan } from './runPlan.ts'

/**
 * A run that the user has confirmed as its environment requires, with the targets that the question named. Only
 * {@link ask} creates one, and sending accepts nothing else: nothing is sent without confirmation.
 */
export class ConfirmedRun {
  readonly #plan: RunPlan
  readonly #reach: Reach
  readonly #kind: Confirmation['kind']

  private constructor(plan: RunPlan, reach: Reach, kind: Confirmation['kind']) {
    this.#plan = plan
    this.#reach = reach
    this.#kind = kind
  }

  /**
   * Asks as the protection of the environment and the origin of the request require. `note` is what else the user should
   * know before they answer.
   * @param signal closes the question if the editor allows it; this counts as no
   * @param hasChanged the agents are not those that the user has seen: then the question is asked in any case
   * @returns undefined when the user said no, or closed the question
   */
  static async ask(
    plan: RunPlan,
    reach: Reach,
    cost: CommandCost | undefined,
    origin: SendOrigin,
    note: string | undefined,
    signal: AbortSignal,
    documents: Documents,
    hasChanged = false,
  ): Promise<ConfirmedRun | undefined> {
    const demanded = confirmationFor(plan, origin)
    const confirmation = demanded.kind === 'none' && hasChanged ? { kind: 'ask' as const } : demanded
    const isYes = await askPerson(questionOf(plan, reach, cost, note), confirmation, documents, signal)
    return isYes ? new ConfirmedRun(plan, reach, confirmation.kind) : undefined
  }

  get plan(): RunPlan {
    return this.#plan
  }

  /** The targets that the question named. */
  get reach(): Reach {
    return this.#reach
  }

  /** Whether a person was asked, and so has taken time. */
  get wasAsked(): boolean {
    return this.#kind !== 'none'
  }
}

/** What a person is asked before a plan is sent. */
export function questionOf(
  plan: RunPlan,
  reach: Reach,
  cost: CommandCost | undefined,
  note: string | undefined,
): Question {
  const { t } = vscode.l10n
  return {
    environment: plan.environment.environment.name,
    sentence: describePlan(plan, reach, t),
    ...{ note, details: planDetails(plan, reach, cost, t), agents: reach.named, yes: t('Run') },
  }
}
