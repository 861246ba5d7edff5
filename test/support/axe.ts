import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import type { Page } from 'playwright-core'

const source = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')

/** What axe finds wrong with a page, each as `rule: element: why`. All of its rules, also those for "best practices". */
export async function accessibilityProblems(page: Page): Promise<string[]> {
  // By the browser's debugger, which no policy of the page keeps out.
  await page.evaluate(source)
  return page.evaluate(`axe.run(document, {
    resultTypes: ['violations'],
    rules: { 'target-size': { enabled: true } },
  }).then(({ violations }) => violations.flatMap(({ id, nodes }) =>
    nodes.map(({ target, failureSummary }) => id + ': ' + target.join(' ') + ': ' + failureSummary)))`)
}
