import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { JournalFile } from '../../../../agent/src/store/journalFile.ts'
import { everyInterleaving } from '../../../support/interleavings.ts'

let directory: string
let path: string
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'journal-'))
  path = join(directory, 'journal')
})
afterEach(() => rmSync(directory, { recursive: true, force: true }))

describe('The file of a journal', () => {
  it('holds what was added, in the order asked for, however adding, writing anew and closing meet', async () => {
    await everyInterleaving(
      async (stage) => {
        rmSync(path, { force: true })
        const file = new JournalFile(path)
        const asked: string[] = []
        const append = (line: string) => () => {
          asked.push(line)
          return file.append(`${line}\n`, true)
        }
        stage.act('append one', append('one'))
        stage.act('append two', append('two'))
        stage.act('write anew', () => {
          const kept = [...asked]
          return file.replace(() => [...kept, 'anew'].map((line) => `${line}\n`).join(''))
        })
        stage.act('close', () => file.close())
        const ends = await stage.play()
        await file.close()
        expect(Object.values(ends).map(({ status }) => status)).toEqual(Array(4).fill('fulfilled'))
        const lines = readFileSync(path, 'utf8').trim().split('\n')
        expect([...lines].sort()).toEqual(['anew', 'one', 'two'])
        expect(lines.filter((line) => line !== 'anew')).toEqual(asked)
      },
      { usesDisk: true },
    )
  })

  it('is set aside once, and begun anew by what is added after that', async () => {
    await everyInterleaving(
      async (stage) => {
        rmSync(path, { force: true })
        rmSync(`${path}.aside`, { force: true })
        const file = new JournalFile(path)
        await file.append('before\n', true)
        stage.act('set aside', () => file.setAside())
        stage.act('append', () => file.append('after\n', true))
        stage.act('set aside again', () => file.setAside())
        const ends = await stage.play()
        await file.close()
        expect(Object.values(ends).map(({ status }) => status)).toEqual(Array(3).fill('fulfilled'))
        const found = [path, `${path}.aside`].filter(existsSync).map((name) => readFileSync(name, 'utf8'))
        expect(found.join('')).toContain('after')
      },
      { usesDisk: true },
    )
  })
})
