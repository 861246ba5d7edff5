import * as vscode from 'vscode'
import { isVerdict } from '../../protocol/verdict.ts'
import { exitCodeOf } from '../../report/exitCode.ts'
import { visibleLine } from '../../text/visibleText.ts'
import type { SendOutcome } from '../send/runs.ts'
import { messageOf } from '../text/messageOf.ts'

export type ExitRule = Parameters<typeof exitCodeOf>[1]

/** Exit code of a task that could not send, or was not confirmed. */
const notSentCode = 2

/** The terminal of a task: during the run, says which agents have answered; then prints the grouped replies. */
export class RunTerminal implements vscode.Pseudoterminal {
  readonly #start: (signal: AbortSignal) => Promise<SendOutcome>
  readonly #rule: ExitRule
  readonly #onClose: (outcome: SendOutcome) => void
  readonly #written = new vscode.EventEmitter<string>()
  readonly #closed = new vscode.EventEmitter<number>()
  readonly #stop = new AbortController()
  #isClosed = false
  #outcome: SendOutcome | undefined
  readonly onDidWrite = this.#written.event
  readonly onDidClose = this.#closed.event

  /**
   * @param start sends the run; the signal stops it, and cancels a run that is being sent
   * @param onClose gets the state of the run when the user closes the terminal or ends the task, as soon as it is known
   */
  constructor(
    start: (signal: AbortSignal) => Promise<SendOutcome>,
    rule: ExitRule,
    onClose: (outcome: SendOutcome) => void,
  ) {
    this.#start = start
    this.#rule = rule
    this.#onClose = onClose
  }

  open(): void {
    void this.#run().then(
      (code) => this.#closed.fire(code),
      (error: unknown) => {
        this.#say(messageOf(error))
        this.#closed.fire(notSentCode)
      },
    )
  }

  /** The user closed the terminal, or ended the task. A run that is not sent yet is not sent; a sent one continues. */
  close(): void {
    if (this.#isClosed) return
    this.#isClosed = true
    if (this.#outcome === undefined) this.#stop.abort()
    else this.#onClose(this.#outcome)
  }

  async #run(): Promise<number> {
    const outcome = this.#asStopped(await this.#start(this.#stop.signal))
    this.#outcome = outcome
    if (this.#isClosed) this.#onClose(outcome)
    if (outcome.kind === 'not-sent') {
      this.#say(vscode.l10n.t('Nothing was sent.'))
      return notSentCode
    }
    const { run, environment } = outcome.started
    this.#say(
      vscode.l10n.t(
        'Sent to {1}; replies expected: {0}.',
        run.state.replies.size,
        environment.environment.name,
      ),
    )
    const told = new Set<string>()
    const tell = (agentIds: Iterable<string>) => {
      for (const agentId of agentIds) {
        const reply = run.state.replies.get(agentId)
        if (reply === undefined || !isVerdict(reply.state) || told.has(agentId)) continue
        told.add(agentId)
        if (run.state.replies.size <= tellEachUpTo) this.#say(`${reply.hostname}: ${reply.state}`)
      }
    }
    const stop = run.onChange(({ agents }) => tell(agents))
    await run.ended.finally(stop)
    tell(run.state.replies.keys())
    this.#say('')
    const { exportText } = await import('../../report/runTables.ts')
    for await (const piece of exportText(run)) this.#write(piece)
    return exitCodeOf(run.state, this.#rule)
  }

  /** Stopped just after it was sent: its master has already cancelled it. */
  #asStopped(outcome: SendOutcome): SendOutcome {
    const isCancelled = outcome.kind === 'sent' && this.#stop.signal.aborted
    return isCancelled ? { ...outcome, kind: 'cancelled' } : outcome
  }

  /** What it says of an agent, or an error says, is foreign text. */
  #say(line: string): void {
    this.#write(`${visibleLine(line)}\n`)
  }

  #write(text: string): void {
    this.#written.fire(text.replaceAll(/\r?\n/g, '\r\n'))
  }
}

/** With more agents than this, one line per agent would be noise. */
const tellEachUpTo = 20
