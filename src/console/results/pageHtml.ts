export interface PageAddresses {
  /** The webview's `cspSource`. */
  readonly cspSource: string
  /** From a cryptographic source, another one for each page. */
  readonly nonce: string
  readonly script: string
  readonly style: string
}

/** The language that the page is to speak. */
export interface PageLanguage {
  /** As in `en` or `pt-br`. */
  readonly language: string
  /** Translations of the page's words, by the English ones; those that are missing stay English. */
  readonly words: Readonly<Record<string, string>>
}

/**
 * The results page's document. Its policy allows our script and our style sheet and nothing else: no network, no inline
 * style, no frames, no forms. A test opens the page under this very policy.
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
