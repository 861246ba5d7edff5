import * as vscode from 'vscode'

/**
 * Whether the user has pinned the tab of a panel. The editor does not say which tab is a panel's: of several with the same
 * title in the same column, one that is pinned counts for all.
 */
export function isPinned(panel: vscode.WebviewPanel, viewType: string): boolean {
  return vscode.window.tabGroups.all
    .filter(({ viewColumn }) => viewColumn === panel.viewColumn)
    .flatMap(({ tabs }) => tabs)
    .some(
      ({ isPinned, label, input }) =>
        isPinned &&
        label === panel.title &&
        input instanceof vscode.TabInputWebview &&
        input.viewType.endsWith(viewType),
    )
}

/** "Pin Results" and "Unpin Results": the editor's own pin, on the tab in front. */
export function pinResults(pinned: boolean) {
  return () => vscode.commands.executeCommand(`workbench.action.${pinned ? 'pin' : 'unpin'}Editor`)
}
