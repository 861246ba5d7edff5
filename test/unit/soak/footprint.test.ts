import { describe, expect, it } from 'vitest'
import { excessesOf, type Footprint, growthOf, largestOf, memoryOver } from '../../soak/footprint.ts'

const megabytes = (count: number): Footprint => ({ residentBytes: count * 1e6, openFiles: 30 })
const life = (length: number, at: (moment: number) => number) =>
  Array.from({ length }, (_, moment) => megabytes(at(moment)))

describe('A process that is watched', () => {
  it('may go up and down, and take what it needs at first', () => {
    expect(
      growthOf(
        'agent',
        'agent 1',
        life(100, (moment) => 60 + 20 * (moment % 3)),
      ),
    ).toEqual([])
    expect(
      growthOf(
        'agent',
        'agent 1',
        life(100, (moment) => Math.min(80, 40 + 4 * moment)),
      ),
    ).toEqual([])
  })

  it('may not leave a little behind with each command', () => {
    const leaking = life(100, (moment) => 60 + moment)
    expect(memoryOver(leaking)).toEqual({ early: 97e6, late: 147e6 })
    expect(growthOf('agent', 'agent 1', leaking)).toEqual([
      'residentBytes of agent 1 grew from 97000000 to 147000000, to more than 126400000',
    ])
    expect(
      growthOf(
        'master',
        'm2',
        life(100, (moment) => 60 + 2 * moment),
      ),
    ).toHaveLength(1)
  })

  it('is not judged by a short life', () => {
    expect(
      growthOf(
        'agent',
        'agent 1',
        life(19, (moment) => 60 + 100 * moment),
      ),
    ).toEqual([])
  })

  it('may at no moment take more than its bounds', () => {
    const agent = largestOf([megabytes(90), { residentBytes: 50e6, openFiles: 101 }, megabytes(60)])
    expect(agent).toEqual({ residentBytes: 90e6, openFiles: 101 })
    expect(excessesOf('agent', agent)).toEqual(['openFiles of the largest agent: 101, more than 100'])
    expect(excessesOf('master', agent)).toEqual([])
    expect(excessesOf('master', megabytes(301))).toEqual([
      'residentBytes of the largest master: 301000000, more than 300000000',
    ])
  })
})
