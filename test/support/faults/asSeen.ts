import * as v from 'valibot'
import type { Rule } from './faultPlan.ts'

const ms = v.pipe(v.number(), v.minValue(0))

/** The faults by which a probe of an endpoint says how it behaves. */
const Seen = v.variant('kind', [
  v.object({
    kind: v.literal('few'),
    sizes: v.pipe(v.array(v.pipe(v.number(), v.integer(), v.minValue(1))), v.minLength(1)),
  }),
  v.object({ kind: v.literal('empty') }),
  v.object({ kind: v.literal('twice') }),
  v.object({ kind: v.literal('shuffle') }),
  v.object({ kind: v.literal('lag'), ms }),
  v.object({ kind: v.literal('old-attributes'), ms }),
  v.object({ kind: v.literal('unready'), ms }),
  v.object({ kind: v.literal('name-taken'), ms }),
  v.object({ kind: v.literal('untold'), names: v.array(v.string()) }),
  v.object({ kind: v.literal('check-clock') }),
  v.object({
    kind: v.literal('handle'),
    state: v.picklist(['invalid', 'deleted', 'visible', 'older', 'expired']),
    as: v.string(),
  }),
])

/** A rule of a recorded probe. */
export type Replay = v.InferOutput<typeof Replay>
export const Replay = v.object({
  fault: Seen,
  chance: v.exactOptional(v.pipe(v.number(), v.minValue(0), v.maxValue(1))),
  actions: v.exactOptional(v.array(v.string())),
})

const Recorded = v.object({ rows: v.array(v.object({ name: v.string(), replay: v.array(Replay) })) })

/**
 * Rules by which the proxy behaves as the endpoint that was probed: to be injected.
 * @param recorded what `npm run probe:sqs -- --json FILE` wrote, parsed as JSON
 * @throws ValiError when it is something else
 */
export function rulesAsSeen(recorded: unknown): Rule[] {
  const rules = v.parse(Recorded, recorded).rows.flatMap(({ replay }): Rule[] => replay)
  const sizes = rules.flatMap(({ fault }) => (fault.kind === 'few' && 'sizes' in fault ? fault.sizes : []))
  const others = rules.filter(({ fault }) => fault.kind !== 'few')
  return sizes.length === 0 ? others : [{ fault: { kind: 'few', sizes } }, ...others]
}
