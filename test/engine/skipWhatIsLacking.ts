import { readFileSync } from 'node:fs'
import { beforeEach } from 'vitest'
import { parseRecorded } from '../sqsProbe/recorded.ts'
import { lackingFor } from './needs.ts'

// With `npm run test:engine`: skips by name what the engine was seen not to do.
const file = process.env.SQS_SEEN ?? ''
const { rows } = parseRecorded(readFileSync(file, 'utf8'), file)
const differing = new Set(rows.filter(({ verdict }) => verdict === 'differs').map(({ name }) => name))

beforeEach(({ task, skip }) => {
  const lacking = lackingFor(task.file.filepath, task.name, differing)
  if (lacking.length > 0) skip(`the engine differs in ${lacking.join(', ')}`)
})
