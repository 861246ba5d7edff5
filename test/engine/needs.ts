/** A test that needs what not every engine does. */
export interface Need {
  /** File and sentence, as documents name tests. */
  readonly test: string
  /** The row of the probe (test/sqsProbe/rows.ts) that says whether an engine does it. */
  readonly row: string
}

const needsOf = (row: string, ...tests: readonly string[]): Need[] => tests.map((test) => ({ test, row }))

/** `npm run test:engine` skips these where the probe has seen that the engine differs. */
export const needs: readonly Need[] = [
  ...needsOf(
    'rotation',
    'integration/master/broadcast › finds its commands although others take theirs away at the same time',
  ),
  ...needsOf('caller-identity', 'integration/queues/queues › tell who the credentials belong to'),
  ...needsOf('other-region', 'integration/queues/doctor › finds that the queues are in another region'),
  ...needsOf(
    'redrive-removed',
    'integration/queues/doctor › finds planted faults, and its repair cures those of the queues',
  ),
  ...needsOf(
    'forbidden-character',
    'integration/queues/doctor › leaves no trace: no message, and no command hidden',
  ),
  ...needsOf('batch-one-too-large', 'integration/queues/queues › tell the outcome of each entry of a batch'),
  ...needsOf(
    'attributes-told',
    'integration/queues/queues › read a queue’s own size limit once, and again after changing it',
    'integration/queues/queues › create a queue that exists already with the same settings, list it, delete it, and delete it again',
    'integration/queues/doctor › finds planted faults, and its repair cures those of the queues',
  ),
]

/** Of what is seen of an engine, the rows for which a test is skipped. @param sentence the whole name of the test, or more */
export function lackingFor(file: string, sentence: string, differing: ReadonlySet<string>): string[] {
  const lacking = needs.filter(({ test, row }) => {
    const [needed = '', of = ''] = test.split(' › ')
    return differing.has(row) && file.endsWith(`test/${needed}.test.ts`) && sentence.includes(of)
  })
  return [...new Set(lacking.map(({ row }) => row))]
}
