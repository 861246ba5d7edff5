import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import type { SystemdHost } from '../support/systemdHost.ts'
import { describeUnderSystemd, patient, replyMs, shell } from '../support/systemdScene.ts'
import { until } from '../support/until.ts'

/** What an operator writes by `systemctl edit`. */
function dropIn(host: SystemdHost, lines: string): void {
  const folder = join(host.root, 'etc/systemd/system/ec2-cagent.service.d')
  mkdirSync(folder, { recursive: true })
  writeFileSync(join(folder, 'of-the-operator.conf'), `[Service]\n${lines}\n`)
}

describeUnderSystemd('the watchdog of an agent under systemd', (scene) => {
  const { answer, pid } = scene
  const timeout = async () =>
    (await scene.host.run('systemctl show -p WatchdogUSec --value ec2-cagent')).trim()
  const journal = () => scene.host.run('journalctl -u ec2-cagent')

  it('is on, by the agent itself, which systemd hears', patient, async () => {
    await scene.install()
    await until(async () => (await timeout()) === '5min', 'the watchdog')
    expect(await journal()).toContain('systemd restarts this agent if it hangs for 300 s')
  })

  it('restarts an agent that hangs, and what ran is answered as interrupted', patient, async () => {
    const { host, master } = scene
    dropIn(host, 'WatchdogSec=10')
    await scene.install()
    const hung = await master.send(shell('echo begun; sleep 47160'), { timeoutMs: 100_000 })
    await master.wait(hung, 'output')
    const before = await pid()
    await host.run(`kill -STOP ${before}`)
    const { result, stdout } = await master.result(hung, replyMs)
    expect([result.outcome.kind, stdout]).toEqual(['interrupted', 'begun\n'])
    expect((await host.attempt('pgrep -f "^sleep 47160"')).code).toBe(1)
    expect(['0', before]).not.toContain(await pid())
    expect(await journal()).toContain('Watchdog timeout')
    expect((await answer('echo again')).stdout).toBe('again\n')
  })

  it('leaves an agent alone that has much to do', patient, async () => {
    dropIn(scene.host, 'WatchdogSec=10')
    await scene.install()
    const before = await pid()
    const flood = 'for i in 1 2 3 4; do timeout 25 sh -c "while :; do :; done" & done; timeout 25 yes; wait'
    const { result } = await answer(flood)
    expect([result.outcome.kind, await pid()]).toEqual(['exited', before])
    expect(result.stdout.droppedBytes).toBeGreaterThan(100_000_000)
  })

  it('is off while the agent can start no process to tell that it works', patient, async () => {
    const { host } = scene
    dropIn(host, 'WatchdogSec=10')
    await scene.install()
    await answer('true')
    expect(await timeout()).toBe('10s')
    const before = await pid()
    const limit = await host.run(`prlimit --pid ${before} --nofile --noheadings --raw -o SOFT`)
    await host.run(`prlimit --pid ${before} --nofile=3:`)
    const isOff = async () => ['0', 'infinity'].includes(await timeout())
    await until(isOff, 'the watchdog to be off', undefined, replyMs)
    await host.run(`prlimit --pid ${before} --nofile=${limit.trim()}:`)
    await until(async () => (await timeout()) === '10s', 'the watchdog to be on again', undefined, replyMs)
    expect((await answer('echo same')).stdout).toBe('same\n')
    expect(await pid()).toBe(before)
  })

  it(
    'is off for an agent with User=, which systemd would not hear, unless the unit says otherwise',
    patient,
    async () => {
      const { host } = scene
      const user = 'User=ec2agent'
      dropIn(host, user)
      await host.chroot('useradd --system ec2agent')
      await scene.install()
      expect((await answer('id -un; systemctl show -p WatchdogUSec --value ec2-cagent')).stdout).toMatch(
        /^ec2agent\n(0|infinity)\n$/,
      )
      expect(await journal()).not.toContain('reception only permitted')
      dropIn(host, `${user}\nNotifyAccess=all\nWatchdogSec=10`)
      await host.run('systemctl daemon-reload; systemctl restart ec2-cagent')
      const before = await pid()
      await answer('sleep 25')
      expect(await pid()).toBe(before)
    },
  )
})
