import { BlockList, isIP } from 'node:net'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { isWithin, networkOf, writtenAsNetwork } from '../../../../src/protocol/filter/address.ts'

const ipv4 = fc.ipV4()
const ipv6 = fc.ipV6()
const nearly = fc
  .array(fc.constantFrom('0', '1', '10', '255', '256', '01', 'fe80', 'fffff', 'g', '.', ':', '::'), {
    maxLength: 12,
  })
  .map((pieces) => pieces.join(''))

describe('networkOf', () => {
  it('reads an address exactly when it is one', () => {
    fc.assert(
      fc.property(fc.oneof(ipv4, ipv6, nearly), (text) => {
        expect(networkOf(`${text}/0`) !== undefined).toBe(isIP(text) !== 0)
      }),
      { numRuns: 3_000 },
    )
  })

  it('takes a prefix up to the length of the address', () => {
    expect(networkOf('10.0.0.0/32')).toBeDefined()
    expect(networkOf('fd00::/128')).toBeDefined()
    for (const text of [
      '10.0.0.0/33',
      'fd00::/129',
      '10.0.0.0/',
      '10.0.0.0/08',
      '10.0.0.0',
      '/8',
      '10.0.0.0/8/8',
      '',
    ]) {
      expect(networkOf(text)).toBeUndefined()
    }
  })
})

describe('isWithin', () => {
  it.each([['ipv4', ipv4, 32] as const, ['ipv6', ipv6, 128] as const])(
    'says of %s what the runtime says',
    (family, address, bits) => {
      fc.assert(
        fc.property(address, address, fc.nat(bits), fc.boolean(), (base, other, prefix, same) => {
          const candidate = same ? base : other
          const known = new BlockList()
          known.addSubnet(base, prefix, family)
          const network = networkOf(`${base}/${prefix}`)
          expect(network && isWithin(network, candidate)).toBe(known.check(candidate, family))
        }),
        { numRuns: 1_000 },
      )
    },
  )

  it('ignores a zone and a prefix length behind the address, and keeps the families apart', () => {
    const v4 = { bytes: [10, 0, 0, 0], prefixLength: 8 }
    const v6 = { bytes: [0xfe, 0x80, ...new Array<number>(14).fill(0)], prefixLength: 10 }
    expect(isWithin(v4, '10.9.8.7/24')).toBe(true)
    expect(isWithin(v6, 'fe80::1%eth0')).toBe(true)
    expect(isWithin(v6, 'fe80::1%eth0/64')).toBe(true)
    for (const text of ['fe80::1', '', '10', '10.9.8.7 ', '10.9.8', '1'.repeat(100_000)]) {
      expect(isWithin(v4, text)).toBe(false)
    }
  })
})

describe('writtenAsNetwork', () => {
  it('tells an address range, valid or not, from other text with a slash', () => {
    for (const text of ['10.0.0.0/8', 'fd00::/8', '::/0', '10.0/8', '10.0.0.0/99'])
      expect(writtenAsNetwork(text)).toBe(true)
    for (const text of ['/dev/sda1', 'a/b', '10.0.0.0', 'web/8', ''])
      expect(writtenAsNetwork(text)).toBe(false)
  })
})
