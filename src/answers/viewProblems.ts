import { type Localizable, LocalizableError, say, sentenceOf } from '../text/localizable.ts'
import { columnText, columnTitle, readColumn } from './column.ts'
import { columnReader, isOutputColumn } from './columnValues.ts'
import { parseRowChoice } from './fleetTable.ts'
import { readGroupBy } from './groupBy.ts'
import { compileCapture } from './linearExpression.ts'
import { type AnswersView, readSort } from './view.ts'

/** What is wrong with a part of a view, as the end of “group” must be …; undefined when it is right. */
export const viewProblems = {
  group(text: string): Localizable | undefined {
    const by = readGroupBy(text)
    if (by === undefined)
      return say(
        'It is one of identical, pattern, shape, exit code, last line, fact:NAME, capture:EXPRESSION.',
      )
    return by.kind === 'capture' ? reasonOf(() => compileCapture(by.expression)) : undefined
  },
  rows(text: string): Localizable | undefined {
    return parseRowChoice(text) === undefined
      ? say('It is a column and the value in it, such as {0}.', 'Mounted on=/')
      : undefined
  },
  column(text: string): Localizable | undefined {
    const column = readColumn(text)
    if (columnTitle(text).trim() === '') return say('It is a column such as {0}.', 'Use%, fact:az, key:state')
    return reasonOf(() => columnReader([column].filter(isOutputColumn)))
  },
  /** @param columns of the same view */
  sort(text: string, columns: readonly string[] | undefined): Localizable | undefined {
    const { column } = readSort(text)
    if (columns === undefined || columns.some((one) => columnText(readColumn(one)) === column))
      return viewProblems.column(column)
    return say('“{0}” is none of the columns of this view.', columnTitle(column))
  },
}

/** The first problem of a view from elsewhere; undefined when it is right. */
export function viewProblem({ group, rows, columns, sort }: AnswersView): Localizable | undefined {
  const { group: ofGroup, rows: ofRows, column: ofColumn, sort: ofSort } = viewProblems
  return [
    group === undefined ? undefined : ofGroup(group),
    rows === undefined ? undefined : ofRows(rows),
    ...(columns ?? []).map(ofColumn),
    sort === undefined ? undefined : ofSort(sort, columns),
  ].find((problem) => problem !== undefined)
}

function reasonOf(act: () => unknown): Localizable | undefined {
  try {
    act()
    return undefined
  } catch (error) {
    if (!(error instanceof LocalizableError)) throw error
    const { text, args } = sentenceOf(error)
    return /[.…]$/.test(text) ? { text, args } : say('{0}.', { text, args })
  }
}
