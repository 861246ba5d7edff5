import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Callers, readCallers } from '../../support/callers.ts'

const sources = {
  'queue.ts': `
    export interface Queue { send(body: string): void; stop(): void }
    export class Other { send(): void {} }
    export function open(): Queue { return { send: () => {}, stop: () => {} } }`,
  'users.ts': `
    import { open as start, type Queue, Other } from './queue.ts'
    type Part = Pick<Queue, 'send'>
    export class Master {
      readonly #queue: Part = start()
      begin(): void { this.#queue.send('one'); new Other().send() }
    }
    export const later = (queue: Queue) => { const act = queue.send; act('two') }
    export function optional(queue?: Queue): void { queue?.send('three') }
    export function handed(queue: Queue): void { ['four'].forEach(queue.send) }
    export function open(): void { new Other().send() }
    // send('a comment')
    export const text = 'send'`,
}

let root: string
let callers: Callers
beforeAll(async () => {
  root = mkdtempSync(join(tmpdir(), 'callers-'))
  mkdirSync(join(root, 'src'))
  const compilerOptions = {
    module: 'nodenext',
    target: 'es2022',
    noEmit: true,
    strict: true,
    allowImportingTsExtensions: true,
  }
  writeFileSync(join(root, 'tsconfig.json'), JSON.stringify({ compilerOptions, include: ['src'] }))
  for (const [name, text] of Object.entries(sources)) writeFileSync(join(root, 'src', name), text)
  callers = await readCallers(root, ['src'])
})
afterAll(() => {
  callers?.close()
  rmSync(root, { recursive: true, force: true })
})

const of = (name: string) => callers.of('src/queue.ts', name).map(({ file, within }) => `${file}: ${within}`)

describe('The callers of a declaration', () => {
  it('are all that call it, hand it on or keep it for later, also by a part of its type', () => {
    expect(of('Queue.send').toSorted()).toEqual([
      ...['users: Master.begin', 'users: handed', 'users: later', 'users: optional'],
    ])
  })

  it('are not those of another declaration of the same name, nor words in texts, types and comments', () => {
    expect(of('Other.send').toSorted()).toEqual(['users: Master.begin', 'users: open'])
    expect(of('Queue.stop')).toEqual([])
  })

  it('are found under the name by which they import it', () => {
    expect(of('open')).toEqual(['users: Master'])
  })

  it('are not made up for what is not declared', () => {
    expect(() => of('Queue.publish')).toThrow('src/queue.ts does not declare Queue.publish')
  })
})
