import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { fingerprintOf } from '../../src/signing/publicKey.ts'

const execute = promisify(execFile)

/** An `ssh-agent` of OpenSSH, as a process of its own, with one ed25519 key. */
export interface SshAgent {
  /** For `SSH_AUTH_SOCK`. */
  readonly socket: string
  /** `ssh-ed25519 AAAA… alice@desk` */
  readonly publicKey: string
  readonly fingerprint: string
  stop(): Promise<void>
}

export async function startSshAgent(): Promise<SshAgent> {
  const directory = await mkdtemp(join(tmpdir(), 'ssh-agent-'))
  const [socket, file] = [join(directory, 'socket'), join(directory, 'key')]
  await execute('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-C', 'alice@desk', '-f', file])
  const publicKey = (await readFile(`${file}.pub`, 'utf8')).trim()
  const agent = spawn('ssh-agent', ['-D', '-a', socket], { stdio: ['ignore', 'pipe', 'inherit'] })
  // It prints its variables once it listens.
  await once(agent.stdout, 'data')
  await execute('ssh-add', ['-q', file], { env: { ...process.env, SSH_AUTH_SOCK: socket } })
  return {
    ...{ socket, publicKey },
    fingerprint: fingerprintOf(Buffer.from(publicKey.split(' ')[1] ?? '', 'base64')),
    async stop() {
      agent.kill()
      await rm(directory, { recursive: true, force: true })
    },
  }
}
