import * as vscode from 'vscode'
import type { Environment } from '../../queues/environment.ts'

/** The shape shows whether it is protected, the colour is the one that the user chose. */
export function environmentIcon(environment: Pick<Environment, 'protected' | 'colour'>): vscode.ThemeIcon {
  const colour = environment.colour ?? (environment.protected ? 'red' : undefined)
  const themeColour = colour === undefined ? undefined : new vscode.ThemeColor(`charts.${colour}`)
  return new vscode.ThemeIcon(environment.protected ? 'shield' : 'server-environment', themeColour)
}
