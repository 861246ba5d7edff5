import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { findRecords } from '../../../src/answers/records.ts'
import { findTable, tableLines } from '../../../src/answers/table.ts'

const outputs: Readonly<Record<string, string>> = {
  'df -h': `Filesystem      Size  Used Avail Use% Mounted on
udev            3.9G     0  3.9G   0% /dev
/dev/nvme0n1p1   30G   27G  2.0G  94% /
tmpfs           3.9G     0  3.9G   0% /dev/shm
/dev/nvme1n1    200G  120G   81G  60% /srv/my data`,
  'free -m': `               total        used        free      shared  buff/cache   available
Mem:            7856        1187         312          18        6357        6372
Swap:           2047           0        2047`,
  'ps aux': `USER         PID %CPU %MEM    VSZ   RSS TTY      STAT START   TIME COMMAND
root           1  0.0  0.1 168140 12876 ?        Ss   Nov20   0:09 /sbin/init splash
systemd+  123456  1.5  2.1 99168140 212876 ?     Ssl  11:20   1:02 java -Xmx1g -jar app.jar`,
  'docker ps': `CONTAINER ID   IMAGE        COMMAND                  CREATED       STATUS                 PORTS                NAMES
3f4a5b6c7d8e   nginx:1.25   "/docker-entrypoint.…"   3 weeks ago   Up 3 weeks (healthy)   0.0.0.0:80->80/tcp   web
9a8b7c6d5e4f   redis:7      "docker-entrypoint.s…"   2 hours ago   Up 2 hours                                  cache`,
  'systemctl list-units --failed': `  UNIT              LOAD   ACTIVE SUB    DESCRIPTION
● logrotate.service loaded failed failed Rotate log files
● nginx.service     loaded failed failed A high performance web server

LOAD   = Reflects whether the unit definition was properly loaded.
2 loaded units listed.`,
  'dpkg -l': `Desired=Unknown/Install/Remove/Purge/Hold
| Status=Not/Inst/Conf-files/Unpacked/halF-conf/Half-inst/trig-aWait/Trig-pend
|/ Err?=(none)/Reinst-required (Status,Err: uppercase=bad)
||/ Name           Version         Architecture Description
+++-==============-===============-============-=================================
ii  adduser        3.134           all          add and remove users and groups
ii  openssl        3.0.14-1~deb12  amd64        Secure Sockets Layer toolkit`,
  'kubectl get pods': `NAME                       READY   STATUS    RESTARTS      AGE
web-6d4cf56db6-abcde       1/1     Running   0             12d
coredns-5d78c9869d-xyz12   1/1     Running   3 (5d ago)    40d`,
  psql: ` datname  | numbackends |  size
----------+-------------+---------
 postgres |           1 | 7453 kB
 app      |          12 | 93 MB
(2 rows)`,
  mysql: `+----+------+-----------+
| Id | User | Host      |
+----+------+-----------+
|  5 | root | localhost |
|  6 | app  | 10.0.0.1  |
+----+------+-----------+`,
  vmstat: `procs -----------memory---------- ---swap-- -----io---- -system-- ------cpu-----
 r  b   swpd   free   buff  cache   si   so    bi    bo   in   cs us sy id wa st
 4  0      0 15552856 345848 6096840    0    0   255   711  949 4312 50 12 38  0  0`,
  'dpkg-query -W': 'adduser\t3.134\nopenssl\t3.0.14-1~deb12u2',
}

