import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { isValue, lineTokens } from '../../../src/answers/lineTokens.ts'

describe('the tokens of a line', () => {
  it('put together are the line', () => {
    const anyLine = fc.oneof(fc.string(), fc.string({ unit: 'grapheme' }), lineOfValues)
    fc.assert(
      fc.property(anyLine, (line) => {
        expect(
          lineTokens(line)
            .map(({ text }) => text)
            .join(''),
        ).toBe(line)
      }),
    )
  })

  it.each([
    [
      'up 10:37,  0 users,  load average: 1.39, 2.93',
      ['clock 10:37', 'number 0', 'number 1.39', 'number 2.93'],
    ],
    ['up 162 days,  1:05', ['duration 162 days,  1:05']],
    ['up 3 days, 14 min', ['duration 3 days, 14 min']],
    [
      'tmpfs 0 1.5K 512 MB 24% 640kB 1.5 GiB/s',
      ['number 0', 'size 1.5K', 'size 512 MB', 'percent 24%', 'size 640kB', 'size 1.5 GiB/s'],
    ],
    ['took 3.5 ms, 250ms and 1d2h3m', ['duration 3.5 ms', 'duration 250ms', 'duration 1d2h3m']],
    ['Up About an hour', ['duration About an hour']],
    ['nginx/1.24.0 6.1.0-25-cloud-amd64', ['version 1.24.0', 'version 6.1.0-25']],
    [
      'openssl 3.0.14-1~deb12u2 2:8.2.3995-1ubuntu2.17',
      ['version 3.0.14-1~deb12u2', 'version 2:8.2.3995-1ubuntu2.17'],
    ],
    ['bash-5.1.8-9.el9.x86_64', ['version 5.1.8-9.el9']],
    [
      '2026-11-28T11:27:10.123Z [28/Nov/2026:11:27:10 +0000]',
      ['date 2026-11-28T11:27:10.123Z', 'date 28/Nov/2026:11:27:10 +0000'],
    ],
    ['Sat Nov 28 11:27:10 UTC 2026', ['date Sat Nov 28 11:27:10 UTC 2026']],
    ['Nov  8 11:27:10 host sshd[1234]:', ['date Nov  8 11:27:10', 'number 1234']],
    [
      '10.0.0.1:8080 10.0.0.0/16 ::1 fe80::1%eth0/64 00:1a:2b:3c:4d:5e',
      [
        'address 10.0.0.1:8080',
        'address 10.0.0.0/16',
        'address ::1',
        'address fe80::1%eth0/64',
        'address 00:1a:2b:3c:4d:5e',
      ],
    ],
    [
      'i-0abc1234def567890 a1b2c3d 0x7ffe 550e8400-e29b-41d4-a716-446655440000',
      ['id i-0abc1234def567890', 'id a1b2c3d', 'id 0x7ffe', 'id 550e8400-e29b-41d4-a716-446655440000'],
    ],
    ['{"a":-5,"b":1.5e3}', ['number -5', 'number 1.5e3']],
    ['1,234,567 requests', ['number 1,234,567']],
  ])('finds the values of %j', (line, values) => {
    expect(valuesOf(line)).toEqual(values)
  })

  it.each([
    'web-01 step-3 x86_64 eth0 sda1 node3 libssl.so.3 up-to-date',
    'facade decade deadbeef bad',
    'May be; Sun sets; about an hour; vX i-am sg-1',
    '3rd 2xx ٣٤ 1２3',
    '9'.repeat(60),
  ])('takes %j for words', (line) => {
    expect(valuesOf(line)).toEqual([])
  })

  it('are found in linear time, whatever the line is made of', () => {
    // An expression that goes back and forth would need hours for these: the test would not end.
    for (const part of [
      '1.',
      '1,',
      'a-',
      'a:',
      '1:',
      ' ',
      '1 days, ',
      '2026-11-',
      '1+',
      'Mon ',
      '1d ',
      '0x',
      'f:',
    ])
      expect(lineTokens(part.repeat(200_000)).length).toBeGreaterThan(0)
  })
})

const lineOfValues = fc
  .array(
    fc.constantFrom(
      'web-01',
      ' ',
      '  ',
      '10.5',
      '12G',
      '5%',
      '10:37',
      ',',
      ':',
      '-',
      '.',
      '3 days',
      'Nov 28',
      'v1.2',
      'é',
      '😀',
      '1',
    ),
  )
  .map((parts) => parts.join(''))

function valuesOf(line: string): string[] {
  return lineTokens(line).flatMap(({ kind, text }) => (isValue(kind) ? [`${kind} ${text}`] : []))
}
