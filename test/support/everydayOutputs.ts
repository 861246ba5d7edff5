/**
 * What everyday commands print, in the formats of several distributions, written by hand after what these programs print:
 * widths, headers and footers are theirs, names and numbers are ours. Each host has numbers of its own, and a third of them
 * differ in more than that (another disk, a failed unit, another process), chosen by a seed.
 */

/** One host of the fleet. `isOdd`: one of the third that differs. */
export interface Host {
  readonly name: string
  readonly distribution: number
  readonly isOdd: boolean
  /** A whole number from `least` to `most`, the next of the seed. */
  number(least: number, most: number): number
}

export interface Said {
  readonly host: Host
  readonly output: string
  /** Cells that a table of the fleet must have, by the names of its columns. */
  readonly cells: readonly Readonly<Record<string, string>>[]
}

type Print = (host: Host) => { output: string; cells?: Said['cells'] }

/** 240 hosts of three distributions, the same for the same seed. */
export function fleetSays(command: keyof typeof commands, seed: number): Said[] {
  const next = randomNumbers(seed)
  return Array.from({ length: 240 }, (_, index) => {
    const host: Host = {
      name: `web-${String(index + 1).padStart(3, '0')}`,
      distribution: Math.floor(next() * 3),
      isOdd: next() < 1 / 3,
      number: (least, most) => least + Math.floor(next() * (most - least + 1)),
    }
    const { output, cells = [] } = (commands[command] as Print)(host)
    return { host, output, cells }
  })
}

