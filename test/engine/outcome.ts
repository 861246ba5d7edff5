import * as v from 'valibot'

/** The part of Vitest's JSON report that is told. */
const Report = v.object({
  numPassedTests: v.number(),
  numFailedTests: v.number(),
  testResults: v.array(
    v.object({
      name: v.string(),
      assertionResults: v.array(v.object({ fullName: v.string(), status: v.string() })),
    }),
  ),
})

/** The skipped tests, as documents name tests. */
export function skippedIn(report: unknown): string[] {
  return v.parse(Report, report).testResults.flatMap(({ name, assertionResults }) => {
    const file = name.replace(/^.*\/test\//, '').replace(/\.test\.ts$/, '')
    return assertionResults
      .filter(({ status }) => status === 'skipped' || status === 'pending')
      .map(({ fullName }) => `${file} › ${fullName}`)
  })
}

/** As in `40 passed, 0 failed, 3 skipped`. */
export function countTests(report: unknown): string {
  const { numPassedTests, numFailedTests } = v.parse(Report, report)
  return `${numPassedTests} passed, ${numFailedTests} failed, ${skippedIn(report).length} skipped`
}
