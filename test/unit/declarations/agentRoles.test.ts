import { describe, expect, it } from 'vitest'
import { readEnvironment } from '../../../src/declarations/environmentDeclaration.ts'
import { localize } from '../../../src/text/localizable.ts'
import { inEnglish } from '../../../src/text/translate.ts'

describe('The roles of an environment’s servers', () => {
  it('are IDs as AWS shows them', () => {
    const read = readEnvironment('production', { region: 'eu-west-1', agentRoles: ['AROASERVERS'] })
    expect(read.ok && read.environment.agentRoles).toEqual(['AROASERVERS'])
  })

  it.each([
    ['servers'],
    ['arn:aws:iam::123456789012:role/servers'],
    ['AROA:i-00000001'],
    ['aroaservers'],
    [7],
  ])('are not %s, and the mistake is named where it is', (role) => {
    const read = readEnvironment('production', { region: 'eu-west-1', agentRoles: ['AROASERVERS', role] })
    expect(read.ok ? [] : read.problems.map(({ path }) => path)).toEqual([['agentRoles', 1]])
    const [problem] = read.ok ? [] : read.problems
    expect(problem && localize(problem.message, inEnglish)).toMatch(/AROA|string/)
  })
})
