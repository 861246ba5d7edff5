import { describe, expect, it } from 'vitest'
import { readSort, sortText } from '../../../src/answers/view.ts'
import { placeAt } from '../../../src/declarations/filePlace.ts'
import { parseWorkspaceFile } from '../../../src/declarations/workspaceFile.ts'
import { english } from '../../support/english.ts'

const snippet = (view: string) => `snippets:\n  Disk space:\n    command: df -h\n    view: ${view}\n`

describe('the view of a snippet', () => {
  it('is taken as it is written', () => {
    const written =
      '{ group: pattern, rows: Mounted on=/, columns: [Use%, "fact:az", "key:state"], sort: -Use% }'
    const file = parseWorkspaceFile(snippet(written))
    expect(file.problems).toEqual([])
    expect(file.snippets[0]?.declaration.view).toEqual({
      group: 'pattern',
      rows: 'Mounted on=/',
      columns: ['Use%', 'fact:az', 'key:state'],
      sort: '-Use%',
    })
  })

  it.each([
    [
      '{ group: patern }',
      'group',
      '“group” must be something to group by. It is one of identical, pattern, shape, exit code, last line, fact:NAME, capture:EXPRESSION.',
    ],
    ['{ group: "capture:(" }', 'group', '“group” must be something to group by. Not a regular expression: '],
    [
      '{ group: "capture:x" }',
      'group',
      '“group” must be something to group by. Put the part that is the value in parentheses',
    ],
    [
      '{ rows: root }',
      'rows',
      '“rows” must be the rows to show. It is a column and the value in it, such as Mounted on=/.',
    ],
    ['{ columns: [] }', 'columns', '“columns” must be a list with at least one column.'],
    ['{ columns: Use% }', 'columns', '“columns” must be a list of columns.'],
    [
      '{ columns: [Use%, "json:a[x]"] }',
      'json:a[x]',
      'Item 2 of “columns” must be a column. “[x]” is not a path in JSON, such as disks[0].free.',
    ],
    ['{ columns: [Use%], sort: -Avail }', '', '“Avail” is none of the columns of this view.'],
    ['{ colums: [Use%] }', 'colums', 'Unknown key “colums”. Did you mean “columns”?'],
  ])('%s is a problem at its place', (view, place, message) => {
    const file = parseWorkspaceFile(snippet(view))
    expect(file.snippets).toEqual([])
    const [problem] = file.problems
    expect(snippet(view).slice(problem?.at.start, problem?.at.end)).toContain(place)
    expect(file.problems.map((problem) => english(problem.message))).toEqual([
      expect.stringContaining(message),
    ])
  })

  it('is completed: its keys stand below it', () => {
    const text = 'snippets:\n  Disk space:\n    command: df\n    view:\n      rows: a=b\n      '
    expect(placeAt(text, text.length)).toEqual({ kind: 'key', of: 'view', taken: ['rows'] })
  })

  it('sorts by a column, the largest first with a minus before it', () => {
    for (const [text, sort] of [
      ['Use%', { column: 'Use%', down: false }],
      ['-Use%', { column: 'Use%', down: true }],
      ['-fact:az', { column: 'fact:az', down: true }],
      ['column:-x', { column: '-x', down: false }],
    ] as const) {
      expect(readSort(text)).toEqual(sort)
      expect(readSort(sortText(sort))).toEqual(sort)
    }
  })
})