describe('a table', () => {
  it.each([
    [
      'df -h',
      ['Filesystem', 'Size', 'Used', 'Avail', 'Use%', 'Mounted on'],
      ['/dev/nvme0n1p1', '30G', '27G', '2.0G', '94%', '/'],
    ],
    [
      'free -m',
      ['', 'total', 'used', 'free', 'shared', 'buff/cache', 'available'],
      ['Swap:', '2047', '0', '2047', '', '', ''],
    ],
    [
      'ps aux',
      ['USER', 'PID', '%CPU', '%MEM', 'VSZ', 'RSS', 'TTY', 'STAT', 'START', 'TIME', 'COMMAND'],
      [
        'systemd+',
        '123456',
        '1.5',
        '2.1',
        '99168140',
        '212876',
        '?',
        'Ssl',
        '11:20',
        '1:02',
        'java -Xmx1g -jar app.jar',
      ],
    ],
    [
      'docker ps',
      ['CONTAINER ID', 'IMAGE', 'COMMAND', 'CREATED', 'STATUS', 'PORTS', 'NAMES'],
      ['9a8b7c6d5e4f', 'redis:7', '"docker-entrypoint.s…"', '2 hours ago', 'Up 2 hours', '', 'cache'],
    ],
    [
      'systemctl list-units --failed',
      ['UNIT', 'LOAD', 'ACTIVE', 'SUB', 'DESCRIPTION'],
      ['nginx.service', 'loaded', 'failed', 'failed', 'A high performance web server'],
    ],
    [
      'dpkg -l',
      ['/', 'Name', 'Version', 'Architecture', 'Description'],
      ['ii', 'openssl', '3.0.14-1~deb12', 'amd64', 'Secure Sockets Layer toolkit'],
    ],
    [
      'kubectl get pods',
      ['NAME', 'READY', 'STATUS', 'RESTARTS', 'AGE'],
      ['coredns-5d78c9869d-xyz12', '1/1', 'Running', '3 (5d ago)', '40d'],
    ],
    ['psql', ['datname', 'numbackends', 'size'], ['app', '12', '93 MB']],
    ['mysql', ['Id', 'User', 'Host'], ['6', 'app', '10.0.0.1']],
    ['dpkg-query -W', ['1', '2'], ['openssl', '3.0.14-1~deb12u2']],
  ])('is found in the output of %s', (command, columns, row) => {
    const records = findRecords(linesOf(command))
    expect(records?.columns).toEqual(columns)
    expect(records?.rows).toContainEqual(row)
  })

  it.each(Object.keys(outputs))('of %s put together is the output again', (command) => {
    const table = findTable(linesOf(command))
    expect(table).toBeDefined()
    if (table !== undefined) expect(tableLines(table).join('\n')).toBe(outputs[command])
  })

  it('put together is the output again, whatever was taken for a table', () => {
    const cells = fc.constantFrom(
      'NAME',
      'Use%',
      'a',
      '12',
      '',
      ' ',
      '  ',
      '   ',
      '|',
      '\t',
      '---',
      '+--+',
      '===',
      'Mounted on',
      'é',
      '😀',
    )
    const lines = fc.array(
      fc.array(cells, { maxLength: 8 }).map((parts) => parts.join('')),
      { maxLength: 8 },
    )
    fc.assert(
      fc.property(lines, (output) => {
        const table = findTable(output)
        if (table !== undefined) expect(tableLines(table).join('\n')).toBe(output.join('\n'))
      }),
      { numRuns: 2000 },
    )
  })

  it.each([
    ['messages', 'Reloading nginx …\nchecking configuration\nconfiguration ok\nnginx: [emerg] bind() failed'],
    ['one line', 'Linux web-01 6.1.0-25-amd64 x86_64'],
    ['a header alone', 'NAME   READY   STATUS'],
    [
      'addresses',
      '1: lo: <LOOPBACK,UP> mtu 65536\n    inet 127.0.0.1/8 scope host lo\n       valid_lft forever preferred_lft forever\n2: eth0: <UP>',
    ],
    [
      'two tables side by side under one name',
      'Inter-|   Receive        |  Transmit\n face |bytes    packets|bytes    packets\n    lo: 1234    12 1234    12',
    ],
    ['prose', 'Some servers need a restart\nbecause the kernel is new.'],
  ])('is not found in %s', (_, output) => {
    expect(findTable(output.split('\n'))).toBeUndefined()
  })
})

describe('hostile lines', () => {
  it.each(['-', '=', ' ', '|', '+-', 'a|', '| ', '\t', 'a:', 'a=', '● '])(
    'of %j are looked at in linear time',
    (part) => {
      // Expressions that go back and forth would need hours for these: the test would not end.
      const long = part.repeat(4000 / part.length)
      const lines = [`${long}x`, `|${long}x`, `x${long}x`, `${long}|`]
      findRecords(['NAME   STATE', ...Array.from({ length: 60 }, (_, index) => lines[index % 4] as string)])
    },
  )
})

describe('records', () => {
  it('of a JSON object are its paths', () => {
    expect(findRecords(['{"status":"UP","disk":{"free":12,"tags":["a","b"]},', '"odd key":null}'])).toEqual({
      kind: 'json',
      columns: ['status', 'disk.free', 'disk.tags[0]', 'disk.tags[1]', '"odd key"'],
      rows: [['UP', '12', 'a', 'b', 'null']],
    })
  })

  it.each([
    ['a list', ['[{"id":1,"up":true},', '{"id":2,"load":0.5}]']],
    ['one object a line', ['{"id":1,"up":true}', '{"id":2,"load":0.5}']],
  ])('of %s have a row for each object', (_, lines) => {
    expect(findRecords(lines)).toEqual({
      kind: 'json',
      columns: ['id', 'up', 'load'],
      rows: [
        ['1', 'true', undefined],
        ['2', undefined, '0.5'],
      ],
    })
  })

  it.each([
    [
      'MemTotal:       24684124 kB\nMemFree:         1555285 kB\nHugePages_Total:       0',
      ['MemTotal', 'MemFree', 'HugePages_Total'],
      ['24684124 kB', '1555285 kB', '0'],
    ],
    [
      'NAME="Debian GNU/Linux"\nVERSION_ID="12"\nID=debian',
      ['NAME', 'VERSION_ID', 'ID'],
      ['Debian GNU/Linux', '12', 'debian'],
    ],
    [
      'Architecture:        x86_64\nCPU op-mode(s):      32-bit, 64-bit\nThread(s) per core:  2',
      ['Architecture', 'CPU op-mode(s)', 'Thread(s) per core'],
      ['x86_64', '32-bit, 64-bit', '2'],
    ],
  ])('of keys and values are one row: %j', (output, columns, row) => {
    expect(findRecords(output.split('\n'))).toEqual({ kind: 'keys', columns, rows: [row] })
  })

  it.each([
    ['keys that come twice', 'address: a\naddress: b'],
    ['JSON of strings', '["a","b"]'],
    ['JSON that is cut off', '{"a":1,"b":'],
    ['JSON deeper than the limit', `${'{"a":'.repeat(30)}1${'}'.repeat(30)}`],
    [
      'JSON with more keys than the limit',
      JSON.stringify(Object.fromEntries(Array.from({ length: 300 }, (_, key) => [`k${key}`, 1]))),
    ],
    ['nothing', ''],
  ])('are not found in %s', (_, output) => {
    expect(findRecords(output.split('\n'))).toBeUndefined()
  })
})

function linesOf(command: string): string[] {
  return (outputs[command] as string).split('\n')
}
