import { version } from '../../package.json'
import { profileRegions } from '../queues/awsProfile.ts'
import { giveHome } from '../queues/home.ts'
import { parseArguments } from './arguments.ts'
import { auditCommand } from './auditCompare.ts'
import { command } from './command.ts'
import { environmentOf } from './configuration.ts'
import { explain } from './explain.ts'
import { queuesCommand } from './queuesCommand.ts'
import { usage } from './usage.ts'

giveHome()

// The reader of our output has closed it, as `head` does: the queues are cleaned up, and the exit code is that of SIGPIPE.
let isReaderGone = false
process.stdout.on('error', () => {
  isReaderGone = true
})

// A closed terminal accepts no output; the work continues all the same.
process.stderr.on('error', () => {})

void main(process.argv.slice(2)).then((exitCode) => {
  process.exitCode = isReaderGone ? 141 : exitCode
})

async function main(argv: readonly string[]): Promise<number> {
  try {
    if (argv[0] === 'audit') return await auditCommand(argv.slice(1), (line) => console.log(line))
    if (argv[0] === 'queues') return await queuesCommand(argv.slice(1), (line) => console.log(line))
    const args = parseArguments(argv)
    if (args === 'help' || args === 'version') {
      console.log(args === 'help' ? usage : `ec2-cmaster ${version}`)
      return 0
    }
    return await command(args, environmentOf(args, process.env, process.cwd(), await profileRegions()))
  } catch (error) {
    return explain(error)
  }
}
