import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { brotliDecompress } from 'node:zlib'
import type { Environment } from '../../src/queues/environment.ts'

const kept = fileURLToPath(new URL('../fixtures/partners/5fa5438.json.br', import.meta.url))

/** Agent and master of an earlier version, as programs. */
export interface Partner {
  /** Program and first argument that start the agent: for {@link AgentSettings.command}. */
  readonly agent: readonly [string, string]
  /** Path of `ec2-cmaster.js`. */
  readonly master: string
  /** Removes the programs. */
  remove(): Promise<void>
}

/** Unpacks the agent and the master of commit 5fa5438. */
export async function unpackPartner(): Promise<Partner> {
  const files = JSON.parse((await promisify(brotliDecompress)(await readFile(kept))).toString('utf8'))
  const directory = await mkdtemp(join(tmpdir(), 'partner-'))
  const place = (name: string) => join(directory, name)
  for (const name of ['ec2-cagent.js', 'ec2-cmaster.js']) await writeFile(place(name), files[name])
  return {
    agent: [process.execPath, place('ec2-cagent.js')],
    master: place('ec2-cmaster.js'),
    remove: () => rm(directory, { recursive: true, force: true }),
  }
}

/** One call of `ec2-cmaster`. */
export interface MasterCall {
  /** Path of the program. */
  readonly program: string
  readonly environment: Environment
  /** What is kept between calls: ids of reply queues, and the history. */
  readonly state: string
  readonly argv: readonly string[]
}

export function startMasterProgram({ program, environment, state, argv }: MasterCall): ChildProcess {
  const { name, endpoint = '', region, credentials } = environment
  return spawn(process.execPath, [program, '--env', name, '--endpoint', endpoint, ...argv], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: {
      PATH: process.env.PATH,
      XDG_STATE_HOME: state,
      AWS_REGION: region,
      AWS_ACCESS_KEY_ID: credentials?.accessKeyId,
      AWS_SECRET_ACCESS_KEY: credentials?.secretAccessKey,
    },
  })
}

/** Waits for the program's end, and returns what it printed. */
export async function endOf(
  child: ChildProcess,
): Promise<{ stdout: string; stderr: string; exitCode: number | null }> {
  const texts = { stdout: '', stderr: '' }
  for (const stream of ['stdout', 'stderr'] as const) {
    child[stream]?.setEncoding('utf8')
    child[stream]?.on('data', (text: string) => {
      texts[stream] += text
    })
  }
  const [exitCode] = await once(child, 'close')
  return { ...texts, exitCode }
}

/** Where `ec2-cmaster` keeps its runs, and the ids of its reply queues. */
export function placesIn(state: string): { readonly runs: string; readonly ids: string } {
  return { runs: join(state, 'ec2-collective', 'history'), ids: join(state, 'ec2-collective', 'masters') }
}
