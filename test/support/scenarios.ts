import type { RecordedRequest } from '../../src/run/runRequest.ts'
import type { Output, SimulatedRun } from './simulatedRun.ts'
import { simulateRun } from './simulatedRun.ts'

const command = 'sudo nginx -t && sudo systemctl reload nginx && systemctl status nginx --no-pager'

/** A reload of a web server on 60 servers: three groups, one agent timed out, one silent. */
export async function reloadOfSixty({ midway = false } = {}): Promise<SimulatedRun> {
  const hosts = Array.from({ length: 60 }, (_, index) => `web${String(index + 1).padStart(2, '0')}`)
  const simulated = await simulateRun(
    hosts,
    {
      filter: 'role = web and az = eu-west-1* and not maintenance',
      action: { kind: 'shell', command, user: 'deploy', directory: '/srv/www' },
      timeoutMs: 30_000,
    },
    { startedAt: Date.now() - (midway ? 4200 : 190_000) },
  )
  const done = midway ? hosts.slice(0, 34) : hosts
  hosts.forEach((host, index) => {
    if (host === 'web41') return
    if (midway && index > 50) return
    simulated.pass(latencies(index))
    simulated.ack(host)
    simulated.pass(-latencies(index))
  })
  for (const [index, host] of done.entries()) {
    if (host === 'web41') continue
    if (['web07', 'web23'].includes(host)) simulated.finish(host, 1, brokenConfig, 84 + index)
    else if (['web12', 'web13', 'web31', 'web52'].includes(host))
      simulated.finish(host, 0, warnings, 640 + index * 7)
    else if (host === 'web58') {
      simulated.write(host, 1, 'nginx: configuration file /etc/nginx/nginx.conf test is successful\n')
      simulated.write(host, 2, 'Job for nginx.service is still running after 25s, waiting …\n')
      simulated.finish(host, { kind: 'timed-out' }, [], 30_004)
    } else simulated.finish(host, 0, healthy, 410 + ((index * 37) % 260))
  }
  if (midway) {
    for (const host of hosts.slice(34, 50)) {
      if (host === 'web41') continue
      simulated.write(host, 2, 'nginx: the configuration file /etc/nginx/nginx.conf syntax is ok\n')
      if (Number(host.slice(3)) % 3 !== 0) simulated.write(host, 1, 'Reloading nginx.service …\n')
    }
  } else await simulated.giveUp(30_240)
  return simulated
}

function latencies(index: number): number {
  return 180 + ((index * 7919) % 613) + (index % 11 === 0 ? 900 : 0) + (index % 17 === 0 ? 2400 : 0)
}

const green = '\x1b[0;1;32m'
const reset = '\x1b[0m'

const tested: readonly Output[] = [
  { stream: 2, text: 'nginx: the configuration file /etc/nginx/nginx.conf syntax is ok\n' },
  { stream: 2, text: 'nginx: configuration file /etc/nginx/nginx.conf test is successful\n' },
]

const healthy: readonly Output[] = [
  ...tested,
  {
    stream: 1,
    text: [
      `${green}●${reset} nginx.service - A high performance web server and a reverse proxy server`,
      '     Loaded: loaded (/lib/systemd/system/nginx.service; enabled; preset: enabled)',
      `     Active: ${green}active (running)${reset} since Tue 2026-11-17 06:12:40 UTC; 5 days ago`,
      '       Docs: man:nginx(8)',
      '   Main PID: 812 (nginx)',
      '      Tasks: 5 (limit: 4657)',
      '     Memory: 14.2M',
      '     CGroup: /system.slice/nginx.service',
      '             ├─812 "nginx: master process /usr/sbin/nginx -g daemon on; master_process on;"',
      '             ├─940 "nginx: worker process"',
      '             └─941 "nginx: worker process"',
      '',
    ].join('\n'),
  },
]

const warnings: readonly Output[] = [
  {
    stream: 2,
    text: 'nginx: [\x1b[33mwarn\x1b[0m] conflicting server name "static.example.org" on 0.0.0.0:443, ignored\n',
  },
  ...healthy,
]

const brokenConfig: readonly Output[] = [
  {
    stream: 2,
    text: [
      'nginx: [\x1b[1;31memerg\x1b[0m] cannot load certificate "/etc/ssl/site/fullchain.pem": BIO_new_file() failed (SSL: error:80000002:system library::No such file or directory:calling fopen(/etc/ssl/site/fullchain.pem, r))',
      'nginx: configuration file /etc/nginx/nginx.conf test failed',
      '',
    ].join('\n'),
  },
]

/** A failure whose reason is red on the terminal, and every other colour that a terminal has. */
export async function colourfulFailure(): Promise<SimulatedRun> {
  const simulated = await simulateRun(['web1', 'web2'])
  const colours = Array.from({ length: 16 }, (_, index) => index)
  const text = [
    ...colours.map((index) => `\x1b[38;5;${index}mcolour ${index}\x1b[0m \x1b[2;38;5;${index}mfaint\x1b[0m`),
    ...colours.map((index) => `\x1b[48;5;${index}mon ${index}\x1b[0m \x1b[7;38;5;${index}mreversed\x1b[0m`),
    '\x1b[2mfaint\x1b[0m \x1b[7mreversed\x1b[0m',
  ]
  simulated.finish('web1', 1, [
    { stream: 2, text: `\x1b[31mError:\x1b[0m no space left\n${text.join('\n')}\n` },
  ])
  simulated.finish('web2', 0, [{ stream: 1, text: 'fine\n' }])
  return simulated
}

/** `df -h` on forty servers: the root is as full as the number of the server says, every fourth has a second disk. */
export async function disksOfForty(request: Partial<RecordedRequest> = {}): Promise<SimulatedRun> {
  const hosts = Array.from({ length: 40 }, (_, index) => `web-${String(index + 1).padStart(2, '0')}`)
  const action = { kind: 'shell', command: 'df -h' } as const
  const simulated = await simulateRun(hosts, { action, ...request })
  for (const [index, host] of hosts.entries()) {
    const percent = (index * 37) % 100
    const rows = [
      'Filesystem      Size  Used Avail Use% Mounted on',
      `/dev/nvme0n1p1   30G  ${String(Math.round(percent * 0.3)).padStart(3)}G ${String(Math.round(30 - percent * 0.3)).padStart(4)}G ${String(percent).padStart(3)}% /`,
      ...(index % 4 === 0 ? ['/dev/nvme1n1    200G  120G   81G  60% /srv'] : []),
    ]
    simulated.finish(host, 0, [{ stream: 1, text: `${rows.join('\n')}\n` }], 4 + ((index * 7) % 13))
  }
  return simulated
}

/** A rollout that its canary has stopped. */
export async function stoppedRollout(): Promise<SimulatedRun> {
  const hosts = ['web1', 'web2', 'web3', 'web4', 'web5']
  const simulated = await simulateRun(hosts, { rollout: { canary: 1, batch: { count: 2 } } })
  simulated.finish('web1', 1, [{ stream: 2, text: 'no space left\n' }])
  return simulated
}
