import * as vscode from 'vscode'
import type { Environment } from '../../queues/environment.ts'

/** Shape says protected or not; colour says which one, as the user chose. */
export function environmentIcon(environment: Pick<Environment, 'protected' | 'colour'>): vscode.ThemeIcon {
  const colour = environment.colour ?? (environment.protected ? 'red' : undefined)
  const themeColour = colour === undefined ? undefined : new vscode.ThemeColor(`charts.${colour}`)
  return new vscode.ThemeIcon(environment.protected ? 'shield' : 'server-environment', themeColour)
}
