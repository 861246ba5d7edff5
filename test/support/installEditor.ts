import { ensureBrowser } from '../../scripts/browser.mjs'
import { ensureEditor } from '../../scripts/editor.mjs'

/** Outside any test's time limit: on a fresh machine this downloads an editor and a browser. */
export async function setup(): Promise<void> {
  await ensureEditor()
  await ensureBrowser()
}
