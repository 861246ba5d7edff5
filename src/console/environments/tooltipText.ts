import { visibleText } from '../../text/visibleText.ts'

/** A table in Markdown of names and foreign values. Rows without a value are left out. */
export function table(rows: readonly (readonly [string, string | undefined])[]): string {
  const lines = rows
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => `| ${name} | ${asText(value ?? '')} |`)
  return `| | |\n|---|---|\n${lines.join('\n')}\n`
}

/**
 * Host names, facts and reasons come from servers: in Markdown they are text only, not even links, and characters that cannot
 * be seen are shown by their codes.
 */
export function asText(text: string): string {
  return visibleText(text)
    .replace(/[!-/:-@[-`{-~]/g, '\\$&')
    .replace(/\s+/g, ' ')
}
