import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Agreement, type Answer } from '../../../src/answers/agreement.ts'
import { levels } from '../../../src/answers/level.ts'
import { isValue, lineTokens } from '../../../src/answers/lineTokens.ts'
import { replyPattern } from '../../../src/answers/replyPattern.ts'

describe('answers', () => {
  it('agree by pattern when only their values differ', () => {
    const agreement = agreementOf([
      [' 11:27:10 up 162 days,  1:05,  2 users,  load average: 0.00, 0.01, 0.05'],
      [' 09:00:01 up 14 min,  1 user,  load average: 12.3, 4, 5.06'],
      ['11:27:12 up 10:37,  0 users,  load average: 1.39, 2.93, 6.32'],
    ])
    expect(agreement.groups('identical')).toHaveLength(3)
    expect(agreement.groups('pattern')).toHaveLength(1)
    expect(agreement.groups('pattern')[0]).toMatchObject({ ids: ['a0', 'a1', 'a2'], originals: 3 })
    expect(
      agreement.spreads(['a0', 'a1', 'a2']).map((spread) => `${spread?.lowest}–${spread?.highest}`),
    ).toEqual(['09:00:01–11:27:12', '14 min–162 days,  1:05', '0–2', '0.00–12.3', '0.01–4', '0.05–6.32'])
  })

  it('agree by pattern where a sentence differs in their own names only', () => {
    const agreement = agreementOf(
      [
        ['web-01.example.com: web-01 is fine'],
        ['web-02.example.com: web-02 is fine'],
        ['db-01: web-01 is fine'],
      ],
      (index) => (index < 2 ? [`web-0${index + 1}`, `web-0${index + 1}.example.com`] : ['db-01']),
    )
    expect(agreement.groups('pattern').map(({ ids }) => ids)).toEqual([['a0', 'a1'], ['a2']])
  })

  it('agree by pattern if they are identical, although the name of one of them is in the output of all', () => {
    const agreement = agreementOf([['web-01 leads'], ['web-01 leads'], ['web-01 leads']], (index) => [
      `web-0${index + 1}`,
    ])
    expect(agreement.groups('pattern')).toHaveLength(1)
  })

  it('agree by shape when a list has another length', () => {
    const agreement = agreementOf([
      ['jobs:', 'job 1 took 5s', 'job 2 took 7s', 'end'],
      ['jobs:', 'job 8 took 1s', 'end'],
      ['jobs:', 'end'],
    ])
    expect(agreement.groups('pattern')).toHaveLength(3)
    expect(agreement.groups('shape').map(({ ids }) => ids)).toEqual([['a0', 'a1'], ['a2']])
  })

  it('never agree across verdicts, exit codes or streams', () => {
    const agreement = new Agreement()
    const pattern = replyPattern([{ stream: 1, text: 'took 5s' }], { names: [] })
    agreement.set({ id: 'a', end: 'succeeded', output: 'same', pattern })
    agreement.set({ id: 'b', end: 'failed, exit code 1', output: 'same', pattern })
    agreement.set({
      id: 'c',
      end: 'succeeded',
      output: 'other',
      pattern: replyPattern([{ stream: 2, text: 'took 5s' }], { names: [] }),
    })
    for (const level of levels) expect(agreement.groups(level)).toHaveLength(3)
  })

  it('equal no other while a part of them is missing', () => {
    const agreement = new Agreement()
    for (const id of ['a', 'b'])
      agreement.set({ id, end: 'succeeded', output: undefined, pattern: undefined })
    for (const level of levels) expect(agreement.groups(level)).toHaveLength(2)
  })

  it('are identical beyond what is looked at, or do not agree', () => {
    const agreement = new Agreement()
    for (const [id, rest] of [
      ['a', 'one'],
      ['b', 'two'],
    ] as const)
      agreement.set({
        id,
        end: 'succeeded',
        output: rest,
        pattern: replyPattern([{ stream: 1, text: 'took 5s' }], { names: [], rest }),
      })
    for (const level of levels) expect(agreement.groups(level)).toHaveLength(2)
  })

  it('tell how their values spread at the places that somebody looks at, also of answers that come later', () => {
    const agreement = agreementOf([['took 5s of 9 MB'], ['took 7s of 8 MB']])
    const at = (places: number[]) =>
      agreement.spreads(['a0', 'a1'], places).map((spread) => spread && `${spread.lowest}–${spread.highest}`)
    expect(at([1])).toEqual([undefined, '8 MB–9 MB'])
    agreement.set(answerOf('a1', ['took 2s of 4 MB']))
    expect(at([0])).toEqual(['2s–5s', undefined])
    agreement.set(answerOf('a2', ['took 1s of 1 MB']))
    expect(at([0, 1])).toEqual(['1s–5s', '1 MB–9 MB'])
    expect(at([7])).toEqual([undefined, undefined])
  })

  it('leave no value of an earlier answer of the same agent in a spread', () => {
    const agreement = agreementOf([['took 5s'], ['took 900s']])
    agreement.set(answerOf('a1', ['took 6s']))
    expect(agreement.spreads(['a0', 'a1'])).toMatchObject([{ lowest: '5s', highest: '6s', different: 2 }])
  })

  it('never agree by pattern with different words', () => {
    fc.assert(
      fc.property(fc.array(anyOutput, { minLength: 1, maxLength: 12 }), (outputs) => {
        for (const { ids } of agreementOf(outputs).groups('pattern'))
          expect(new Set(ids.map((id) => wordsOf(outputs[Number(id.slice(1))] as string[]))).size).toBe(1)
      }),
    )
  })

  it('never agree with another verdict or exit code, whatever they say', () => {
    const ends = fc.constantFrom('succeeded', 'failed, exit code 1', 'failed, exit code 2', 'timed out')
    fc.assert(
      fc.property(fc.array(fc.tuple(ends, anyOutput), { minLength: 1, maxLength: 12 }), (replies) => {
        const agreement = new Agreement()
        for (const [index, [end, lines]] of replies.entries())
          agreement.set({ ...answerOf(`a${index}`, lines), end })
        for (const level of levels)
          for (const { ids } of agreement.groups(level))
            expect(new Set(ids.map((id) => replies[Number(id.slice(1))]?.[0])).size).toBe(1)
      }),
    )
  })

  it('agree alike in whatever order they come, and a level never parts what the one before it has joined', () => {
    const named = fc.array(anyOutput, { minLength: 1, maxLength: 12 })
    fc.assert(
      fc.property(named, fc.infiniteStream(fc.double({ min: 0, max: 1, noNaN: true })), (outputs, order) => {
        const answers = outputs.map((lines, index) => answerOf(`a${index}`, lines, [`web-0${index % 3}`]))
        const shuffled = answers
          .map((answer) => [order.next().value as number, answer] as const)
          .sort(([one], [other]) => one - other)
        const [one, other] = [new Agreement(), new Agreement()]
        for (const answer of answers) one.set(answer)
        for (const [, answer] of shuffled) other.set(answer)
        let groupsBefore = answers.length + 1
        for (const level of levels) {
          expect(sorted(other.groups(level))).toEqual(sorted(one.groups(level)))
          expect(one.groups(level).length).toBeLessThanOrEqual(groupsBefore)
          groupsBefore = one.groups(level).length
          expect(one.count(level)).toBe(groupsBefore)
        }
      }),
    )
  })

  it('are shown at the first level that has few groups', () => {
    const many = Array.from({ length: 100 }, (_, index) => index)
    expect(agreementOf(many.map(() => ['same'])).suggestedLevel()).toBe('identical')
    expect(agreementOf(many.map((index) => [`took ${index}s`])).suggestedLevel()).toBe('pattern')
    expect(
      agreementOf(many.map((index) => Array.from({ length: index + 1 }, () => 'one 1'))).suggestedLevel(),
    ).toBe('shape')
    expect(
      agreementOf(
        many.map((index) => [`word${String.fromCharCode(97 + (index % 26))}x${index}`]),
      ).suggestedLevel(),
    ).toBeUndefined()
  })
})

