import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { bring, configure } from '../support/packagedAgent.ts'
import { enableControllers } from '../support/systemdHost.ts'
import { describeUnderSystemd, patient, replyMs, shell } from '../support/systemdScene.ts'
import { until } from '../support/until.ts'

describeUnderSystemd('an agent under systemd', (scene) => {
  const { answer, pid, state } = scene

  it(
    'is enabled and started by its installation, and logs to the journal with priorities, where group adm reads it',
    patient,
    async () => {
      const { host } = scene
      await scene.install()
      expect(await state()).toBe('enabled\nactive\n')
      expect((await answer('echo works')).stdout).toBe('works\n')
      const journal = 'journalctl -u ec2-cagent -o json'
      await until(async () => (await host.run(journal)).includes('in environment'), 'the line in the journal')
      const entries = (await host.run(journal))
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line))
      expect(entries.find(({ MESSAGE }) => / in environment /.test(MESSAGE))).toMatchObject({
        PRIORITY: '6',
        MESSAGE: expect.stringMatching(/^INFO {2}ec2-cagent /),
      })
      await host.run('useradd -G adm reader')
      expect(await host.run('su reader -s /bin/sh -c "journalctl -u ec2-cagent"')).toContain('in environment')
    },
  )

  it(
    'answers commands as interrupted after a kill and a reboot, and leaves daemons alone',
    patient,
    async () => {
      const { host, master } = scene
      await scene.install()
      await answer('setsid nohup sleep 47110 >/dev/null 2>&1 &')
      const killed = await master.send(shell('echo begun; sleep 47111'))
      await master.wait(killed, 'output')
      await host.run(`kill -9 ${await pid()}`)
      expect((await master.result(killed, replyMs)).result.outcome.kind).toBe('interrupted')
      expect((await host.attempt('pgrep -f "^sleep 47110"')).code).toBe(0)
      expect((await host.attempt('pgrep -f "^sleep 47111"')).code).toBe(1)
      const rebooted = await master.send(shell('echo begun; sleep 47112'))
      await master.wait(rebooted, 'output')
      await host.attempt('systemctl reboot')
      await until(() => host.boots === 2, 'the reboot', undefined, replyMs)
      await host.boot()
      expect((await master.result(rebooted, replyMs)).result.outcome.kind).toBe('interrupted')
      expect((await answer('echo back')).stdout).toBe('back\n')
    },
  )

  it.each([
    ['root', ''],
    ['another user', '[Service]\nUser=ec2agent\n'],
  ])(
    'of %s starts again after a kill and a restart while a daemon is left in the cgroup of a limited run',
    patient,
    async (_, dropIn) => {
      const { host } = scene
      await host.chroot('useradd --system ec2agent; mkdir -p /etc/systemd/system/ec2-cagent.service.d')
      writeFileSync(join(host.root, 'etc/systemd/system/ec2-cagent.service.d/user.conf'), dropIn)
      await scene.install({ processes: 100 })
      await answer('setsid nohup sleep 47130 >/dev/null 2>&1 &')
      // The agent enables those of its limits by itself. Beside cgroups of version 1 the kernel may have others here.
      const cgroups = ['', '/system.slice', '/system.slice/ec2-cagent.service'].map(
        (path) => `/sys/fs/cgroup${path}`,
      )
      const enable = async () => {
        const enabled = `cat ${cgroups[2]}/cgroup.subtree_control`
        const script = [...cgroups.map(enableControllers), enabled].join('\n')
        expect(await host.run(script)).toMatch(/\w/)
      }
      await enable()
      const before = await pid()
      await host.run(`kill -9 ${before}`)
      expect((await answer('echo again')).stdout).toBe('again\n')
      expect(await pid()).not.toBe(before)
      await enable()
      await host.run('systemctl restart ec2-cagent')
      expect((await answer('pgrep -cf "^sleep 47130"')).stdout).toBe('1\n')
    },
  )

  it('as another user survives the rotation of its logs, and writes the new ones', patient, async () => {
    const { host, environment } = scene
    await host.boot()
    configure(host, environment)
    await host.run('useradd --system ec2agent; mkdir -p /etc/systemd/system/ec2-cagent.service.d')
    writeFileSync(
      join(host.root, 'etc/systemd/system/ec2-cagent.service.d/user.conf'),
      '[Service]\nUser=ec2agent\n',
    )
    await host.run(`dpkg -i ${bring(host)}`)
    expect((await answer('id -un')).stdout).toBe('ec2agent\n')
    const before = await pid()
    await host.run('logrotate -f /etc/logrotate.d/ec2-cagent')
    expect((await answer('echo rotated')).stdout).toBe('rotated\n')
    expect(await pid()).toBe(before)
    const logs = '/var/log/ec2_collective'
    await until(
      async () =>
        (await host.attempt(`grep -l rotated -r ${logs}; test -s ${logs}/ec2-cagent.log`)).code === 0,
      'the new log',
    )
    expect(await host.run(`stat -c %U ${logs}/ec2-cagent.log ${logs}/audit.log`)).toBe('ec2agent\nec2agent\n')
  })

  it('is left alone by needrestart in automatic mode when libraries were replaced', patient, async () => {
    const { host } = scene
    await scene.install()
    const before = await pid()
    await host.run(
      'for f in /usr/lib/x86_64-linux-gnu/lib{stdc++.so.6.0.*,c.so.6,m.so.6}; do cp -p $f $f.new; mv $f.new $f; done',
    )
    expect((await host.attempt('needrestart -r l -b')).output).toMatch(/NEEDRESTART-SVC: \w/)
    await host.attempt('needrestart -r a')
    expect(await pid()).toBe(before)
    expect((await answer('echo same')).stdout).toBe('same\n')
  })

  it(
    'fails to start with a wrong configuration, and starts by itself with the right one',
    patient,
    async () => {
      const { host } = scene
      await scene.install()
      // From here on it remembers what it has executed: it would not execute what was sent before that.
      await answer('true')
      const good = readFileSync(join(host.root, 'etc/ec2_collective/ec2-cagent.json'))
      writeFileSync(join(host.root, 'etc/ec2_collective/ec2-cagent.json'), '{ "aws": { "region": 7 } }')
      expect((await host.attempt('systemctl restart ec2-cagent')).code).not.toBe(0)
      const reason = 'aws.region is 7: expected an AWS region'
      await until(
        async () => (await host.attempt('journalctl -u ec2-cagent')).output.includes(reason),
        'the reason in the journal',
      )
      writeFileSync(join(host.root, 'etc/ec2_collective/ec2-cagent.json'), good)
      expect((await answer('echo corrected')).stdout).toBe('corrected\n')
    },
  )

  it(
    'starts with full disks for memory and logs, says so, and executes commands that make room',
    patient,
    async () => {
      const { host } = scene
      await scene.install()
      const before = (await answer('true')).result.agentId
      await host.run(`systemctl stop ec2-cagent
      for d in /var/lib/ec2_collective /var/log/ec2_collective; do
        cp -a $d /root/copy; mount -t tmpfs -o size=1m,mode=711 tmpfs $d; cp -a /root/copy/. $d; rm -r /root/copy
        cat /dev/zero > $d/ballast || true
      done
      systemctl start ec2-cagent`)
      // What is written at first may find room in pages that files have already.
      await until(
        async () => {
          expect((await answer('echo full')).stdout).toBe('full\n')
          return (await host.run('journalctl -u ec2-cagent -p err')).includes('remembered in memory only')
        },
        'the agent to say that the disk takes nothing',
        undefined,
        replyMs,
      )
      const { result, stdout } = await answer(
        'rm /var/lib/ec2_collective/ballast /var/log/ec2_collective/ballast; echo freed',
      )
      expect([result.agentId, stdout]).toEqual([before, 'freed\n'])
    },
  )
})
