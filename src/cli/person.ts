import { createInterface } from 'node:readline/promises'
import type { Interrupts } from './interrupts.ts'

/** The person at the terminal, if there is one. */
export interface Person {
  readonly isThere: boolean
  /** Shows text on standard error: standard output is for replies. */
  tell(text: string): void
  /** The typed answer; an empty string when the input ends or is interrupted. */
  ask(question: string): Promise<string>
}

export function personAtTerminal({ signal, raise }: Pick<Interrupts, 'signal' | 'raise'>): Person {
  return {
    isThere: process.stdin.isTTY === true,
    tell: (text) => console.error(text),
    ask(question) {
      const terminal = createInterface({ input: process.stdin, output: process.stderr })
      return new Promise<string>((resolve) => {
        terminal.once('close', () => resolve(''))
        // Here the terminal passes Ctrl-C as a key.
        terminal.once('SIGINT', () => raise('SIGINT'))
        terminal.question(question, { signal }).then(resolve, () => resolve(''))
      }).finally(() => terminal.close())
    },
  }
}
