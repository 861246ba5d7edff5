import { mkdtempSync, rmSync } from 'node:fs'
import { createServer, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { sshNumber, sshString } from '../../src/signing/sshWire.ts'

/** Answers one request: the content of the answer, `undefined` to close the connection, `silence` to say nothing. */
export type SshAnswer = (request: Buffer) => Buffer | undefined | 'silence'

/** A socket where an SSH agent would be, and `SSH_AUTH_SOCK` set to it until the end. */
export interface SshAgentScene {
  readonly socket: string
  /** Sockets of clients that are open. */
  readonly clients: ReadonlySet<Socket>
  listen(answer: SshAnswer): Promise<void>
  end(): Promise<void>
}

export function sshAgentScene(): SshAgentScene {
  const directory = mkdtempSync(join(tmpdir(), 'ssh-'))
  const socket = join(directory, 'agent')
  const before = process.env.SSH_AUTH_SOCK
  process.env.SSH_AUTH_SOCK = socket
  const clients = new Set<Socket>()
  let answering: SshAnswer = () => undefined
  const server = createServer((client) => {
    clients.add(client)
    client.on('error', () => {})
    client.on('close', () => clients.delete(client))
    client.on('data', (data) => {
      const content = answering(data.subarray(4))
      if (content === undefined) return client.destroy()
      if (content === 'silence') return
      // In pieces of one byte, as sockets may.
      for (const byte of Buffer.concat([sshNumber(content.length), content]))
        client.write(Buffer.from([byte]))
    })
  })
  return {
    socket,
    clients,
    async listen(answer) {
      answering = answer
      if (!server.listening) await new Promise<void>((resolve) => server.listen(socket, resolve))
    },
    async end() {
      for (const client of clients) client.destroy()
      if (server.listening) await new Promise((resolve) => server.close(resolve))
      if (before === undefined) delete process.env.SSH_AUTH_SOCK
      else process.env.SSH_AUTH_SOCK = before
      rmSync(directory, { recursive: true, force: true })
    },
  }
}

/** The answer to a request for keys. */
export function identities(...keys: readonly (readonly [blob: Uint8Array, comment: string])[]): Buffer {
  const fields = keys.flatMap(([blob, comment]) => [sshString(blob), sshString(comment)])
  return Buffer.concat([Buffer.from([12]), sshNumber(keys.length), ...fields])
}

/** The answer to a request for a signature. */
export function signed(value: Uint8Array, type = 'ssh-ed25519'): Buffer {
  return Buffer.concat([Buffer.from([14]), sshString(Buffer.concat([sshString(type), sshString(value)]))])
}
