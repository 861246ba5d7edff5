import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { describe, expect, it } from 'vitest'
import { buildSoakPrograms } from '../soak/programs.ts'
import { soak } from '../soak/soak.ts'

/** A storm that fits into a minute or two. `npm run soak` has the real ones. */
const weather = {
  killAgentMs: 4_000,
  killMasterMs: 12_000,
  outageMs: 15_000,
  firstOutageMs: 3_000,
  otherOutagesMs: [1_000, 2_000],
} as const

/** Each seed shows so much, on a slow machine as well: commands are given on until it does. */
const least = {
  ...{ outages: 1, agentKills: 2, masterKills: 1, executions: 21 },
  ...{ endedShare: 0, faults: [] },
}

describe('a fleet in a short storm', () => {
  it('keeps its promises: at most once, one true verdict each, whole outputs, nothing left behind', {
    timeout: 300_000,
  }, async () => {
    const programs = await buildSoakPrograms(process.cwd(), path.resolve('.cache/soak'))
    const directory = await mkdtemp(path.join(tmpdir(), 'soak-'))
    const report = await soak({
      ...{ seed: Number(process.env.FAULT_SEED ?? 1), runs: 14, agents: 5, masters: 2 },
      ...{ directory, programs, weather, least },
      tell: console.log,
    })
    expect(report.violations).toEqual([])
    await rm(directory, { recursive: true, force: true })
  })
})
