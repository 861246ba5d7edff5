import { setImmediate as nextTurn } from 'node:timers/promises'

/** Gathers what this process warns of from now on. */
export function gatherWarnings(): { stop(): Promise<string[]> } {
  const gathered: string[] = []
  const listener = ({ message }: Error) => void gathered.push(message)
  process.on('warning', listener)
  return {
    async stop() {
      // Node warns in the turn after.
      await nextTurn()
      process.off('warning', listener)
      return gathered
    },
  }
}
