import { bareSegmentAt, FILTER_LIMITS, isKeyword } from './lexicon.ts'
import type { Scanner } from './scanner.ts'
import type { FactPath, Name, Segment } from './syntax.ts'

/** The path at the scanner's place: `os.release.major`, `mountpoints."/".size_bytes`, `networking.interfaces.*.ip`. */
export function readPath(scan: Scanner): FactPath {
  const start = scan.position
  if (scan.startsWith('*')) {
    scan.refuse('the name of a fact', { advice: '* means everyone only where it is the whole filter.' })
  }
  const word = bareSegmentAt(scan.text, start)
  if (isKeyword(word)) {
    scan.refuse(FIRST, { advice: `A fact with the name ${word} is written in quotes.` })
  }
  const first = readName(scan, FIRST)
  const rest: Segment[] = []
  while (scan.take('.')) {
    if (rest.length + 2 > FILTER_LIMITS.segments) {
      scan.refuse(`at most ${FILTER_LIMITS.segments} segments`, {
        position: start,
        length: scan.position - start,
        message: `The path at character ${start + 1} has more than ${FILTER_LIMITS.segments} segments.`,
      })
    }
    rest.push(scan.take('*') ? { kind: 'each' } : readName(scan, 'the next segment of the path'))
    if (rest.at(-1)?.kind === 'each' && bareSegmentAt(scan.text, scan.position)) refuseWildcard(scan)
  }
  if (scan.startsWith('*') || scan.startsWith('?')) refuseWildcard(scan)
  return [first, ...rest]
}

const FIRST = 'a fact, a class, not, or ('

function readName(scan: Scanner, expected: string): Name {
  const quoted = scan.quoted()
  if (quoted !== undefined) return { kind: 'name', name: quoted }
  const name = bareSegmentAt(scan.text, scan.position)
  if (!name) scan.refuse(expected, { advice: 'A name with special characters is written in quotes.' })
  scan.position += name.length
  return { kind: 'name', name }
}

function refuseWildcard(scan: Scanner): never {
  return scan.refuse('. or an operator', {
    advice: 'In a path, * stands for a whole segment; classes by pattern are asked for as classes=role::*.',
  })
}
