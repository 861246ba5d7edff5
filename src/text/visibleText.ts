/**
 * Text of others (commands, names, reasons) as a person must see it before they act on it: nothing in it is invisible, moves
 * other text, or changes the order in which it is read. Each such character stands as its code, as in `<U+202E>`, and
 * many in a row as `<U+2800 × 60>`. Letters of scripts that are written from right to left are among them: beside each other
 * they reorder what is between, without any control character. Line feeds and tabs stay; more than 16 of them, or of spaces, in
 * a row, also mixed, push the rest out of sight and are counted.
 */
export function visibleText(text: string): string {
  return text.replace(deceptiveRuns, (run, hidden: string | undefined) => {
    if (hidden === undefined) return countedBlanks(run)
    const count = run.length / hidden.length
    return count === 1 ? `<${codePointName(hidden)}>` : `<${codePointName(hidden)} × ${count}>`
  })
}

/** What follows empty lines stays a line of its own. */
function countedBlanks(run: string): string {
  const kinds = [...new Set(run)].map(codePointName).join(' ')
  return `<${kinds} × ${run.length}>${run.endsWith('\n') ? '\n' : ''}`
}

/** The same in one line, for a log, a row or a notification: a text of others makes no lines of its own. */
export function visibleLine(text: string): string {
  // Blanks are at most 16 in a row by then, so that this takes linear time.
  return visibleText(text.replaceAll('\r\n', '\n')).replaceAll(/\s*\n\s*/g, ' ')
}

/** As in `U+202E`. */
export function codePointName(character: string): string {
  return `U+${(character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')}`
}

/** The marks that change the reading direction of text, for the inside of a character class. */
const turningMarks = '\\u061c\\u200e\\u200f\\u202a-\\u202e\\u2066-\\u2069'

/**
 * What deceives the eye also in the output of a server, for the inside of a character class of a regular expression with the
 * flag `u`: bidirectional controls, zero-width and other format characters, line separators, tags, and control characters but
 * the tab. The joiners U+200C and U+200D are not among them: scripts and emoji need them, and they turn nothing round.
 */
export const deceptiveInOutput = `\\u0000-\\u0008\\u000a-\\u001f\\u007f-\\u009f\\u00ad\\u180e\\u200b\\u2028\\u2029\\u2060-\\u2065\\u206a-\\u206f\\ufeff\\ufff9-\\ufffb\\u{e0000}-\\u{e007f}${turningMarks}`

/** Unassigned, private and half characters may look like anything, or like nothing. Blank: braille without dots. */
const deceptive = [
  '(?![\\n\\t ])[\\p{C}\\p{Z}\\p{Default_Ignorable_Code_Point}\\u2800]',
  // Right-to-left by default, assigned or not: Unicode, Bidi_Class R and AL.
  '[\\u0590-\\u08ff\\ufb1d-\\ufdff\\ufe70-\\ufeff\\u{10800}-\\u{10fff}\\u{1e800}-\\u{1efff}]',
].join('|')

/** In a row. */
const mostBlanks = 16

/** Blanks within a line, or empty lines, more than {@link mostBlanks}. */
const manyBlanks = `[ \\t]{${mostBlanks + 1},}|\\n(?:[ \\t]*\\n){${mostBlanks},}`

const deceptiveRuns = new RegExp(`(${deceptive})\\1*|${manyBlanks}`, 'gu')
