import * as vscode from 'vscode'
import type { DeclaredEnvironment } from '../../declarations/declaredEnvironment.ts'
import { isVerdict } from '../../protocol/verdict.ts'
import { QueueError } from '../../queues/queueError.ts'
import type { Connections } from '../environments/connections.ts'
import type { Profiles } from '../profile/profiles.ts'
import type { Runs, StartedRun } from '../send/runs.ts'
import { messageOf } from '../text/messageOf.ts'
import { plainText } from '../text/plainText.ts'

/** The item in the status bar: environment and profile; during a run, how many agents have answered. */
export class StatusItem implements vscode.Disposable {
  readonly #item: vscode.StatusBarItem
  readonly #connections: Connections
  readonly #profiles: Profiles
  readonly #runs: Runs
  readonly #disposables: vscode.Disposable[]
  #environment: DeclaredEnvironment | undefined
  #ticking: NodeJS.Timeout | undefined

  constructor(connections: Connections, profiles: Profiles, runs: Runs) {
    this.#connections = connections
    this.#profiles = profiles
    this.#runs = runs
    this.#item = vscode.window.createStatusBarItem('ec2-collective', vscode.StatusBarAlignment.Left, 1)
    this.#item.name = 'EC2 Collective'
    this.#item.command = 'ec2-collective.showMenu'
    this.#disposables = [
      this.#item,
      connections.onDidChange(({ key, reasons }) => {
        if (!reasons.has('connection')) return
        // At first the environment that is opened first; later that of each run. A failed one is reopened repeatedly.
        this.#environment ??= connections.used(key)
        if (key === this.#environment?.key) this.#show()
      }),
      profiles.onDidChange(() => this.#show()),
      runs.onDidStart(({ environment }) => this.follow(environment)),
      runs.onDidChange(() => this.#show()),
    ]
  }

  /** The environment that the user has used last. */
  get environment(): DeclaredEnvironment | undefined {
    return this.#environment
  }

  follow(environment: DeclaredEnvironment): void {
    this.#environment = environment
    this.#show()
  }

  /** Applies changed declarations: a removed environment is no longer shown. */
  keepTo(declarations: readonly DeclaredEnvironment[]): void {
    this.#environment = declarations.find(({ key }) => key === this.#environment?.key)
    this.#show()
  }

  dispose(): void {
    clearInterval(this.#ticking)
    for (const disposable of this.#disposables) disposable.dispose()
  }

  #show(): void {
    const running = [...this.#runs.underWay].at(-1)
    if (running === undefined) {
      clearInterval(this.#ticking)
      this.#ticking = undefined
    } else {
      this.#ticking ??= setInterval(() => this.#show(), 500)
    }
    // A run that a page has resumed sets the environment, which is still shown after the run.
    if (running !== undefined) this.#environment = running.environment
    const environment = this.#environment
    if (environment === undefined) {
      this.#item.hide()
      return
    }
    const { name } = environment.environment
    const profile = this.#profiles.nameFor(environment.environment)
    const identity = this.#brokenIdentity(environment)
    const who = profile === undefined ? name : `${name} · ${profile}`
    const text = plainText(who)
    this.#item.text =
      running === undefined ? `$(server-environment) ${text}` : `$(sync~spin) ${text} · ${progress(running)}`
    this.#item.tooltip =
      identity ?? vscode.l10n.t('EC2 Collective: environment {0}. Click for the menu.', who)
    this.#item.backgroundColor =
      identity === undefined ? undefined : new vscode.ThemeColor('statusBarItem.errorBackground')
    this.#item.accessibilityInformation = {
      label: vscode.l10n.t('EC2 Collective: {0}', identity ?? who),
      role: 'button',
    }
    this.#item.show()
  }

  #brokenIdentity(environment: DeclaredEnvironment): string | undefined {
    const state = this.#connections.state(environment.key)
    const error = state.kind === 'failed' ? state.error : state.kind === 'open' ? state.trouble : undefined
    return error instanceof QueueError && error.kind === 'credentials' ? messageOf(error) : undefined
  }
}

function progress({ run }: StartedRun): string {
  let done = 0
  for (const { state } of run.state.replies.values()) if (isVerdict(state)) done += 1
  return `${done}/${run.state.replies.size}`
}
