/** The language data that the host has written into the document. Unit tests have no document, and use English. */
declare const document:
  | { readonly documentElement: { lang: string }; readonly body: { dataset: { words?: string } } }
  | undefined
const page = typeof document === 'undefined' ? undefined : document

/** As in `en` or `pt-br`: how numbers and dates are written. */
export const language = page?.documentElement.lang || 'en'

const translations: Readonly<Record<string, string>> = JSON.parse(page?.body.dataset.words ?? '{}')

/** Translates a sentence of the page into the editor's language: `{0}`, `{1}` … are replaced by `values`. Without a translation it stays English. */
export const t = (message: string, ...values: readonly (string | number)[]): string => {
  const pattern = translations[message] ?? message
  return pattern.replace(/\{(\d+)\}/g, (hole, index: string) => String(values[Number(index)] ?? hole))
}
