import { stat } from 'node:fs/promises'
import type { RunEvent } from '../../run/runEvent.ts'
import type { RunState } from '../../run/runState.ts'
import { OutputLog } from './outputLog.ts'
import { bytesIn, eventsOf, outputOf, readEvents, readFurther } from './runEvents.ts'

/** A run that another process writes, read further and further. */
export class RunReader {
  readonly state: RunState
  readonly output: Pick<OutputLog, 'read' | 'bytes'>
  readonly #log: OutputLog
  readonly #path: string
  /** Bytes of the events that are in the state. */
  #end: number

  private constructor(path: string, state: RunState, end: number, log: OutputLog) {
    this.#path = path
    this.state = state
    this.#end = end
    this.#log = log
    this.output = log
  }

  /** @throws Error when the folder does not contain the run */
  static async open(folder: string, runId: string): Promise<RunReader> {
    const { state, end } = await readEvents(folder, runId)
    const log = await OutputLog.open(outputOf(folder), bytesIn(state))
    return new RunReader(eventsOf(folder), state, end, log)
  }

  /**
   * Reads what has been written since. Costs one look at the size of the file if that is nothing.
   * @returns the events that have changed the state
   * @throws Error when it cannot be read, as after it was deleted
   */
  async readFurther(): Promise<RunEvent[]> {
    if ((await stat(this.#path)).size <= this.#end) return []
    const { events, end } = await readFurther(this.#path, this.state, this.#end)
    this.#end = end
    // Output is on the disk before the events that mention it.
    if (events.length > 0) await this.#log.readFurther(bytesIn(this.state))
    return events
  }
}
