import fc from 'fast-check'
import {
  allOf,
  anyOf,
  type Condition,
  EVERYONE,
  type FactPath,
  type Filter,
  negate,
  type OneOrMore,
  type Pattern,
  type Term,
  type Value,
} from '../../../../src/protocol/filter/syntax.ts'

/** Any text that a program can hold: control characters, lone surrogates, bidi marks, quotes, emoji. */
const oddText = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 8 }),
  fc
    .array(fc.integer({ min: 0, max: 0xffff }), { maxLength: 5 })
    .map((units) => String.fromCharCode(...units)),
)

const tellingText = fc.constantFrom(
  ...[
    'web',
    'os',
    'and',
    'or',
    'NOT',
    'in',
    '*',
    'web-*',
    '?',
    '~x',
    '=',
    '',
    ' ',
    'a b',
    '"',
    "'",
    '\\',
    '\\n',
    '\n',
  ],
  ...[
    '/',
    '/x/',
    '10.0.0.0/8',
    'fd00::/8',
    '10.0.0.0/99',
    '-1',
    '5.10.0-rc1',
    'true',
    'role::web',
    'a.b',
    'é',
    '\u202e',
  ],
  ...['1e3', '80%', '(', ')', ',', '&&', '||', '!', '\u00a0', '__proto__', 'a=b', '#', '$HOME'],
)

export const text = fc.oneof(tellingText, oddText)

const name = text.map((it) => ({ kind: 'name' as const, name: it }))
const path: fc.Arbitrary<FactPath> = fc
  .tuple(name, fc.array(fc.oneof(name, fc.constant({ kind: 'each' as const })), { maxLength: 4 }))
  .map(([first, rest]) => [first, ...rest])

const value: fc.Arbitrary<Value> = fc.oneof(
  { weight: 5, arbitrary: text.map((it) => ({ kind: 'exact' as const, text: it })) },
  fc
    .stringMatching(/^[a-zé0-9_.:/@%+-]{0,5}[*?][a-z*?~]{0,3}$/)
    .map((pattern) => ({ kind: 'glob' as const, pattern })),
  fc.constantFrom('10.0.0.0/8', '0.0.0.0/0', 'fd00::/8', '::/0', '192.168.1.7/32').map((network) => ({
    kind: 'network' as const,
    network,
  })),
)

const pattern: fc.Arbitrary<Pattern> = fc.record({
  source: fc
    .array(
      fc.constantFrom(
        'a',
        '^',
        '$',
        '.',
        '/',
        '\\\\',
        '\\d+',
        '[/"]',
        '(a|b)',
        '\\.',
        '=',
        ',',
        ' ',
        '||',
        'é',
        '"',
      ),
      {
        minLength: 1,
        maxLength: 6,
      },
    )
    .map((pieces) => pieces.join('')),
  flags: fc.constantFrom('', 'i', 'm', 's', 'im', 'is', 'ims'),
})

const bound = fc.constantFrom(
  '0',
  '9',
  '-1',
  '3.5',
  '+2',
  '1e3',
  '80%',
  '5.10.0-rc1',
  '1:2.3~beta+x',
  'v2',
  '2024-05-01',
)

export const term: fc.Arbitrary<Term> = fc.oneof(
  path.map((it) => ({ kind: 'present' as const, path: it })),
  fc.record({ kind: fc.constant('equals' as const), path, values: oneOrMore(value) }),
  fc.record({ kind: fc.constant('matches' as const), path, pattern }),
  fc.record({
    kind: fc.constant('compare' as const),
    path,
    operator: fc.constantFrom('<' as const, '<=' as const, '>' as const, '>=' as const),
    bound,
  }),
)

/** Conditions of any shape over these terms, in canonical form. */
export function conditionOver(terms: fc.Arbitrary<Term>): fc.Arbitrary<Condition> {
  return fc.letrec<{ condition: Condition }>((tie) => ({
    condition: fc.oneof(
      { maxDepth: 5, withCrossShrink: true },
      terms,
      oneOrMore(tie('condition')).map(allOf),
      oneOrMore(tie('condition')).map(anyOf),
      tie('condition').map(negate),
    ),
  })).condition
}

export const filter: fc.Arbitrary<Filter> = fc.oneof(
  { weight: 20, arbitrary: conditionOver(term) },
  fc.constant(EVERYONE),
)

function oneOrMore<T>(element: fc.Arbitrary<T>): fc.Arbitrary<OneOrMore<T>> {
  return fc.tuple(element, fc.array(element, { maxLength: 3 })).map(([first, rest]) => [first, ...rest])
}
