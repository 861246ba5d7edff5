import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { foldHosts, unfoldHosts } from '../../../src/hosts/hostFolding.ts'
import { anyText } from '../../support/anyText.ts'
import { inProcessorTime } from '../../support/processorTime.ts'

describe('foldHosts', () => {
  it.each([
    ['one name', ['web01'], 'web01'],
    ['a series', ['web03', 'web01', 'web02'], 'web[01-03]'],
    ['a series with a gap', [...series('web', 1, 20, 2), 'web25'], 'web[01-20,25]'],
    ['a series that outgrows its padding', series('web', 8, 120, 2), 'web[08-120]'],
    ['numbers without padding', series('db', 9, 11, 1), 'db[9-11]'],
    ['padded and plain numbers of one name', ['n1', 'n2', 'n01', 'n02'], 'n[01-02,1-2]'],
    ['several numeric parts', racks(), 'rack[1-2]-node[01-16]'],
    ['several names', ['db1', 'web1', 'web2', 'bastion'], 'bastion,db1,web[1-2]'],
    [
      'numbers beyond 2^64',
      ['x99999999999999999999', 'x100000000000000000000'],
      `x[${'9'.repeat(20)}-1${'0'.repeat(20)}]`,
    ],
    ['a name twice', ['a1', 'a1'], 'a1'],
    [
      'private DNS names',
      ['ip-10-0-1-23.ec2.internal', 'ip-10-0-1-24.ec2.internal'],
      'ip-10-0-1-[23-24].ec2.internal',
    ],
    ['names that would read as something else', ['a,b', 'c[1-2]', 'd"e'], '"a,b","c[1-2]","d\\"e"'],
    ['nobody', [], ''],
  ])('folds %s', (_, names, folded) => {
    expect(foldHosts(names)).toBe(folded)
    expect(foldHosts(names.toReversed())).toBe(folded)
  })

  it('gives the same names back by unfoldHosts, whatever they are', () => {
    fc.assert(
      fc.property(fc.uniqueArray(anyName), (names) => {
        const unfolded = unfoldHosts(foldHosts(names))
        expect(unfolded.toSorted()).toEqual(names.toSorted())
      }),
      { numRuns: 500 },
    )
  })

  it('says each name once: 10,000 of them in a fraction of a second', () => {
    const names = Array.from(
      { length: 10_000 },
      (_, index) => `rack${index % 40}-node${String(index).padStart(5, '0')}.eu-west-1`,
    )
    expect(inProcessorTime(2_000, () => unfoldHosts(foldHosts(names)))).toHaveLength(10_000)
  })
})

describe('unfoldHosts', () => {
  it.each([
    ['web[01-03], db1', ['web01', 'web02', 'web03', 'db1']],
    ['r[1-2]n[1-2]', ['r1n1', 'r1n2', 'r2n1', 'r2n2']],
    [' a , , b ', ['a', 'b']],
    ['"x,y",z', ['x,y', 'z']],
    ['', []],
  ])('reads %j', (text, names) => {
    expect(unfoldHosts(text)).toEqual(names)
  })

  it.each(['a[1-2', 'a]1', 'a[2-1]', 'a[x]', 'a[]', '"a', 'a"b"', 'a[1-[2]]', '"a"b'])(
    'refuses %j in words',
    (text) => {
      expect(() => unfoldHosts(text)).toThrow(/not closed|neither a number/)
    },
  )

  it.each(['a[1-100001]', 'a[1-1000][1-1000]', 'a[1-60000],b[1-60000]', `a[1-${'9'.repeat(200)}]`])(
    'refuses %j, which would not fit into memory or time',
    (text) => {
      expect(() => unfoldHosts(text)).toThrow(/more than 100000 names/)
    },
  )

  it('throws nothing but an Error with a sentence', () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom(...'a1-0,[]"\\ ') }), (text) => {
        try {
          unfoldHosts(text)
        } catch (error) {
          expect((error as Error).message).toMatch(/ is neither | not closed|stands for more/)
        }
      }),
    )
  })
})

function series(name: string, from: number, to: number, width: number): string[] {
  return Array.from({ length: to - from + 1 }, (_, index) => name + String(from + index).padStart(width, '0'))
}

function racks(): string[] {
  return ['rack1-node', 'rack2-node'].flatMap((name) => series(name, 1, 16, 2))
}

const anyNumber = fc
  .tuple(fc.nat(30), fc.nat(3))
  .map(([number, width]) => String(number).padStart(width, '0'))

const anyName = fc.oneof(
  fc.tuple(fc.constantFrom('web', 'db', 'a-', ''), anyNumber).map((parts) => parts.join('')),
  fc
    .tuple(fc.constantFrom('rack', 'r'), anyNumber, fc.constantFrom('-', 'n', '.'), anyNumber)
    .map((parts) => parts.join('')),
  anyText(),
  fc.string({ unit: fc.constantFrom(...'a01,[]-"\\ ٣') }),
)
