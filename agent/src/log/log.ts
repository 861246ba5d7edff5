import { deceptiveInOutput } from '../../../src/text/visibleText.ts'

/** From most to least. */
const levels = ['debug', 'info', 'warn', 'error'] as const

export type LogLevel = (typeof levels)[number]

export interface Log {
  debug(sentence: string): void
  info(sentence: string): void
  warn(sentence: string): void
  error(sentence: string): void
  setLevel(level: LogLevel): void
}

/** One line per entry: time in UTC, level, sentence. What came from outside cannot forge lines of its own. */
export function createLog(
  level: LogLevel,
  write: (line: string, level: LogLevel) => void,
  now: () => number,
): Log {
  let threshold = levels.indexOf(level)
  const entry = (entryLevel: LogLevel) => (sentence: string) => {
    if (levels.indexOf(entryLevel) < threshold) return
    write(
      `${new Date(now()).toISOString()} ${entryLevel.toUpperCase().padEnd(5)} ${onOneLine(sentence)}\n`,
      entryLevel,
    )
  }
  return {
    debug: entry('debug'),
    info: entry('info'),
    warn: entry('warn'),
    error: entry('error'),
    setLevel(next) {
      threshold = levels.indexOf(next)
    },
  }
}

/** The message of whatever was thrown, for a log line. */
export function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}

/** Also reading directions, and what nobody sees: a log is read in terminals. */
const strange = new RegExp(`[${deceptiveInOutput}\\t]`, 'gu')

function onOneLine(text: string): string {
  return text.replace(strange, (character) => {
    if (character === '\n') return ' | '
    const code = (character.codePointAt(0) ?? 0).toString(16)
    return character.length === 1 ? `\\u${code.padStart(4, '0')}` : `\\u{${code}}`
  })
}
