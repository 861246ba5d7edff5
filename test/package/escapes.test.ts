import { expect, it } from 'vitest'
import { describeUnderSystemd, patient, replyMs, shell } from '../support/systemdScene.ts'
import { until } from '../support/until.ts'

/** A root file system with nothing but `sleep`, for a container. */
const bundle = `mkdir -p /root/bundle/rootfs && cd /root/bundle
  for file in /bin/sleep $(ldd /bin/sleep | grep -o '/lib[^ ]*'); do cp -L --parents $file rootfs; done
  runc spec`

/** Runs `sleep SECONDS` in a container, as Docker and containerd have runc do it. */
const container = (name: string, options: string, seconds: number) =>
  `sed -z -E 's/"terminal": true/"terminal": false/; s/"args": \\[[^]]*\\]/"args": ["\\/bin\\/sleep", "${seconds}"]/' -i config.json
  setsid runc ${options} run -d ${name} </dev/null >${name}.log 2>&1 || cat ${name}.log`

interface Escape {
  readonly seconds: number
  readonly start: string
  /** The end of the path of its cgroup. */
  readonly cgroup: RegExp
  /** Whether it goes on when its run is stopped. */
  readonly goesOn: boolean
}

const escapes: Readonly<Record<string, Escape>> = {
  'systemd-run': {
    seconds: 47140,
    start: 'systemd-run --quiet sleep 47140',
    cgroup: /^\/system\.slice\/run-[^/]+\.service$/,
    goesOn: true,
  },
  'at, which keeps the environment': {
    seconds: 47141,
    start: 'echo exec sleep 47141 | at now',
    cgroup: /^\/system\.slice\/atd\.service$/,
    goesOn: false,
  },
  'at, without the environment': {
    seconds: 47142,
    start: 'echo exec sleep 47142 | env -u EC2_COLLECTIVE_RUN at now',
    cgroup: /^\/system\.slice\/atd\.service$/,
    goesOn: true,
  },
  'a session of libpam-systemd with an environment of its own': {
    seconds: 47143,
    start: `su - deploy -c 'setsid sleep 47143 >/dev/null 2>&1 & true'`,
    cgroup: /^\/user\.slice\/user-\d+\.slice\/session-[^/]+\.scope$/,
    goesOn: true,
  },
  'a session of libpam-systemd that keeps the environment': {
    seconds: 47144,
    start: `su deploy -c 'setsid sleep 47144 >/dev/null 2>&1 & true'`,
    cgroup: /^\/user\.slice\/user-\d+\.slice\/session-[^/]+\.scope$/,
    goesOn: false,
  },
  'a container in a scope of systemd': {
    seconds: 47145,
    start: container('of-systemd', '--systemd-cgroup', 47145),
    cgroup: /^\/system\.slice\/runc-of-systemd\.scope$/,
    goesOn: true,
  },
  'a container in a cgroup of its own': {
    seconds: 47146,
    start: container('of-its-own', '', 47146),
    cgroup: /\/ec2-cagent\.service\/of-its-own$/,
    goesOn: true,
  },
  'a command of root that enters another cgroup': {
    seconds: 47147,
    start: `mkdir -p /sys/fs/cgroup/elsewhere
      sh -c 'echo $$ >/sys/fs/cgroup/elsewhere/cgroup.procs; exec env -i setsid sleep 47147' >/dev/null 2>&1 &`,
    cgroup: /^\/elsewhere$/,
    goesOn: true,
  },
  'nothing: it has only shed its environment and its group': {
    seconds: 47148,
    start: 'env -i setsid sleep 47148 >/dev/null 2>&1 &',
    cgroup: /\/ec2-cagent\.service\/run-[^/]+$/,
    goesOn: false,
  },
}

describeUnderSystemd('what leaves a run', (scene) => {
  it('is where docs/agent.md says, and is stopped with the run as far as it says', patient, async () => {
    const { host, master } = scene
    await scene.install()
    await host.run(`useradd -m deploy; ${bundle}`)
    const all = Object.values(escapes)
    const begun = all.map(({ seconds }) => `until pgrep -f 'sleep ${seconds}$'; do sleep 0.1; done`)
    const command = ['cd /root/bundle', ...all.map(({ start }) => start), ...begun, 'echo begun; sleep 47150']
    const runId = await master.send(shell(command.join('\n')), { timeoutMs: 100_000 })
    const placeOf = ({ seconds }: Escape) =>
      host.attempt(`cat /proc/$(pgrep -xf '[a-z/]*sleep ${seconds}')/cgroup | sed -n s/^0:://p`)
    await until(
      async () => (await host.attempt('pgrep -xf "sleep 47150"')).code === 0,
      'everything to begin',
      () => JSON.stringify(master.heard(runId).map(({ data }) => String(data))),
      replyMs,
    )
    for (const [what, one] of Object.entries(escapes))
      expect([what, (await placeOf(one)).output.trim()]).toEqual([what, expect.stringMatching(one.cgroup)])
    await master.send({ kind: 'cancel', runId })
    expect((await master.result(runId, replyMs)).result.outcome.kind).toBe('cancelled')
    for (const [what, { seconds, goesOn }] of Object.entries(escapes)) {
      const found = await host.attempt(`pgrep -xf '[a-z/]*sleep ${seconds}'`)
      expect([what, found.code === 0]).toEqual([what, goesOn])
    }
  })
})
