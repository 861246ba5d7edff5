import { afterAll, afterEach, beforeAll, beforeEach, describe } from 'vitest'
import { ensureSystemdRoot, whyNoSystemd } from '../../scripts/systemdRoot.mjs'
import type { Environment } from '../../src/queues/environment.ts'
import { type Commander, startCommander } from './commander.ts'
import { bring, configure } from './packagedAgent.ts'
import { type SqsServer, startSqs } from './sqs.ts'
import { createSystemdHost, type SystemdHost } from './systemdHost.ts'

const why = await whyNoSystemd()
let environments = 0

/** For a test that boots a machine, and for what it waits for there, milliseconds. */
export const patient = { timeout: 300_000 }
export const replyMs = 120_000

export const shell = (command: string) => ({ kind: 'shell', command }) as const

/** A machine of its own with queues of its own, new for each test. */
export interface SystemdScene {
  readonly host: SystemdHost
  readonly master: Commander
  readonly environment: Environment
  /** Boots it, and installs the packaged agent. @param limits `limits` of its configuration */
  install(limits?: Readonly<Record<string, number>>): Promise<void>
  /** Has the agent execute a command, to its end. */
  answer(command: string): ReturnType<Commander['result']>
  /** Process id of the agent; `0` where none runs. */
  pid(): Promise<string>
  /** Two lines: whether the service is enabled, and whether it is active. */
  state(): Promise<string>
}

/** Describes what is true under a real systemd; skipped, with the reason, where none can be booted. */
export function describeUnderSystemd(what: string, body: (scene: SystemdScene) => void): void {
  const title = `${what}${why === undefined ? '' : ` (skipped: ${why})`}`
  describe.skipIf(why !== undefined)(title, () => {
    let sqs: SqsServer
    let environment: Environment
    let master: Commander
    let host: SystemdHost
    beforeAll(async () => {
      sqs = await startSqs()
    })
    afterAll(() => sqs.stop())
    beforeEach(async () => {
      environments += 1
      environment = await sqs.environment(`systemd${environments}`)
      master = startCommander(sqs.connect(), environment)
      const base = await ensureSystemdRoot({ tell: console.log })
      host = await createSystemdHost(base, Number(new URL(sqs.endpoint).port))
    }, 600_000)
    afterEach(async () => {
      await host.stop()
      await master.stop()
    }, 120_000)
    body({
      get host() {
        return host
      },
      get master() {
        return master
      },
      get environment() {
        return environment
      },
      async install(limits) {
        await host.boot()
        configure(host, environment, limits)
        await host.run(`dpkg -i ${bring(host)}`)
      },
      answer: async (command) =>
        master.result(await master.send(shell(command), { timeoutMs: 100_000, ttlMs: 110_000 }), replyMs),
      pid: async () => (await host.run('systemctl show -p MainPID --value ec2-cagent')).trim(),
      state: async () =>
        (await host.attempt('systemctl is-enabled ec2-cagent; systemctl is-active ec2-cagent')).output,
    })
  })
}
