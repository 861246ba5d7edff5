/**
 * Reads the text of an environment file as systemd does: `NAME=value` lines, with quotes, with comments, continued behind a
 * backslash. What is no assignment is left out, as there.
 */
export function parseEnvironmentFile(text: string): Map<string, string> {
  const variables = new Map<string, string>()
  const lines = text.replace(/\r\n/g, '\n').replace(/\\\n/g, '').split('\n')
  for (const line of lines) {
    const [, name, value] = /^\s*([A-Za-z_][A-Za-z0-9_]*)=(.*)$/.exec(line) ?? []
    if (name !== undefined && value !== undefined) variables.set(name, unquoted(value))
  }
  return variables
}

function unquoted(written: string): string {
  const text = written.trim()
  const single = /^'([^']*)'/.exec(text)?.[1]
  if (single !== undefined) return single
  const double = /^"((?:[^"\\]|\\.)*)"/.exec(text)?.[1]
  return (double ?? text).replace(/\\(.)/g, '$1')
}
