import { dump } from 'js-yaml'
import { parseWorkspaceFile } from './workspaceFile.ts'

type Section = 'environments' | 'snippets'

/**
 * Adds an entry at the end of a section, which is made where it is missing. Everything else in the text, comments and
 * order above all, stays as it is.
 * @throws Error when the text is not YAML, or the section is written in flow style (`{…}`)
 */
export function addEntry(text: string, section: Section, name: string, entry: object): string {
  const file = parseWorkspaceFile(text)
  const isEmpty = file.locate([]) === undefined
  if (isEmpty && file.problems.length > 0)
    throw new Error(`The file cannot be added to. ${file.problems[0]?.message}`)
  const position = file.locate([section])
  const indent = position === undefined ? 2 : indentOfEntries(text, position.value.start)
  const block = dump({ [name]: entry }, { indent: 2, lineWidth: -1 })
    .trimEnd()
    .split('\n')
    .map((line) => (line === '' ? line : ' '.repeat(indent) + line))
    .join('\n')
  if (position === undefined) {
    const before = text === '' || text.endsWith('\n') ? text : `${text}\n`
    const gap = before.trim() === '' ? '' : '\n'
    return `${before}${gap}${section}:\n${block}\n`
  }
  if (/^[{[]/.test(text.slice(position.value.start))) {
    throw new Error(`“${section}” is written in braces; write it as indented lines, and it can be added to.`)
  }
  const end = endOfBlock(text, position.value.end)
  const before = text.slice(0, end)
  const glue = before.endsWith('\n') ? '' : '\n'
  return `${before}${glue}${block}\n${text.slice(end)}`
}

/**
 * Takes an entry out of a section, and nothing else.
 * @throws Error when it is not there in a form that can be taken out
 */
export function removeEntry(text: string, section: Section, name: string): string {
  const position = parseWorkspaceFile(text).locate([section, name])
  if (position?.key === undefined) throw new Error(`There is no “${name}” in ${section}.`)
  const start = text.lastIndexOf('\n', position.key.start) + 1
  if (text.slice(start, position.key.start).trim() !== '') {
    throw new Error(`“${name}” shares its line with other things; take it out by hand.`)
  }
  return text.slice(0, start) + text.slice(endOfBlock(text, position.value.end))
}

/** The start of the first line after what ends at `offset`; comments that trail on its line go with it. */
function endOfBlock(text: string, offset: number): number {
  // A block scalar's end is already behind its last line break.
  if (text[offset - 1] === '\n') return offset
  const newline = text.indexOf('\n', offset)
  return newline === -1 ? text.length : newline + 1
}

function indentOfEntries(text: string, firstEntry: number): number {
  const column = firstEntry - (text.lastIndexOf('\n', firstEntry - 1) + 1)
  const isOwnLine = text.slice(firstEntry - column, firstEntry).trim() === ''
  return isOwnLine && column > 0 ? column : 2
}
