import { describe, expect, it } from 'vitest'
import { oneLine } from '../../../src/text/oneLine.ts'

describe('oneLine', () => {
  it('cuts a command to the limit, with a mark that there is more', () => {
    expect(oneLine('ls')).toBe('ls')
    expect(oneLine('set -e\nls\n')).toBe('set -e …')
    expect(oneLine('x'.repeat(200))).toHaveLength(80)
    expect(oneLine('uptime --pretty', 8)).toBe('uptime …')
    expect(oneLine('  id \r\n\r\n ls  ')).toBe('id …')
  })

  it('takes linear time, also for a text that is nothing but spaces in the middle', () => {
    expect(oneLine(`a${' '.repeat(200_000)}b`)).toHaveLength(80)
  })
})
