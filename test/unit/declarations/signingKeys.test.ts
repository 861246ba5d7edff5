import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type DeclaredEnvironment, signingKeyOf } from '../../../src/declarations/declaredEnvironment.ts'
import { combineEnvironments } from '../../../src/declarations/declaredEnvironments.ts'
import { declarationOf, readEnvironment } from '../../../src/declarations/environmentDeclaration.ts'
import { parseWorkspaceFile } from '../../../src/declarations/workspaceFile.ts'
import { inWords } from '../../support/english.ts'

const region = 'eu-west-1'
const key = 'alice=~/.ssh/id_ed25519'

function combine(user: object, workspace: object = {}, file = '') {
  return combineEnvironments(
    [
      { origin: { kind: 'settings', scope: 'user' }, current: user, old: undefined },
      { origin: { kind: 'settings', scope: 'workspace' }, current: workspace, old: undefined },
    ],
    [{ folder: 'web', file: 'file:///web', name: 'web', content: parseWorkspaceFile(file) }],
    [],
  )
}
const keysOf = ({ environments }: ReturnType<typeof combine>, general = '') =>
  environments.map((declared) => signingKeyOf(declared, general))

describe('The key that signs in an environment', () => {
  it('is its own, otherwise the general one', () => {
    const all = combine({ a: { region, signingKey: key }, b: { region }, c: { region, signingKey: '' } })
    expect(all.troubles).toEqual([])
    expect(keysOf(all, 'bob=b.pem')).toEqual([key, 'bob=b.pem', undefined])
    expect(keysOf(all)).toEqual([key, undefined, undefined])
  })

  it('is none in what a workspace declares, also where there is a general one', () => {
    const all = combine({}, { a: { region } }, `environments: { b: { region: ${region} } }`)
    expect(keysOf(all, 'bob=b.pem')).toEqual([undefined, undefined])
    const local = { origin: { kind: 'local-fleet' } } as DeclaredEnvironment
    expect(signingKeyOf(local, 'bob=b.pem')).toBe('bob=b.pem')
  })

  it.each([
    ['its settings', { a: { region, signingKey: key } }, ''],
    ['its file', {}, `environments: { a: { region: ${region}, signingKey: "${key}" } }`],
  ])('is not named by a workspace, in %s', (_, workspace, file) => {
    for (const user of [{}, { a: { region, signingKey: 'bob=b.pem' } }]) {
      const all = combine(user, workspace, file)
      expect(keysOf(all)).toEqual('a' in user ? ['bob=b.pem'] : [])
      expect(inWords(all.troubles)).toMatchObject([
        { name: 'a', messages: [expect.stringContaining('Only your user settings can name a signing key')] },
      ])
    }
  })

  it('stays where the workspace declares the same environment without it, and not where it changes anything', () => {
    const user = { a: { region, signingKey: key } }
    const same = combine(user, { a: { region } }, `environments: { a: { region: ${region} } }`)
    expect([keysOf(same), same.troubles]).toEqual([[key], []])
    const other = combine(user, {}, 'environments: { a: { region: us-east-1 } }')
    expect(other.environments).toMatchObject([{ environment: { region }, signingKey: key }])
    expect(other.troubles).toHaveLength(1)
  })

  it.each([['alice'], ['=x'], ['a b=c'], [7]])('is refused in words where it is %j', (signingKey) => {
    const [trouble] = inWords(combine({ a: { region, signingKey } }).troubles)
    expect(trouble).toMatchObject({ messages: [expect.stringContaining('NAME=FILE, NAME=ssh-agent:KEY')] })
  })
})

describe('The declaration of an environment', () => {
  const duration = fc.integer({ min: 1, max: 100_000_000 }).map((ms) => `${ms}ms`)
  const amount = fc.oneof(
    fc.integer({ min: 1, max: 999 }),
    fc.integer({ min: 1, max: 1000 }).map((tenths) => `${tenths / 10}%`),
  )
  const optional = <T>(value: fc.Arbitrary<T>) => fc.option(value, { nil: undefined })
  const declaration = fc.record({
    region: fc.constantFrom('eu-west-1', 'us-gov-east-1'),
    profile: optional(fc.string({ minLength: 1 })),
    protected: optional(fc.boolean()),
    colour: optional(fc.constantFrom('red', 'purple')),
    timeout: optional(duration),
    rollout: optional(
      fc.record({
        canary: optional(fc.integer({ min: 1, max: 9 })),
        batch: optional(amount),
        pause: optional(duration),
        maxFailures: optional(amount),
      }),
    ),
    queues: optional(
      fc.record({ commands: optional(fc.constant('mine')), facts: optional(fc.constant('f')) }),
    ),
    endpoint: optional(fc.constant('https://sqs.example.com')),
    agentRoles: optional(fc.constant(['AROAEXAMPLEEXAMPLE123'])),
  })

  it('can be written from what was read, and is read as the same', () => {
    fc.assert(
      fc.property(declaration, (declared) => {
        const read = readEnvironment('a', JSON.parse(JSON.stringify(declared)))
        if (!read.ok) throw new Error(JSON.stringify(read.problems))
        expect(readEnvironment('a', declarationOf(read))).toEqual(read)
      }),
    )
  })
})
