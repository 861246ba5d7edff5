import { describe, expect, it } from 'vitest'
import { nameOfUnnamed, unnamedSignalOf } from '../../../../agent/src/execution/unnamedSignal.ts'

describe('a signal that Node does not name', () => {
  it.each([
    [34, 'SIGRTMIN'],
    [35, 'SIGRTMIN+1'],
    [49, 'SIGRTMIN+15'],
    [50, 'SIGRTMAX-14'],
    [64, 'SIGRTMAX'],
    [34 | 0x80, 'SIGRTMIN'],
    [32, 'SIG32'],
  ])('has the name that kill -l gives it: %i is %s', (status, name) => {
    expect(nameOfUnnamed(status)).toBe(name)
  })

  it.each([[0], [9], [15 | 0x80], [3 << 8], [0x7f], [Number.NaN]])('is none in the status %d', (status) => {
    expect(nameOfUnnamed(status)).toBeUndefined()
  })

  it('is none of a process that lives, or is not there', () => {
    expect(unnamedSignalOf(process.pid)).toBeUndefined()
    expect(unnamedSignalOf(2 ** 30)).toBeUndefined()
  })
})
