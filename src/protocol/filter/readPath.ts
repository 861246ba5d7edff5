import { type Localizable, say } from '../../text/localizable.ts'
import { bareSegmentAt, FILTER_LIMITS, isKeyword } from './lexicon.ts'
import type { Scanner } from './scanner.ts'
import type { FactPath, Name, Segment } from './syntax.ts'

/** Reads a path at the scanner's position: `os.release.major`, `mountpoints."/".size_bytes`, `networking.interfaces.*.ip`. */
export function readPath(scan: Scanner): FactPath {
  const start = scan.position
  if (scan.startsWith('*')) {
    scan.refuse(say('the name of a fact'), {
      advice: say('* means every agent only if it is the whole filter.'),
    })
  }
  const word = bareSegmentAt(scan.text, start)
  if (isKeyword(word)) {
    scan.refuse(FIRST, { advice: say('Put the name {0} of a fact in quotes.', word) })
  }
  const first = readName(scan, FIRST)
  const rest: Segment[] = []
  while (scan.take('.')) {
    if (rest.length + 2 > FILTER_LIMITS.segments) {
      scan.refuse(say('at most {0} segments', FILTER_LIMITS.segments), {
        position: start,
        length: scan.position - start,
        message: say(
          'The path at character {0} has more than {1} segments.',
          start + 1,
          FILTER_LIMITS.segments,
        ),
      })
    }
    rest.push(scan.take('*') ? { kind: 'each' } : readName(scan, say('the next segment of the path')))
    if (rest.at(-1)?.kind === 'each' && bareSegmentAt(scan.text, scan.position)) refuseWildcard(scan)
  }
  if (scan.startsWith('*') || scan.startsWith('?')) refuseWildcard(scan)
  return [first, ...rest]
}

const FIRST = say('a fact, a class, not, or (')

function readName(scan: Scanner, expected: Localizable): Name {
  const quoted = scan.quoted()
  if (quoted !== undefined) return { kind: 'name', name: quoted }
  const name = bareSegmentAt(scan.text, scan.position)
  if (!name) scan.refuse(expected, { advice: say('Put a name with special characters in quotes.') })
  scan.position += name.length
  return { kind: 'name', name }
}

function refuseWildcard(scan: Scanner): never {
  return scan.refuse(say('. or an operator'), {
    advice: say(
      'In a path, * stands for a whole segment. To select classes by pattern, write classes=role::*.',
    ),
  })
}
