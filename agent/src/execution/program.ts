import { randomUUID } from 'node:crypto'
import type { Chunk } from '../../../src/protocol/frames.ts'
import { baseEnvironment } from './baseEnvironment.ts'
import { ProcessGroup } from './processGroup.ts'

/** Most output of a program, bytes. */
const maxOutputBytes = 8 * 1024 * 1024

/** How an auxiliary program ended by itself. */
export interface ProgramEnd {
  readonly exitCode: number
  readonly stdout: Buffer
  /** The first line of its standard error; empty when it has none. */
  readonly complaint: string
}

export interface ProgramOptions {
  readonly timeoutMs: number
  /** Directories that are searched for programs after those of `PATH`. */
  readonly alsoIn?: readonly string[]
}

/**
 * Runs one of the agent's own auxiliary programs to its end and returns its standard output.
 * @throws Error in words when it fails, takes longer than `timeoutMs` or prints too much
 */
export async function runProgram(
  file: string,
  args: readonly string[],
  options: ProgramOptions,
): Promise<string> {
  const { exitCode, stdout, complaint } = await runToEnd(file, args, options)
  if (exitCode !== 0) throw new Error(describeFailure(exitCode, complaint))
  return stdout.toString('utf8')
}

/** `exit code 1: what it complained of` */
export function describeFailure(exitCode: number, complaint: string): string {
  return `exit code ${exitCode}${complaint === '' ? '' : `: ${complaint}`}`
}

/**
 * The same for programs whose output counts whatever their exit code is.
 * @throws Error in words when it is ended by a signal, takes longer than `timeoutMs` or prints too much
 */
export async function runToEnd(
  file: string,
  args: readonly string[],
  o: ProgramOptions,
): Promise<ProgramEnd> {
  const output: Chunk[] = []
  let bytes = 0
  let trouble: string | undefined
  const stop = async (why: string) => {
    trouble ??= why
    await group.stop(1000)
  }
  const group = await ProcessGroup.start(
    { file, args, directory: '/', environment: environmentWith(o.alsoIn ?? []) },
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
  const [complaint = ''] = bytesOf(output, 2).toString('utf8').trim().split('\n')
  return { exitCode: ending.code, stdout: bytesOf(output, 1), complaint: complaint.slice(0, 200) }
}

function environmentWith(directories: readonly string[]): Record<string, string> {
  const environment = baseEnvironment()
  return { ...environment, PATH: [environment.PATH, ...directories].join(':') }
}

function bytesOf(output: readonly Chunk[], stream: 1 | 2): Buffer {
  return Buffer.concat(output.filter((chunk) => chunk.stream === stream).map(({ bytes }) => bytes))
}
