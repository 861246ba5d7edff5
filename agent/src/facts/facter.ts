import { runProgram } from '../execution/program.ts'
import type { FactSource } from './factReader.ts'
import { parseFactOutput } from './factText.ts'

/** Facter, or whatever `facter_cmd` names: a shell command that prints JSON or YAML. */
export function createFacter(command: string, o: { shell: string; timeoutMs: number }): FactSource {
  return {
    name: 'facter',
    async read() {
      return parseFactOutput(await runProgram(o.shell, ['-c', command], { timeoutMs: o.timeoutMs }))
    },
  }
}
