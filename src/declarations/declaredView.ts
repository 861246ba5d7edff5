import * as v from 'valibot'
import { viewProblems } from '../answers/viewProblems.ts'
import { type Localizable, LocalizableError, say } from '../text/localizable.ts'
import { closedObject, described, Text } from './declaredValues.ts'

const Group = checked(say('something to group by').text, viewProblems.group, ['pattern', 'fact:az'])
const Rows = checked(say('the rows to show').text, viewProblems.rows, ['Mounted on=/'])
const Column = checked(say('a column').text, viewProblems.column, ['Use%', 'fact:az'])
const Sort = checked(say('a column to sort by').text, (text) => viewProblems.sort(text, undefined), ['-Use%'])

/** How the results page of a snippet opens. */
export const DeclaredView = v.pipe(
  closedObject({
    group: described(
      v.optional(Group),
      'What replies of one group have in common: `identical`, `pattern`, `shape`, `exit code`, `last line`, `fact:az`, or `capture:` and a regular expression with a group. Default: what says most.',
    ),
    rows: described(
      v.optional(Rows),
      'Which rows of a table: those with this value in this column. Default: all.',
    ),
    columns: described(
      v.optional(
        v.pipe(
          v.array(Column, say('a list of columns').text),
          v.minLength(1, say('a list with at least one column').text),
          v.maxLength(200, say('a list of at most 200 columns').text),
        ),
      ),
      'Columns of the table: those of the output by their names, `fact:az`, `key:state`, `json:disks[0].free`, or `capture:` and a regular expression with a group. Default: all of the output.',
    ),
    sort: described(v.optional(Sort), 'Column to sort by; with `-` before it the largest come first.'),
  }),
  v.rawCheck(({ dataset, addIssue }) => {
    if (!dataset.typed) return
    const { sort, columns } = dataset.value
    const problem = sort === undefined ? undefined : viewProblems.sort(sort, columns)
    if (problem === undefined) return
    const reason = new LocalizableError(problem)
    addIssue({ message: reason.message, input: reason })
  }),
)

/** Text of which `problemOf` says what is wrong. */
function checked(what: string, problemOf: (text: string) => Localizable | undefined, examples: string[]) {
  return v.pipe(
    Text,
    v.maxLength(5000, what),
    v.rawCheck(({ dataset, addIssue }) => {
      if (!dataset.typed) return
      const problem = problemOf(dataset.value)
      if (problem !== undefined) addIssue({ message: what, input: new LocalizableError(problem) })
    }),
    v.metadata({ isAnyScalar: true, examples }),
  )
}
