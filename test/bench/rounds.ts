/** Of one side of a comparison; told the number of the round, from 0. */
export type Act<T> = (round: number) => Promise<T>

/** Rounds of which the median says something, the first and cold one included. */
const leastRounds = 3

/**
 * Lets the sides act in turns, so that whatever the machine does meanwhile meets all of them: each in every round.
 * @param enoughMs no round begins after so long, milliseconds; three are taken in any case
 * @returns what each side gave, in the order of the rounds
 */
export async function inTurns<T>(
  sides: readonly Act<T>[],
  rounds: number,
  enoughMs = Number.POSITIVE_INFINITY,
): Promise<T[][]> {
  const startedAt = performance.now()
  const given = sides.map((): T[] => [])
  for (let round = 0; round < rounds; round += 1) {
    if (round >= leastRounds && performance.now() - startedAt > enoughMs) break
    for (const [side, act] of sides.entries()) given[side]?.push(await act(round))
  }
  return given
}

export interface Comparison {
  /** Of the medians. */
  readonly ratio: number
  /** The least and the largest ratio within one round. The ratio of the medians lies between them. */
  readonly range: readonly [least: number, largest: number]
}

/** Holds the rounds of ours against those of another side, of which there are as many. */
export function compare(ours: readonly number[], beside: readonly number[]): Comparison {
  const ratios = ours.map((value, round) => value / (beside[round] ?? Number.NaN))
  return { ratio: median(ours) / median(beside), range: [Math.min(...ratios), Math.max(...ratios)] }
}

/** Of an even number of values the mean of the two in the middle. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b)
  const above = Math.floor(sorted.length / 2)
  const below = Math.floor((sorted.length - 1) / 2)
  return ((sorted[below] ?? Number.NaN) + (sorted[above] ?? Number.NaN)) / 2
}
