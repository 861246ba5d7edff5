import { describe, expect, it } from 'vitest'
import { labelOf } from '../../../src/declarations/declaredEnvironment.ts'
import {
  combineEnvironments,
  type Declarations,
  type ScopedEnvironments,
} from '../../../src/declarations/declaredEnvironments.ts'
import { parseWorkspaceFile } from '../../../src/declarations/workspaceFile.ts'
import { defaultQueues, fleetIdOf } from '../../../src/queues/environment.ts'
import { inEnglish } from '../../../src/text/translate.ts'
import { inWords } from '../../support/english.ts'

type Values = Record<string, unknown>

/** What is declared where, by scope; files by their text. */
function combine(places: {
  user?: Values
  oldUser?: Values
  workspace?: Values
  oldWorkspace?: Values
  folder?: Values
  files?: Record<string, string>
  local?: string[]
  regions?: Record<string, string>
}): Declarations {
  const scopes: ScopedEnvironments[] = [
    { origin: { kind: 'settings', scope: 'user' }, current: places.user, old: places.oldUser },
    { origin: { kind: 'settings', scope: 'workspace' }, current: places.workspace, old: places.oldWorkspace },
    {
      origin: { kind: 'settings', scope: 'folder', folder: 'api', uri: 'file:///api' },
      current: places.folder,
      old: undefined,
    },
  ]
  const files = Object.entries(places.files ?? {}).map(([name, text]) => ({
    ...{ folder: name, file: `file:///${name}`, name },
    content: parseWorkspaceFile(text),
  }))
  const local = (places.local ?? []).map((name) => ({
    ...{ name, region: 'us-east-1', queues: defaultQueues(name), protected: false },
  }))
  return combineEnvironments(scopes, files, local, (profile = 'default') => places.regions?.[profile])
}

const rows = ({ environments }: Declarations) =>
  environments.map(({ key, environment }) => `${key}${environment.protected ? ' protected' : ''}`)

const safe = { region: 'eu-west-1', protected: true }
const open = { region: 'eu-west-1' }

describe('environments of several scopes', () => {
  it('are of the scope in which they are declared', () => {
    const all = combine({
      user: { a: open },
      workspace: { b: open },
      folder: { c: open },
      files: { web: 'environments: { d: { region: eu-west-1 } }' },
      local: ['e'],
    })
    expect(rows(all)).toEqual([
      'settings:a',
      'settings-workspace:b',
      'settings-folder:file:///api#c',
      'file:file:///web#d',
      'local-fleet:e',
    ])
    expect(all.troubles).toEqual([])
  })

  it('are told apart by it where they have the same name', () => {
    const { environments } = combine({ workspace: { a: open }, folder: { a: open }, local: ['a'] })
    expect(environments.map((each) => labelOf(each, environments, inEnglish))).toEqual([
      'a (workspace settings)',
      'a (settings of api)',
      'a (local fleet)',
    ])
  })
})

describe('a name of the user’s settings', () => {
  const user = { production: { ...safe, profile: 'prod' } }

  it.each([
    ['an endpoint', { endpoint: 'https://elsewhere.example' }, 'endpoint'],
    ['a profile', { profile: 'other' }, 'profile'],
    ['a region and no protection', { region: 'us-east-1', protected: false }, 'region'],
    ['queues', { queues: { commands: 'mine' } }, 'queues'],
    ['a timeout', { timeout: '5m' }, 'timeout'],
  ])('gets no other %s from the workspace’s settings', (_, said, key) => {
    for (const scope of ['workspace', 'oldWorkspace', 'folder'] as const) {
      const all = combine({ user, [scope]: { production: said } })
      expect(rows(all)).toEqual(['settings:production protected'])
      expect(all.environments[0]?.environment).toMatchObject({ region: 'eu-west-1', profile: 'prod' })
      expect(all.environments[0]?.environment.endpoint).toBeUndefined()
      expect(inWords(all.troubles)).toMatchObject([
        { name: 'production', messages: [expect.stringContaining(`(${key})`)] },
      ])
    }
  })

  it('gets no other meaning from a workspace file, and the file’s is not used beside it', () => {
    const all = combine({
      user,
      files: { web: 'environments: { production: { region: eu-west-1, endpoint: "https://x.example" } }' },
    })
    expect(rows(all)).toEqual(['settings:production protected'])
    expect(inWords(all.troubles)).toMatchObject([
      {
        name: 'production',
        origin: { kind: 'file', folder: 'web', offset: 16 },
        messages: [expect.stringContaining('(profile, endpoint)')],
      },
    ])
  })

  it('is one environment where the workspace says the same of it', () => {
    const all = combine({
      user,
      workspace: { production: user.production },
      folder: { production: { region: 'eu-west-1' } },
      files: { web: 'environments: { production: { region: eu-west-1, profile: prod } }' },
    })
    expect(rows(all)).toEqual(['settings:production protected'])
    expect(all.troubles).toEqual([])
  })

  it('stays the user’s where what they have declared cannot be used', () => {
    const all = combine({ user: { production: { region: 'Ireland' } }, workspace: { production: open } })
    expect(all.environments).toEqual([])
    expect(all.troubles).toHaveLength(2)
  })
})

