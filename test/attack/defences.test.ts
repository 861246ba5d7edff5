import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { canPlay } from './attack.ts'
import { attacks } from './attacks.ts'
import { copySources, type WeakenedSources } from './weakenedSources.ts'

/** Two cores. A copy is used by one test at a time. */
const free: WeakenedSources[] = []
const all: WeakenedSources[] = []

beforeAll(async () => {
  all.push(...(await Promise.all(['1', '2'].map(copySources))))
  free.push(...all)
})
afterAll(() => Promise.all(all.map((copy) => copy.remove())))

const defences = attacks.flatMap(({ name, defences }) => defences.map((defence) => ({ name, ...defence })))

describe.concurrent('an attack', () => {
  it.for(defences)('$name: works without $what', async (defence, { skip }) => {
    if (!canPlay(defence)) skip('only root can play it')
    const copy = free.pop()
    if (copy === undefined) throw new Error('more tests run at a time than there are copies')
    try {
      const failures = await copy.failuresWithout(defence)
      expect(failures.join('\n')).toMatch(defence.failure)
    } finally {
      free.push(copy)
    }
  })
})
