import { compare, median } from './rounds.ts'
import type { RunFigures } from './runLatency.ts'
import type { RunTimes } from './runTimes.ts'
import { ms, type Row } from './table.ts'

/** Ratios that are good enough, by agents. */
const targets: Readonly<Record<number, number>> = { 50: 1.3, 10000: 1.5 }

/** The lines of one size of fleet. */
export function runRows({ name, agents, ours, floor, kept, tenAtOnceMs, backToBack }: RunFigures): Row[] {
  const target = targets[agents]
  const [own, bare] = [summaryOf(ours), summaryOf(floor)]
  const burst = tenAtOnceMs === undefined ? '' : `, ten at once ${ms(tenAtOnceMs)}`
  const rows: Row[] = [
    {
      what: `run, ${name}`,
      ours: `${ms(own.warmMs)} (${own.details}${burst})`,
      beside: `floor ${ms(bare.warmMs)} (${bare.details})`,
      ...compare(warmOf(ours), warmOf(floor)),
      ...(target === undefined ? {} : { target }),
    },
    {
      what: `requests of the master, ${name}`,
      ours: `${own.requests.toFixed(1)} (${(own.requests / agents).toFixed(2)} an agent)`,
      beside: `floor ${bare.requests.toFixed(1)}`,
    },
  ]
  if (kept !== undefined) {
    rows.push({
      what: `run, ${name}, against an SDK that caches its middleware`,
      ours: ms(own.warmMs),
      beside: `floor ${ms(summaryOf(kept).warmMs)}`,
      ...compare(warmOf(ours), warmOf(kept)),
    })
  }
  if (backToBack !== undefined) {
    rows.push({
      what: `commands back to back, ${name}`,
      ours: `${ms(median(backToBack.ours))} each`,
      beside: `floor ${ms(median(backToBack.floor))} each`,
      ...compare(backToBack.ours, backToBack.floor),
    })
  }
  return rows
}

/** Milliseconds of each round but the cold one. */
export function warmOf([, ...warm]: readonly RunTimes[]): number[] {
  return warm.map(({ elapsedMs }) => elapsedMs)
}

/** Medians of the warm rounds. */
function summaryOf([cold, ...warm]: readonly RunTimes[]) {
  const of = (key: keyof RunTimes) => median(warm.map((times) => times[key]))
  const details = `first ${ms(of('firstMs'))}, p50 ${ms(of('p50Ms'))}, cold ${ms(cold?.elapsedMs ?? Number.NaN)}`
  return { warmMs: of('elapsedMs'), requests: of('requests'), details }
}
