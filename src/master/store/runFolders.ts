import { readdir } from 'node:fs/promises'
import * as v from 'valibot'
import { RunId } from '../../protocol/names.ts'

/** Folders whose name is a run id, with or without a run in them. */
export async function runIdsIn(directory: string): Promise<string[]> {
  return (await readdir(directory)).filter((name) => v.is(RunId, name))
}
