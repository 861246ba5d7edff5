import { describe, expect, it } from 'vitest'
import { addEntry, removeEntry } from '../../../src/declarations/editEntries.ts'
import { parseWorkspaceFile } from '../../../src/declarations/workspaceFile.ts'

const text = `# Ours.
environments:
    # The safe one.
    testing:
        region: eu-west-1   # Ireland
    production: { region: us-east-1, protected: true }

# What we do every week.
snippets:
    Uptime:
        command: |
            uptime
    Disk:
        command: df -h
`

describe('addEntry', () => {
  it('adds at the end of the section and leaves every other line alone', () => {
    const edited = addEntry(text, 'environments', 'staging', { region: 'eu-west-1', protected: true })
    expect(edited.split('\n').filter((line) => !text.split('\n').includes(line))).toEqual([
      '    staging:',
      '      region: eu-west-1',
      '      protected: true',
    ])
    expect(parseWorkspaceFile(edited).environments.map(({ environment }) => environment.name)).toEqual([
      'testing',
      'production',
      'staging',
    ])
  })

  it('adds behind a block scalar', () => {
    const edited = addEntry(text.slice(0, text.indexOf('    Disk')), 'snippets', 'Who', { command: 'who' })
    expect(parseWorkspaceFile(edited).snippets.map(({ name }) => name)).toEqual(['Uptime', 'Who'])
  })

  it('makes file and section where they are missing', () => {
    const first = addEntry('', 'environments', 'testing', { region: 'eu-west-1' })
    expect(first).toBe('environments:\n  testing:\n    region: eu-west-1\n')
    const second = addEntry(first, 'snippets', 'Up: time', { command: 'uptime\nwho\n' })
    expect(parseWorkspaceFile(second)).toMatchObject({
      problems: [],
      snippets: [{ name: 'Up: time', declaration: { command: 'uptime\nwho\n' } }],
    })
  })

  it('keeps a file of comments', () => {
    expect(addEntry('# Later\n', 'environments', 'x', { region: 'eu-west-1' })).toMatch(
      /^# Later\n\nenvironments:/,
    )
  })

  it('fills a section that is empty', () => {
    const edited = addEntry('environments:\nsnippets:\n', 'environments', 'x', { region: 'eu-west-1' })
    expect(parseWorkspaceFile(edited).environments).toHaveLength(1)
  })

  it('refuses what it would damage', () => {
    expect(() => addEntry('environments: {}', 'environments', 'x', {})).toThrow('braces')
    expect(() => addEntry('a: [', 'environments', 'x', {})).toThrow('Not YAML')
  })
})

describe('removeEntry', () => {
  it('takes out one entry and leaves every other line alone', () => {
    const edited = removeEntry(text, 'environments', 'production')
    expect(edited).toBe(text.replace(/ {4}production.*\n/, ''))
    expect(removeEntry(text, 'snippets', 'Uptime')).toBe(text.replace(/ {4}Uptime:\n.*\n.*\n/, ''))
  })

  it('takes out the last line of a file', () => {
    expect(removeEntry(text, 'snippets', 'Disk')).toBe(text.slice(0, text.indexOf('    Disk')))
  })

  it('undoes what addEntry did', () => {
    expect(
      removeEntry(addEntry(text, 'environments', 'x', { region: 'eu-west-1' }), 'environments', 'x'),
    ).toBe(text)
  })

  it('refuses an entry that is not there, or not on lines of its own', () => {
    expect(() => removeEntry(text, 'environments', 'nobody')).toThrow('There is no “nobody”')
    expect(() => removeEntry('environments: {x: {region: eu-west-1}}', 'environments', 'x')).toThrow(
      'by hand',
    )
  })
})
