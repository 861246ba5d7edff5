/**
 * A table found in an output. `before`, `header`, `rows` and `after` are the lines of the output, in this order, taken
 * apart: the parts of a line put together are the line, so nothing is lost.
 */
export interface Table {
  readonly before: readonly string[]
  /** Names of the columns, all different; empty for the labels of rows (`free`), a number where there is no header. */
  readonly columns: readonly string[]
  /** The header's line in parts; undefined for a table without one. */
  readonly header: readonly string[] | undefined
  readonly rows: readonly (readonly string[])[]
  readonly after: readonly string[]
}

/** The value in a cell, without the blanks and borders around it. */
export function cellText(part: string | undefined): string {
  const cell = (part ?? '').replace(/^[\s|│●○×*]+/u, '')
  let end = cell.length
  while (end > 0 && /[\s|│]/u.test(cell[end - 1] as string)) end -= 1
  return cell.slice(0, end)
}

/** Puts the lines together again. */
export function tableLines({ before, header, rows, after }: Table): string[] {
  const lines = rows.map((parts) => parts.join(''))
  return [...before, ...(header === undefined ? [] : [header.join('')]), ...lines, ...after]
}

/** What of an output is looked at: longer lines or wider tables are text. */
export const tableLimits = { rows: 10_000, columns: 60, lineCharacters: 4096 }

/**
 * The table in the lines of an output; undefined where there is none for sure: a wrong table is worse than none.
 *
 * Looked for are, in this order: columns between `|` or tabs, with or without a frame; columns under a ruler (`dpkg -l`);
 * columns under a header, with blanks between them in all lines; rows that have as many words as the header.
 */
export function findTable(lines: readonly string[]): Table | undefined {
  if (lines.some((line) => line.length > tableLimits.lineCharacters)) return undefined
  return (
    separatedTable(lines, /[|│]/u) ?? separatedTable(lines, /\t/) ?? ruledTable(lines) ?? headedTable(lines)
  )
}

/** Two expressions, each in linear time: one for both would try all ways to share the line between its parts. */
function isFrameLine(line: string): boolean {
  return /^[\s+|│┌┐└┘├┤┬┴┼─═╞╡╪=-]+$/u.test(line) && /[+─═=-]{2}/u.test(line)
}

/** `a | b | c` in each line, as `psql`, `mysql` and Markdown have it, and columns between tabs. */
function separatedTable(lines: readonly string[], separator: RegExp): Table | undefined {
  const isTabs = separator.source.includes('t')
  const isRow = (line: string) => separator.test(line) && !isFrameLine(line)
  const isFrame = (line: string) => !isTabs && isFrameLine(line)
  const first = lines.findIndex(isRow)
  if (first < 0) return undefined
  let last = first
  while (last + 1 < lines.length && (isRow(lines[last + 1] as string) || isFrame(lines[last + 1] as string)))
    last += 1
  const body = lines.slice(first, last + 1).filter(isRow)
  const parts = body.map((line) => splitBefore(line, separator))
  const width = parts[0]?.length ?? 0
  if (width < 2 || width > tableLimits.columns || parts.some(({ length }) => length !== width))
    return undefined
  if (body.length < 2 || parts.some((row) => row.slice(0, -1).some(hasSeveralColumns))) return undefined
  // Tabs in some lines only are no table: there nothing else says that these belong together.
  if (isTabs && last - first + 1 < lines.filter((line) => line.trim() !== '').length) return undefined
  // The frames are put back as they were, before and after: within the table they would be rows.
  const frames = lines.slice(first, last + 1).some(isFrame)
  const hasHeader = isTabs ? looksLikeHeader(parts) : true
  if (!hasHeader) return withoutHeader(lines.slice(0, first), parts, lines.slice(last + 1))
  if (frames && !isOneFrameAfterHeader(lines.slice(first, last + 1))) return undefined
  const [header = [], ...rows] = frames ? withFrame(lines.slice(first, last + 1), separator) : parts
  return tableOf(lines.slice(0, first), header, rows, lines.slice(last + 1))
}

