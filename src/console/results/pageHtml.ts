export interface PageAddresses {
  /** The webview's `cspSource`. */
  readonly cspSource: string
  /** From a cryptographic source, a new one for each page. */
  readonly nonce: string
  readonly script: string
  readonly style: string
}

/** The language of the page. */
export interface PageLanguage {
  /** As in `en` or `pt-br`. */
  readonly language: string
  /** Translations of the page's sentences, by the English ones; missing ones stay English. */
  readonly words: Readonly<Record<string, string>>
}

/** What stands on the page until its script has something to show: text only. */
export interface FirstPaint {
  readonly heading: string
  readonly status: string
}

/**
 * The document of the results page. Its policy allows only our script and our style sheet: no network, no inline style,
 * no frames, no forms. A test opens the page with this policy.
 */
export function pageHtml(
  { cspSource, nonce, script, style }: PageAddresses,
  { language, words }: PageLanguage = english,
  first: FirstPaint = { heading: '', status: '' },
  hasShortcuts = true,
): string {
  const policy = [
    "default-src 'none'",
    `script-src 'nonce-${nonce}'`,
    `style-src ${cspSource}`,
    `font-src ${cspSource}`,
    `img-src ${cspSource}`,
    "base-uri 'none'",
    "form-action 'none'",
  ].join('; ')
  return `<!DOCTYPE html>
<html lang="${escaped(language)}">
  <head>
    <meta charset="utf-8">
    <meta http-equiv="Content-Security-Policy" content="${policy}">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <link rel="stylesheet" href="${style}">
    <title>Results</title>
  </head>
  <body${Object.keys(words).length === 0 ? '' : ` data-words="${escaped(JSON.stringify(words))}"`}${hasShortcuts ? '' : ' data-shortcuts="off"'}>
    <main class="first"><h1>${escaped(first.heading)}</h1><p>${escaped(first.status)}</p></main>
    <script nonce="${nonce}" src="${script}"></script>
  </body>
</html>
`
}

const english: PageLanguage = { language: 'en', words: {} }

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('"', '&quot;').replaceAll('<', '&lt;')
}
