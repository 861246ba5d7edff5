/** What the host has written into the page's document. Unit tests have no document, and speak English. */
declare const document:
  | { readonly documentElement: { lang: string }; readonly body: { dataset: { words?: string } } }
  | undefined
const page = typeof document === 'undefined' ? undefined : document

/** As in `en` or `pt-br`: how numbers and dates are written. */
export const language = page?.documentElement.lang || 'en'

const translations: Readonly<Record<string, string>> = JSON.parse(page?.body.dataset.words ?? '{}')

/** The page's words in the editor's language: `{0}`, `{1}` … stand for `values`. What is not translated stays English. */
export const t = (message: string, ...values: readonly (string | number)[]): string => {
  const pattern = translations[message] ?? message
  return pattern.replace(/\{(\d+)\}/g, (hole, index: string) => String(values[Number(index)] ?? hole))
}