function splitBefore(line: string, separator: RegExp): string[] {
  return line.split(new RegExp(`(?=${separator.source})`, 'u'))
}

/** Frames may stand before and after the table, and one between header and rows. */
function isOneFrameAfterHeader(lines: readonly string[]): boolean {
  const inner = lines.map((line, index) => (isFrameLine(line) ? index : -1)).filter((index) => index >= 0)
  return inner.every((index) => index === 1 || index === lines.length - 1)
}

/** The frame under the header is kept as a part of it, and the last one as a part of the last row. */
function withFrame(lines: readonly string[], separator: RegExp): string[][] {
  const rows: string[][] = []
  for (const line of lines) {
    const previous = rows.at(-1)
    if (isFrameLine(line) && previous !== undefined) previous.push(`\n${line}`)
    else rows.push(splitBefore(line, separator))
  }
  return rows
}

/** `+++-======-======` or `---- ----`: where its marks change, a column begins. */
function ruledTable(lines: readonly string[]): Table | undefined {
  const at = lines.findIndex(
    (line) => /^[-=+ ]+$/.test(line) && /^[+ ]*[-=]{3}/.test(line) && /[-=]{2,}[ +-][-=]{2,}/.test(line),
  )
  const ruler = lines[at]
  const header = lines[at - 1]
  if (ruler === undefined || header === undefined) return undefined
  const mark = ruler.includes('=') ? '=' : '-'
  const starts = [...ruler.matchAll(new RegExp(`${mark}{2,}`, 'g'))].map(({ index }) => index)
  const end = endOfBlock(lines, at + 1)
  const block = lines.slice(at + 1, end)
  const columns = [0, ...starts.slice(starts[0] === 0 ? 1 : 0)]
  if (block.length === 0 || columns.length < 2 || !block.every((line) => breaksAt(line, columns)))
    return undefined
  const rows = block.map((line) => cut(line, columns))
  const [first = '', ...others] = cut(header, columns)
  return tableOf(lines.slice(0, at - 1), [first, ...others, `\n${ruler}`], rows, lines.slice(end))
}

/** Whether no word of the line runs over the beginning of a column. */
function breaksAt(line: string, starts: readonly number[]): boolean {
  return starts.every((start) => start === 0 || start >= line.length || /\s/.test(line[start - 1] as string))
}

/** Of a summary above the table, such as `top` has it. */
const maxLinesBefore = 10

function headedTable(lines: readonly string[]): Table | undefined {
  for (let at = 0; at < Math.min(lines.length - 1, maxLinesBefore); at += 1) {
    const header = lines[at] as string
    if (!isHeader(header)) continue
    const end = endOfBlock(lines, at + 1)
    const block = lines.slice(at + 1, end)
    if (block.length === 0) continue
    const starts = columnStarts([header, ...block])
    const rows = starts === undefined ? wordRows(header, block) : block.map((line) => cut(line, starts))
    const names = starts === undefined ? words(header) : cut(header, starts)
    if (rows === undefined) continue
    const table = tableOf(lines.slice(0, at), names, rows, lines.slice(end))
    if (table !== undefined) return table
  }
  return undefined
}

