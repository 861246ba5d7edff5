import { existsSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, it } from 'vitest'
import { generate } from '../../../scripts/declarations/generated.ts'
import { knownKeys } from '../../../src/declarations/knownKeys.ts'
import { renamedSettings, settingNames } from '../../../src/declarations/settings.ts'

const root = path.resolve('.')
const manifest = JSON.parse(readFileSync('package.json', 'utf8'))
const properties: Record<string, { scope: string; markdownDeprecationMessage?: string }> =
  manifest.contributes.configuration.properties

describe('what can be declared', () => {
  const files = generate(root)

  it.each([...files.keys()])(
    'stands in %s as the schemas have it: `npm run declarations` puts it there',
    (file) => {
      const [now, then] = [readFileSync(file, 'utf8'), files.get(file) ?? '']
      if (file.endsWith('.json')) expect(JSON.parse(now)).toEqual(JSON.parse(then))
      else expect(now).toBe(then)
    },
  )

  it('has the same keys in the JSON schema, the settings, completion and the docs', () => {
    const schema = JSON.parse(readFileSync('media/workspace-file.schema.json', 'utf8'))
    const environment = schema.properties.environments.anyOf[0].additionalProperties.properties
    const snippet = schema.properties.snippets.anyOf[0].additionalProperties.properties
    const setting = properties['ec2Collective.environments'] as unknown as {
      additionalProperties: { properties: object }
    }
    const keys = knownKeys.environment.map(({ key }) => key)
    expect(Object.keys(environment)).toEqual(keys)
    // Only the user's own settings may name a key.
    expect(Object.keys(setting.additionalProperties.properties)).toEqual([...keys, 'signingKey'])
    expect(Object.keys(snippet).sort()).toEqual(knownKeys.snippet.map(({ key }) => key).sort())
    const docs = readFileSync('docs/workspace-file.md', 'utf8')
    for (const { key, meaning } of Object.values(knownKeys).flat()) {
      expect(meaning, key).not.toBe('')
      if (!['environments', 'sets', 'snippets'].includes(key)) expect(docs).toContain(`| \`${key}\``)
    }
  })

  it('is described without links that only the settings editor knows', () => {
    for (const text of files.values()) expect(text).not.toMatch(/`#[\w.-]+#`/)
  })
})

describe('the settings', () => {
  it('begin with ec2Collective; the old names are still known, in the same scopes, and say so', () => {
    expect(Object.keys(properties)).toEqual([
      ...settingNames.map((name) => `ec2Collective.${name}`),
      ...renamedSettings.map((name) => `ec2-collective.${name}`),
    ])
    for (const name of renamedSettings) {
      const old = properties[`ec2-collective.${name}`]
      expect(old?.scope).toBe(properties[`ec2Collective.${name}`]?.scope)
      expect(old?.markdownDeprecationMessage).toBe('%setting.old%')
    }
  })

  it('that name profiles and endpoints are not followed in an untrusted workspace, by either name', () => {
    expect(manifest.capabilities.untrustedWorkspaces.restrictedConfigurations).toEqual([
      'ec2Collective.environments',
      'ec2Collective.profile',
      'ec2-collective.environments',
      'ec2-collective.profile',
    ])
  })

  it('cannot be made by a workspace where they name a key', () => {
    expect(properties['ec2Collective.signingKey']?.scope).toBe('machine')
    expect(properties['ec2-collective.signingKey']?.scope).toBe('machine')
  })
})

describe('the list of what is packaged', () => {
  it('names only what is there, or what the build makes', () => {
    const allowed = readFileSync('.vscodeignore', 'utf8').match(/^!.+$/gm) ?? []
    const roots = allowed.map((line) => /^!([^*/]+)/.exec(line)?.[1] ?? '')
    expect(
      roots.filter((name) => name !== 'dist' && !name.startsWith('package.nls') && !existsSync(name)),
    ).toEqual([])
  })
})
