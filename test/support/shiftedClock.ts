import { renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/** The clock of a process of its own, which can be set while that runs. */
export interface ShiftedClock {
  /** Variables that give a Node process this clock. */
  readonly variables: Readonly<Record<string, string>>
  /** @param offsetMs what it shows beyond the real time, milliseconds */
  set(offsetMs: number): void
}

/** Writes what it needs into `directory`. It shows the real time first. */
export function createShiftedClock(directory: string): ShiftedClock {
  const offset = join(directory, 'clock-offset')
  const preload = join(directory, 'clock.cjs')
  writeFileSync(
    preload,
    `const { readFileSync } = require('node:fs')
const RealDate = Date
const now = () => RealDate.now() + Number(readFileSync(${JSON.stringify(offset)}, 'utf8'))
globalThis.Date = class extends RealDate {
  constructor(...parts) {
    super(...(parts.length === 0 ? [now()] : parts))
  }
  static now() {
    return now()
  }
}
`,
  )
  const set = (offsetMs: number) => {
    // Never seen half written.
    writeFileSync(`${offset}.new`, String(offsetMs))
    renameSync(`${offset}.new`, offset)
  }
  set(0)
  return { variables: { NODE_OPTIONS: `--require ${preload}` }, set }
}
