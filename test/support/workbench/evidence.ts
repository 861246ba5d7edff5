import { mkdir, writeFile } from 'node:fs/promises'
import path from 'node:path'
import type { Page } from 'playwright-core'
import type { TestContext } from 'vitest'

export const evidenceFolder = path.resolve('.cache/screenshots')

export async function takeScreenshot(page: Page, name: string): Promise<string> {
  await mkdir(evidenceFolder, { recursive: true })
  const file = path.join(evidenceFolder, `${fileName(name)}.png`)
  await page.screenshot({ path: file })
  return file
}

/**
 * Records one test, and keeps the record when it fails: a screenshot, what the page's console said, and a trace to walk
 * through in Playwright's viewer, all in `.cache/screenshots/failed …`.
 */
export async function recordTest(page: Page, errors: () => string[], context: TestContext): Promise<void> {
  const tracing = page.context().tracing
  const name = `failed ${context.task.name}`
  await tracing.startChunk()
  context.onTestFinished(async ({ task }) => {
    if (task.result?.state !== 'fail') return tracing.stopChunk()
    await takeScreenshot(page, name)
    await writeFile(path.join(evidenceFolder, `${fileName(name)}.txt`), errors().join('\n\n'))
    return tracing.stopChunk({ path: path.join(evidenceFolder, `${fileName(name)}.zip`) })
  })
}

function fileName(name: string): string {
  return name.replaceAll(/[^\w .,-]+/g, '_').slice(0, 120)
}
