/** JSON Schema, as far as ours goes. */
export interface JsonSchema {
  type?: string | string[]
  description?: string
  markdownDescription?: string
  properties?: Record<string, JsonSchema>
  required?: string[]
  additionalProperties?: JsonSchema | boolean
  items?: JsonSchema
  anyOf?: JsonSchema[]
  enum?: string[]
  const?: unknown
  format?: string
  examples?: string[]
  default?: unknown
  scope?: string
}
