import { rm } from 'node:fs/promises'
import path from 'node:path'
import { describe, expect, it } from 'vitest'
import { buildSoakPrograms } from '../../soak/programs.ts'
import { soak } from '../../soak/soak.ts'

/** A storm that fits into a minute. `npm run soak` has the real ones. */
const weather = {
  killAgentMs: 1_500,
  killMasterMs: 6_000,
  outageMs: 8_000,
  firstOutageMs: 4_000,
  otherOutagesMs: [1_000, 2_000],
} as const

describe('a fleet in a short storm', () => {
  it('keeps its promises: at most once, one true verdict each, whole outputs, nothing left behind', {
    timeout: 300_000,
  }, async () => {
    const programs = await buildSoakPrograms(process.cwd(), path.resolve('.cache/soak'))
    const report = await soak({
      ...{ seed: Number(process.env.FAULT_SEED ?? 1), runs: 10, agents: 5, masters: 2, programs, weather },
      tell: () => {},
    })
    expect(report.violations).toEqual([])
    expect(report.executions).toBeGreaterThan(5)
    expect(report.kills.agents).toBeGreaterThan(2)
    await rm(report.directory, { recursive: true, force: true })
  })
})
