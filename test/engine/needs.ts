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
    // More than ten messages are on the command queue by then, and agents never see the newest.
    'integration/agent/auditing › that names nobody: there is no number of targets',
    'integration/agent/auditing › that cancels a run',
    'integration/agent/clocks › goes on obeying, and executes nothing twice',
    'integration/agent/kills › executes nothing twice, answers and audits every run, and comes back each time',
    'integration/agent/policyAttacks › is never led elsewhere by a link that is exchanged all the time (as %s)',
    'integration/agent/resilience › neither stops the agent nor hides the next command for longer than it takes to read past it',
    // A command for each agent that follows another: nineteen were visible.
    'integration/master/fleetOfFifty › with a window has never more agents under way than it allows, and starts the next when one ends',
    'integration/faults/bounds › lives through hostile bodies with what it runs, obeys what comes after them, and logs one line for their sender',
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
    'integration/queues/queues › tell the outcome of each entry of a batch',
    // The check before it leaves its body of NUL on the reply queue.
    'integration/agent/program › goes into the background, writes its pid and its log, reopens the log, and ends by a signal',
  ),
  ...needsOf('batch-one-too-large', 'integration/queues/queues › tell the outcome of each entry of a batch'),
  ...needsOf(
    'attributes-told',
    'integration/queues/queues › read a queue’s own size limit once, and again after changing it',
    'integration/queues/queues › create a queue that exists already with the same settings, list it, delete it, and delete it again',
    'integration/queues/doctor › finds planted faults, and its repair cures those of the queues',
  ),
]

/** Vitest fills in the case at `%s`. */
const withoutCase = (sentence: string) => sentence.replace(/ ?\(?as %s\)?$/, '')

/** Of what is seen of an engine, the rows for which a test is skipped. @param sentence the whole name of the test, or more */
export function lackingFor(file: string, sentence: string, differing: ReadonlySet<string>): string[] {
  const lacking = needs.filter(({ test, row }) => {
    const [needed = '', of = ''] = test.split(' › ')
    return differing.has(row) && file.endsWith(`test/${needed}.test.ts`) && sentence.includes(withoutCase(of))
  })
  return [...new Set(lacking.map(({ row }) => row))]
}
