import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { parsePolicy } from '../../../../agent/src/policy/policy.ts'
import { policyNotes } from '../../../../agent/src/policy/policyNotes.ts'

const digest = 'a'.repeat(64)
const notesOf = (rules: string) => policyNotes(parsePolicy(`rules: [${rules}]`, 'policy.yaml'))

describe('notes on a policy', () => {
  it('tell what rules of earlier versions no longer allow, once for all of them', () => {
    const rules = `{name: web, commands: {allow: [id]}}, {name: jobs, scripts: [${digest}], users: [jobs]}`
    expect(notesOf(rules)).toEqual([
      'Policy, web: only the agent’s own user, because the rule has no "users" beside its commands or scripts. Earlier versions allowed any.',
      'Policy, web, jobs: only the default directory, because the rule has no "directories" beside its commands or scripts. Earlier versions allowed any.',
      'Policy, jobs: scripts without arguments only, because the rule has no "arguments" beside its commands or scripts. Earlier versions allowed any.',
    ])
  })

  it('tell which patterns of variables no longer match all', () => {
    expect(
      notesOf('{environment: ["*"]}, {environment: ["LD_*", "APP_*"]}, {environment: ["APP_*", PATH]}'),
    ).toEqual([
      expect.stringMatching(/^Policy, rule 1: \* under "environment" does not let variables such as PATH/),
      expect.stringMatching(/^Policy, rule 2: LD_\* under "environment"/),
    ])
  })

  it('tell which directories never match', () => {
    expect(notesOf('{directories: [srv, /srv/../etc, /srv, "*"]}')).toEqual([
      expect.stringMatching(/the directory srv never matches/),
      expect.stringMatching(/the directory \/srv\/\.\.\/etc never matches/),
    ])
  })

  it('are none where every part is named, where all is allowed, and where nothing is executed', () => {
    const named = `{commands: {allow: [id]}, scripts: [${digest}], users: [a], directories: [], arguments: any}`
    expect(notesOf(named)).toEqual([])
    expect(notesOf('{}, {users: [deploy]}')).toEqual([])
    expect(notesOf('{actions: [ping], commands: {allow: [id]}, environment: ["*"]}')).toEqual([])
  })

  it('are told about the policy of an earlier version', () => {
    const earlier = readFileSync('test/fixtures/partners/5fa5438/policy.yaml', 'utf8')
    expect(policyNotes(parsePolicy(earlier, 'policy.yaml')).length).toBeGreaterThan(0)
  })
})
