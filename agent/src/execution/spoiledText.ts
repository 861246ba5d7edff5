import { basename } from 'node:path'

const byteOrderMark = 'it begins with a byte order mark (BOM). Save it as UTF-8 without BOM'
const utf16 = 'it is UTF-16 text. Save it as UTF-8 without BOM'
const binary =
  'its first line contains NUL characters, so it is a program or UTF-16 text. Send a script in UTF-8'
const windowsLines =
  'its lines end as on Windows (CRLF), and a shell would take each carriage return for text. Save it with LF line ends'

/**
 * Why a script would not do what its author sees, because an editor or a version control system has changed its bytes; in a
 * sentence without its end. Undefined where there is nothing of that kind.
 * @param interpreter that the command asks for; with it the `#!` line is a comment
 * @param shell that runs a script without a `#!` line
 */
export function spoiledScript(
  content: Uint8Array,
  interpreter: string | undefined,
  shell: string,
): string | undefined {
  // Characters as bytes.
  const text = Buffer.from(content).toString('latin1')
  if (text.startsWith('\xff\xfe') || text.startsWith('\xfe\xff')) return utf16
  const named = interpreter?.trim().split(/\s+/)
  // Other interpreters know what their files look like: PowerShell and Python take a byte order mark, and any line ends.
  if (named !== undefined && !named.some(isShell)) return undefined
  if (text.startsWith('\xef\xbb\xbf')) return byteOrderMark
  const end = text.indexOf('\n')
  const firstLine = end === -1 ? text : text.slice(0, end)
  if (firstLine.includes('\0')) return binary
  if (named !== undefined) return spoiledLines(text)
  if (!text.startsWith('#!')) return misplacedShebang(text, shell) ?? spoiledLines(text)
  if (firstLine.includes('\r')) return windowsLines
  return firstLine.slice(2).split(/\s/).some(isShell) ? spoiledLines(text) : undefined
}

/** The same for a command, which a shell reads. */
export function spoiledCommand(command: string): string | undefined {
  return command.startsWith('\ufeff') ? byteOrderMark : spoiledLines(command)
}

function spoiledLines(text: string): string | undefined {
  return hasWindowsLines(text) ? windowsLines : undefined
}

/**
 * Of text for a shell. Lines of a here-document may end as they like; where there may be one, the first line tells. A carriage
 * return within a line is text.
 */
function hasWindowsLines(text: string): boolean {
  const first = text.indexOf('\n')
  if (text[first - 1] === '\r') return true
  return !text.includes('<<') && /\r(?:\n|$)/.test(text)
}

/** With blanks or empty lines before it, a `#!` line is a comment. */
function misplacedShebang(text: string, shell: string): string | undefined {
  const [, program, argument] = /^\s+#![ \t]*(\S+)(?:[ \t]+(\S+))?/.exec(text) ?? []
  if (program === undefined) return undefined
  const meant = basename(program) === 'env' && argument !== undefined ? argument : program
  if (basename(meant) === basename(shell)) return undefined
  return `its #! line is not at its very beginning, so ${shell} would run it. Remove the blanks and empty lines before #!`
}

function isShell(word: string): boolean {
  return /^(?:a|ba|c|da|fi|k|mk|ok|pdk|rba|tc|ya|z)?sh$/.test(basename(word))
}
