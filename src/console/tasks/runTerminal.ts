import * as vscode from 'vscode'
import { isVerdict } from '../../protocol/verdict.ts'
import { exitCodeOf } from '../../report/exitCode.ts'
import type { StartedRun } from '../send/runs.ts'
import { messageOf } from '../text/messageOf.ts'

export type ExitRule = Parameters<typeof exitCodeOf>[1]

/** Of a task that could not send, or was not allowed to. */
const notSentCode = 2

/** The terminal of a task: says who has answered while the run is on, then prints the grouped replies. */
export class RunTerminal implements vscode.Pseudoterminal {
  readonly #start: () => Promise<StartedRun | undefined>
  readonly #rule: ExitRule
  readonly #written = new vscode.EventEmitter<string>()
  readonly #closed = new vscode.EventEmitter<number>()
  #started: StartedRun | undefined
  readonly onDidWrite = this.#written.event
  readonly onDidClose = this.#closed.event

  constructor(start: () => Promise<StartedRun | undefined>, rule: ExitRule) {
    this.#start = start
    this.#rule = rule
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

  /** The user ended the task: the run is cancelled on the servers, too. */
  close(): void {
    void this.#started?.run.cancel()
  }

  async #run(): Promise<number> {
    this.#started = await this.#start()
    if (this.#started === undefined) {
      this.#say(vscode.l10n.t('Nothing was sent.'))
      return notSentCode
    }
    const { run, environment } = this.#started
    this.#say(
      vscode.l10n.t(
        'Sent to {1}; answers expected: {0}.',
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

  #say(line: string): void {
    this.#write(`${line}\n`)
  }

  #write(text: string): void {
    this.#written.fire(text.replaceAll(/\r?\n/g, '\r\n'))
  }
}

/** With more agents a line each is noise. */
const tellEachUpTo = 20
