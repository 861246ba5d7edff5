export interface PageAddresses {
  /** The webview's `cspSource`. */
  readonly cspSource: string
  /** From a cryptographic source, another one for each page. */
  readonly nonce: string
  readonly script: string
  readonly style: string
}

/**
 * The results page's document. Its policy allows our script and our style sheet and nothing else: no network, no inline
 * style, no frames, no forms. A test opens the page under this very policy.
 */
export function pageHtml({ cspSource, nonce, script, style }: PageAddresses): string {
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
<html lang="en">
  <head>
    <meta charset="utf-8">
    <meta http-equiv="Content-Security-Policy" content="${policy}">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <link rel="stylesheet" href="${style}">
    <title>Results</title>
  </head>
  <body>
    <script nonce="${nonce}" src="${script}"></script>
  </body>
</html>
`
}
