import * as vscode from 'vscode'
import { type DeclaredEnvironment, isOfWorkspace } from '../../declarations/declaredEnvironment.ts'
import {
  type ChosenProfiles,
  type WorkspaceChoice,
  workspaceChoice,
} from '../../declarations/workspaceChoice.ts'
import { visibleText } from '../../text/visibleText.ts'
import { placeOf } from '../declarations/originPlace.ts'

/** The user has not agreed to what the workspace chose, so the environment is not connected. */
export class ConsentMissing extends Error {
  override readonly name = 'ConsentMissing'
}

/**
 * Asks the user once whether commands may go where their workspace says, signed as it says: before credentials are read and
 * before any request. Answers are kept with the editor's own state of the workspace, which a repository cannot write.
 */
export class WorkspaceConsent {
  readonly #memento: vscode.Memento
  readonly #asking = new Map<string, Promise<boolean>>()

  /** @param memento of the workspace */
  constructor(memento: vscode.Memento) {
    this.#memento = memento
  }

  /**
   * Resolves when the environment may be connected.
   * @param isUserAct whether the user is waiting, and may be asked
   * @throws ConsentMissing; with a `CancellationError` as its cause when the user has said no
   * @throws Error when the workspace is not trusted
   */
  async check(
    declared: DeclaredEnvironment,
    profiles: ChosenProfiles,
    isUserAct: () => boolean,
  ): Promise<void> {
    if (isOfWorkspace(declared.origin) && !vscode.workspace.isTrusted)
      throw new Error(vscode.l10n.t('This workspace is not trusted, so its environments are not connected.'))
    const choice = workspaceChoice(declared, profiles)
    if (choice === undefined) return
    const { name } = declared.environment
    const id = idOf(name, choice)
    if (this.#agreed().includes(id)) return
    if (!isUserAct()) throw new ConsentMissing(describeChoice(name, choice))
    const asking = this.#asking.get(id) ?? this.#ask(id, declared, choice, profiles.chosen)
    this.#asking.set(id, asking)
    const isYes = await asking.finally(() => this.#asking.delete(id))
    if (isYes) return
    throw new ConsentMissing(
      vscode.l10n.t('{0} is not connected, because you have not agreed to it.', name),
      { cause: new vscode.CancellationError() },
    )
  }

  async #ask(
    id: string,
    declared: DeclaredEnvironment,
    choice: WorkspaceChoice,
    chosenProfile: string,
  ): Promise<boolean> {
    const { environment } = declared
    const yes = vscode.l10n.t('Connect')
    const profile = choice.profile?.name ?? environment.profile ?? chosenProfile
    const message =
      choice.endpoint === undefined && choice.account !== undefined
        ? vscode.l10n.t('Connect {0} to queues of account {1}?', environment.name, choice.account)
        : choice.endpoint === undefined
          ? vscode.l10n.t('Connect {0} with the AWS profile {1}?', environment.name, visibleText(profile))
          : vscode.l10n.t('Connect {0} to {1}?', environment.name, new URL(choice.endpoint).host)
    const detail = detailOf(declared, choice, profile)
    if ((await vscode.window.showWarningMessage(message, { modal: true, detail }, yes)) !== yes) return false
    await this.#remember(id)
    return true
  }

  /** The user has made this choice themselves, in the workspace. */
  async agree(name: string, choice: WorkspaceChoice): Promise<void> {
    await this.#remember(idOf(name, choice))
  }

  async #remember(id: string): Promise<void> {
    await this.#memento.update(agreedKey, [...this.#agreed(), id].slice(-mostAnswers))
  }

  #agreed(): readonly string[] {
    return this.#memento.get<readonly string[]>(agreedKey, [])
  }
}

const agreedKey = 'agreedConnections'

/** The oldest answers beyond this are forgotten, and asked for again. */
const mostAnswers = 500

function idOf(name: string, { endpoint, account, profile }: WorkspaceChoice): string {
  return JSON.stringify([
    name,
    endpoint ?? '',
    profile?.name ?? '',
    ...(account === undefined ? [] : [account]),
  ])
}

function describeChoice(name: string, { endpoint, account, profile }: WorkspaceChoice): string {
  if (endpoint !== undefined) {
    const { host } = new URL(endpoint)
    return vscode.l10n.t(
      'Not connected: this workspace sends the commands of {0} to {1}. Connect…',
      name,
      host,
    )
  }
  if (account !== undefined) {
    return vscode.l10n.t(
      'Not connected: this workspace sends the commands of {0} to queues of account {1}. Connect…',
      name,
      account,
    )
  }
  return vscode.l10n.t(
    'Not connected: this workspace uses the AWS profile {1} for {0}. Connect…',
    name,
    visibleText(profile?.name ?? ''),
  )
}

/** What is decided, and where; then what that means. */
function detailOf({ origin }: DeclaredEnvironment, choice: WorkspaceChoice, profile: string): string {
  const { t } = vscode.l10n
  const place = visibleText(placeOf(origin))
  const isBySetting = choice.profile?.by === 'setting'
  const source =
    choice.profile === undefined
      ? t('yours')
      : isBySetting
        ? t('from the workspace settings')
        : t('from {0}', place)
  return [
    ...(choice.endpoint === undefined ? [] : [t('Endpoint: {0} (from {1})', choice.endpoint, place)]),
    ...(choice.account === undefined
      ? []
      : [t('Account of the queues: {0} (from {1})', choice.account, place)]),
    t('AWS profile: {0} ({1})', visibleText(profile), source),
    '',
    ...(choice.endpoint === undefined
      ? []
      : [t('Commands with their variables go to this endpoint, in requests that the profile signs.')]),
    ...(choice.account === undefined
      ? []
      : [t('Commands with their variables go to queues of this account, which may keep and read them.')]),
    ...(choice.profile === undefined
      ? []
      : [t('The profile’s rights are used, and its program is run if it has one (credential_process).')]),
    t('You are asked once, and again if the workspace changes it.'),
  ].join('\n')
}
