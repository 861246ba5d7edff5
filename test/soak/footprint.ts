/** What a process takes at one moment. */
export interface Footprint {
  readonly residentBytes: number
  readonly openFiles: number
}

/** What a process may have at most: about twice what it needs. */
const bounds: Readonly<Record<'agent' | 'master', Footprint>> = {
  agent: { residentBytes: 180e6, openFiles: 100 },
  master: { residentBytes: 300e6, openFiles: 150 },
}

/**
 * How much more memory a process may have late than early. Above what a heap that is collected when it likes goes up and
 * down: of the spared processes of ten soaks an agent had 8 % more at most, a master 34 %. Below what grows all the time,
 * which doubles within a life.
 */
const growth: Readonly<Record<keyof typeof bounds, { readonly factor: number; readonly bytes: number }>> = {
  agent: { factor: 1.2, bytes: 10e6 },
  master: { factor: 1.4, bytes: 15e6 },
}

/** Fewer measurements have no middle, and the first of them are of a process that is still getting ready. */
const fewest = 20

export function largestOf(footprints: readonly Footprint[]): Footprint {
  const most = (what: keyof Footprint) =>
    footprints.reduce((largest, each) => Math.max(largest, each[what]), 0)
  return { residentBytes: most('residentBytes'), openFiles: most('openFiles') }
}

/** What is too much of the largest agent or master, in words. */
export function excessesOf(kind: keyof typeof bounds, largest: Footprint): string[] {
  const bound = bounds[kind]
  return (['residentBytes', 'openFiles'] as const).flatMap((what) =>
    largest[what] > bound[what]
      ? [`${what} of the largest ${kind}: ${largest[what]}, more than ${bound[what]}`]
      : [],
  )
}

/** Medians of the resident memory, bytes: of the second and of the last quarter of a life. Undefined of a short one. */
export function memoryOver(life: readonly Footprint[]): { early: number; late: number } | undefined {
  if (life.length < fewest) return undefined
  const quarter = Math.floor(life.length / 4)
  return { early: median(life.slice(quarter, 2 * quarter)), late: median(life.slice(-quarter)) }
}

/** What grew too much, in words. */
export function growthOf(kind: keyof typeof bounds, name: string, life: readonly Footprint[]): string[] {
  const memory = memoryOver(life)
  if (memory === undefined) return []
  const most = memory.early * growth[kind].factor + growth[kind].bytes
  return memory.late > most
    ? [`residentBytes of ${name} grew from ${memory.early} to ${memory.late}, to more than ${most}`]
    : []
}

function median(footprints: readonly Footprint[]): number {
  const sorted = footprints.map(({ residentBytes }) => residentBytes).sort((a, b) => a - b)
  return sorted[Math.floor(sorted.length / 2)] ?? 0
}
