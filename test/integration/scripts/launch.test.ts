import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readFileSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { joinLocalFleet } from '../../../src/localFleet/client.ts'
import { until } from '../../support/until.ts'

interface Configuration {
  readonly name: string
  readonly type: string
  readonly program?: string
  readonly command?: string
  readonly args: readonly string[]
  readonly env?: Readonly<Record<string, string>>
  readonly preLaunchTask?: string
}

interface Task extends Omit<Configuration, 'env'> {
  readonly label: string
  readonly options?: { readonly env: Record<string, string> }
  readonly dependsOn?: string
}

const launch: { configurations: Configuration[]; compounds: { configurations: string[] }[] } =
  read('launch.json')
const tasks: Task[] = read('tasks.json').tasks
const started: ChildProcess[] = []
let directory: string
let port: number

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'launch-'))
  port = await freePort()
})
afterAll(async () => {
  for (const child of started) {
    const ended = once(child, 'exit')
    if (child.exitCode === null && child.signalCode === null && child.kill()) await ended
  }
  await rm(directory, { recursive: true, force: true })
})

describe('the launch configurations', () => {
  it('name programs, tasks and one another as they are', () => {
    const names = launch.configurations.map(({ name }) => name)
    expect(names).toEqual(
      expect.arrayContaining(['Extension', 'Results Page', 'Agent', 'ec2-cmaster', 'Local Fleet']),
    )
    for (const { program, preLaunchTask } of launch.configurations) {
      if (program !== undefined) expect(existsSync(placed(program)), program).toBe(true)
      if (preLaunchTask !== undefined) expect(tasks.map(({ label }) => label)).toContain(preLaunchTask)
    }
    expect(names).toEqual(
      expect.arrayContaining(launch.compounds.flatMap(({ configurations }) => configurations)),
    )
    const labels = tasks.map(({ label }) => label)
    for (const { dependsOn } of tasks) if (dependsOn !== undefined) expect(labels).toContain(dependsOn)
  })

  it('start an agent, and ec2-cmaster which has it execute a command', async () => {
    const queues = tasks.find(({ label }) => label === 'build and start queues')
    await printed(
      await start(process.execPath, queues?.args, queues?.options?.env),
      new RegExp(`^${port}$`, 'm'),
    )
    await printed(await run('Agent'), /is debugged .* in environment testing/)
    // Its facts take a moment to be there.
    await until(async () => {
      const master = await run('ec2-cmaster')
      const output = printedBy(master)
      const [code] = await once(master, 'close')
      return (
        code === 0 && /^── debugged · succeeded\n\S+ .*\n\n1 of 1 expected agents replied/m.test(output())
      )
    }, 'the agent to answer')
  })

  it('start a local fleet', async () => {
    const fleetDirectory = join(directory, '.cache/debug/fleet')
    await run('Local Fleet')
    let fleet: Awaited<ReturnType<typeof joinLocalFleet>>
    await until(async () => {
      fleet = await joinLocalFleet(fleetDirectory)
      return fleet !== undefined
    }, 'the fleet to be there')
    expect(fleet?.agents.length).toBe(9)
    await fleet?.stop()
  })
})

/** The files have no comments. */
function read(name: string) {
  return JSON.parse(readFileSync(join('.vscode', name), 'utf8'))
}

function run(name: string): Promise<ChildProcess> {
  const configuration = launch.configurations.find((each) => each.name === name)
  if (configuration?.program === undefined) throw new Error(`there is no program in ${name}`)
  return start(process.execPath, [configuration.program, ...configuration.args], configuration.env)
}

/** As the editor would; what is written goes to a directory of this test, and the port is a free one. */
async function start(
  program: string,
  args: readonly string[] = [],
  env: Readonly<Record<string, string>> = {},
): Promise<ChildProcess> {
  const variables = Object.fromEntries(Object.entries(env).map(([name, value]) => [name, placed(value)]))
  const child = spawn(program, await Promise.all(args.map(adapted)), {
    env: { PATH: process.env.PATH, HOME: directory, ...variables },
    stdio: ['pipe', 'pipe', 'pipe'],
  })
  started.push(child)
  return child
}

async function adapted(argument: string): Promise<string> {
  const path = placed(argument)
  if (argument === '9324') return String(port)
  if (!path.endsWith('.json')) return path
  const copy = join(directory, path.replaceAll('/', '_'))
  const text = readFileSync(path, 'utf8')
  await writeFile(
    copy,
    text.replace('9324', String(port)).replace('/tmp/ec2-collective-debug', join(directory, 'state')),
  )
  return copy
}

function placed(path: string): string {
  return path
    .replace(/^\$\{workspaceFolder\}(?=\/\.cache)/, directory)
    .replace(/^\$\{workspaceFolder\}/, process.cwd())
}

function printedBy(child: ChildProcess): () => string {
  let text = ''
  for (const stream of [child.stdout, child.stderr])
    stream?.on('data', (bytes: Buffer) => {
      text += bytes
    })
  return () => text
}

async function printed(child: ChildProcess, pattern: RegExp): Promise<void> {
  const output = printedBy(child)
  await until(() => pattern.test(output()), `${pattern} to be printed, not`, output)
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  server.close()
  await once(server, 'close')
  if (address === null || typeof address === 'string') throw new Error('no port')
  return address.port
}
