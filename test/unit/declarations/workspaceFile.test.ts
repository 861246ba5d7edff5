import { describe, expect, it } from 'vitest'
import { parseWorkspaceFile } from '../../../src/declarations/workspaceFile.ts'
import { english, inWords } from '../../support/english.ts'

const good = `# Reviewed by the platform team.
environments:
  testing:
    region: eu-west-1
    colour: green
  "production":
    region: eu-west-1
    profile: prod
    protected: true
    timeout: 10m
    queues: { replies: prod_answers }
    rollout: { canary: 1, batch: 10%, pause: 30s, maxFailures: 2 }

snippets:
  Restart web:
    environment: testing
    filter: role=web
    command: |
      systemctl restart "$SERVICE"
    inputs:
      SERVICE: { prompt: Which service?, choices: [nginx, app] }
      TOKEN: { secret: true }
`

describe('parseWorkspaceFile', () => {
  it('reads environments with their queues, guard rails and defaults', () => {
    const file = parseWorkspaceFile(good)
    expect(file.problems).toEqual([])
    expect(file.environments.map(({ environment }) => environment.name)).toEqual(['testing', 'production'])
    expect(file.environments[1]).toMatchObject({
      environment: {
        profile: 'prod',
        protected: true,
        queues: { commands: 'production_master', replies: 'prod_answers', facts: 'production_facts' },
      },
      defaults: {
        timeoutMs: 600_000,
        rollout: { canary: 1, batch: { percent: 10 }, pauseMs: 30_000, maxFailures: { count: 2 } },
      },
    })
  })

  it('says where each entry stands', () => {
    const { environments, snippets } = parseWorkspaceFile(good)
    const texts = [...environments, ...snippets].map(({ at }) => good.slice(at.start, at.end))
    expect(texts).toEqual(['testing', '"production"', 'Restart web'])
  })

  it('reads snippets with their inputs', () => {
    const [snippet] = parseWorkspaceFile(good).snippets
    expect(snippet?.declaration.inputs).toEqual({
      SERVICE: { prompt: 'Which service?', choices: ['nginx', 'app'] },
      TOKEN: { secret: true },
    })
  })

  it('finds nothing in an empty file or one of comments', () => {
    for (const text of ['', '\n', '# later\n  # more']) {
      expect(parseWorkspaceFile(text)).toMatchObject({ environments: [], snippets: [], problems: [] })
    }
  })

  it.each([
    [
      'environments:\n  a b:\n    region: eu-west-1',
      2,
      3,
      '“a b” is not an environment name: use 1 to 48 letters, digits, _ or -.',
    ],
    [
      'environments:\n  x:\n    region: eu-west-1\n    protcted: true',
      4,
      5,
      'Unknown key “protcted”. Did you mean “protected”?',
    ],
    ['environments:\n  x:\n    region: Ireland', 3, 5, '“region” must be an AWS region such as eu-west-1.'],
    [
      'environments:\n  x:\n    region: eu-west-1\n    endpoint: ftp://x',
      4,
      5,
      '“endpoint” must be a URL with https',
    ],
    [
      'environments:\n  x:\n    region: eu-west-1\n    protected: yes',
      4,
      5,
      '“protected” must be true or false.',
    ],
    ['environments:\n  x:\n    region: eu-west-1\n    timeout: soon', 4, 5, '“timeout” must be a duration'],
    [
      'environments:\n  x:\n    region: eu-west-1\n    rollout: {batch: many}',
      4,
      5,
      'batch must be a number of agents, or a share up to 100%, such as 10%.',
    ],
    ['snippets:\n  x:\n    filter: role=web', 2, 3, 'exactly one of command, script and file'],
    [
      'snippets:\n  x:\n    command: ls\n    filter: ""',
      4,
      5,
      '“filter” must be a filter; * means every agent.',
    ],
    ['snippets: [ls]', 1, 1, '“snippets” must be a map of names.'],
    ['snippet: 1', 1, 1, 'Unknown key “snippet”. Did you mean “snippets”?'],
    ['other: 1', 1, 1, 'Unknown key “other”. A workspace file has environments, sets and snippets.'],
    ['- x', 1, 1, 'A workspace file must be a map'],
    ['environments:\n  x: [1\n', 2, 8, 'Not YAML'],
    [
      'snippets:\n  x: {command: a}\n  x: {command: b}',
      2,
      3,
      'Two snippets are named “x”. Rename one of them.',
    ],
    ['snippets:\n  x: {command: a, command: b}', 2, 19, '“command” appears twice.'],
    ['snippets:\n  x: {command: a}\nsnippets:\n  y: {command: b}', 3, 1, '“snippets” appears twice.'],
    ['snippets:\n  x: *y', 2, 6, 'There is no &y before this *y.'],
    ['snippets:\n  x: &x {command: *x}', 2, 19, '*x is inside &x itself.'],
    ['snippets:\n  x: {command: !ruby/sym y}', 2, 16, 'The tag !ruby/sym is not supported.'],
    ['snippets:\n  x: {<<: y, command: b}', 2, 7, '“<<” needs an alias of a map'],
    ['snippets:\n  <<: {x: {command: b}}', 2, 3, '“<<” works inside an entry'],
    ['snippets:\n  x: {filter: role=(, command: b}', 2, 7, 'at character 6'],
    ['snippets: {}\n---\nsnippets: {}\n', 1, 11, 'Only the first YAML document'],
    [
      'environments:\n  x:\n    region: eu-west-1\n    endpoint: http://example.com',
      4,
      5,
      'http:// is only for this machine',
    ],
    [
      'environments:\n  x:\n    region: eu-west-1\n    endpoint: https://me:secret@example.com',
      4,
      5,
      'without user name and password',
    ],
  ])('reports what is wrong in %j', (text, line, column, message) => {
    const [problem] = parseWorkspaceFile(text).problems
    expect(problem && english(problem.message)).toContain(message)
    expect(lineAndColumn(text, problem?.at.start ?? -1)).toEqual({ line, column })
  })

  it('reports everything that is wrong at once, in the order of the text', () => {
    const text = `environments:
  a:
    regoin: eu-west-1
    colour: pink
snippets:
  b:
    comand: ls
    filter: role=(
    timout: 5
  c: {}
oops: 1
`
    const { problems } = parseWorkspaceFile(text)
    expect(
      problems.map(({ at, message }) => [lineAndColumn(text, at.start).line, english(message).split('.')[0]]),
    ).toEqual([
      [3, 'Unknown key “regoin”'],
      [4, '“colour” must be one of red, orange, yellow, green, blue, purple'],
      [6, 'A snippet needs exactly one of command, script and file'],
      [7, 'Unknown key “comand”'],
      [8, '“filter” must be a filter'],
      [9, 'Unknown key “timout”'],
      [10, 'A snippet needs exactly one of command, script and file'],
      [11, 'Unknown key “oops”'],
    ])
  })

  it('tells of each entry that cannot be used why not', () => {
    const text =
      'environments:\n  x: {region: Ireland}\nsnippets:\n  y: {command: a, timout: 5}\n  z: {command: b}\n'
    const { unusable, names, snippets } = parseWorkspaceFile(text)
    expect(inWords(unusable)).toMatchObject([
      { section: 'environments', name: 'x', messages: ['“region” must be an AWS region such as eu-west-1.'] },
      { section: 'snippets', name: 'y', messages: ['Unknown key “timout”. Did you mean “timeout”?'] },
    ])
    expect(names).toEqual({ environments: ['x'], sets: [], snippets: ['y', 'z'] })
    expect(snippets.map(({ name }) => name)).toEqual(['z'])
  })

  it.each([
    ['a bracket', '  Broken: { command: [ls }'],
    ['a quotation mark', '  "Broken":\n    command: "ls'],
    ['a colon in a sentence', '  Broken:\n    command: ls\n    description: note: this'],
    ['a name without its colon', '  Broken: { command: ls }\n  Half'],
    ['a tab', '  Broken:\n\tcommand: ls'],
  ])('loses only the entry that is no YAML for %s', (_, broken) => {
    const text = `environments:\n  t: { region: eu-west-1 }\nsnippets:\n  First: { command: a }\n${broken}\n  # Rest.\n  Last:\n    command: b\n`
    const file = parseWorkspaceFile(text)
    expect(file.environments).toHaveLength(1)
    expect(file.snippets.map(({ name, at }) => [name, text.slice(at.start, at.end)])).toEqual([
      ['First', 'First'],
      ['Last', 'Last'],
    ])
    expect(inWords(file.unusable)).toMatchObject([
      { section: 'snippets', name: 'Broken', messages: [expect.stringContaining('Not YAML')] },
    ])
    expect(file.names.snippets).toContain('Broken')
  })

  it('uses neither of two entries with one name, and both of two sections', () => {
    const text =
      'snippets:\n  x: {command: a}\n  y: {command: b}\n  x: {command: c}\nenvironments:\n  e: {region: eu-west-1}\nsnippets:\n  z: {command: d}\n'
    const file = parseWorkspaceFile(text)
    expect(file.snippets.map(({ name }) => name)).toEqual(['y', 'z'])
    expect(file.unusable.map(({ name }) => name)).toEqual(['x', 'x'])
    expect(file.environments).toHaveLength(1)
  })

  it.each([
    ['x: {region: Ireland, protected: true}', true],
    ['x: {region: Ireland, protected: yes}', true],
    ['x: {region: Ireland, protected: false}', false],
    ['x: {region: Ireland}', false],
    ['x: {region: Ireland, <<: {protected: true}}', true],
    ['x: {region: [a, protected: true', true],
    ['x: {region: [a, protected: false', false],
  ])('knows of an environment that cannot be used whether it is protected: %s', (entry, isProtected) => {
    expect(parseWorkspaceFile(`environments:\n  ${entry}\n`).unusable).toMatchObject([
      { name: 'x', isProtected },
    ])
  })

  it('leaves to each computer where an environment without a region is', () => {
    const file = parseWorkspaceFile('environments:\n  x: {profile: prod}\n')
    expect(file.problems).toEqual([])
    expect(file.environments[0]?.environment).not.toHaveProperty('region')
  })

  it('takes over what “<<” names, which what is written beside it overrules', () => {
    const text = `environments:
  testing: &t
    region: eu-west-1
    timeout: 10m
  production:
    <<: *t
    protected: true
  staging:
    timeout: 5m
    <<: [*t, { region: us-east-1, colour: blue }]
`
    const file = parseWorkspaceFile(text)
    expect(file.problems).toEqual([])
    expect(file.environments).toMatchObject([
      { environment: { name: 'testing', region: 'eu-west-1', protected: false } },
      { environment: { region: 'eu-west-1', protected: true }, defaults: { timeoutMs: 600_000 } },
      { environment: { region: 'eu-west-1', colour: 'blue' }, defaults: { timeoutMs: 300_000 } },
    ])
  })

  it('keeps text as it was written, whatever it looks like', () => {
    const text = `snippets:
  1:
    command: 0891
    args: [1.50, 0x1F, 1e3, true, 012345678901, ~x, '~', null-and-void]
    user: 1000
    inputs: { PORT: { default: 8080, choices: [80, 8080] }, EMPTY: }
    timeout: 90
    rollout: { canary: 1, batch: 10%, pause: 0 }
`
    const { problems, snippets } = parseWorkspaceFile(text)
    expect(problems).toEqual([])
    expect(snippets).toMatchObject([
      {
        name: '1',
        declaration: {
          command: '0891',
          args: ['1.50', '0x1F', '1e3', 'true', '012345678901', '~x', '~', 'null-and-void'],
          user: '1000',
          inputs: { PORT: { default: '8080', choices: ['80', '8080'] }, EMPTY: null },
        },
      },
    ])
  })

  it.each(['\uFEFF', ''])('stands where it stands with Windows line ends, after %j', (bom) => {
    const text = `${bom}${good.replaceAll('\n', '\r\n')}`
    const { problems, environments } = parseWorkspaceFile(text)
    expect(problems).toEqual([])
    expect(environments.map(({ at }) => text.slice(at.start, at.end))).toEqual(['testing', '"production"'])
  })

  it('keeps the good entries beside a bad one', () => {
    const file = parseWorkspaceFile('environments:\n  bad: {region: Ireland}\n  good: {region: us-east-1}')
    expect(file.environments.map(({ environment }) => environment.name)).toEqual(['good'])
    expect(file.problems).toMatchObject([{ entry: { section: 'environments', name: 'bad' } }])
  })

  it('follows aliases', () => {
    const file = parseWorkspaceFile('environments:\n  a: &e\n    region: eu-west-1\n  b: *e\n')
    expect(file.environments.map(({ environment }) => environment.name)).toEqual(['a', 'b'])
  })
})

/** Both from 1. */
function lineAndColumn(text: string, offset: number): { line: number; column: number } {
  const before = text.slice(0, offset)
  return { line: before.split('\n').length, column: offset - before.lastIndexOf('\n') }
}
