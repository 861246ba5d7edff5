/** `vscode.l10n.t` for modules that do not import VS Code: `{0}`, `{1}` … stand for `values`. */
export type Translate = (message: string, ...values: (string | number)[]) => string

/** English, as it stands in the sources. */
export const inEnglish: Translate = (message, ...values) =>
  message.replace(/\{(\d+)\}/g, (hole, index: string) => String(values[Number(index)] ?? hole))
