import { describe, expect, it } from 'vitest'
import { fleetEnvironments, fleetServers } from '../../../src/localFleet/fleetServers.ts'

describe('servers of the local fleet', () => {
  it('are six in testing and three in production', () => {
    const hosts = (environment: string) =>
      fleetServers.filter((server) => server.environment === environment).map(({ hostname }) => hostname)
    expect(hosts('testing')).toEqual(['web-01', 'web-02', 'web-03', 'db-01', 'cache-01', 'batch-01'])
    expect(hosts('production')).toEqual(['web-11', 'web-12', 'db-11'])
  })

  it('have ids like instances, each its own', () => {
    for (const { agentId } of fleetServers) expect(agentId).toMatch(/^i-[0-9a-f]{17}$/)
    expect(new Set(fleetServers.map(({ agentId }) => agentId)).size).toBe(fleetServers.length)
  })

  it('are alike in groups, with an outlier among the web servers', () => {
    const releases = fleetServers
      .filter(({ facts, environment }) => facts.role === 'web' && environment === 'testing')
      .map(({ release }) => release)
    expect(releases).toEqual(['2.15.0', '2.15.0', '2.14.3'])
  })

  it('say nothing that the shell would expand in the programs that play them', () => {
    for (const { hostname, kernelRelease, release } of fleetServers) {
      for (const word of [hostname, kernelRelease, release]) expect(word).toMatch(/^[A-Za-z0-9.-]+$/)
    }
  })

  it('live in environments of which production is protected', () => {
    const environments = fleetEnvironments('http://127.0.0.1:1', { accessKeyId: 'k', secretAccessKey: 's' })
    expect(environments.map(({ name, protected: guarded }) => [name, guarded])).toEqual([
      ['testing', false],
      ['production', true],
    ])
  })
})
