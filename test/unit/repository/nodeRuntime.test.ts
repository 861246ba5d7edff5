import { describe, expect, it } from 'vitest'
import { nodeLine, nodeReleases, supportProblem } from '../../../agent/packaging/nodeRuntime.mjs'

describe('the Node in the agent’s executables', () => {
  it('is supported today', () => {
    expect(supportProblem(new Date())).toBeUndefined()
  })

  it('is supported to the end of its last day, and then it is said what to do', () => {
    expect(supportProblem(new Date(`${nodeLine.endOfLife}T23:59:59.999Z`))).toBeUndefined()
    const problem = supportProblem(new Date(Date.parse(nodeLine.endOfLife) + 24 * 3600_000))
    expect(problem).toContain(
      `Node ${nodeLine.major}, which has had no security fixes since ${nodeLine.endOfLife}`,
    )
    expect(problem).toContain('agent/packaging/nodeRuntime.mjs')
  })

  it('is a release of that line for each architecture, pinned by its SHA-512', () => {
    expect(Object.keys(nodeReleases)).toEqual(['x64', 'arm64'])
    for (const { version, integrity } of Object.values(nodeReleases)) {
      expect(version).toMatch(new RegExp(`^${nodeLine.major}\\.\\d+\\.\\d+$`))
      expect(integrity).toMatch(/^sha512-[A-Za-z0-9+/]{86}==$/)
    }
  })
})
