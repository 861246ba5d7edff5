import { describe, expect, it } from 'vitest'
import type { Origin } from '../../../src/declarations/declaredEnvironment.ts'
import { workspaceChoice } from '../../../src/declarations/workspaceChoice.ts'
import type { Environment } from '../../../src/queues/environment.ts'
import { declared } from '../../support/declared.ts'

const origins: Readonly<Record<string, Origin>> = {
  'user settings': { kind: 'settings', scope: 'user' },
  'workspace settings': { kind: 'settings', scope: 'workspace' },
  'folder settings': { kind: 'settings', scope: 'folder', folder: 'api', uri: 'file:///api' },
  'workspace file': { kind: 'file', folder: 'api', file: 'file:///api/x.fleet.yaml', offset: 0 },
}
const ofWorkspace = ['workspace settings', 'folder settings', 'workspace file']
const own = { chosen: 'default', own: 'default' }

const choice = (place: string, environment: Partial<Environment>, profiles = own) =>
  workspaceChoice(declared('production', { ...environment, origin: origins[place] as Origin }), profiles)

describe('what a workspace chooses for an environment', () => {
  it.each(ofWorkspace)('is an endpoint that is not AWS’s own: in the %s', (place) => {
    expect(choice(place, { endpoint: 'https://sqs.example.com' })).toEqual({
      endpoint: 'https://sqs.example.com',
    })
  })

  it.each(Object.keys(origins))(
    'is the account of the queues, but not in user settings: in the %s',
    (place) => {
      const isChosen = ofWorkspace.includes(place)
      expect(choice(place, { account: '210987654321' })).toEqual(
        isChosen ? { account: '210987654321' } : undefined,
      )
    },
  )

  it.each(ofWorkspace)('is a profile that is not the user’s own: in the %s', (place) => {
    const named = { name: 'admin', by: 'declaration' }
    expect(choice(place, { profile: 'admin' })).toEqual({ profile: named })
    expect(choice(place, { profile: 'default' }, { chosen: 'ops', own: 'ops' })).toEqual({
      profile: { name: 'default', by: 'declaration' },
    })
  })

  it.each(Object.keys(origins))('is a profile in its settings, also for the %s', (place) => {
    expect(choice(place, {}, { chosen: 'admin', own: 'ops' })).toEqual({
      profile: { name: 'admin', by: 'setting' },
    })
  })

  it('is both at once', () => {
    expect(choice('workspace file', { endpoint: 'https://sqs.example.com', profile: 'admin' })).toEqual({
      endpoint: 'https://sqs.example.com',
      profile: { name: 'admin', by: 'declaration' },
    })
  })

  it.each([
    ['on this machine', 'http://127.0.0.1:9324'],
    ['of AWS in the region', 'https://sqs.eu-west-1.amazonaws.com'],
  ])('is not an endpoint %s', (_, endpoint) => {
    expect(choice('workspace file', { endpoint })).toBeUndefined()
  })

  it('is an endpoint of AWS in another region, or in somebody’s VPC', () => {
    for (const endpoint of [
      'https://sqs.eu-west-2.amazonaws.com',
      'https://vpce-1.sqs.eu-west-1.vpce.amazonaws.com',
    ])
      expect(choice('workspace file', { endpoint })).toEqual({ endpoint })
  })

  it('is nothing of what the user has declared or chosen', () => {
    expect(choice('user settings', { endpoint: 'https://sqs.example.com', profile: 'admin' })).toBeUndefined()
    expect(choice('workspace file', { profile: 'ops' }, { chosen: 'ops', own: 'ops' })).toBeUndefined()
    // Named in the user's settings: the workspace's setting does not change it.
    expect(choice('user settings', { profile: 'ops' }, { chosen: 'admin', own: 'ops' })).toBeUndefined()
  })

  it('is nothing of the local fleet, which has keys of its own', () => {
    const credentials = { accessKeyId: 'a', secretAccessKey: 'b' }
    const fleet = declared('testing', { credentials, origin: { kind: 'local-fleet' } })
    expect(workspaceChoice(fleet, { chosen: 'admin', own: 'ops' })).toBeUndefined()
  })
})
