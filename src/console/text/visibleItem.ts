import type * as vscode from 'vscode'
import { visibleLine, visibleText } from '../../text/visibleText.ts'

/** A row whose texts come from servers, files and commands: in one line, with what cannot be seen as codes. */
export function visibleItem(item: vscode.TreeItem): vscode.TreeItem {
  const { label, description, tooltip, accessibilityInformation: spoken } = item
  if (typeof label === 'string') item.label = visibleLine(label)
  if (typeof description === 'string') item.description = visibleLine(description)
  if (typeof tooltip === 'string') item.tooltip = visibleText(tooltip)
  if (spoken !== undefined) item.accessibilityInformation = { ...spoken, label: visibleLine(spoken.label) }
  return item
}
