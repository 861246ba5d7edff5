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

/**
 * The document of the results page. Its policy allows only our script and our style sheet: no network, no inline style,
 * no frames, no forms. A test opens the page with this policy.
 */
export function pageHtml(
  { cspSource, nonce, script, style }: PageAddresses,
  { language, words }: PageLanguage = english,
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
  <body${Object.keys(words).length === 0 ? '' : ` data-words="${escaped(JSON.stringify(words))}"`}>
    <script nonce="${nonce}" src="${script}"></script>
  </body>
</html>
`
}

const english: PageLanguage = { language: 'en', words: {} }

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('"', '&quot;').replaceAll('<', '&lt;')
}