describe('protection', () => {
  const file = (entry: string) => ({ web: `environments:\n  production: ${entry}\n` })

  it.each([
    ['the user’s settings', { user: { production: safe }, workspace: { production: { protected: false } } }],
    ['the user’s settings by their old name', { user: { production: open }, oldUser: { production: safe } }],
    ['the old name alone', { oldUser: { production: safe } }],
    [
      'the workspace’s settings',
      { user: { production: open }, workspace: { production: { protected: true } } },
    ],
    ['one folder’s settings', { workspace: { production: open }, folder: { production: safe } }],
    ['a file', { user: { production: open }, files: file('{ region: eu-west-1, protected: true }') }],
    ['an entry that cannot be used', { user: { production: open }, files: file('{ protected: true }') }],
    ['an entry that is no YAML', { user: { production: open }, files: file('{ protected: true') }],
    [
      'a file that says something else',
      { user: { production: open }, files: file('{ region: us-east-1, protected: true }') },
    ],
  ])('of a name holds everywhere when it stands in %s', (_, places) => {
    const all = combine(places)
    expect(all.environments.length).toBeGreaterThan(0)
    for (const { environment } of all.environments) expect(environment.protected).toBe(true)
    // Also for terminals.
    expect(all.protectedNames).toEqual(['production'])
  })

  it('is nobody’s where nobody asks for it, and not the local fleet’s', () => {
    const all = combine({
      user: { production: safe, testing: open },
      workspace: { staging: open },
      local: ['production'],
    })
    expect(rows(all)).toEqual([
      'settings:production protected',
      'settings:testing',
      'settings-workspace:staging',
      'local-fleet:production',
    ])
  })
})

describe('an environment without a region', () => {
  const regions = { default: 'us-east-2', prod: 'eu-west-1', odd: 'europe' }
  const regionsOf = ({ environments }: Declarations) =>
    environments.map(({ environment }) => environment.region)

  it('is in the region of its profile, or of the one that applies to those without', () => {
    const files = { web: 'environments:\n  a: { profile: prod }\n  b: {}\n' }
    expect(regionsOf(combine({ user: { c: { profile: 'prod' } }, files, regions }))).toEqual([
      'eu-west-1',
      'eu-west-1',
      'us-east-2',
    ])
  })

  it('is the same environment, of the same fleet, as with that region written out', () => {
    const identities = (declared: object) =>
      combine({ user: { production: declared }, regions }).environments.map(({ key, environment }) => [
        key,
        fleetIdOf(environment),
      ])
    const bare = identities({ profile: 'prod' })
    expect(bare).toHaveLength(1)
    expect(bare).toEqual(identities({ profile: 'prod', region: 'eu-west-1' }))
    expect(bare).not.toEqual(identities({ profile: 'prod', region: 'eu-west-2' }))
  })

  it('is what the user has defined with that region, and is no conflict', () => {
    const user = { production: { profile: 'prod', region: 'eu-west-1' } }
    const same = { web: 'environments: { production: { profile: prod } }' }
    expect(combine({ user, files: same, regions }).troubles).toEqual([])
    const other = combine({ user, files: same, regions: { prod: 'eu-west-2' } })
    expect(inWords(other.troubles)[0]?.messages).toEqual([expect.stringContaining('differently (region)')])
  })

  it('cannot be used where the profile has none, or one that no partition has, and protects its name all the same', () => {
    const all = combine({
      user: { production: { profile: 'odd', protected: true } },
      files: { web: 'environments:\n  staging: { profile: none, protected: true }\n' },
      regions,
    })
    expect(all.environments).toEqual([])
    expect(inWords(all.troubles).map(({ messages }) => messages)).toEqual([
      ['“region” is missing, and that of the AWS profile, “europe”, is none of AWS.'],
      ['“region” is missing, and the AWS profile names none.'],
    ])
    expect([...all.protectedNames].sort()).toEqual(['production', 'staging'])
  })
})

describe('what cannot be used', () => {
  it('stays in view with all its reasons, and takes nothing else away', () => {
    const all = combine({
      user: { good: open, bad: { regoin: 'x', endpoint: 'http://example.com' } },
      files: { web: 'environments:\n  worse: {}\n  fine: { region: eu-west-1 }\nsnipets: {}\n' },
    })
    expect(rows(all)).toEqual(['settings:good', 'file:file:///web#fine'])
    expect(inWords(all.troubles)).toMatchObject([
      {
        name: 'bad',
        messages: [
          expect.stringContaining('http:// is only for this machine'),
          'Unknown key “regoin”. Did you mean “region”?',
        ],
      },
      { name: 'worse', messages: ['“region” is missing, and the AWS profile names none.'] },
      { name: 'web', messages: ['Unknown key “snipets”. Did you mean “snippets”?'] },
    ])
  })

  it('is also a setting that is no map', () => {
    expect(inWords(combine({ user: [] as unknown as Values }).troubles)).toMatchObject([
      { name: 'ec2Collective.environments', messages: ['This must be a map of environments by name.'] },
    ])
  })
})
