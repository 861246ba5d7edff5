import { describe, expect, it } from 'vitest'
import { addEntry, removeEntry, setInSnippet } from '../../../src/declarations/editEntries.ts'
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

  it.each([
    ['a section that is there', '---\nsnippets:\n  A: { command: a }\n...\n', 'snippets'],
    ['a section that is not there', '---\nsnippets:\n  A: { command: a }\n...\n# The end.\n', 'environments'],
    ['a block scalar', 'snippets:\n  A:\n    command: |\n      a\n...\n', 'snippets'],
    ['nothing but comments', '---\n# Later.\n...\n', 'snippets'],
    ['no line end behind it', 'snippets:\n  A: { command: a }\n...', 'snippets'],
  ] as const)('adds before the “...” that closes the file, after %s', (_, closed, section) => {
    const entry = section === 'snippets' ? { command: 'x' } : { region: 'eu-west-1' }
    const edited = addEntry(closed, section, 'new', entry)
    expect(edited.slice(edited.indexOf('\n...'))).toBe(closed.slice(closed.indexOf('\n...')))
    expect(parseWorkspaceFile(edited).names[section]).toContain('new')
    expect(parseWorkspaceFile(edited).problems).toEqual([])
  })

  it('keeps Windows line ends, in what it adds as well', () => {
    const windows = text.replaceAll('\n', '\r\n')
    const edited = addEntry(windows, 'snippets', 'Two lines', { command: 'a\nb\n' })
    expect(edited.startsWith(windows)).toBe(true)
    expect(edited.replaceAll('\r\n', '')).not.toContain('\n')
    expect(parseWorkspaceFile(edited).snippets.at(-1)?.declaration.command).toBe('a\nb\n')
    expect(removeEntry(edited, 'snippets', 'Two lines')).toBe(windows)
  })

  it('adds beside entries that are no YAML, and leaves them', () => {
    const broken = 'snippets:\n  A: [\n  B: { command: b }\n'
    const edited = addEntry(broken, 'snippets', 'C', { command: 'c' })
    expect(edited).toBe(`${broken}  C:\n    command: c\n`)
  })

  it.each([
    ['a name that is there', 'snippets:\n  A: { command: a }\n', 'A', '“A” already exists in snippets.'],
    ['a name whose entry has a mistake', 'snippets:\n  A: { comand: a }\n', 'A', '“A” already exists'],
    ['a whole file in braces', '{ environments: {} }\n', 'A', 'Change it by hand'],
    ['a section that is null in words', 'snippets: null\n', 'A', 'Change it by hand'],
    [
      'an alias for a section',
      'environments: &e\n  x: { region: eu-west-1 }\nsnippets: *e\n',
      'A',
      'Change it by hand',
    ],
    ['two documents', 'snippets: {}\n---\na: 1\n', 'A', 'in braces'],
  ])('refuses %s', (_, written, name, reason) => {
    expect(() => addEntry(written, 'snippets', name, { command: 'x' })).toThrow(reason)
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

  it('refuses an entry that others take over', () => {
    const anchored = 'environments:\n  a: &a\n    region: eu-west-1\n  b: *a\n'
    expect(() => removeEntry(anchored, 'environments', 'a')).toThrow('There is no &a before this *a.')
    expect(removeEntry(anchored, 'environments', 'b')).toBe(anchored.slice(0, anchored.indexOf('  b:')))
  })

  it('refuses an entry that is not there, or not on lines of its own', () => {
    expect(() => removeEntry(text, 'environments', 'nobody')).toThrow('There is no “nobody”')
    expect(() => removeEntry('environments: {x: {region: eu-west-1}}', 'environments', 'x')).toThrow(
      'by hand',
    )
  })
})

describe('setInSnippet', () => {
  const view = { rows: 'Mounted on=/', columns: ['Use%', 'fact:az'], sort: '-Use%' }

  it('adds a key to a snippet, and replaces it, and leaves every other line alone', () => {
    const commented = text.replace(
      '        command: df -h\n',
      '        # All disks.\n        command: df -h # human\n',
    )
    const once = setInSnippet(commented, 'Disk', 'view', { group: 'pattern' })
    expect(once).toBe(`${commented}        view: {group: pattern}\n`)
    const twice = setInSnippet(once, 'Disk', 'view', view)
    expect(twice.split('\n').filter((line) => !commented.split('\n').includes(line))).toHaveLength(1)
    const disk = parseWorkspaceFile(twice).snippets.find(({ name }) => name === 'Disk')
    expect(disk?.declaration.view).toEqual(view)
    expect(parseWorkspaceFile(twice).problems).toEqual([])
  })

  it('replaces a value of several lines, behind a block scalar, with the line ends of the file', () => {
    const long = text
      .replace(
        '            uptime\n',
        '            uptime\n        view:\n            group: shape\n            columns:\n                - up\n',
      )
      .replaceAll('\n', '\r\n')
    const edited = setInSnippet(long, 'Uptime', 'view', { group: 'last line' })
    expect(edited).toBe(
      text
        .replace('            uptime\n', '            uptime\n        view: {group: last line}\n')
        .replaceAll('\n', '\r\n'),
    )
  })

  it('refuses what it cannot change without touching more, and what is no view', () => {
    const braces = 'snippets:\n  Disk: { command: df }\n'
    expect(() => setInSnippet(braces, 'Disk', 'view', view)).toThrow('Change it by hand.')
    expect(() => setInSnippet(text, 'Disc', 'view', view)).toThrow('There is no “Disc” in snippets.')
    expect(() => setInSnippet(text, 'Disk', 'view', { group: 'patern' })).toThrow('Change it by hand.')
    const shared = 'snippets:\n  A: &a\n    command: df\n  B: *a\n'
    expect(() => setInSnippet(shared, 'B', 'view', view)).toThrow('Change it by hand.')
    expect(() => setInSnippet(shared, 'A', 'view', view)).toThrow('Change it by hand.')
  })
})
