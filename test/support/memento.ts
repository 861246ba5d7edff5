import type { Memento } from 'vscode'

/** What the editor keeps for a workspace, for as long as `kept` lives. */
export function memento(kept = new Map<string, unknown>()): Memento {
  return {
    get: (key: string, fallback?: unknown) => kept.get(key) ?? fallback,
    update: async (key: string, value: unknown) => void kept.set(key, value),
    keys: () => [...kept.keys()],
  } as Memento
}
