import { randomUUID } from 'node:crypto'
import type { Chunk } from '../../../src/protocol/frames.ts'
import { baseEnvironment } from './baseEnvironment.ts'
import { ProcessGroup } from './processGroup.ts'

/** Output beyond this is an accident, bytes. */
const maxOutputBytes = 8 * 1024 * 1024

/**
 * Runs one of the agent's own auxiliary programs to its end and returns its standard output.
 * @throws Error in words when it fails, takes longer than `timeoutMs` or prints too much
 */
export async function runProgram(
  file: string,
  args: readonly string[],
  o: { timeoutMs: number },
): Promise<string> {
  const output: Chunk[] = []
  let bytes = 0
  let trouble: string | undefined
  const stop = async (why: string) => {
    trouble ??= why
    await group.stop(1000)
  }
  const group = await ProcessGroup.start(
    { file, args, directory: '/', environment: baseEnvironment() },
    randomUUID(),
    (chunk) => {
      bytes += chunk.bytes.length
      if (bytes <= maxOutputBytes) output.push(chunk)
      else if (trouble === undefined) void stop(`printed more than ${maxOutputBytes} bytes`)
    },
  )
  const timer = setTimeout(
    () => void stop(`did not end within ${o.timeoutMs / 1000} s and was stopped`),
    o.timeoutMs,
  )
  const ending = await group.ended
  clearTimeout(timer)
  if (trouble !== undefined) throw new Error(trouble)
  if (ending.kind === 'signalled') throw new Error(`was ended by ${ending.signal}`)
  if (ending.code !== 0) throw new Error(`exit code ${ending.code}${firstLineOf(output)}`)
  return textOf(output, 1)
}

function firstLineOf(output: readonly Chunk[]): string {
  const [line] = textOf(output, 2).trim().split('\n')
  return line === undefined || line === '' ? '' : `: ${line.slice(0, 200)}`
}

function textOf(output: readonly Chunk[], stream: 1 | 2): string {
  return Buffer.concat(output.filter((chunk) => chunk.stream === stream).map(({ bytes }) => bytes)).toString(
    'utf8',
  )
}
