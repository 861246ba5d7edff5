import * as v from 'valibot'

/** A schema with what it means: `npm run declarations` prints that in the docs. */
export const described = <Schema extends v.GenericSchema>(schema: Schema, description: string) =>
  v.pipe(schema, v.description(description))

/** The same of a field that may be absent. */
export const maybe = <Schema extends v.GenericSchema>(schema: Schema, description: string) =>
  v.optional(described(schema, description))
