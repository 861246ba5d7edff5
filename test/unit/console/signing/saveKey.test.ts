import { beforeEach, describe, expect, it } from 'vitest'
import { readSetting } from '../../../../src/console/declarations/settings.ts'
import { errorActionsFor } from '../../../../src/console/errorActions.ts'
import { saveKey } from '../../../../src/console/signing/saveKey.ts'
import { combineEnvironments } from '../../../../src/declarations/declaredEnvironments.ts'
import { parseWorkspaceFile } from '../../../../src/declarations/workspaceFile.ts'
import { openSigner } from '../../../../src/master/sending/openSigner.ts'
import { declared } from '../../../support/declared.ts'
import { answers, calls, settings } from '../../../support/vscodeStandIn.mjs'

beforeEach(() => {
  for (const scope of Object.keys(settings)) settings[scope] = {}
  for (const name of Object.keys(answers)) delete answers[name]
  calls.length = 0
})

const key = 'alice=editor:SHA256:abc'
const file = 'environments: { production: { region: eu-west-1, timeout: 5m, rollout: { canary: 1 } } }'

/** The environments as the user's settings and this file declare them. */
function combined(text = file) {
  const [current, old] = [
    settings.user?.['ec2Collective.environments'],
    settings.user?.['ec2-collective.environments'],
  ]
  return combineEnvironments(
    [{ origin: { kind: 'settings', scope: 'user' }, current, old }],
    [{ folder: 'web', file: 'file:///web', name: 'web', content: parseWorkspaceFile(text) }],
    [],
  )
}
function production() {
  const [environment] = combined().environments
  if (environment === undefined) throw new Error('no environment')
  return environment
}

describe('The key that is set up', () => {
  it('signs in one environment of the user settings, and changes nothing else there', async () => {
    settings.user = { 'ec2-collective.environments': { a: { region: 'eu-west-1', colour: 'red' }, b: 1 } }
    expect(await saveKey(declared('a'), key)).toBe('It signs in a, as your user settings say.')
    expect(settings.user).toEqual({
      'ec2Collective.environments': { a: { region: 'eu-west-1', colour: 'red', signingKey: key }, b: 1 },
    })
  })

  it('signs in all of them where it is set up in the local fleet', async () => {
    await saveKey(declared('testing', { origin: { kind: 'local-fleet' } }), key)
    expect(readSetting('signingKey')).toBe(key)
  })

  it('signs in an environment of a workspace once its definition is the user’s, from then on only as it was', async () => {
    answers['window.showWarningMessage'] = Promise.resolve('Copy to User Settings')
    const before = production()
    expect(await saveKey(before, key)).toBe('Your user settings now define production, with this key.')
    const after = combined()
    expect(after.troubles).toEqual([])
    expect(after.environments).toEqual([
      {
        ...before,
        ok: true,
        key: 'settings:production',
        origin: { kind: 'settings', scope: 'user' },
        signingKey: key,
      },
    ])
    const changed = combined(file.replace('eu-west-1', 'us-east-1'))
    expect(changed.environments).toEqual(after.environments)
    expect(changed.troubles).toHaveLength(1)
  })

  it('is not set where the user does not want that copy', async () => {
    answers['window.showWarningMessage'] = Promise.resolve(undefined)
    expect(await saveKey(production(), key)).toBeUndefined()
    expect(settings.user).toEqual({})
  })
})

describe('A key that cannot sign', () => {
  it('leads to a message with a button that sets up another', async () => {
    const error = await openSigner('alice=/nonexistent').catch((cause: unknown) => cause)
    expect(errorActionsFor(error, declared('a')).map(({ label }) => label)).toEqual(['Set Up Signing…'])
  })
})
