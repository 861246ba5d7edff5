import type { Page } from 'playwright-core'

/** What goes wrong in the page and in the webviews inside it: errors thrown, errors logged, rules of the CSP broken. */
export interface PageErrors {
  /** All so far, less the editor's own noise and what `tolerated` matches. */
  unexpected(tolerated?: readonly RegExp[]): string[]
}

export function collectPageErrors(page: Page): PageErrors {
  const errors: string[] = []
  page.on('pageerror', (error) => errors.push(`thrown: ${error.stack ?? error.message}`))
  page.on('console', (message) => {
    if (message.type() === 'error') errors.push(`${message.text()} (${message.location().url})`)
  })
  return {
    unexpected: (tolerated = []) =>
      errors.filter((error) => ![...knownNoise, ...tolerated].some((pattern) => pattern.test(error))),
  }
}

const knownNoise = [
  // A closed-source module that only Microsoft's builds have.
  /vsda(_bg)?\.(js|wasm)/,
  // The extension gallery, which tests do without.
  /open-vsx\.org/,
  // The chat, switched off, still waits for an account.
  /Timed out waiting for authentication provider 'github'/,
  // Said at every reload.
  /Long running operations during shutdown are unsupported in the web/,
]
