import { setTimeout as sleep } from 'node:timers/promises'

/**
 * Waits for a condition that no event tells of, looking every few milliseconds.
 * @throws Error after `withinMs`, with `what` was waited for and what `seen` says then
 */
export async function until(
  holds: () => boolean | Promise<boolean>,
  what: string,
  seen: () => string = () => '',
  withinMs = 20_000,
): Promise<void> {
  const deadline = performance.now() + withinMs
  while (!(await holds())) {
    if (performance.now() > deadline) throw new Error(`waited ${withinMs} ms for ${what}${seen()}`)
    await sleep(10)
  }
}
