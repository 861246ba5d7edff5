import { foldHosts } from '../../hosts/hostFolding.ts'
import { visibleText } from '../../text/visibleText.ts'

/** Names, folded, in lines that a document and a terminal show whole. */
export function hostLines(names: readonly string[]): string {
  return visibleText(foldHosts(names).replace(/(?=.{100}).{60,99},/g, '$&\n'))
}
