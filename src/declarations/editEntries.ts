import { dump } from 'js-yaml'
import { LocalizableError, say } from '../text/localizable.ts'
import { type Section, sections } from './sectionEntries.ts'
import { parseWorkspaceFile, type WorkspaceFile } from './workspaceFile.ts'

/**
 * Adds an entry at the end of a section, which is created if it is missing. Everything else in the text (comments, order,
 * line ends, the closing `...`) stays as it is.
 * @throws LocalizableError when that cannot be done safely, or an entry of this name exists: do not write the text then
 */
export function addEntry(text: string, section: Section, name: string, entry: object): string {
  const before = parseWorkspaceFile(text)
  if (before.names[section].includes(name))
    throw new LocalizableError(say('“{0}” already exists in {1}.', name, section))
  const [problem] = before.problems
  if (before.locate([]) === undefined && problem !== undefined) {
    throw new LocalizableError(say('Cannot add to the file. {0}', problem.message))
  }
  const lineEnd = /\r?\n/.exec(text)?.[0] ?? '\n'
  const position = before.locate([section])
  const indent = position === undefined ? 2 : indentOfEntries(text, position.value.start)
  const block = dump({ [name]: entry }, { indent: 2, lineWidth: -1 })
    .trimEnd()
    .split('\n')
    .map((line) => `${line === '' ? '' : ' '.repeat(indent)}${line}${lineEnd}`)
    .join('')
  if (position !== undefined && /^[{[]/.test(text.slice(position.value.start))) {
    throw new LocalizableError(
      say('Cannot add to “{0}”, because it is written in braces. Write it as indented lines.', section),
    )
  }
  const at = position === undefined ? endOfDocument(text) : endOfBlock(text, position.value.end)
  const [above, below] = [text.slice(0, at), text.slice(at)]
  const glue = above === '' || above.endsWith('\n') ? '' : lineEnd
  const heading = position === undefined ? `${above.trim() === '' ? '' : lineEnd}${section}:${lineEnd}` : ''
  const edited = `${above}${glue}${heading}${block}${below}`
  return checked(before, edited, section, [...before.names[section], name])
}

/**
 * Sets one key of a snippet, in place of an earlier value. Everything else in the text stays as it is.
 * @throws LocalizableError when that cannot be done safely
 */
export function setInSnippet(text: string, name: string, key: string, value: object): string {
  const before = parseWorkspaceFile(text)
  const entry = before.locate(['snippets', name])
  if (entry?.key === undefined) throw new LocalizableError(say('There is no “{0}” in {1}.', name, 'snippets'))
  if (/^[{*[]/.test(text.slice(entry.value.start))) {
    throw new LocalizableError(
      say('Cannot change “{0}”, because it is not written as indented lines. Change it by hand.', name),
    )
  }
  const lineEnd = /\r?\n/.exec(text)?.[0] ?? '\n'
  const indent = ' '.repeat(indentOfEntries(text, entry.value.start))
  const line = `${indent}${dump({ [key]: value }, { flowLevel: 1, lineWidth: -1 }).trimEnd()}${lineEnd}`
  const old = before.locate(['snippets', name, key])
  const end = endOfBlock(text, (old ?? entry).value.end)
  const start = old?.key === undefined ? end : text.lastIndexOf('\n', old.key.start) + 1
  const above = text.slice(0, start)
  const glue = above === '' || above.endsWith('\n') ? '' : lineEnd
  const edited = `${above}${glue}${line}${text.slice(end)}`
  const after = parseWorkspaceFile(checked(before, edited, 'snippets', before.names.snippets))
  const meant = before.snippets.map((snippet) =>
    snippet.name === name ? { ...snippet.declaration, [key]: value } : snippet.declaration,
  )
  const isAsMeant = meant.every((declaration, index) =>
    sameKeys(after.snippets[index]?.declaration, declaration),
  )
  if (!isAsMeant) throw new LocalizableError(say('Cannot change this file safely. Change it by hand.'))
  return edited
}

/** The same values, in whatever order the keys stand. */
function sameKeys(one: object | undefined, other: object): boolean {
  const inOrder = (value: object | undefined) =>
    Object.entries(value ?? {}).sort(([a], [b]) => (a < b ? -1 : 1))
  return same(inOrder(one), inOrder(other))
}

/**
 * Removes an entry from a section, and nothing else.
 * @throws LocalizableError when it does not exist in a form that can be removed
 */
export function removeEntry(text: string, section: Section, name: string): string {
  const before = parseWorkspaceFile(text)
  const position = before.locate([section, name])
  if (position?.key === undefined) throw new LocalizableError(say('There is no “{0}” in {1}.', name, section))
  const start = text.lastIndexOf('\n', position.key.start) + 1
  if (text.slice(start, position.key.start).trim() !== '') {
    throw new LocalizableError(
      say('Cannot remove “{0}”, because its line holds other things, too. Remove it by hand.', name),
    )
  }
  const edited = text.slice(0, start) + text.slice(endOfBlock(text, position.value.end))
  return checked(
    before,
    edited,
    section,
    before.names[section].filter((other) => other !== name),
  )
}

/** Checks that nothing else has changed: YAML has more forms than an edit of lines can handle. */
function checked(before: WorkspaceFile, edited: string, section: Section, names: readonly string[]): string {
  const after = parseWorkspaceFile(edited)
  const isAsMeant =
    same([...after.names[section]].sort(), [...names].sort()) &&
    sections.every((other) => other === section || same(after.names[other], before.names[other])) &&
    after.problems.length <= before.problems.length
  if (isAsMeant) return edited
  const reason = after.problems.find(
    ({ message }) => !before.problems.some((known) => same(known.message, message)),
  )
  throw new LocalizableError(
    reason === undefined
      ? say('Cannot change this file safely. Change it by hand.')
      : say('Cannot change this file safely. Change it by hand. {0}', reason.message),
  )
}

function same(a: unknown, b: unknown): boolean {
  return JSON.stringify(a) === JSON.stringify(b)
}

/** Before the `...` that closes the document, if there is one; it is only valid at the start of a line. */
function endOfDocument(text: string): number {
  const closing = /^\.\.\.(?=\s|$)/m.exec(text)
  return closing?.index ?? text.length
}

/** The start of the first line after a block that ends at `offset`; a comment at the end of its last line is part of it. */
function endOfBlock(text: string, offset: number): number {
  // The end of a block scalar is already after its last line break.
  if (text[offset - 1] === '\n') return offset
  const newline = text.indexOf('\n', offset)
  return newline === -1 ? text.length : newline + 1
}

function indentOfEntries(text: string, firstEntry: number): number {
  const column = firstEntry - (text.lastIndexOf('\n', firstEntry - 1) + 1)
  const isOwnLine = text.slice(firstEntry - column, firstEntry).trim() === ''
  return isOwnLine && column > 0 ? column : 2
}