/** Two names or more, in capitals or with room between them; no sentence, no value and no `key:` among them. */
function isHeader(line: string): boolean {
  const names = words(line).map((name) => name.trim())
  if (names.length < 2 || names.length > tableLimits.columns || /[.;,]\s*$/.test(line)) return false
  if (!names.every((name) => /^[%#]?[\p{L}][^|=\d]*$/u.test(name) && !name.endsWith(':'))) return false
  const capitals = names.filter((name) => /^[%#]?\p{Lu}/u.test(name)).length
  return capitals >= names.length - 1 || /\S\s{2,}\S/.test(line.trim())
}

/** The first column, of the labels of rows, has no name: `free`. */
function isLabelled(header: string): boolean {
  return /^\s{4,}\S/.test(header)
}

function endOfBlock(lines: readonly string[], from: number): number {
  const blank = lines.findIndex((line, index) => index >= from && line.trim() === '')
  return blank < 0 ? lines.length : blank
}

/** Where columns begin: at places where all lines have blanks, if each column has a name then. */
function columnStarts(lines: readonly string[]): readonly number[] | undefined {
  const [header = '', ...rows] = lines
  const width = Math.max(...lines.map(({ length }) => length))
  const isBlank = Array.from({ length: width }, (_, at) => lines.every((line) => (line[at] ?? ' ') === ' '))
  const starts = isBlank.flatMap((blank, at) => (!blank && (at === 0 || isBlank[at - 1]) ? [at] : []))
  const named: number[] = []
  starts.forEach((start, index) => {
    const next = starts[index + 1]
    const hasName = header.slice(start, next).trim() !== ''
    const hasValues = rows.some((row) => row.slice(start, next).trim() !== '')
    // "Mounted on": a name of two words, or text of several words under one name.
    if (index === 0 || (hasName && hasValues)) named.push(start)
  })
  if (named.length < 2 || named.length > tableLimits.columns) return undefined
  const [first, ...others] = named
  if (first === undefined) return undefined
  const cells = cut(header, [0, ...others]).map((cell) => cell.trim())
  // Several names over one column: the blanks of the rows do not say where the columns are.
  // One name beside labels without one may as well be a sentence with a footer.
  if (cells.filter((cell) => cell !== '').length < 2) return undefined
  const isClear =
    cells.every((cell, index) => cell !== '' || (index === 0 && rows.every((row) => /^\S/.test(row)))) &&
    lines.every(
      (line) =>
        !cut(line, [0, ...others])
          .slice(0, -1)
          .some(hasSeveralColumns),
    )
  return isClear ? [0, ...others] : undefined
}

function hasSeveralColumns(cell: string): boolean {
  return /\S\s{2,}\S/.test(cellText(cell))
}

/** Rows with as many words as the header has names; the last takes the rest of the line. */
function wordRows(header: string, block: readonly string[]): string[][] | undefined {
  const names = words(header).map((name) => name.trim())
  const count = names.length
  if (new Set(names).size < count || isLabelled(header)) return undefined
  const rows = block.map((line) => {
    const parts = words(line)
    return parts.length <= count ? parts : [...parts.slice(0, count - 1), parts.slice(count - 1).join('')]
  })
  return rows.every(({ length }) => length === count) ? rows : undefined
}

/** Words with the blanks after them; blanks before the first belong to it. */
function words(line: string): string[] {
  return line.match(/^\s*\S+\s*|\S+\s*/g) ?? []
}

function cut(line: string, starts: readonly number[]): string[] {
  return starts.map((start, index) => line.slice(start, starts[index + 1]))
}

function looksLikeHeader(parts: readonly (readonly string[])[]): boolean {
  const [header = [], ...rows] = parts
  const isName = (part: string) => /^\s*[\p{L}%#_][^\d]*\s*$/u.test(part)
  return header.every(isName) && rows.some((row) => row.some((part) => !isName(part)))
}

function withoutHeader(
  before: readonly string[],
  rows: readonly string[][],
  after: readonly string[],
): Table {
  const columns = (rows[0] ?? []).map((_, index) => String(index + 1))
  return { before, columns, header: undefined, rows, after }
}

function tableOf(
  before: readonly string[],
  header: readonly string[],
  rows: readonly string[][],
  after: readonly string[],
): Table | undefined {
  if (rows.length > tableLimits.rows) return undefined
  const names = header.filter((part) => !part.startsWith('\n')).map(cellText)
  const used = new Set<string>()
  const columns = names.map((name) => {
    let unique = name
    for (let number = 2; used.has(unique); number += 1) unique = `${name} ${number}`
    used.add(unique)
    return unique
  })
  return { before, columns, header, rows, after }
}
