import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { bring, configure, makeEarlier, repack, setVersion } from '../support/packagedAgent.ts'
import { describeUnderSystemd, patient, replyMs, shell } from '../support/systemdScene.ts'
import { until } from '../support/until.ts'

describeUnderSystemd('the package of an agent under systemd', (scene) => {
  const { answer, pid, state } = scene

  it(
    'is upgraded through itself while another run goes on, whatever an operator has changed of the files of either package',
    patient,
    async () => {
      const { host, master, environment } = scene
      await host.boot()
      configure(host, environment)
      await host.run(`dpkg -i ${await repack(host, 'earlier.deb', makeEarlier)}`)
      const changed = ['/etc/default/ec2-cagent', '/etc/logrotate.d/ec2-cagent']
      for (const file of changed) await host.run(`echo '# of the operator' >> ${file}`)
      await host.run('systemctl reset-failed')
      const before = await pid()
      const flag = '/root/go-on'
      const other = await master.send(
        shell(`echo begun; until test -e ${flag}; do sleep 0.2; done; echo done`),
        { timeoutMs: 100_000 },
      )
      await master.wait(other, 'output')
      const upgraded = await answer(`dpkg -i ${bring(host)} </dev/null`)
      expect([upgraded.result.outcome, upgraded.stderr]).toEqual([
        { kind: 'exited', code: 0 },
        expect.any(String),
      ])
      await host.run(`touch ${flag}`)
      expect((await master.result(other, replyMs)).stdout).toBe('begun\ndone\n')
      await until(async () => !['0', before].includes(await pid()), 'the new agent', undefined, replyMs)
      expect((await answer('echo new')).stdout).toBe('new\n')
      for (const file of changed)
        expect(readFileSync(join(host.root, file), 'utf8')).toContain('of the operator')
      expect(readFileSync(join(host.root, 'etc/init.d/ec2-cagent'), 'utf8')).toContain('BEGIN INIT INFO')
      // The next release changes every file that operators may have changed.
      const next = await repack(host, 'next.deb', (folder) => {
        setVersion(folder, '9.9')
        for (const name of ['init', 'logrotate', 'needrestart.conf'])
          writeFileSync(
            join(folder, 'usr/share/ec2-cagent', name),
            `${readFileSync(join(folder, 'usr/share/ec2-cagent', name), 'utf8')}# 9.9\n`,
          )
      })
      expect(await host.run(`dpkg -i ${next} </dev/null`)).toContain(
        '/etc/logrotate.d/ec2-cagent was changed here and is kept',
      )
      expect(readFileSync(join(host.root, 'etc/init.d/ec2-cagent'), 'utf8')).toContain('# 9.9')
      expect(await host.run('dpkg --audit')).toBe('')
    },
  )

  it('works when it is removed and installed again, and stays disabled by an operator', patient, async () => {
    const { host } = scene
    await scene.install()
    await host.run('dpkg -r ec2-cagent')
    await host.run('dpkg -i /root/ec2-cagent.deb')
    expect(await state()).toBe('enabled\nactive\n')
    await host.run('systemctl disable --now ec2-cagent; dpkg -i /root/ec2-cagent.deb')
    expect(await state()).toBe('disabled\ninactive\n')
    await host.run('dpkg -r ec2-cagent; dpkg -i /root/ec2-cagent.deb')
    expect(await state()).toBe('disabled\ninactive\n')
    await host.run('dpkg -P ec2-cagent; dpkg -i /root/ec2-cagent.deb')
    expect(await state()).toMatch(/^enabled\n/)
  })

  it(
    'answers the command that removes it, leaves nothing half done, and is back when it is installed again',
    patient,
    async () => {
      const { host } = scene
      await scene.install()
      const { result } = await answer('dpkg -r ec2-cagent')
      expect(result.outcome).toEqual({ kind: 'exited', code: 0 })
      await until(
        async () =>
          (await host.attempt('pgrep -f ^/usr/sbin/ec2-cagent || test -e /run/ec2-cagent.removal')).code !==
          0,
        'the agent to end',
      )
      expect(await host.run('dpkg --audit')).toBe('')
      expect(await host.run('dpkg -s ec2-cagent')).toContain('Status: deinstall ok config-files')
      expect((await host.attempt('systemctl is-active ec2-cagent; systemctl --failed -q')).output).toBe(
        'inactive\n',
      )
      await host.run('dpkg -i /root/ec2-cagent.deb')
      expect(await state()).toBe('enabled\nactive\n')
      expect((await answer('echo back')).stdout).toBe('back\n')
    },
  )

  it('starts at the first boot of an image that it was installed into', patient, async () => {
    const { host, environment } = scene
    configure(host, environment)
    await host.chroot(`dpkg -i ${bring(host)}`)
    await host.boot()
    expect(await state()).toBe('enabled\nactive\n')
    expect((await answer('echo booted')).stdout).toBe('booted\n')
  })
})
