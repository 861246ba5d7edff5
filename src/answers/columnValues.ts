import { type Facts, factAt, printFact } from '../protocol/facts.ts'
import { LocalizableError, say } from '../text/localizable.ts'
import { type Column, columnText } from './column.ts'
import { type Capture, captureLimits, compileCapture } from './linearExpression.ts'

/** What an output says in one column: the first line that says something counts. */
export type OutputColumn = Exclude<Column, { kind: 'value' | 'fact' }>

export function isOutputColumn(column: Column): column is OutputColumn {
  return column.kind === 'capture' || column.kind === 'json' || column.kind === 'key'
}

/** Called after each line, to let others work meanwhile. */
export type Breathe = () => void | Promise<void>

/**
 * Makes what reads these columns from an output, by their texts; columns that it does not have are left out.
 * @throws LocalizableError when the expression of a capture, or a path, is not valid
 */
export function columnReader(
  columns: readonly OutputColumn[],
): (lines: readonly string[], breathe: Breathe) => Promise<Map<string, string>> {
  const readers = columns.map((column) => ({ text: columnText(column), capture: captureOf(column) }))
  const paths = columns.flatMap((column) =>
    column.kind === 'json' ? [{ text: columnText(column), steps: stepsOf(column.path) }] : [],
  )
  return async (lines, breathe) => {
    const found = new Map<string, string>()
    if (paths.length > 0) readJson(lines, paths, found)
    for (const { text, capture } of readers) {
      if (capture === undefined) continue
      for (const line of lines) {
        const value = capture.in(line)
        if (value !== undefined) {
          found.set(text, value)
          break
        }
        await breathe()
      }
    }
    return found
  }
}

/** The fact of an agent as text. */
export function factValue(facts: Facts | undefined, path: string): string | undefined {
  const fact = factAt(facts ?? {}, path.split('.'))
  return fact === undefined ? undefined : printFact(fact)
}

function captureOf(column: OutputColumn): Capture | undefined {
  if (column.kind === 'capture') return compileCapture(column.expression)
  return column.kind === 'key' ? keyCapture(column.name) : undefined
}

/** `name=value`, `name="a value"` anywhere in a line; `name: a value` and `name = a value` at the beginning of one. */
function keyCapture(name: string): Capture {
  if (name === '') throw new LocalizableError(say('Write which key: {0}', 'key:state'))
  const escaped = name.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&')
  const own = new RegExp(`^\\s*(?:export )?["']?${escaped}["']?\\s*[:=]\\s+(.+)$`, 'u')
  const within = new RegExp(`(?<![\\p{L}\\p{N}_.-])${escaped}=(?:"([^"]*)"|'([^']*)'|([^\\s,;]*))`, 'u')
  return {
    in(line) {
      const head = line.slice(0, captureLimits.line)
      const match = own.exec(head) ?? within.exec(head)
      const value = match?.[1] ?? match?.[2] ?? match?.[3]
      return value?.trim().replace(/^(["'])(.*)\1,?$/, '$2')
    },
  }
}

type Step = string | number

/** `disks[0]."free space".bytes` */
function stepsOf(path: string): Step[] {
  const steps: Step[] = []
  const step = /(?:^|\.)(?:"((?:[^"\\]|\\.){1,200})"|([^.[\]"]+))|\[(\d{1,9})\]/y
  while (step.lastIndex < path.length) {
    const at = step.lastIndex
    const match = step.exec(path)
    if (match === null || match[0] === '')
      throw new LocalizableError(
        say('“{0}” is not a path in JSON, such as {1}.', path.slice(at), 'disks[0].free'),
      )
    steps.push(match[3] === undefined ? ((match[1] ?? match[2]) as string) : Number(match[3]))
  }
  if (steps.length === 0) throw new LocalizableError(say('Write which path: {0}', 'json:disks[0].free'))
  return steps
}

function readJson(
  lines: readonly string[],
  paths: readonly { readonly text: string; readonly steps: readonly Step[] }[],
  found: Map<string, string>,
): void {
  const whole = parsed(lines.join('\n'))
  const values = whole === undefined ? lines.filter((line) => /^\s*[[{]/.test(line)).map(parsed) : [whole]
  for (const { text, steps } of paths)
    for (const value of values) {
      const at = steps.reduce<unknown>(childOf, value)
      if (at === undefined) continue
      found.set(text, typeof at === 'string' ? at : JSON.stringify(at))
      break
    }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** Only own keys count. */
function childOf(value: unknown, step: Step): unknown {
  if (typeof value !== 'object' || value === null) return undefined
  if (Array.isArray(value)) return typeof step === 'number' ? value[step] : undefined
  return Object.hasOwn(value, step) ? (value as Record<string, unknown>)[step] : undefined
}