const anyOutput = fc.array(
  fc
    .array(
      fc.constantFrom(
        'ok',
        'failed',
        'web-01',
        'web-02',
        '5',
        '12G',
        '7%',
        '10:37',
        '3 days',
        '10.0.0.1',
        'a1b2c3',
        ',',
      ),
      {
        minLength: 1,
        maxLength: 4,
      },
    )
    .map((parts) => parts.join(' ')),
  { minLength: 1, maxLength: 3 },
)

function agreementOf(outputs: readonly string[][], names: (index: number) => string[] = () => []): Agreement {
  const agreement = new Agreement()
  for (const [index, lines] of outputs.entries()) agreement.set(answerOf(`a${index}`, lines, names(index)))
  return agreement
}

function answerOf(id: string, lines: string[], names: string[] = []): Answer {
  const pattern = replyPattern(
    lines.map((text) => ({ stream: 1, text })),
    { names },
  )
  return { id, end: 'succeeded', output: lines.join('\n'), pattern }
}

function wordsOf(lines: string[]): string {
  return lines
    .map((line) =>
      lineTokens(line)
        .flatMap(({ kind, text }) => (isValue(kind) || kind === 'blank' ? [] : [text]))
        .join(' '),
    )
    .join('\n')
}

function sorted(groups: ReturnType<Agreement['groups']>) {
  return groups
    .map(({ ids, ...group }) => ({ ...group, ids: [...ids].sort() }))
    .sort((one, other) => (one.key < other.key ? -1 : 1))
}
