import type { TestContext } from 'vitest'

/** The seed of a test with faults: another one each time, told when the test fails; `FAULT_SEED` in the environment replays it. */
export function faultSeed(context: TestContext): number {
  const given = process.env.FAULT_SEED
  const seed = given === undefined ? Math.floor(Math.random() * 2 ** 31) : Number(given)
  context.onTestFailed(() => console.log(`"${context.task.name}" failed with FAULT_SEED=${seed}`))
  return seed
}
