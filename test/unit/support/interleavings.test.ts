import { describe, expect, it } from 'vitest'
import { everyInterleaving } from '../../support/interleavings.ts'

describe('every interleaving', () => {
  it('is played once: of two actors with a pause each, six', async () => {
    const orders = await everyInterleaving(async (stage) => {
      stage.act('a', () => stage.pause('a2'))
      stage.act('b', () => stage.pause('b2'))
      await stage.play()
    })
    expect(orders.toSorted()).toEqual([
      'a → a2 → b → b2',
      'a → b → a2 → b2',
      'a → b → b2 → a2',
      'b → a → a2 → b2',
      'b → a → b2 → a2',
      'b → b2 → a → a2',
    ])
  })

  it('finds the one order in which an update is lost, and names it', async () => {
    const losesUpdates = everyInterleaving(async (stage) => {
      let sum = 0
      const add = (name: string) => async () => {
        const before = sum
        await stage.pause(`${name} writes`)
        sum = before + 1
      }
      stage.act('a', add('a'))
      stage.act('b', add('b'))
      await stage.play()
      if (sum !== 2) throw new Error(`the sum is ${sum}`)
    })
    await expect(losesUpdates).rejects.toThrow('In the order a → b → a writes → b writes: the sum is 1')
  })

  it('tells how each actor ended', async () => {
    await everyInterleaving(async (stage) => {
      stage.act('good', () => 1)
      stage.act('bad', () => Promise.reject(new Error('no')))
      expect(await stage.play()).toMatchObject({
        good: { status: 'fulfilled', value: 1 },
        bad: { status: 'rejected', reason: new Error('no') },
      })
    })
  })
})
