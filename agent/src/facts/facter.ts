import { runToEnd } from '../execution/program.ts'
import { readPrinted } from './factDirectory.ts'
import type { FactSource } from './factSource.ts'

/** Where Puppet's own packages put facter: on the path of people who log in, and of no service. */
const puppetPrograms = '/opt/puppetlabs/bin'

/** Facter, or whatever `facter_cmd` names: a shell command that prints JSON or YAML. */
export function createFacter(command: string, o: { shell: string; timeoutMs: number }): FactSource {
  return {
    name: 'facter',
    withinMs: o.timeoutMs + 5_000,
    async read() {
      const options = { timeoutMs: o.timeoutMs, alsoIn: [puppetPrograms] }
      return readPrinted(await runToEnd(o.shell, ['-c', command], options))
    },
  }
}
