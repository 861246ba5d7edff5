import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { version as agentVersion } from '../../../agent/src/settings/version.ts'

const manifest = JSON.parse(readFileSync('package.json', 'utf8'))

describe('the version', () => {
  it('is a semantic version, which `npm version` raises', () => {
    expect(manifest.version).toMatch(/^\d+\.\d+\.\d+$/)
  })

  it('is the same for extension, master and agent: no other manifest has one', () => {
    expect(agentVersion).toBe(manifest.version)
    expect(JSON.parse(readFileSync('agent/package.json', 'utf8'))).not.toHaveProperty('version')
  })

  it('stands nowhere else in the sources and packages', () => {
    const lock = JSON.parse(readFileSync('package-lock.json', 'utf8'))
    expect([lock.version, lock.packages[''].version, lock.packages.agent.version]).toEqual([
      manifest.version,
      manifest.version,
      undefined,
    ])
  })

  it('is that of the newest release in the changelog, or one that is yet to be released', () => {
    const headings = [...readFileSync('CHANGELOG.md', 'utf8').matchAll(/^## \[(.+?)\]/gm)].map(([, of]) => of)
    expect(headings[0]).toBe('Unreleased')
    expect([undefined, manifest.version]).toContain(headings[1])
  })
})
