import { describe, expect, it } from 'vitest'
import { applySgr, plainSgr, printSgr, withoutSgr } from '../../../src/report/sgr.ts'

function printed(...parameters: string[]): string {
  return printSgr(parameters.reduce(applySgr, plainSgr))
}

describe('SGR', () => {
  it('adds up and takes back attributes and colours', () => {
    expect(printed('1', '31', '44')).toBe('\x1b[1;31;44m')
    expect(printed('1;3;4;31', '22;39')).toBe('\x1b[3;4m')
    expect(printed('91;100', '0')).toBe('')
    expect(printed('31', '')).toBe('')
  })

  it('understands palette and true colour in both spellings', () => {
    expect(printed('38;5;208')).toBe('\x1b[38;5;208m')
    expect(printed('38;2;1;2;3', '48:2::4:5:6')).toBe('\x1b[38;2;1;2;3;48;2;4;5;6m')
    expect(printed('38;2;1;2')).toBe('')
    expect(printed('38;5;999')).toBe('')
    expect(printed('58;5;3', '32')).toBe('\x1b[32m')
  })

  it('knows no concealed and no blinking text', () => {
    expect(printed('8;5;6')).toBe('')
  })

  it('resets before it changes, so that nothing of before stays', () => {
    const red = applySgr(plainSgr, '31')
    expect(printSgr(applySgr(red, '1'), red)).toBe('\x1b[0;1;31m')
    expect(printSgr(plainSgr, red)).toBe('\x1b[0m')
  })

  it('comes off again', () => {
    expect(withoutSgr('\x1b[1;31merror\x1b[0m: no')).toBe('error: no')
  })
})
