import { createCipheriv, createHash } from 'node:crypto'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Facts } from '../../src/protocol/facts.ts'
import type { Environment } from '../../src/queues/environment.ts'

/** What an agent of the soak finds in the directory that is its commands' `TMPDIR`. */
export interface AgentFiles {
  readonly agentId: string
  readonly number: number
  readonly home: string
  /** Gathers the side effects of its commands. */
  readonly directory: string
  readonly configFile: string
  readonly logFile: string
  readonly auditLog: string
  /** What filters of the soak can ask for: of its own facts, and of those that every agent has. */
  readonly facts: Facts
  /** Lines that are like no other agent's. */
  readonly text: Buffer
  /** Bytes that do not compress. */
  readonly random: Buffer
}

const sizeBytes = 1_000_000

export function agentIdOf(number: number): string {
  return `i-${number.toString(16).padStart(17, '0')}`
}

/** Writes configuration, facts and the files that commands print, beneath `directory`. */
export async function writeAgentFiles(
  directory: string,
  number: number,
  environment: Environment,
): Promise<AgentFiles> {
  const name = `agent-${String(number).padStart(2, '0')}`
  const home = join(directory, name)
  const agentId = agentIdOf(number)
  const own = join(home, 'own')
  await mkdir(own, { recursive: true })
  const text = Buffer.from(
    Array.from({ length: sizeBytes / 40 }, (_, n) => `${name} says line ${n} of its text\n`).join(''),
  ).subarray(0, sizeBytes)
  const key = createHash('sha256').update(name).digest()
  const random = createCipheriv('aes-256-ctr', key, Buffer.alloc(16)).update(Buffer.alloc(sizeBytes))
  await writeFile(join(own, 'number'), `${number}\n`)
  await writeFile(join(own, 'text'), text)
  await writeFile(join(own, 'random'), random)
  const ownFacts = { role: number % 3 === 0 ? 'db' : 'web', number }
  await writeFile(join(home, 'facts.json'), JSON.stringify(ownFacts))
  const facts = { ...ownFacts, hostname: name, agent: { id: agentId, environment: environment.name } }
  const configFile = join(home, 'ec2-cagent.json')
  const [auditLog, logFile] = [join(home, 'audit.log'), join(home, 'agent.log')]
  const { queues } = environment
  const configuration = {
    general: {
      ...{ agent_id: agentId, hostname: name, environment: environment.name, log_level: 'INFO' },
      ...{
        state_dir: join(home, 'state'),
        audit_log: auditLog,
        kill_grace: 1,
        max_parallel: 4,
      },
    },
    facts: {
      facts_path: [join(home, 'facts.json')],
      programs: join(home, 'none'),
      interval: 5,
      ec2_metadata: 'never',
    },
    aws: {
      ...{ region: environment.region, endpoint: environment.endpoint },
      ...{ sqs_read_queue: queues.commands, sqs_write_queue: queues.replies },
      sqs_facts_queue: queues.facts,
    },
  }
  await writeFile(configFile, JSON.stringify(configuration, undefined, 2))
  return { agentId, number, home, directory: own, configFile, logFile, auditLog, facts, text, random }
}