export const commands = {
  uptime({ distribution, isOdd, number }) {
    const clock = `${two(number(0, 23))}:${two(number(0, 59))}:${two(number(0, 59))}`
    const up = isOdd
      ? `${number(2, 59)} min`
      : `${number(2, 400)} days, ${pad(number(0, 23), 2)}:${two(number(0, 59))}`
    const users = number(0, 3)
    const load = [1, 2, 3].map(() => `${number(0, 12)}.${two(number(0, 99))}`).join(', ')
    // BusyBox and procps differ in the plural.
    const who = distribution === 2 ? `${users} users` : `${users} ${users === 1 ? 'user' : 'users'}`
    return { output: ` ${clock} up ${up},  ${who},  load average: ${load}` }
  },
  'df -h'({ distribution, isOdd, number }) {
    const disks = [
      ...(distribution === 0 ? [['udev', '3.9G', '0', '3.9G', '0%', '/dev']] : []),
      ...(distribution === 1 ? [['devtmpfs', '4.0M', '0', '4.0M', '0%', '/dev']] : []),
      ...(distribution === 2 ? [['devtmpfs', '10.0M', '0', '10.0M', '0%', '/dev']] : []),
      disk('/dev/nvme0n1p1', number(20, 500), number(1, 99), '/'),
      ...(isOdd ? [disk('/dev/nvme1n1', number(100, 2000), number(1, 99), '/srv/data')] : []),
    ]
    const free = distribution === 2 ? 'Available' : 'Avail'
    const head = ['Filesystem', 'Size', 'Used', free, 'Use%', 'Mounted on']
    const widths = distribution === 2 ? [21, 9, 9, 9, 4] : [15, 5, 5, 5, 4]
    return {
      output: aligned(
        [head, ...disks],
        [
          (text) => text.padEnd(widths[0] as number),
          ...widths.slice(1).map((width) => (text: string) => text.padStart(width)),
        ],
      ),
      cells: disks.map((row) => Object.fromEntries(head.map((name, at) => [name, row[at] as string]))),
    }
  },
  'free -m'({ distribution, number, isOdd }) {
    const names = ['total', 'used', 'free', 'shared', 'buff/cache', 'available']
    const memory = names.map(() => String(number(10, isOdd ? 64_000 : 8000)))
    const swap = [String(number(0, 4000)), '0', String(number(0, 4000))]
    const [first, width] = distribution === 0 ? [8, 12] : [7, 12]
    const line = (label: string, values: readonly string[]) =>
      label.padEnd(first) + values.map((value) => value.padStart(width)).join('')
    return {
      output: [line('', names), line('Mem:', memory), line('Swap:', swap)].join('\n'),
      cells: [
        { '': 'Mem:', total: memory[0] as string, available: memory[5] as string },
        { '': 'Swap:', total: swap[0] as string },
      ],
    }
  },
  'docker ps'({ isOdd, number }) {
    const head = ['CONTAINER ID', 'IMAGE', 'COMMAND', 'CREATED', 'STATUS', 'PORTS', 'NAMES']
    const box = (image: string, status: string, ports: string, name: string) => [
      `${hex(number(0, 0xffff_ffff), 8)}${hex(number(0, 0xffff), 4)}`,
      image,
      '"/docker-entrypoint.…"',
      `${number(2, 11)} weeks ago`,
      status,
      ports,
      name,
    ]
    const rows = [
      box(
        `nginx:1.${number(20, 27)}`,
        `Up ${number(2, 50)} hours`,
        '0.0.0.0:80->80/tcp, :::80->80/tcp',
        'web',
      ),
      box('redis:7-alpine', 'Up 3 days (healthy)', '6379/tcp', 'cache'),
      ...(isOdd ? [box('postgres:16', `Restarting (1) ${number(2, 59)} seconds ago`, '', 'db')] : []),
    ]
    const widths = head.map(
      (_, at) => Math.max(...[head, ...rows].map((row) => (row[at] as string).length)) + 3,
    )
    return {
      output: aligned(
        [head, ...rows],
        widths.slice(0, -1).map((width) => (text: string) => text.padEnd(width)),
        '',
      ),
      cells: rows.map((row) => ({
        IMAGE: row[1] as string,
        STATUS: row[4] as string,
        NAMES: row[6] as string,
      })),
    }
  },
  'systemctl list-units --failed'({ distribution, isOdd, number }) {
    const none = ['  UNIT LOAD ACTIVE SUB DESCRIPTION', '0 loaded units listed.']
    if (!isOdd) return { output: none.join('\n') }
    const units = [
      ['logrotate.service', 'Rotate log files'],
      ['nginx.service', 'A high performance web server and a reverse proxy server'],
      ['certbot.service', 'Certbot'],
    ].slice(0, number(1, 3))
    const width = Math.max(...units.map(([unit = '']) => unit.length))
    const legend =
      distribution === 2
        ? [
            'Legend: LOAD   → Whether the definition was loaded.',
            '        ACTIVE → The state in general.',
            '        SUB    → The state in particular.',
          ]
        : [
            'LOAD   = Whether the definition was loaded.',
            'ACTIVE = The state in general.',
            'SUB    = The state in particular.',
          ]
    return {
      output: [
        `  ${'UNIT'.padEnd(width)} LOAD   ACTIVE SUB    DESCRIPTION`,
        ...units.map(([unit = '', text]) => `● ${unit.padEnd(width)} loaded failed failed ${text}`),
        '',
        ...legend,
        `${units.length} loaded units listed.`,
      ].join('\n'),
      cells: units.map(([unit = '', text = '']) => ({ UNIT: unit, ACTIVE: 'failed', DESCRIPTION: text })),
    }
  },
  'dpkg -l'({ distribution, isOdd, number }) {
    const ours = ['deb11u', 'deb12u', 'ubuntu0.'][distribution]
    const packages = [
      ['adduser', `3.${number(118, 137)}`, 'all', 'add and remove users and groups'],
      ['bash', `5.${number(1, 2)}-2+b${number(1, 9)}`, 'amd64', 'GNU Bourne Again SHell'],
      [
        'openssl',
        `3.0.${number(2, 15)}-1${distribution === 2 ? ours : `~${ours}`}${number(1, 9)}`,
        'amd64',
        'Secure Sockets Layer toolkit',
      ],
      ...(isOdd ? [['nginx', `1.${number(18, 26)}.0-1`, 'amd64', 'small, powerful web server']] : []),
    ]
    const widths = [14, 20, 12, 35]
    const line = (cells: readonly string[]) =>
      cells
        .map((cell, at) => cell.padEnd(widths[at] as number))
        .join(' ')
        .trimEnd()
    return {
      output: [
        'Desired=Unknown/Install/Remove/Purge/Hold',
        '| Status=Not/Inst/Conf-files/Unpacked/halF-conf/Half-inst/trig-aWait/Trig-pend',
        '|/ Err?=(none)/Reinst-required (Status,Err: uppercase=bad)',
        `||/ ${line(['Name', 'Version', 'Architecture', 'Description'])}`,
        `+++-${widths.map((width) => '='.repeat(width)).join('-')}`,
        ...packages.map((cells) => `ii  ${line(cells)}`),
      ].join('\n'),
      cells: packages.map(([Name = '', Version = '']) => ({ Name, Version })),
    }
  },
  'rpm -qa'({ distribution, number, isOdd }) {
    const end = ['amzn2023.0', 'el9', 'fc42'][distribution]
    return {
      output: [
        `bash-5.2.${number(15, 26)}-${number(1, 9)}.${end}.x86_64`,
        `openssl-libs-3.0.${number(1, 16)}-${isOdd ? number(10, 30) : number(1, 9)}.${end}.x86_64`,
        `tzdata-2025${'ab'[number(0, 1)]}-1.${end}.noarch`,
        `systemd-25${number(2, 7)}.${number(1, 40)}-1.${end}.x86_64`,
      ].join('\n'),
    }
  },
  'ps aux'({ isOdd, number }) {
    const head = ['USER', 'PID', '%CPU', '%MEM', 'VSZ', 'RSS', 'TTY', 'STAT', 'START', 'TIME', 'COMMAND']
    const process = (user: string, pid: number, command: string) => [
      user,
      String(pid),
      `${number(0, 99)}.${number(0, 9)}`,
      `${number(0, 50)}.${number(0, 9)}`,
      String(number(1000, 99_999_999)),
      String(number(100, 9_999_999)),
      '?',
      'Ss',
      `${two(number(0, 23))}:${two(number(0, 59))}`,
      `${number(0, 99)}:${two(number(0, 59))}`,
      command,
    ]
    const rows = [
      process('root', 1, '/sbin/init splash'),
      process('www-data', number(300, 99_999), 'nginx: worker process'),
      ...(isOdd ? [process('app', number(300, 99_999), 'java -Xmx1g -jar app.jar')] : []),
    ]
    const widths = [-12, 7, 4, 4, 8, 7, -8, -4, 5, 6]
    return {
      output: aligned(
        [head, ...rows],
        widths.map((width) => (text: string) => (width < 0 ? text.padEnd(-width) : text.padStart(width))),
      ),
      cells: rows.map((row) => ({
        USER: row[0] as string,
        PID: row[1] as string,
        '%CPU': row[2] as string,
        COMMAND: row[10] as string,
      })),
    }
  },
  'curl localhost/health'({ distribution, isOdd, number }) {
    const free = number(1, 500_000_000_000)
    const body = {
      status: isOdd ? 'DEGRADED' : 'UP',
      version: `2.${number(0, 9)}.${number(0, 40)}`,
      disk: { free, threshold: 10_485_760 },
      ...(isOdd ? { reasons: ['queue is long'] } : {}),
    }
    return {
      output: distribution === 0 ? JSON.stringify(body) : JSON.stringify(body, undefined, distribution * 2),
      cells: [{ status: body.status, version: body.version, 'disk.free': String(free) }],
    }
  },
} satisfies Record<string, Print>

function disk(device: string, gibibytes: number, percent: number, mount: string): string[] {
  const used = Math.round((gibibytes * percent) / 100)
  return [device, `${gibibytes}G`, `${used}G`, `${gibibytes - used}G`, `${percent}%`, mount]
}

/** Columns with one blank between them; the last is as long as it is. */
function aligned(
  rows: readonly (readonly string[])[],
  columns: readonly ((text: string) => string)[],
  between = ' ',
): string {
  return rows
    .map((row) =>
      row
        .map((cell, at) => columns[at]?.(cell) ?? cell)
        .join(between)
        .trimEnd(),
    )
    .join('\n')
}

const two = (number: number) => String(number).padStart(2, '0')
const pad = (number: number, width: number) => String(number).padStart(width)
const hex = (number: number, width: number) => number.toString(16).padStart(width, '0')

/** Numbers from 0 to below 1, the same for the same seed (the generator mulberry32). */
function randomNumbers(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}
