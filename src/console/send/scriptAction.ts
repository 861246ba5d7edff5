import path from 'node:path'
import type { RunRequest } from '../../run/runRequest.ts'
import type { Translate } from '../../text/translate.ts'

type ScriptAction = Extract<RunRequest['action'], { kind: 'script' }>

export interface ScriptSource {
  /** File name or path; only its last part is sent. */
  readonly name: string
  /** The script, byte for byte. */
  readonly content: Uint8Array
  readonly args: readonly string[]
  /** Takes precedence over the `#!` line and the language. */
  readonly interpreter?: string | undefined
  /** Language in VS Code, for scripts without a `#!` line. */
  readonly languageId?: string | undefined
  /** First line of the file, if the script is a part of it that does not include that line. */
  readonly firstLineOfFile?: string | undefined
}

/** The action that runs a script: with its own `#!` line if it has one, as on the server itself. */
export function scriptAction(source: ScriptSource): ScriptAction {
  const name = path.basename(source.name).replace(/\p{C}/gu, '').slice(0, 255) || 'script'
  const interpreter = source.interpreter ?? ownInterpreter(source)
  return {
    kind: 'script',
    name,
    content: Buffer.from(source.content).toString('base64'),
    args: [...source.args],
    ...(interpreter !== undefined && { interpreter }),
  }
}

/**
 * Splits a line of parameters like a shell, but expands nothing: quotes group, a backslash keeps the next character as
 * it is.
 * @throws Error when a quote is not closed
 */
export function splitArguments(line: string, t: Translate): string[] {
  const words: string[] = []
  let word: string | undefined
  let quote: string | undefined
  for (let index = 0; index < line.length; index++) {
    const character = line.charAt(index)
    if (quote !== undefined) {
      if (character === quote) quote = undefined
      else if (character === '\\' && quote === '"' && /["\\]/.test(line.charAt(index + 1)))
        word += line.charAt(++index)
      else word += character
    } else if (character === '"' || character === "'") {
      quote = character
      word ??= ''
    } else if (character === '\\' && index + 1 < line.length) {
      word = (word ?? '') + line.charAt(++index)
    } else if (/\s/.test(character)) {
      if (word !== undefined) words.push(word)
      word = undefined
    } else {
      word = (word ?? '') + character
    }
  }
  if (quote !== undefined) throw new Error(t('Missing closing quotation mark {0}.', quote))
  if (word !== undefined) words.push(word)
  return words
}

/** The program of a `#!` line, as in `/bin/bash`; for `#!/usr/bin/env python3`, the program that `env` looks up. */
export function shebangProgram(firstLine: string): string | undefined {
  const [program, ...rest] = /^#!\s*(.+)$/.exec(firstLine.trim())?.[1]?.split(/\s+/) ?? []
  if (program === undefined || !/(^|\/)env$/.test(program)) return program
  return rest.find((word) => !word.startsWith('-') && !word.includes('='))
}

/** The interpreters of languages of VS Code; for shell scripts, the default shell of the agent. */
const programs: Readonly<Record<string, string>> = {
  javascript: 'node',
  perl: 'perl',
  php: 'php',
  powershell: 'pwsh',
  python: 'python3',
  ruby: 'ruby',
}

function ownInterpreter({ content, languageId, firstLineOfFile }: ScriptSource): string | undefined {
  if (content[0] === 0x23 && content[1] === 0x21) return undefined
  const ofFile = firstLineOfFile === undefined ? undefined : shebangProgram(firstLineOfFile)
  return ofFile ?? (languageId === undefined ? undefined : programs[languageId])
}
