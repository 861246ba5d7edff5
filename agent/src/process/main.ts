import { giveHome } from '../../../src/queues/home.ts'
import { reasonOf } from '../log/log.ts'
import { readConfiguration } from '../settings/configuration.ts'
import { version } from '../settings/version.ts'
import { parseInvocation, usage } from './arguments.ts'
import { verifyAudit } from './auditCommand.ts'
import { checkAsService } from './check.ts'
import { printFacts } from './explainFacts.ts'
import { runPolicyCommand } from './policyCommand.ts'
import { restartWhenIdle } from './restartWhenIdle.ts'
import { serve } from './serve.ts'
import { UsageError } from './usageError.ts'

giveHome()

main(process.argv.slice(2)).then(
  (exitCode) => {
    // A handle that a command left open must not keep the process alive.
    process.exit(exitCode)
  },
  (error) => {
    process.stderr.write(`ec2-cagent: ${reasonOf(error)}\n`)
    process.exit(1)
  },
)

/** @returns the exit code */
async function main(argv: readonly string[]): Promise<number> {
  let invocation: ReturnType<typeof parseInvocation>
  try {
    invocation = parseInvocation(argv)
  } catch (error) {
    if (!(error instanceof UsageError)) throw error
    process.stderr.write(`ec2-cagent: ${error.message}\n\n${usage}`)
    return 2
  }
  switch (invocation.kind) {
    case 'help':
      process.stdout.write(usage)
      return 0
    case 'version':
      process.stdout.write(`ec2-cagent ${version}\n`)
      return 0
    case 'facts':
      return printFacts(invocation, (text) => process.stdout.write(text))
    case 'check':
      return checkAsService(invocation, argv, (text) => process.stdout.write(text))
    case 'check-configuration':
      await readConfiguration(invocation.configFile)
      return 0
    case 'audit-verify':
      return verifyAudit(invocation, (text) => process.stdout.write(text))
    case 'restart-when-idle':
      return restartWhenIdle(invocation, (text) => process.stdout.write(text))
    case 'policy-help':
    case 'policy-init':
    case 'policy-test':
      return runPolicyCommand(invocation, (text) => process.stdout.write(text))
    case 'serve':
      return serve(invocation)
  }
}
