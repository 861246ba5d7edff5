import { describe, expect, it } from 'vitest'
import { lineAndColumn, parseWorkspaceFile } from '../../../src/declarations/workspaceFile.ts'

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
      '“a b” is not an environment name: 1 to 48 of A-Z a-z 0-9 _ -.',
    ],
    ['environments:\n  x:\n    region: eu-west-1\n    protcted: true', 4, 5, '“protcted” is not known here.'],
    ['environments:\n  x: {}', 2, 3, '“region” is missing.'],
    ['environments:\n  x:\n    region: Ireland', 3, 5, '“region” must be an AWS region such as eu-west-1.'],
    ['environments:\n  x:\n    region: eu-west-1\n    endpoint: ftp://x', 4, 5, '“endpoint” must be a URL'],
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
      'batch is a number of agents',
    ],
    ['snippets:\n  x:\n    filter: role=web', 2, 3, 'exactly one of command, script and file'],
    [
      'snippets:\n  x:\n    command: ls\n    filter: ""',
      4,
      5,
      '“filter” must be a filter; * means everyone.',
    ],
    ['snippets: [ls]', 1, 1, '“snippets” must be a map of names.'],
    ['snippet: 1', 1, 1, '“snippet” is not known here'],
    ['- x', 1, 1, 'Expects a map'],
    ['environments:\n  x: [1\n', 3, 1, 'Not YAML'],
    ['environments:\n  x: 1\n  x: 2', 3, 3, 'Not YAML: duplicated mapping key.'],
  ])('reports what is wrong in %j', (text, line, column, message) => {
    const [problem] = parseWorkspaceFile(text).problems
    expect(problem?.message).toContain(message)
    expect(lineAndColumn(text, problem?.at.start ?? -1)).toEqual({ line, column })
  })

  it('keeps the good entries beside a bad one', () => {
    const file = parseWorkspaceFile('environments:\n  bad: {}\n  good: {region: us-east-1}')
    expect(file.environments.map(({ environment }) => environment.name)).toEqual(['good'])
    expect(file.problems).toMatchObject([{ entry: { section: 'environments', name: 'bad' } }])
  })

  it('follows aliases', () => {
    const file = parseWorkspaceFile('environments:\n  a: &e\n    region: eu-west-1\n  b: *e\n')
    expect(file.environments.map(({ environment }) => environment.name)).toEqual(['a', 'b'])
  })
})
