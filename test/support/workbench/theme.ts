import { mkdir, readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import type { Page } from 'playwright-core'

export type Theme = keyof typeof themes

export const themes = {
  dark: { name: 'Dark Modern', bodyClass: 'vs-dark' },
  light: { name: 'Light Modern', bodyClass: 'vs' },
  'hc-dark': { name: 'Default High Contrast', bodyClass: 'hc-black' },
  'hc-light': { name: 'Default High Contrast Light', bodyClass: 'hc-light' },
} as const

export function themeSettings(theme: Theme): Record<string, unknown> {
  return {
    'workbench.colorTheme': themes[theme].name,
    'window.autoDetectColorScheme': false,
    'window.autoDetectHighContrast': false,
  }
}

/**
 * Changes settings while the editor runs, in the workspace's file: this editor notices changes of that one only. Those
 * that a workspace may not set are given to `openWorkbench`.
 */
export async function changeWorkspaceSettings(
  workspace: string,
  changes: Record<string, unknown>,
): Promise<void> {
  const file = path.join(workspace, '.vscode/settings.json')
  await mkdir(path.dirname(file), { recursive: true })
  const settings: Record<string, unknown> = JSON.parse(await readFile(file, 'utf8').catch(() => '{}'))
  await writeFile(file, JSON.stringify({ ...settings, ...changes }, undefined, 2))
}

/** Waits until the workbench wears the theme. */
export async function wears(page: Page, theme: Theme): Promise<void> {
  await page.locator(`.monaco-workbench.${themes[theme].bodyClass}`).waitFor()
}
